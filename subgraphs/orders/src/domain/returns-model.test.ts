import { money, type Result } from '@marketgraph/platform/core';
import { cases } from '@marketgraph/platform/testing';
import fc from 'fast-check';
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
import type { ReturnStatus } from './order-status.ts';
import type { PaidLine } from './return-refund.ts';
import { moveReturn, receiveReturn, requestReturn, returnOf } from './returns.ts';

const RUNS = cases(2_000);
const MAX_COMMANDS = 50;

const eur = (amount: number) => money(amount, 'EUR');
const LINES: PaidLine[] = [
  { id: 'a1', quantity: 5, lineTotal: eur(4_999), tax: eur(949) },
  { id: 'a2', quantity: 3, lineTotal: eur(100), tax: eur(0) },
];
const SHIPPING = eur(490);
const PAID = LINES.reduce((total, { lineTotal, tax }) => total + lineTotal.amount + tax.amount, SHIPPING.amount);

/** Counts of units, as a shopkeeper keeps them with pencil and paper. */
interface Model {
  ordered: Record<string, number>;
  packed: Record<string, number>;
  delivered: Record<string, number>;
  parcels: { lineId: string; quantity: number; status: 'PENDING' | 'SHIPPED' | 'DELIVERED' }[];
  returns: { lineId: string; quantity: number; status: ReturnStatus }[];
}

/** The order itself, with what its facts had as effects. */
interface Real {
  order: Order;
  facts: OrderFact[];
  refunded: number;
  restocked: Record<string, number>;
}

/** After every step. */
function assertHolds(model: Model, real: Real): void {
  const unitsIn = (lineId: string, ...statuses: ReturnStatus[]) =>
    model.returns
      .filter((each) => each.lineId === lineId && statuses.includes(each.status))
      .reduce((total, each) => total + each.quantity, 0);
  let due = 0;
  for (const { id, quantity, lineTotal, tax } of LINES) {
    const back = unitsIn(id, 'RECEIVED', 'REFUNDED');
    const claimed = back + unitsIn(id, 'REQUESTED', 'APPROVED', 'IN_TRANSIT');
    expect(claimed).toBeLessThanOrEqual(model.delivered[id]!);
    expect(real.restocked[id] ?? 0).toBeLessThanOrEqual(back);
    // Whatever the portions, together they are the share of what came back.
    due += Math.floor(((lineTotal.amount + tax.amount) * back) / quantity);
  }
  if (LINES.every(({ id, quantity }) => unitsIn(id, 'RECEIVED', 'REFUNDED') === quantity)) due += SHIPPING.amount;
  expect(real.refunded).toBe(due);
  expect(real.refunded).toBeLessThanOrEqual(PAID);
  // What is stored is what the history says.
  expect(fold(real.facts)).toEqual(real.order);
}

class Step implements fc.Command<Model, Real> {
  constructor(
    private readonly what: string,
    private readonly act: (model: Model, real: Real) => void,
  ) {}
  check = () => true;
  run(model: Model, real: Real): void {
    this.act(model, real);
    assertHolds(model, real);
  }
  toString = () => this.what;
}

function take(real: Real, result: Result<OrderFact[]>): boolean {
  if (!result.ok) return false;
  real.facts.push(...result.value);
  real.order = fold(result.value, real.order);
  return true;
}

/** Taken when the model says that it may happen, and refused when not. */
function takes(real: Real, result: Result<OrderFact[]>, isLegal: boolean): void {
  expect(take(real, result)).toBe(isLegal);
}

const pick = <Item>(items: readonly Item[], at: number) => (items.length > 0 ? at % items.length : undefined);
const lineId = fc.constantFrom('a1', 'a2');
const quantity = fc.integer({ min: 0, max: 6 });

const pack = fc.record({ lineId, quantity }).map(
  (units) =>
    new Step(`pack ${units.quantity} ${units.lineId}`, (model, real) => {
      const fulfillmentId = `f${model.parcels.length}`;
      const parcel = { fulfillmentId, vendorOrderId: 'a', lines: [units], status: 'PENDING' } as const;
      const fits = units.quantity > 0 && model.packed[units.lineId]! + units.quantity <= model.ordered[units.lineId]!;
      takes(real, createFulfillment(real.order, parcel), fits);
      if (!fits) return;
      model.packed[units.lineId]! += units.quantity;
      model.parcels.push({ ...units, status: 'PENDING' });
    }),
);

const move = fc.record({ at: fc.nat(), to: fc.constantFrom('SHIPPED' as const, 'DELIVERED' as const) }).map(
  ({ at, to }) =>
    new Step(`parcel ${at} ${to}`, (model, real) => {
      const index = pick(model.parcels, at);
      if (index === undefined) return;
      const parcel = model.parcels[index]!;
      const isLegal = parcel.status === (to === 'SHIPPED' ? 'PENDING' : 'SHIPPED');
      takes(real, moveFulfillment(real.order, `f${index}`, to), isLegal);
      if (!isLegal) return;
      parcel.status = to;
      if (to === 'DELIVERED') model.delivered[parcel.lineId]! += parcel.quantity;
    }),
);

const request = fc.record({ lineId, quantity, isClosed: fc.boolean() }).map(
  ({ isClosed, ...units }) =>
    new Step(`request ${units.quantity} ${units.lineId}${isClosed ? ', too late' : ''}`, (model, real) => {
      const returnId = `r${model.returns.length}`;
      const closed = new Set(isClosed ? ['a'] : []);
      const result = requestReturn(real.order, { returnId, lines: [units], closed });
      const claimed = model.returns
        .filter((each) => each.lineId === units.lineId && !['REJECTED', 'CANCELED'].includes(each.status))
        .reduce((total, each) => total + each.quantity, 0);
      const isThere = units.quantity > 0 && claimed + units.quantity <= model.delivered[units.lineId]!;
      const isFine = isThere && !isClosed && model.returns.length < 20;
      takes(real, result.ok ? { ok: true, value: result.value.facts } : result, isFine);
      if (isFine) model.returns.push({ ...units, status: 'REQUESTED' });
    }),
);

const MOVES: Record<string, ReturnStatus[]> = {
  APPROVED: ['REQUESTED'],
  REJECTED: ['REQUESTED'],
  IN_TRANSIT: ['APPROVED'],
  CANCELED: ['REQUESTED', 'APPROVED', 'IN_TRANSIT'],
  REFUNDED: ['RECEIVED'],
};

const step = fc
  .record({
    at: fc.nat(),
    to: fc.constantFrom(
      'APPROVED' as const,
      'REJECTED' as const,
      'IN_TRANSIT' as const,
      'CANCELED' as const,
      'REFUNDED' as const,
    ),
  })
  .map(
    ({ at, to }) =>
      new Step(`return ${at} ${to}`, (model, real) => {
        const index = pick(model.returns, at);
        if (index === undefined) return;
        const isLegal = MOVES[to]!.includes(model.returns[index]!.status);
        takes(real, moveReturn(real.order, `r${index}`, { to }), isLegal);
        if (isLegal) model.returns[index]!.status = to;
      }),
  );

const receive = fc.record({ at: fc.nat(), restock: fc.boolean() }).map(
  ({ at, restock }) =>
    new Step(`receive ${at}${restock ? ' and restock' : ''}`, (model, real) => {
      const index = pick(model.returns, at);
      if (index === undefined) return;
      const known = model.returns[index]!;
      const isLegal = known.status === 'APPROVED' || known.status === 'IN_TRANSIT';
      const sold = { lines: LINES, shipping: SHIPPING };
      const result = receiveReturn(real.order, `r${index}`, { sold, restock });
      takes(real, result.ok ? { ok: true, value: result.value.facts } : result, isLegal);
      if (!result.ok) return;
      real.refunded += result.value.refund.amount;
      if (restock) real.restocked[known.lineId] = (real.restocked[known.lineId] ?? 0) + known.quantity;
      known.status = returnOf(real.order, `r${index}`).found.status;
    }),
);

describe('R32 orders and their returns against a model', () => {
  it('never take back more than was delivered, never pay back more than was paid, and put each unit back once', () => {
    const counts = () => Object.fromEntries(LINES.map(({ id }) => [id, 0]));
    const setup = () => {
      const lines = LINES.map(({ id, quantity: units }) => ({ lineId: id, quantity: units }));
      const placed = placeOrder({ orderId: 'ord', vendorOrders: [{ vendorOrderId: 'a', vendorId: 'ven', lines }] });
      const facts = [...placed, ...confirmOrder(fold(placed))];
      const ordered = Object.fromEntries(LINES.map(({ id, quantity: units }) => [id, units]));
      const model: Model = { ordered, packed: counts(), delivered: counts(), parcels: [], returns: [] };
      const real: Real = { order: fold(facts), facts, refunded: 0, restocked: {} };
      return { model, real };
    };
    // Sequences that come to returns at all begin with goods that have arrived.
    const arrive = LINES.flatMap(({ id, quantity: units }) => [
      fc.constant(units).map((all) => ({ lineId: id, quantity: all })),
    ]);
    const begin = fc.tuple(fc.boolean(), ...arrive).map(([isDelivered, ...lines]) => (isDelivered ? lines : []));
    fc.assert(
      fc.property(
        begin,
        fc.commands([pack, move, move, request, request, step, step, step, receive, receive], {
          maxCommands: MAX_COMMANDS,
          size: 'max',
        }),
        (lines, commands) => {
          const { model, real } = setup();
          for (const [index, units] of lines.entries()) {
            const parcel = {
              fulfillmentId: `f${index}`,
              vendorOrderId: 'a',
              lines: [units],
              status: 'PENDING',
            } as const;
            take(real, createFulfillment(real.order, parcel));
            take(real, moveFulfillment(real.order, `f${index}`, 'SHIPPED'));
            take(real, moveFulfillment(real.order, `f${index}`, 'DELIVERED'));
            model.packed[units.lineId] = units.quantity;
            model.delivered[units.lineId] = units.quantity;
            model.parcels.push({ ...units, status: 'DELIVERED' });
          }
          fc.modelRun(() => ({ model, real }), commands);
        },
      ),
      { numRuns: RUNS },
    );
  });
});
