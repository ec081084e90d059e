import type { Decline } from './cards.ts';

/**
 * Methods that send the buyer elsewhere to agree. `klarna` (pay later or in instalments) answers at once and holds the
 * money; `upi` (from a bank's app) answers later and takes it.
 */
export interface Redirect {
  type: 'klarna' | 'upi';
  /** What comes of it after the buyer has agreed; nothing for yes. */
  refusal?: Decline;
  /** The bank does not answer by itself; the control interface has to. */
  neverAnswers?: boolean;
}

/** What each can do, and in which currencies of those this emulator knows. */
export const redirectTypes = {
  klarna: { currencies: ['eur', 'gbp', 'usd', 'sek', 'dkk', 'nok'], holdsMoney: true },
  upi: { currencies: ['inr'], holdsMoney: false },
} as const;

const declined: Decline = {
  code: 'payment_method_provider_decline',
  message: 'The payment method provider declined the payment attempt.',
};

/** Test payment methods. The names are this emulator's own: Stripe has the buyer choose the outcome on the page it leads to. */
const redirects: Record<string, Redirect> = {
  pm_klarna: { type: 'klarna' },
  pm_klarna_declined: { type: 'klarna', refusal: declined },
  pm_upi: { type: 'upi' },
  pm_upi_processing: { type: 'upi', neverAnswers: true },
  pm_upi_declined: { type: 'upi', refusal: declined },
};

export function redirectOfName(id: string): Redirect | undefined {
  return Object.hasOwn(redirects, id) ? redirects[id] : undefined;
}
