import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check } from './checker.ts';
import type { Operation } from './history.ts';
import { offerModel, type Stock, type StockCall, type StockOutcome } from './offer-model.ts';
import { paymentModel } from './payment-model.ts';

type StockOperation = Operation<StockCall, StockOutcome>;

const model = offerModel([5, 3]);

let client = 0;
const op = (
  call: StockCall,
  outcome: StockOutcome | undefined,
  [invokedAt, respondedAt]: [number, number],
): StockOperation => ({ client: (client += 1), call, outcome, invokedAt, respondedAt });

const isFine = (...history: StockOperation[]) => check(model, history).isLinearizable;

describe('R40 the checker', () => {
  it('takes what one thread could have done', () => {
    expect(
      isFine(
        op({ do: 'query' }, { available: 8 }, [0, 1]),
        op({ do: 'reserve', quantity: 6, request: 1 }, { reserved: [5, 1] }, [2, 3]),
        op({ do: 'reserve', quantity: 3, request: 2 }, { shortWith: 2 }, [4, 5]),
        op(
          { do: 'transfer', from: 1, to: 0, quantity: 2 },
          { levels: [{ warehouse: 0, onHand: 7, reserved: 5 }] },
          [6, 7],
        ),
        op({ do: 'adjust', warehouse: 1, delta: -1 }, { refused: true }, [8, 9]),
        op({ do: 'confirm', request: 1 }, { ended: true }, [10, 11]),
        op({ do: 'release', request: 1 }, { ended: false }, [12, 13]),
        op({ do: 'query' }, { available: 2 }, [14, 15]),
        op({ do: 'revert', request: 1 }, { ended: true }, [16, 17]),
        op({ do: 'query' }, { available: 8 }, [18, 19]),
      ),
    ).toBe(true);
  });

  it('puts what overlaps in whatever order fits', () => {
    const reserve = op({ do: 'reserve', quantity: 8, request: 1 }, { reserved: [5, 3] }, [0, 10]);
    for (const available of [8, 0]) expect(isFine(reserve, op({ do: 'query' }, { available }, [1, 2]))).toBe(true);
    expect(isFine(reserve, op({ do: 'query' }, { available: 4 }, [1, 2]))).toBe(false);
  });

  it('takes what nobody was told as done late, or never', () => {
    const lost = op({ do: 'adjust', warehouse: 0, delta: 10 }, undefined, [0, Infinity]);
    expect(
      isFine(lost, op({ do: 'query' }, { available: 8 }, [5, 6]), op({ do: 'query' }, { available: 18 }, [7, 8])),
    ).toBe(true);
    expect(isFine(lost, op({ do: 'query' }, { available: 8 }, [5, 6]))).toBe(true);
    // Done twice is not an explanation, nor done and undone, nor done before it was asked.
    expect(isFine(lost, op({ do: 'query' }, { available: 28 }, [5, 6]))).toBe(false);
    expect(
      isFine(lost, op({ do: 'query' }, { available: 18 }, [5, 6]), op({ do: 'query' }, { available: 8 }, [7, 8])),
    ).toBe(false);
    const later = { ...lost, invokedAt: 20 };
    expect(isFine(later, op({ do: 'query' }, { available: 18 }, [5, 6]))).toBe(false);
  });

  it('guesses where a lost reservation took its units, when it did', () => {
    const lost = op({ do: 'reserve', quantity: 4, request: 9 }, undefined, [0, Infinity]);
    const left = (onHand: number, reserved: number) => ({ levels: [{ warehouse: 1, onHand, reserved }] });
    for (const reserved of [0, 1, 3]) {
      expect(isFine(lost, op({ do: 'adjust', warehouse: 1, delta: 1 }, left(4, reserved), [5, 6]))).toBe(true);
    }
    expect(isFine(lost, op({ do: 'adjust', warehouse: 1, delta: 1 }, left(4, 4), [5, 6]))).toBe(false);
  });

  it('takes of several that were lost as many as explain what was said, and no more than there were', () => {
    // Who was never told of a reservation cannot name it.
    const lost = [0, 1, 20].map((at) => op({ do: 'reserve', quantity: 3 }, undefined, [at, Infinity]));
    for (const available of [8, 5, 2]) {
      expect(isFine(...lost, op({ do: 'query' }, { available }, [5, 6]))).toBe(true);
    }
    const onlyTwo = op(
      { do: 'adjust', warehouse: 0, delta: 1 },
      { levels: [{ warehouse: 0, onHand: 6, reserved: 6 }] },
      [5, 6],
    );
    expect(isFine(...lost, onlyTwo)).toBe(false);
    expect(isFine(...lost, { ...onlyTwo, invokedAt: 21, respondedAt: 22 })).toBe(false);
    expect(isFine(...lost, { ...onlyTwo, outcome: { levels: [{ warehouse: 0, onHand: 6, reserved: 5 }] } })).toBe(true);
  });

  it('says when it has given up', () => {
    const history = [
      ...Array.from({ length: 6 }, (_, at) =>
        op({ do: 'adjust', warehouse: 0, delta: 1 + at }, undefined, [0, Infinity]),
      ),
      op({ do: 'query' }, { available: 99 }, [1, 2]),
    ];
    expect(check(model, history)).toMatchObject({ isLinearizable: false, isCertain: true });
    expect(check(model, history, { maxExplored: 10 })).toMatchObject({ isLinearizable: false, isCertain: false });
  });

  it.each<[string, StockOperation[]]>([
    [
      'a lost update',
      [
        op({ do: 'adjust', warehouse: 0, delta: 2 }, { levels: [{ warehouse: 0, onHand: 7, reserved: 0 }] }, [0, 5]),
        op({ do: 'adjust', warehouse: 0, delta: 3 }, { levels: [{ warehouse: 0, onHand: 8, reserved: 0 }] }, [1, 6]),
      ],
    ],
    [
      'an oversell',
      [
        op({ do: 'reserve', quantity: 5, request: 1 }, { reserved: [5, 0] }, [0, 5]),
        op({ do: 'reserve', quantity: 5, request: 2 }, { reserved: [5, 0] }, [1, 6]),
      ],
    ],
    [
      'a stale read',
      [
        op({ do: 'reserve', quantity: 5, request: 1 }, { reserved: [5, 0] }, [0, 1]),
        op({ do: 'query' }, { available: 8 }, [2, 3]),
      ],
    ],
    [
      'a key that took effect twice',
      [
        op({ do: 'reserve', quantity: 2, request: 1 }, { reserved: [2, 0] }, [0, 9]),
        op({ do: 'query' }, { available: 4 }, [10, 11]),
      ],
    ],
    [
      'a release that gave back what was sold',
      [
        op({ do: 'reserve', quantity: 2, request: 1 }, { reserved: [2, 0] }, [0, 1]),
        op({ do: 'confirm', request: 1 }, { ended: true }, [2, 5]),
        op({ do: 'release', request: 1 }, { ended: true }, [3, 6]),
        op({ do: 'confirm', request: 1 }, { ended: true }, [7, 8]),
      ],
    ],
    ['a refusal while there is enough', [op({ do: 'reserve', quantity: 5, request: 1 }, { shortWith: 3 }, [0, 1])]],
  ])('finds %s, and says where', (_, history) => {
    const verdict = check(model, history);
    expect(verdict).toMatchObject({ isLinearizable: false });
    if (!verdict.isLinearizable) expect(verdict.stuckAt.length).toBeGreaterThan(0);
  });

  it('holds refunds to what was captured', () => {
    const refund = (
      amount: number,
      outcome: { refunded: number } | { exceeds: true } | undefined,
      at: [number, number],
    ) => ({
      client: 1,
      call: { do: 'refund' as const, amount },
      outcome,
      invokedAt: at[0],
      respondedAt: at[1],
    });
    const money = paymentModel(100);
    expect(
      check(money, [refund(60, { refunded: 60 }, [0, 5]), refund(60, { exceeds: true }, [1, 4])]).isLinearizable,
    ).toBe(true);
    expect(
      check(money, [refund(60, { refunded: 60 }, [0, 5]), refund(60, { refunded: 60 }, [1, 4])]).isLinearizable,
    ).toBe(false);
    expect(check(money, [refund(60, { exceeds: true }, [0, 5])]).isLinearizable).toBe(false);
    expect(
      check(money, [refund(60, undefined, [0, Infinity]), refund(60, { exceeds: true }, [1, 4])]).isLinearizable,
    ).toBe(true);
  });

  const calls: fc.Arbitrary<StockCall> = fc.oneof(
    fc.record({
      do: fc.constant('reserve' as const),
      quantity: fc.integer({ min: 1, max: 4 }),
      request: fc.constant(0),
    }),
    fc.record({ do: fc.constantFrom('confirm' as const, 'release' as const, 'revert' as const), request: fc.nat(5) }),
    fc.record({ do: fc.constant('adjust' as const), warehouse: fc.nat(1), delta: fc.integer({ min: -3, max: 3 }) }),
    fc.record({
      do: fc.constant('transfer' as const),
      from: fc.constant(0),
      to: fc.constant(1),
      quantity: fc.integer({ min: 1, max: 3 }),
    }),
    fc.record({ do: fc.constant('query' as const) }),
  );
  const script = fc.array(
    fc.record({
      call: calls,
      before: fc.integer({ min: 0, max: 5 }),
      after: fc.integer({ min: 0, max: 5 }),
      isLost: fc.nat(9),
    }),
    {
      minLength: 1,
      maxLength: 60,
    },
  );

  it('takes every history of a store that does one thing at a time, whatever overlaps and is lost', () => {
    fc.assert(
      fc.property(script, (steps) => {
        expect(check(model, playedBy(oneThread(), steps)).isLinearizable).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('finds a store that now and then forgets a change it has told of', () => {
    let found = 0;
    fc.assert(
      fc.property(script, (steps) => {
        if (!check(model, playedBy(oneThread({ forgets: 3 }), steps)).isLinearizable) found += 1;
      }),
      { numRuns: 200, seed: 7 },
    );
    expect(found).toBeGreaterThan(50);
  });
});

/** A store that asks the model how it comes out; `forgets` every so many-th change. */
function oneThread({ forgets = 0 } = {}) {
  let stock: Stock = model.initial;
  let changes = 0;
  return (call: StockCall): StockOutcome | undefined => {
    const outcome = outcomeOf(stock, call);
    if (!outcome) return undefined;
    const [next] = model.next(stock, call, outcome);
    if (!next) throw new Error(`The model does not take ${JSON.stringify({ call, outcome })}.`);
    const isChange = next !== stock;
    if (isChange) changes += 1;
    if (!(isChange && forgets > 0 && changes % forgets === 0)) stock = next;
    return outcome;
  };
}

function outcomeOf(stock: Stock, call: StockCall): StockOutcome | undefined {
  const [after] = model.next(stock, call, undefined);
  if (!after) return undefined;
  const left = stock.onHand.reduce((sum, units, at) => sum + units - stock.reserved[at]!, 0);
  if (call.do === 'query') return { available: left };
  if (call.do === 'adjust' || call.do === 'transfer') {
    if (after === stock) return { refused: true };
    return {
      levels: after.onHand.map((onHand, warehouse) => ({ warehouse, onHand, reserved: after.reserved[warehouse]! })),
    };
  }
  if (call.do === 'reserve') return { reserved: after.reservations[call.request!]!.split };
  const status = stock.reservations[call.request]?.status;
  return { ended: call.do === 'revert' || status === 'ACTIVE' || (call.do === 'confirm') === (status === 'CONFIRMED') };
}

/** Each call takes effect at its own time, and seems to take longer than it does. */
function playedBy(
  store: (call: StockCall) => StockOutcome | undefined,
  steps: readonly { call: StockCall; before: number; after: number; isLost: number }[],
): StockOperation[] {
  return steps.flatMap(({ call, before, after, isLost }, at) => {
    const numbered = call.do === 'reserve' ? { ...call, request: at } : call;
    const outcome = store(numbered);
    if (!outcome) return [];
    const invokedAt = at * 2 - before;
    return isLost === 0
      ? [op(numbered, undefined, [invokedAt, Infinity])]
      : [op(numbered, outcome, [invokedAt, at * 2 + after])];
  });
}
