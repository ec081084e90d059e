import type Stripe from 'stripe';
import type { MethodSummary } from '../domain/payment.ts';
import type { MethodProvider, OfferedKind } from './provider-methods.ts';

/** More cards than anybody keeps. */
const MAX_SAVED = 200;
const PAGE = 100;

export function stripeMethods(stripe: Stripe, answered: <T>(call: () => Promise<T>) => Promise<T>): MethodProvider {
  return {
    offerMethod: (intentReference, kind) =>
      answered(async () => {
        await stripe.paymentIntents.update(intentReference, offers[kind]);
      }),
    openCustomer: ({ userId, idempotencyKey }) =>
      answered(async () => (await stripe.customers.create({ metadata: { userId } }, { idempotencyKey })).id),
    keepMethodOf: (intentReference, customer) =>
      answered(async () => {
        await stripe.paymentIntents.update(intentReference, { customer, setup_future_usage: 'on_session' });
      }),
    listSavedMethods: (customerReference) =>
      answered(async () => {
        const listed = stripe.customers.listPaymentMethods(customerReference, { limit: PAGE });
        return (await listed.autoPagingToArray({ limit: MAX_SAVED })).flatMap(({ id, card }) =>
          card ? [{ reference: id, method: cardSummary(card) }] : [],
        );
      }),
    detachMethod: (reference) =>
      answered(async () => {
        await stripe.paymentMethods.detach(reference);
      }),
  };
}

const CARDS: Stripe.PaymentIntentUpdateParams = { allowed_payment_method_types: ['card'], capture_method: 'manual' };

const offers: Record<OfferedKind, Stripe.PaymentIntentUpdateParams> = {
  CARD: CARDS,
  WALLET: CARDS,
  INSTALLMENTS: { allowed_payment_method_types: ['klarna'], capture_method: 'manual' },
  UPI: { allowed_payment_method_types: ['upi'], capture_method: 'automatic_async' },
};

/** What a charge was made with. */
export function methodOf(charge: Stripe.Charge | null): MethodSummary | null {
  const details = charge?.payment_method_details;
  if (!details) return null;
  const unnamed = { last4: null, expiry: null };
  switch (details.type) {
    case 'card':
      return details.card ? cardSummary(details.card) : null;
    case 'klarna':
      return { kind: 'INSTALLMENTS', brand: 'klarna', ...unnamed };
    case 'upi':
      return { kind: 'UPI', brand: 'upi', ...unnamed };
    case 'us_bank_account': {
      const { bank_name: brand = null, last4 = null } = details.us_bank_account ?? {};
      return { kind: 'BANK_DEBIT', brand, last4, expiry: null };
    }
    default:
      return null;
  }
}

function cardSummary(card: {
  brand: string | null;
  last4: string | null;
  exp_month: number | null;
  exp_year: number | null;
  wallet: { type: string } | null;
}): MethodSummary {
  const { brand, last4, exp_month: month, exp_year: year } = card;
  return {
    kind: card.wallet ? 'WALLET' : 'CARD',
    brand: brand ?? null,
    last4: last4 ?? null,
    expiry: month && year ? `${String(month).padStart(2, '0')}/${year}` : null,
  };
}
