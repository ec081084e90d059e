import { describe, expect, it } from 'vitest';
import { cancelParts, refundPayment } from './cancellation.ts';
import {
  acceptVendorOrder,
  confirmOrder,
  createFulfillment,
  failOrder,
  fold,
  moveFulfillment,
  type Order,
  type OrderFact,
  placeOrder,
  rejectVendorOrder,
} from './order.ts';

const draft = {
  orderId: 'ord',
  vendorOrders: [
    { vendorOrderId: 'a', vendorId: 'ven-a', lines: [{ lineId: 'a1', quantity: 2 }] },
    { vendorOrderId: 'b', vendorId: 'ven-b', lines: [{ lineId: 'b1', quantity: 1 }] },
  ],
};

const then = (order: Order, result: { ok: true; value: OrderFact[] } | { ok: false }): Order => {
  if (!result.ok) throw new Error('refused');
  return fold(result.value, order);
};
const placed = () => fold(placeOrder(draft));
const confirmed = () => fold(confirmOrder(placed()), placed());
const packed = (order: Order, id: string, units: number) =>
  then(
    order,
    createFulfillment(order, {
      fulfillmentId: `ful-${id}`,
      vendorOrderId: id,
      lines: [{ lineId: `${id}1`, quantity: units }],
      status: 'PENDING',
    }),
  );
const moved = (order: Order, id: string, to: 'SHIPPED' | 'DELIVERED') =>
  then(order, moveFulfillment(order, `ful-${id}`, to));

/** What becomes of an order and its parts, or why nothing does. */
function canceled(order: Order, vendorOrderId: string | null = null): string {
  const result = cancelParts(order, { vendorOrderId, reason: 'changed my mind' });
  if (!result.ok) return result.rejection.code;
  const after = fold(result.value.facts, order);
  const parts = after.vendorOrders.map((part) => [part.status, ...part.fulfillments.map((each) => each.status)]);
  return `${after.status}: ${parts.map((words) => words.join(' ')).join(', ')}`;
}

describe('cancelling', () => {
  const shippedA = () => moved(packed(confirmed(), 'a', 2), 'a', 'SHIPPED');
  const partlyA = () => moved(packed(confirmed(), 'a', 1), 'a', 'SHIPPED');

  it.each([
    ['a confirmed order', confirmed(), null, 'CANCELED: CANCELED, CANCELED'],
    ['one part of it', confirmed(), 'a', 'CONFIRMED: CANCELED, PENDING'],
    [
      'one that is accepted',
      then(confirmed(), acceptVendorOrder(confirmed(), 'a')),
      null,
      'CANCELED: CANCELED, CANCELED',
    ],
    ['the accepted part', then(confirmed(), acceptVendorOrder(confirmed(), 'a')), 'a', 'PROCESSING: CANCELED, PENDING'],
    ['a part that is packed', packed(confirmed(), 'a', 2), 'a', 'PROCESSING: CANCELED CANCELED, PENDING'],
    [
      'the rest of one that a vendor rejected',
      then(confirmed(), rejectVendorOrder(confirmed(), 'a', 'x')),
      null,
      'CANCELED: REJECTED, CANCELED',
    ],
    ['the part beside one that was sent', shippedA(), 'b', 'SHIPPED: SHIPPED SHIPPED, CANCELED'],
    [
      'the part beside one that arrived',
      moved(shippedA(), 'a', 'DELIVERED'),
      'b',
      'DELIVERED: DELIVERED DELIVERED, CANCELED',
    ],
    ['the part beside one that left in part', partlyA(), 'b', 'PARTIALLY_SHIPPED: PARTIALLY_SHIPPED SHIPPED, CANCELED'],
    ['all of it after a part was sent', shippedA(), null, 'ILLEGAL_TRANSITION'],
    ['all of it after some units were sent', partlyA(), null, 'ILLEGAL_TRANSITION'],
    ['the part that was sent', shippedA(), 'a', 'ILLEGAL_TRANSITION'],
    [
      'the part that was rejected',
      then(confirmed(), rejectVendorOrder(confirmed(), 'a', 'x')),
      'a',
      'ILLEGAL_TRANSITION',
    ],
    ['a part that is not there', confirmed(), 'c', 'NOT_FOUND'],
    ['what is not paid', placed(), null, 'ILLEGAL_TRANSITION'],
    ['what failed', fold(failOrder(placed(), 'VOIDED'), placed()), null, 'ILLEGAL_TRANSITION'],
    [
      'what was called off before it was paid',
      fold(failOrder(placed(), 'VOIDED', 'CANCELED'), placed()),
      null,
      'ILLEGAL_TRANSITION',
    ],
  ] as [string, Order, string | null, string][])('P8 %s', (_, order, vendorOrderId, expected) => {
    expect(canceled(order, vendorOrderId)).toBe(expected);
  });

  it('a second time is refused', () => {
    const order = confirmed();
    const result = cancelParts(order, { vendorOrderId: null, reason: 'x' });
    if (!result.ok) throw new Error('refused');
    expect(canceled(fold(result.value.facts, order))).toBe('ILLEGAL_TRANSITION');
  });
});

describe('the money of an order', () => {
  it('follows what payments says once it was paid, and only then', () => {
    const paid = confirmed();
    const after = (order: Order, to: Parameters<typeof refundPayment>[1]) => fold(refundPayment(order, to), order);
    expect(after(paid, 'PARTIALLY_REFUNDED').paymentStatus).toBe('PARTIALLY_REFUNDED');
    expect(after(after(paid, 'PARTIALLY_REFUNDED'), 'REFUNDED').paymentStatus).toBe('REFUNDED');
    expect(after(after(paid, 'REFUNDED'), 'PAID').paymentStatus).toBe('PAID');
    expect(refundPayment(paid, 'PAID')).toEqual([]);
    expect(refundPayment(placed(), 'REFUNDED')).toEqual([]);
  });
});
