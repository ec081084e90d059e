import { giveBackUnsold } from './give-back-unsold.ts';
import { findPayment, isUnsold, takeDuePayments } from '../store/payments.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { syncPayment } from './sync-payment.ts';
import { releaseHold } from './void-payment.ts';

const BATCH = 50;

/**
 * Looks at payments that have not ended, at growing intervals: a webhook that never
 * came, a crash between the provider's answer and our row, an order that
 * failed while its payment was on the way. One that cannot be checked now is
 * tried again when it is due next.
 */
export async function reconcilePayments(deps: PaymentsDeps): Promise<'idle' | 'busy'> {
  const due = await takeDuePayments(deps.orm.em.fork(), deps.clock.now(), BATCH);
  for (const paymentId of due) {
    try {
      const row = await findPayment(deps.orm.em.fork(), paymentId);
      const seen =
        row?.orderFailedAt || row?.status === 'VOIDED'
          ? await releaseHold(deps, paymentId)
          : await syncPayment(deps, paymentId);
      if (seen && isUnsold(seen)) await giveBackUnsold(deps, seen);
    } catch (error) {
      deps.log.warn({ err: error, paymentId }, 'payment could not be checked');
    }
  }
  return due.length === BATCH ? 'busy' : 'idle';
}
