import { inTransaction } from '@marketgraph/platform/postgres';
import { findReturn, moveReturn } from '../domain/returns.ts';
import { lockOrder } from '../store/order-writes.ts';
import { returnsNeverSent } from '../store/returns.ts';
import { recordReturnChange } from './record-return-change.ts';
import type { Services } from './services.ts';

/** As long as a buyer may take to send what was approved. Its vendor is not paid meanwhile. */
const DAYS_TO_SEND = 30;
const BATCH = 50;

/** Calls off what was approved and never sent. A step that was faster, or another sweeper, leaves nothing to do. */
export async function sweepReturns(services: Services): Promise<void> {
  const due = await returnsNeverSent(services.orm.em.fork(), { days: DAYS_TO_SEND, limit: BATCH });
  for (const { returnId, orderId } of due) {
    await inTransaction(services.orm, async (em) => {
      const locked = await lockOrder(em, orderId);
      if (!locked || findReturn(locked.order, returnId)?.found.status !== 'APPROVED') return;
      const moved = moveReturn(locked.order, returnId, { to: 'CANCELED' });
      if (!moved.ok) throw new Error(moved.rejection.message);
      await recordReturnChange(em, services, { locked, returnId, facts: moved.value, cause: { actorId: null } });
    });
  }
}
