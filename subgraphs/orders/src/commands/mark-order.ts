import type { NewEvent } from '@marketgraph/platform/messaging';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { CALLED_OFF, failureOf, type OrderMark } from '../domain/checkout.ts';
import { authorizePayment, confirmOrder, failOrder, fold, placeOrder } from '../domain/order.ts';
import type { OrderPaymentStatus } from '../domain/order-status.ts';
import { orderConfirmed, orderFailed } from '../events/out.ts';
import type { CheckoutRecord } from '../store/checkouts.ts';
import { appendHistory } from '../store/order-history.ts';
import {
  insertOrder,
  type LockedOrder,
  lockOrder,
  numberOrder,
  orderNumber,
  saveFailure,
  saveOrderStatus,
} from '../store/order-writes.ts';
import { ordersByIds } from '../store/orders.ts';
import { firstStatusEvent, recordOrderChange } from './record-order-change.ts';
import type { Cause, Services } from './services.ts';

export interface MarkedOrder {
  record: CheckoutRecord;
  mark: OrderMark;
  cause: Cause;
  /** Where it is locked already. */
  order?: LockedOrder;
  /** For one that is confirmed. */
  nextNumber?: string;
}

/** Does to the order (`order`, where it is locked already) what a step of its checkout says, in the step's transaction; resolves to the facts still to be told. */
export async function markOrder(
  em: EntityManager,
  services: Services,
  { record, mark, cause, order: known, nextNumber }: MarkedOrder,
): Promise<NewEvent[]> {
  const { orderId, draft } = record;
  const now = services.clock.now();

  if (mark === 'PLACED') {
    const facts = placeOrder(draft);
    const order = fold(facts);
    await insertOrder(em, draft, { order, now });
    await appendHistory(em, orderId, facts, {
      nextId: () => services.ids.next('evt'),
      actorId: draft.buyerId,
      at: now,
    });
    return [firstStatusEvent({ orderId, buyerId: draft.buyerId, status: order.status })];
  }

  const locked = known ?? (await lockOrder(em, orderId));
  if (!locked) throw new Error(`Checkout ${orderId} is ahead of its order.`);
  const { order } = locked;

  if (mark === 'AUTHORIZED') {
    const facts = authorizePayment(order);
    const after = fold(facts, order);
    // Nothing a subscriber waits for: the order is confirmed or fails in a moment.
    await saveOrderStatus(em, after, { version: locked.version, now });
    await appendHistory(em, orderId, facts, { nextId: () => services.ids.next('evt'), actorId: null, at: now });
    return [];
  }

  if (mark === 'CONFIRMED') {
    if (!nextNumber) throw new Error(`Order ${orderId} is confirmed without a number.`);
    const number = orderNumber(nextNumber, now);
    await numberOrder(em, orderId, { number, confirmedAt: now });
    const vendorOrderIds = order.vendorOrders.map((part) => part.id);
    const vendorEvent = { type: 'PLACED', vendorOrderIds } as const;
    const { paymentId } = record;
    // What is sold is what was drafted: nothing of it can change before this.
    const event = orderConfirmed(draft, { number, paymentId, version: locked.version + 1 });
    const change = { facts: confirmOrder(order), vendorEvent, more: [event] };
    await recordOrderChange(em, services, { locked, change, cause });
    return [];
  }

  const failure = failureOf(record.state);
  if (!failure) throw new Error(`Checkout ${orderId} failed without a reason.`);
  await saveFailure(em, orderId, failure);
  const facts = failOrder(order, unpaidStatus(record), failure.code === CALLED_OFF ? 'CANCELED' : 'FAILED');
  await recordOrderChange(em, services, { locked, change: { facts }, cause });
  const [stored] = await ordersByIds(em, [orderId]);
  return [orderFailed(stored!, failure)];
}

/** How the payment of a failed order ended: refused, taken back, or never begun. */
function unpaidStatus({ state }: CheckoutRecord): OrderPaymentStatus {
  if (failureOf(state)?.code === 'PAYMENT_DECLINED') return 'FAILED';
  return 'paymentId' in state && state.paymentId ? 'VOIDED' : 'NOT_PAID';
}
