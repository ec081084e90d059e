import type { NewEvent } from '@marketgraph/platform/messaging';
import { appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { fold, type Order, type OrderFact } from '../domain/order.ts';
import type { OrderStatus } from '../domain/order-status.ts';
import { orderStatusChanged, vendorOrderChanged } from '../events/out.ts';
import { appendHistory } from '../store/order-history.ts';
import { type LockedOrder, saveOrderStatus, saveVendorOrderStatus } from '../store/order-writes.ts';
import type { Cause, Services } from './services.ts';

export interface OrderChange {
  facts: readonly OrderFact[];
  /** Told to the order's subscribers beside its status. */
  vendorOrderId?: string;
  fulfillmentId?: string;
  /** What the vendors whose part is concerned are told; undefined when they are told nothing. */
  vendorEvent?: {
    type: 'PLACED' | 'STATUS_CHANGED' | 'FULFILLMENT_UPDATED' | 'RETURN_REQUESTED' | 'RETURN_UPDATED' | 'CANCELED';
    vendorOrderIds: readonly string[];
  };
  /** What else is to be told, after those. */
  more?: readonly NewEvent[];
}

/**
 * Saves what a decision changed: statuses, history and events, in the caller's
 * transaction. Each change raises the order's version by one, and that of every
 * part it concerns.
 */
export async function recordOrderChange(
  em: EntityManager,
  { ids, clock }: Pick<Services, 'ids' | 'clock'>,
  { locked, change, cause }: { locked: LockedOrder; change: OrderChange; cause: Cause },
): Promise<Order> {
  const now = clock.now();
  const before = locked.order;
  const after = fold(change.facts, before);
  const version = locked.version + 1;
  await saveOrderStatus(em, after, { version, now });
  const told = change.vendorEvent?.vendorOrderIds ?? [];
  for (const part of after.vendorOrders) {
    const was = before.vendorOrders.find((candidate) => candidate.id === part.id);
    if (was?.status === part.status && !told.includes(part.id)) continue;
    await saveVendorOrderStatus(em, part, { version: partVersion(locked, part.id) });
  }
  await appendHistory(em, before.id, change.facts, {
    nextId: () => ids.next('evt'),
    actorId: cause.actorId,
    at: now,
  });
  const events = [...eventsOf(locked, after, change), ...(change.more ?? [])];
  await appendToOutbox(em, events, { ids, now, trace: cause.trace });
  return after;
}

export function firstStatusEvent(order: { orderId: string; buyerId: string; status: OrderStatus }): NewEvent {
  return orderStatusChanged({ ...order, previousStatus: null, vendorOrderId: null, fulfillmentId: null }, 1);
}

function eventsOf(locked: LockedOrder, after: Order, change: OrderChange): NewEvent[] {
  const { order: before, buyerId, version } = locked;
  const { vendorOrderId = null, fulfillmentId = null, vendorEvent } = change;
  const told = after.vendorOrders.filter((part) => vendorEvent?.vendorOrderIds.includes(part.id));
  return [
    orderStatusChanged(
      {
        orderId: before.id,
        buyerId,
        previousStatus: before.status,
        status: after.status,
        vendorOrderId,
        fulfillmentId,
      },
      version + 1,
    ),
    ...told.map((part) => {
      const was = before.vendorOrders.find((candidate) => candidate.id === part.id);
      const payload = {
        vendorOrderId: part.id,
        orderId: before.id,
        vendorId: part.vendorId,
        buyerId,
        type: vendorEvent!.type,
        // A vendor sees nothing of an order before it is placed.
        previousStatus: vendorEvent!.type === 'PLACED' ? null : (was?.status ?? null),
        status: part.status,
        fulfillmentId,
      };
      return vendorOrderChanged(payload, partVersion(locked, part.id));
    }),
  ];
}

function partVersion(locked: LockedOrder, vendorOrderId: string): number {
  return (locked.vendorOrderVersions[vendorOrderId] ?? 0) + 1;
}
