import { money, type Result } from '@marketgraph/platform/core';
import { describe, expect, it } from 'vitest';
import {
  confirmOrder,
  createFulfillment,
  fold,
  moveFulfillment,
  type Order,
  type OrderFact,
  placeOrder,
} from './order.ts';
import { type ReturnStatus, returnTransitions } from './order-status.ts';
import type { PaidLine } from './return-refund.ts';
import { isOpenReturn, MAX_RETURNS, moveReturn, receiveReturn, requestReturn, returnOf } from './returns.ts';

const eur = (amount: number) => money(amount, 'EUR');
const line = (id: string, quantity: number, lineTotal: number, tax: number): PaidLine => ({
  id,
  quantity,
  lineTotal: eur(lineTotal),
  tax: eur(tax),
});
/** 3 × 10.00 less 0.05, with tax; and something that cost nothing. */
const sold = { lines: [line('a1', 3, 2_995, 569), line('a2', 1, 0, 0)], shipping: eur(490) };

const then = (order: Order, result: Result<OrderFact[]>): Order => {
  if (!result.ok) throw new Error(result.rejection.message);
  return fold(result.value, order);
};

/** Two vendors: all of a's three lamps and its gift have arrived in two parcels, nothing of b has left. */
function delivered(): Order {
  const placed = fold(
    placeOrder({
      orderId: 'ord',
      vendorOrders: [
        {
          vendorOrderId: 'a',
          vendorId: 'ven-a',
          lines: [
            { lineId: 'a1', quantity: 3 },
            { lineId: 'a2', quantity: 1 },
          ],
        },
        { vendorOrderId: 'b', vendorId: 'ven-b', lines: [{ lineId: 'b1', quantity: 1 }] },
      ],
    }),
  );
  let order = fold(confirmOrder(placed), placed);
  const parcels = [
    ['f1', [{ lineId: 'a1', quantity: 2 }]],
    [
      'f2',
      [
        { lineId: 'a1', quantity: 1 },
        { lineId: 'a2', quantity: 1 },
      ],
    ],
  ] as const;
  for (const [fulfillmentId, lines] of parcels) {
    order = then(order, createFulfillment(order, { fulfillmentId, vendorOrderId: 'a', lines, status: 'PENDING' }));
    order = then(order, moveFulfillment(order, fulfillmentId, 'SHIPPED'));
    order = then(order, moveFulfillment(order, fulfillmentId, 'DELIVERED'));
  }
  return order;
}

const units = (quantity: number, lineId = 'a1') => [{ lineId, quantity }];

function request(order: Order, lines: { lineId: string; quantity: number }[], id = 'r', closed: string[] = []) {
  return requestReturn(order, { returnId: id, lines, closed: new Set(closed) });
}

function requested(order: Order, lines = units(1), id = 'r'): Order {
  const result = request(order, lines, id);
  return then(order, result.ok ? { ok: true, value: result.value.facts } : result);
}

function go(order: Order, to: ReturnStatus, id = 'r'): Result<OrderFact[]> {
  if (to === 'REQUESTED') {
    const again = request(order, units(1), id);
    // A return that is there is not asked for again: ids are new.
    return again.ok ? { ok: false, rejection: { code: 'ILLEGAL_TRANSITION', message: 'is there' } } : again;
  }
  if (to !== 'RECEIVED') return moveReturn(order, id, { to });
  const result = receiveReturn(order, id, { sold, restock: true });
  return result.ok ? { ok: true, value: result.value.facts } : result;
}

const WAYS: Record<ReturnStatus, ReturnStatus[]> = {
  REQUESTED: [],
  APPROVED: ['APPROVED'],
  REJECTED: ['REJECTED'],
  IN_TRANSIT: ['APPROVED', 'IN_TRANSIT'],
  RECEIVED: ['APPROVED', 'IN_TRANSIT', 'RECEIVED'],
  REFUNDED: ['APPROVED', 'RECEIVED', 'REFUNDED'],
  CANCELED: ['CANCELED'],
};
const statuses = Object.keys(returnTransitions) as ReturnStatus[];
const standing = (status: ReturnStatus) =>
  WAYS[status].reduce((order, to) => then(order, go(order, to)), requested(delivered()));

describe('O23 a return moves along its table and no other way', () => {
  it.each(statuses.flatMap((from) => statuses.map((to) => [from, to] as const)))('%s → %s', (from, to) => {
    const order = standing(from);
    expect(returnOf(order, 'r').found.status).toBe(from);
    const result = go(order, to);
    const isLegal = (returnTransitions[from] as readonly string[]).includes(to);
    expect(result.ok || result.rejection.code).toBe(isLegal || 'ILLEGAL_TRANSITION');
    if (result.ok) expect(returnOf(fold(result.value, order), 'r').found.status).toBe(to);
  });

  it('is open, and holds its vendor’s money, until it is refunded or comes to nothing', () => {
    expect(statuses.filter(isOpenReturn)).toEqual(['REQUESTED', 'APPROVED', 'IN_TRANSIT', 'RECEIVED']);
  });

  it('keeps the note and the parcel’s fate in the history', () => {
    const order = requested(delivered());
    expect(moveReturn(order, 'r', { to: 'REJECTED', note: 'worn' })).toMatchObject({
      value: [{ from: 'REQUESTED', to: 'REJECTED', detail: { note: 'worn' } }],
    });
    const received = receiveReturn(standing('APPROVED'), 'r', { sold, restock: false });
    expect(received).toMatchObject({ value: { facts: [{ to: 'RECEIVED', detail: { restock: false } }] } });
  });
});

describe('O23 what can be returned', () => {
  it.each<[string, Order, { lineId: string; quantity: number }[], string]>([
    ['what has arrived', delivered(), units(3), 'ok'],
    ['two lines of one vendor', delivered(), [...units(1), ...units(1, 'a2')], 'ok'],
    ['nothing', delivered(), [], 'INVALID'],
    ['more than was delivered', delivered(), units(4), 'INVALID'],
    ['no unit', delivered(), units(0), 'INVALID'],
    ['half a unit', delivered(), units(0.5), 'INVALID'],
    ['a line twice', delivered(), [...units(1), ...units(1)], 'INVALID'],
    ['a line of another order', delivered(), units(1, 'x'), 'NOT_FOUND'],
    ['goods of two vendors', delivered(), [...units(1), ...units(1, 'b1')], 'INVALID'],
    ['48 what has not left', delivered(), units(1, 'b1'), 'ILLEGAL_TRANSITION'],
    ['what is in another return', requested(delivered(), units(2)), units(2), 'INVALID'],
    ['the rest of it', requested(delivered(), units(2)), units(1), 'ok'],
    ['what was refused before', standing('REJECTED'), units(3), 'ok'],
    ['what was called off before', standing('CANCELED'), units(3), 'ok'],
    ['what came back already', standing('REFUNDED'), units(3), 'INVALID'],
  ])('%s', (_, order, lines, expected) => {
    const result = request(order, lines, 'new');
    expect(result.ok ? 'ok' : result.rejection.code).toBe(expected);
  });

  it('48 nothing once the window of its vendor’s part has ended; the other vendor’s does not matter', () => {
    expect(request(delivered(), units(1), 'r', ['a'])).toMatchObject({ rejection: { code: 'RETURN_WINDOW_CLOSED' } });
    expect(request(delivered(), units(1), 'r', ['b']).ok).toBe(true);
  });

  it(`at most ${MAX_RETURNS} requests of one vendor’s part, whatever became of them`, () => {
    let order = delivered();
    for (let n = 0; n < MAX_RETURNS; n += 1) {
      order = requested(order, units(1), `r${n}`);
      order = then(order, moveReturn(order, `r${n}`, { to: 'CANCELED' }));
    }
    expect(request(order, units(1), 'more')).toMatchObject({ rejection: { code: 'LIMIT_EXCEEDED' } });
  });
});

describe('P11 what the buyer gets back', () => {
  const received = (order: Order, lines: { lineId: string; quantity: number }[], id: string) => {
    const asked = requested(order, lines, id);
    const approved = then(asked, moveReturn(asked, id, { to: 'APPROVED' }));
    const result = receiveReturn(approved, id, { sold, restock: true });
    if (!result.ok) throw new Error(result.rejection.message);
    return { refund: result.value.refund.amount, order: fold(result.value.facts, approved) };
  };

  it('unit by unit adds up to what was paid, and delivery comes with the last thing that comes back', () => {
    const first = received(delivered(), units(1), 'r1');
    const second = received(first.order, units(1), 'r2');
    const third = received(second.order, units(1), 'r3');
    expect([first.refund, second.refund, third.refund]).toEqual([1_188, 1_188, 1_188]);
    const gift = received(third.order, units(1, 'a2'), 'r4');
    expect(gift.refund).toBe(490);
  });

  it('all at once is all that was paid', () => {
    expect(received(delivered(), [...units(3), ...units(1, 'a2')], 'r').refund).toBe(2_995 + 569 + 490);
  });

  it('is nothing for what cost nothing, and the return is done when it is received', () => {
    const { order, refund } = received(delivered(), units(1, 'a2'), 'r');
    expect([refund, returnOf(order, 'r').found.status]).toEqual([0, 'REFUNDED']);
  });
});
