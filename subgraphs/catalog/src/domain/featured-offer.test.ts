import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Contender, featuredOffer, rankOffers } from './featured-offer.ts';
import type { StockBand } from './stock-band.ts';

const anOffer = (id: string, amount: number, more: Partial<Contender> = {}): Contender => ({
  id,
  price: { amount, currencyCode: 'EUR' },
  stock: 'IN_STOCK',
  rating: { average: 0, count: 0 },
  ...more,
});
const contenders = fc.uniqueArray(
  fc.record({
    id: fc.uuid(),
    price: fc.record({ amount: fc.integer({ min: 1, max: 1e9 }), currencyCode: fc.constantFrom('EUR', 'USD') }),
    stock: fc.constantFrom<StockBand>('IN_STOCK', 'LOW', 'UNKNOWN', 'OUT'),
    rating: fc.record({ average: fc.double({ min: 0, max: 5, noNaN: true }), count: fc.integer({ min: 0, max: 1e6 }) }),
  }),
  { selector: ({ id }) => id, maxLength: 12 },
);

describe('the offer to show first', () => {
  it.each<[string, Contender[], string]>([
    ['the cheaper of two alike', [anOffer('a', 200), anOffer('b', 100)], 'b'],
    [
      'one in stock before a cheaper one that is sold out',
      [anOffer('a', 200), anOffer('b', 100, { stock: 'OUT' })],
      'a',
    ],
    [
      'one in stock before a cheaper one nobody knows of',
      [anOffer('a', 200), anOffer('b', 100, { stock: 'UNKNOWN' })],
      'a',
    ],
    [
      'one nobody knows of before one that is sold out',
      [anOffer('a', 200, { stock: 'UNKNOWN' }), anOffer('b', 100, { stock: 'OUT' })],
      'a',
    ],
    [
      'the cheapest of those sold out when all are',
      [anOffer('a', 200, { stock: 'OUT' }), anOffer('b', 100, { stock: 'OUT' })],
      'b',
    ],
    [
      'the better rated of two that cost the same',
      [anOffer('a', 100), anOffer('b', 100, { rating: { average: 5, count: 50 } })],
      'b',
    ],
    [
      'much better rated before slightly cheaper',
      [
        anOffer('a', 100, { rating: { average: 2, count: 500 } }),
        anOffer('b', 105, { rating: { average: 5, count: 500 } }),
      ],
      'b',
    ],
    [
      'much cheaper before better rated',
      [
        anOffer('a', 100, { rating: { average: 4, count: 500 } }),
        anOffer('b', 200, { rating: { average: 5, count: 500 } }),
      ],
      'a',
    ],
    [
      'many good ratings before a single perfect one',
      [
        anOffer('a', 100, { rating: { average: 5, count: 1 } }),
        anOffer('b', 100, { rating: { average: 4.7, count: 400 } }),
      ],
      'b',
    ],
    [
      'one with a full shelf before one that is nearly empty',
      [anOffer('a', 100, { stock: 'LOW' }), anOffer('b', 100)],
      'b',
    ],
    ['the older of two that are the same', [anOffer('b', 100), anOffer('a', 100)], 'a'],
    [
      'one in the currency of most',
      [anOffer('a', 1, { price: { amount: 1, currencyCode: 'USD' } }), anOffer('b', 100), anOffer('c', 101)],
      'b',
    ],
  ])('is %s', (_, offers, winner) => {
    expect(featuredOffer(offers)?.id).toBe(winner);
    expect(featuredOffer(offers.toReversed())?.id).toBe(winner);
  });

  it('is none when nobody offers', () => {
    expect(featuredOffer([])).toBeUndefined();
  });

  it('does not depend on the order they come in, loses nobody, and never prefers an empty shelf', () => {
    fc.assert(
      fc.property(contenders, fc.integer(), (offers, seed) => {
        const shuffled = offers.toSorted(
          (a, b) => ((a.id + seed).length % 3) - ((b.id + seed).length % 3) || (a.id < b.id ? 1 : -1),
        );
        const ranked = rankOffers(offers).map(({ id }) => id);
        expect(rankOffers(shuffled).map(({ id }) => id)).toEqual(ranked);
        expect(ranked.toSorted()).toEqual(offers.map(({ id }) => id).toSorted());
        const best = featuredOffer(offers);
        if (offers.some(({ stock }) => stock !== 'OUT')) expect(best?.stock).not.toBe('OUT');
      }),
    );
  });
});
