import { cases } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acceptVendorOrder,
  authorizePayment,
  confirmOrder,
  createFulfillment,
  evolve,
  failOrder,
  fold,
  moveFulfillment,
  type Order,
  type OrderFact,
  placeOrder,
  rejectVendorOrder,
} from './order.ts';
import {
  fulfillmentTransitions,
  type FulfillmentStatus,
  orderTransitions,
  vendorOrderTransitions,
} from './order-status.ts';

const draft = {
  orderId: 'ord',
  vendorOrders: [
    {
      vendorOrderId: 'vor-a',
      vendorId: 'ven-a',
      lines: [
        { lineId: 'a1', quantity: 2 },
        { lineId: 'a2', quantity: 1 },
      ],
    },
    { vendorOrderId: 'vor-b', vendorId: 'ven-b', lines: [{ lineId: 'b1', quantity: 1 }] },
  ],
};

const placed = () => fold(placeOrder(draft));
const confirmed = () => {
  const order = placed();
  const paid = fold(authorizePayment(order), order);
  return fold(confirmOrder(paid), paid);
};
const facts = (result: { ok: true; value: OrderFact[] } | { ok: false }) => {
  if (!result.ok) throw new Error('refused');
  return result.value;
};
const parcel = (fulfillmentId: string, vendorOrderId: string, lines: [string, number][]) => ({
  fulfillmentId,
  vendorOrderId,
  lines: lines.map(([lineId, quantity]) => ({ lineId, quantity })),
  status: 'PENDING' as const,
});

describe('an order', () => {
  it('is placed with a part per vendor, and paid when it is confirmed', () => {
    expect(placed()).toMatchObject({
      status: 'PENDING_PAYMENT',
      paymentStatus: 'NOT_PAID',
      vendorOrders: [
        { id: 'vor-a', status: 'PENDING' },
        { id: 'vor-b', status: 'PENDING' },
      ],
    });
    expect(confirmed()).toMatchObject({ status: 'CONFIRMED', paymentStatus: 'PAID' });
  });

  it('takes its parts with it when it fails', () => {
    const order = fold(failOrder(placed(), 'FAILED'), placed());
    expect(order).toMatchObject({ status: 'FAILED', paymentStatus: 'FAILED' });
    expect(order.vendorOrders.map((part) => part.status)).toEqual(['CANCELED', 'CANCELED']);
  });

  it('is not confirmed twice, nor failed after it was confirmed', () => {
    expect(() => confirmOrder(confirmed())).toThrow('CONFIRMED → CONFIRMED');
    expect(() => failOrder(confirmed(), 'FAILED')).toThrow('CONFIRMED → FAILED');
  });

  it('lets nobody work on it before it is paid', () => {
    expect(acceptVendorOrder(placed(), 'vor-a')).toMatchObject({ rejection: { code: 'ILLEGAL_TRANSITION' } });
    expect(createFulfillment(placed(), parcel('f', 'vor-a', [['a1', 1]]))).toMatchObject({
      rejection: { code: 'ILLEGAL_TRANSITION' },
    });
  });

  it('accepts a part by packing it', () => {
    const made = facts(createFulfillment(confirmed(), parcel('f1', 'vor-a', [['a1', 2]])));
    expect(made.map(({ type, from, to }) => [type, from, to])).toEqual([
      ['VENDOR_ORDER_STATUS', 'PENDING', 'ACCEPTED'],
      ['FULFILLMENT_STATUS', null, 'PENDING'],
      ['VENDOR_ORDER_STATUS', 'ACCEPTED', 'PROCESSING'],
      ['ORDER_STATUS', 'CONFIRMED', 'PROCESSING'],
    ]);
  });

  it('is canceled when every vendor rejects its part, and not before', () => {
    let order = confirmed();
    order = fold(facts(rejectVendorOrder(order, 'vor-a', 'broken')), order);
    expect(order.status).toBe('CONFIRMED');
    order = fold(facts(rejectVendorOrder(order, 'vor-b', 'lost')), order);
    expect(order.status).toBe('CANCELED');
  });

  it.each([
    ['more units than are left', [['a1', 3]], 'INVALID'],
    ['no units', [['a1', 0]], 'INVALID'],
    ['half a unit', [['a1', 0.5]], 'INVALID'],
    ['a line of another vendor', [['b1', 1]], 'NOT_FOUND'],
    [
      'a line twice',
      [
        ['a1', 1],
        ['a1', 1],
      ],
      'INVALID',
    ],
    ['nothing', [], 'INVALID'],
  ] as [string, [string, number][], string][])('does not pack %s', (_, lines, code) => {
    expect(createFulfillment(confirmed(), parcel('f', 'vor-a', lines))).toMatchObject({ rejection: { code } });
  });

  it('does not pack the same unit twice, unless the first parcel was unpacked', () => {
    let order = confirmed();
    order = fold(facts(createFulfillment(order, parcel('f1', 'vor-b', [['b1', 1]]))), order);
    expect(createFulfillment(order, parcel('f2', 'vor-b', [['b1', 1]]))).toMatchObject({
      rejection: { code: 'INVALID' },
    });
    order = fold(facts(moveFulfillment(order, 'f1', 'CANCELED')), order);
    expect(createFulfillment(order, parcel('f2', 'vor-b', [['b1', 1]])).ok).toBe(true);
  });

  it('O13 refuses DELIVERED → PROCESSING and every other move that is not in a table', () => {
    let order = confirmed();
    order = fold(facts(createFulfillment(order, parcel('f1', 'vor-b', [['b1', 1]]))), order);
    for (const to of ['SHIPPED', 'DELIVERED'] as const) order = fold(facts(moveFulfillment(order, 'f1', to)), order);
    expect(acceptVendorOrder(order, 'vor-b')).toMatchObject({ rejection: { code: 'ILLEGAL_TRANSITION' } });
    for (const to of Object.keys(fulfillmentTransitions) as FulfillmentStatus[]) {
      expect(moveFulfillment(order, 'f1', to)).toMatchObject({ rejection: { code: 'ILLEGAL_TRANSITION' } });
    }
  });

  it('O32 I16 is the fold of its history, and its history is a path of its machines', () => {
    const statuses = Object.keys(fulfillmentTransitions) as FulfillmentStatus[];
    const command = fc.oneof(
      fc.record({ do: fc.constant('accept' as const), part: fc.nat(1) }),
      fc.record({ do: fc.constant('reject' as const), part: fc.nat(1) }),
      fc.record({
        do: fc.constant('pack' as const),
        part: fc.nat(1),
        line: fc.nat(1),
        quantity: fc.integer({ min: 1, max: 2 }),
      }),
      fc.record({ do: fc.constant('move' as const), parcel: fc.nat(5), to: fc.constantFrom(...statuses) }),
    );
    const reached = new Set<string>();
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        let order: Order = confirmed();
        const history: OrderFact[] = [...placeOrder(draft), ...authorizePayment(placed())];
        history.push(...confirmOrder(fold(history)));
        let parcels = 0;
        for (const next of commands) {
          const part = order.vendorOrders['part' in next ? next.part : 0]!;
          const made = order.vendorOrders.flatMap((each) => each.fulfillments);
          const decided =
            next.do === 'accept'
              ? acceptVendorOrder(order, part.id)
              : next.do === 'reject'
                ? rejectVendorOrder(order, part.id, 'no')
                : next.do === 'pack'
                  ? createFulfillment(
                      order,
                      parcel(`f${parcels}`, part.id, [
                        [part.lines[next.line % part.lines.length]!.lineId, next.quantity],
                      ]),
                    )
                  : made.length > 0
                    ? moveFulfillment(order, made[next.parcel % made.length]!.id, next.to)
                    : undefined;
          if (!decided?.ok) continue;
          if (next.do === 'pack') parcels += 1;
          order = fold(decided.value, order);
          history.push(...decided.value);
        }
        reached.add(order.status);
        expect(fold(history)).toEqual(order);
        expect(strayFacts(history)).toEqual([]);
        for (const part of order.vendorOrders) {
          for (const line of part.lines) {
            const packed = part.fulfillments
              .filter((each) => each.status !== 'CANCELED')
              .flatMap((each) => each.lines)
              .filter((each) => each.lineId === line.lineId)
              .reduce((units, each) => units + each.quantity, 0);
            expect(packed).toBeLessThanOrEqual(line.quantity);
          }
        }
      }),
      { numRuns: cases(1_000) },
    );
    expect(reached).toContain('CANCELED');
    expect(reached).toContain('PARTIALLY_SHIPPED');
  });

  it('needs its first fact', () => {
    expect(() => evolve(undefined, { type: 'PAYMENT_STATUS', subjectId: 'ord', from: null, to: 'PAID' })).toThrow(
      'first fact',
    );
  });
});

/** The facts that do not continue where their subject was, or go where its machine does not. */
function strayFacts(history: readonly OrderFact[]): OrderFact[] {
  const tables: Record<string, Record<string, readonly string[]>> = {
    ORDER_STATUS: orderTransitions,
    VENDOR_ORDER_STATUS: vendorOrderTransitions,
    FULFILLMENT_STATUS: fulfillmentTransitions,
  };
  const last = new Map<string, string>();
  return history.filter(({ type, subjectId, from, to }) => {
    const was = last.get(type + subjectId) ?? null;
    last.set(type + subjectId, to);
    return was !== from || (from !== null && tables[type] && !tables[type][from]?.includes(to));
  });
}
