import type { EntityManager } from '@marketgraph/platform/postgres';
import { isCaptured } from '../domain/payment.ts';
import { findPaymentOfOrder, isUnsold, lockPayment } from '../store/payments.ts';
import type { PaymentsDeps } from './payments-deps.ts';

/**
 * The order failed: its payment must not stay open, whoever should have ended
 * it. Marked here, in the event's transaction; the next reconciliation, due at
 * once, releases the hold at the provider.
 */
export async function abandonPayment(deps: PaymentsDeps, em: EntityManager, orderId: string): Promise<void> {
  const known = await findPaymentOfOrder(em, orderId);
  const row = known && (await lockPayment(em, known.id));
  if (!row || row.orderFailedAt) return;
  if (isCaptured(row.status) && row.settledAt) {
    deps.log.error({ paymentId: row.id, orderId }, 'an order failed whose payment is captured');
  }
  const now = deps.clock.now();
  row.orderFailedAt = now;
  // Its money may be here all the same: then the next check sends it back.
  if (isUnsold(row)) row.closedAt = null;
  row.nextCheckAt = now;
  row.version += 1;
  row.updatedAt = now;
  await em.flush();
}
