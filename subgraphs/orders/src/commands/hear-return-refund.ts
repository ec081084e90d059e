import type { EntityManager } from '@marketgraph/platform/postgres';
import { findReturn, moveReturn } from '../domain/returns.ts';
import { lockOrder } from '../store/order-writes.ts';
import { recordReturnChange } from './record-return-change.ts';
import type { Services } from './services.ts';

/** News of the refund of a return: the buyer has the money, or it did not arrive and somebody has to look. */
export async function hearReturnRefund(
  em: EntityManager,
  services: Services,
  { orderId, returnId, status, trace }: { orderId: string; returnId: string; status: string; trace?: string },
): Promise<void> {
  if (status === 'FAILED') services.log.error({ orderId, returnId }, 'the refund of a return failed');
  if (status !== 'SUCCEEDED') return;
  const locked = await lockOrder(em, orderId);
  // Whoever refunds by hand may name a return that is not here, or is not received yet: its goods are still awaited.
  if (!locked || findReturn(locked.order, returnId)?.found.status !== 'RECEIVED') return;
  const moved = moveReturn(locked.order, returnId, { to: 'REFUNDED' });
  if (!moved.ok) throw new Error(moved.rejection.message);
  const cause = { actorId: null, ...(trace ? { trace } : {}) };
  await recordReturnChange(em, services, { locked, returnId, facts: moved.value, cause });
}
