import { appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { fold, type OrderFact } from '../domain/order.ts';
import { findReturn, returnOf } from '../domain/returns.ts';
import { returnChanged } from '../events/out.ts';
import type { LockedOrder } from '../store/order-writes.ts';
import { type ReturnDetails, saveReturn } from '../store/returns.ts';
import { recordOrderChange } from './record-order-change.ts';
import type { Cause, Services } from './services.ts';

/**
 * Saves where a return stands now and tells it: the order's subscribers, the
 * vendor's feed, and payments, which holds the vendor's money meanwhile. In the
 * caller's transaction; a new return has its row already.
 */
export async function recordReturnChange(
  em: EntityManager,
  services: Pick<Services, 'ids' | 'clock'>,
  change: {
    locked: LockedOrder;
    returnId: string;
    facts: readonly OrderFact[];
    details?: ReturnDetails;
    cause: Cause;
  },
): Promise<void> {
  const { locked, returnId, facts, details = {}, cause } = change;
  const now = services.clock.now();
  const before = findReturn(locked.order, returnId);
  const { part, found } = returnOf(fold(facts, locked.order), returnId);
  if (before) await saveReturn(em, returnId, { status: found.status, details });
  const vendorEvent = {
    type: before ? 'RETURN_UPDATED' : 'RETURN_REQUESTED',
    vendorOrderIds: [part.id],
  } as const;
  await recordOrderChange(em, services, {
    locked,
    change: { facts, vendorOrderId: part.id, vendorEvent },
    cause,
  });
  const event = returnChanged(
    {
      returnId,
      orderId: locked.order.id,
      vendorOrderId: part.id,
      vendorId: part.vendorId,
      buyerId: locked.buyerId,
      previousStatus: before?.found.status ?? null,
      status: found.status,
      lines: found.lines,
    },
    locked.version + 1,
  );
  await appendToOutbox(em, [event], { ids: services.ids, now, trace: cause.trace });
}
