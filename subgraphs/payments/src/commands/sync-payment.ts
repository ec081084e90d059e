import { isSettledForBuyer } from '../domain/payment-news.ts';
import { findPayment, toRecorded } from '../store/payments.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { recordIntent } from './record-intent.ts';

/** Each try means that somebody else recorded a newer look; more than a few in a row is not a race. */
const MAX_LOOKS = 5;

export interface Look {
  /** The payment as it was read just now. */
  seen?: PaymentRow;
  /** Where to look while we have not heard the provider's own answer yet. */
  reference?: string;
  /** Nothing is asked when what is recorded by then says all there is to know. */
  isKnown?: (row: PaymentRow) => boolean;
}

/**
 * Asks the provider how a payment stands and records it. Used whenever we may
 * not know: a webhook came, an answer was lost, a check is due. Resolves to the
 * payment as it is afterwards, null for one that does not exist.
 */
export function syncPayment(deps: PaymentsDeps, paymentId: string, look: Look = {}): Promise<PaymentRow | null> {
  // What was read before another look ended may be older than what that one recorded.
  return deps.looking(paymentId, (waited) => lookAt(deps, paymentId, waited ? { ...look, seen: undefined } : look));
}

/** For orders, which goes on when the buyer's part is done: held in full, or over. */
export function lookUpPayment(deps: PaymentsDeps, paymentId: string): Promise<PaymentRow | null> {
  return syncPayment(deps, paymentId, { isKnown: (row) => isSettledForBuyer(toRecorded(row)) });
}

async function lookAt(
  deps: PaymentsDeps,
  paymentId: string,
  { seen, reference, isKnown }: Look,
): Promise<PaymentRow | null> {
  for (let look = 1; look <= MAX_LOOKS; look += 1) {
    const row = (look === 1 && seen) || (await findPayment(deps.orm.em.fork(), paymentId));
    if (!row || isKnown?.(row)) return row;
    const known = row.gatewayReference ?? reference;
    const own = known ? await deps.provider.retrieveIntent(known) : await deps.provider.findIntent(paymentId);
    if (!own || own.paymentId !== paymentId) return row;
    const recorded = await recordIntent(deps, { paymentId, version: row.version }, own);
    if (recorded) return recorded;
  }
  throw new Error(`Payment ${paymentId} kept changing while it was looked at.`);
}
