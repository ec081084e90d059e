import type { FloorOfferFragment } from '@marketgraph/schema/generated/operations';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FloorOrder, MAX_ORDERS, OrderBoard } from './order-board.ts';
import { markOf, MAX_OFFERS, StockBoard } from './stock-board.ts';

function anOrder(id: number, version = 1): FloorOrder {
  return {
    id: `vor_${id}`,
    number: `M-${id}`,
    status: 'PENDING',
    version,
    total: { amount: 100, currencyCode: 'EUR' },
    order: { id: `ord_${id}`, placedAt: new Date(id * 1_000).toISOString() },
    lines: [],
  };
}

function anOffer(id: string, lowStockThreshold: number | null = 5): FloorOfferFragment {
  return { id, sku: id, lowStockThreshold, variant: { id, product: { id, title: id } } };
}

describe('the orders that are shown', () => {
  it('are the newest, each once and in its newest state, in whatever order events and lists come', () => {
    const messages = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 4 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(messages, (said) => {
        const board = new OrderBoard();
        const newest = new Map<number, number>();
        for (const [id, version] of said) {
          board.put(anOrder(id, version));
          newest.set(id, Math.max(newest.get(id) ?? 0, version));
          const shown = board.orders.map(({ id: shownId }) => Number(shownId.slice(4)));
          expect(shown).toEqual(shown.toSorted((a, b) => b - a));
          expect(new Set(shown).size).toBe(shown.length);
          expect(shown.length).toBeLessThanOrEqual(MAX_ORDERS);
        }
        const expected = [...newest.keys()].toSorted((a, b) => b - a).slice(0, MAX_ORDERS);
        expect(board.orders.map(({ id }) => Number(id.slice(4)))).toEqual(expected);
      }),
    );
  });

  it('say which order is new, and forget the oldest for it', () => {
    const board = new OrderBoard();
    for (let id = 1; id <= MAX_ORDERS; id += 1) expect(board.put(anOrder(id))).toBe(true);
    expect(board.put(anOrder(3, 2))).toBe(false);
    expect(board.put(anOrder(MAX_ORDERS + 1))).toBe(true);
    expect(board.orders.map(({ id }) => id)).not.toContain('vor_1');
    // Older than everything that is shown.
    expect(board.put(anOrder(0))).toBe(false);
  });

  it('keep what an event said when a list that was read before it comes late', () => {
    const board = new OrderBoard();
    board.put(anOrder(1, 3));
    expect(board.merge([anOrder(1, 2), anOrder(2, 1)]).map(({ id }) => id)).toEqual(['vor_2']);
    expect(board.orders.map(({ id, version }) => [id, version])).toEqual([
      ['vor_2', 1],
      ['vor_1', 3],
    ]);
  });
});

describe('the stock that is shown', () => {
  it('has what is out first, then what is low, then what moved last', () => {
    const board = new StockBoard();
    const levels = { plenty: 50, low: 5, out: 0, also: 60 };
    board.merge(
      Object.entries(levels).map(([id, available]) => ({ offer: anOffer(id), available })),
      board.moves,
    );
    board.move(anOffer('plenty'), 49, 50);
    expect(board.rows.map(({ offer, available, delta }) => [offer.id, available, delta])).toEqual([
      ['out', 0, undefined],
      ['low', 5, undefined],
      ['plenty', 49, -1],
      ['also', 60, undefined],
    ]);
    expect(board.needingAttention).toBe(2);
  });

  it.each([
    [0, 5, 'out'],
    [1, 5, 'low'],
    [5, 5, 'low'],
    [6, 5, 'in'],
    [1, null, 'in'],
    [0, null, 'out'],
  ] as const)('marks %d left with a threshold of %s as %s', (available, threshold, mark) => {
    expect(markOf({ available, offer: anOffer('x', threshold) })).toBe(mark);
  });

  it('keeps what moved while a list was on its way', () => {
    const board = new StockBoard();
    const { moves } = board;
    board.move(anOffer('a'), 7, 8);
    board.merge([{ offer: anOffer('a'), available: 8 }], moves);
    expect(board.rows[0]).toMatchObject({ available: 7, delta: -1 });
    board.merge([{ offer: anOffer('a'), available: 6 }], board.moves);
    expect(board.rows[0]).toMatchObject({ available: 6 });
  });

  it('is bounded, and forgets what has neither moved nor runs out', () => {
    const board = new StockBoard();
    board.move(anOffer('moved'), 50, 51);
    const many = Array.from({ length: 2 * MAX_OFFERS }, (_, at) => ({ offer: anOffer(`o${at}`), available: 50 }));
    board.merge([...many, { offer: anOffer('out'), available: 0 }], board.moves);
    expect(board.rows).toHaveLength(MAX_OFFERS);
    expect(board.rows.slice(0, 2).map(({ offer }) => offer.id)).toEqual(['out', 'moved']);
  });
});
