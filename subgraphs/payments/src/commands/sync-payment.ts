import { findPayment } from '../store/payments.ts';
import type { PaymentRow } from '../store/payment.entity.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { recordIntent } from './record-intent.ts';

/** Each try means that somebody else recorded a newer look; more than a few in a row is not a race. */
const MAX_LOOKS = 5;

/**
 * Asks the provider how a payment stands and records it. Used whenever we may
 * not know: a webhook came, an answer was lost, a check is due. Resolves to the
 * payment as it is afterwards, null for one that does not exist. `reference` is
 * where to look while we have not heard the provider's own answer yet.
 */
export async function syncPayment(
  deps: PaymentsDeps,
  paymentId: string,
  reference?: string,
): Promise<PaymentRow | null> {
  for (let look = 1; look <= MAX_LOOKS; look += 1) {
    const row = await findPayment(deps.orm.em.fork(), paymentId);
    if (!row) return null;
    const known = row.gatewayReference ?? reference;
    const own = known ? await deps.provider.retrieveIntent(known) : await deps.provider.findIntent(paymentId);
    if (!own || own.paymentId !== paymentId) return row;
    if (await recordIntent(deps, { paymentId, version: row.version }, own)) {
      return findPayment(deps.orm.em.fork(), paymentId);
    }
  }
  throw new Error(`Payment ${paymentId} kept changing while it was looked at.`);
}
