import { describe, expect, it } from 'vitest';
import { cheapestFirst, chooseOffer, fittingOffers } from './page-of-hits.ts';
import type { IndexedOffer } from './product-document.ts';

const anOffer = (id: string, amount: number, more: Partial<IndexedOffer> = {}): IndexedOffer => ({
  id,
  amount,
  vendorId: 'ven_a',
  currencyCode: 'EUR',
  inStock: true,
  ...more,
});
const offers = [anOffer('off_1', 100), anOffer('off_2', 200, { vendorId: 'ven_b' }), anOffer('off_3', 300)];
const document = { offers: JSON.stringify(offers) };
const wishes = { currency: 'EUR', inStockOnly: true };
const idsOf = (list: readonly IndexedOffer[]) => list.map(({ id }) => id);

describe('the offer of a hit', () => {
  it('is one of the vendors and prices asked for', () => {
    expect(idsOf(fittingOffers(document, wishes))).toEqual(['off_1', 'off_2', 'off_3']);
    expect(idsOf(fittingOffers(document, { ...wishes, vendorIds: ['ven_b'] }))).toEqual(['off_2']);
    expect(idsOf(fittingOffers(document, { ...wishes, priceMin: 150 }))).toEqual(['off_2', 'off_3']);
    expect(idsOf(fittingOffers(document, { ...wishes, priceMax: 150, currency: 'USD' }))).toEqual([]);
  });

  it('is one that is shipped there, of somebody of Prime or not', () => {
    const mixed = {
      offers: JSON.stringify([anOffer('off_1', 1, { shipsTo: ['DE'], isPrime: true }), anOffer('off_2', 2)]),
    };
    expect(idsOf(fittingOffers(mixed, { ...wishes, shipTo: 'DE' }))).toEqual(['off_1', 'off_2']);
    expect(idsOf(fittingOffers(mixed, { ...wishes, shipTo: 'US' }))).toEqual(['off_2']);
    expect(idsOf(fittingOffers(mixed, { ...wishes, primeEligible: true }))).toEqual(['off_1']);
    expect(idsOf(fittingOffers(mixed, { ...wishes, primeEligible: false }))).toEqual(['off_2']);
  });

  it('S1 is of a variant that has the options asked for, and of the vendors', () => {
    const mixed = {
      offers: JSON.stringify([
        anOffer('off_1', 1, { options: ['colour=white', 'size=L'] }),
        anOffer('off_2', 2, { options: ['colour=Deep blue', 'size=L'], vendorId: 'ven_b' }),
        anOffer('off_3', 3),
      ]),
    };
    const fitting = (attributes: { key: string; anyOf: string[] }[]) =>
      idsOf(fittingOffers(mixed, { ...wishes, attributes }));
    expect(fitting([{ key: 'colour', anyOf: ['deep blue', 'red'] }])).toEqual(['off_2', 'off_3']);
    expect(fitting([{ key: 'colour', anyOf: ['white', 'Deep blue'] }])).toEqual(['off_1', 'off_2', 'off_3']);
    expect(
      fitting([
        { key: 'colour', anyOf: ['white'] },
        { key: 'size', anyOf: ['M'] },
      ]),
    ).toEqual(['off_3']);
    // What is not an option of the variant is said of the product as a whole.
    expect(fitting([{ key: 'material', anyOf: ['brass'] }])).toEqual(['off_1', 'off_2', 'off_3']);
    expect(fitting([{ key: 'vendor', anyOf: ['ven_b'] }])).toEqual(['off_2']);
  });

  it('S14 is the one that costs this buyer least, what cannot be compared behind it', () => {
    const mixed = [...offers, anOffer('off_4', 1, { currencyCode: 'USD' })];
    const prices = new Map([
      ['off_3', { amount: 90, currencyCode: 'EUR' }],
      ['off_2', { amount: 90, currencyCode: 'EUR' }],
    ]);
    expect(idsOf(cheapestFirst(mixed, prices, 'EUR'))).toEqual(['off_2', 'off_3', 'off_1', 'off_4']);
  });

  it('is one in the buyer’s currency if there is one', () => {
    const mixed = { offers: JSON.stringify([anOffer('off_1', 1), anOffer('off_2', 9, { currencyCode: 'USD' })]) };
    expect(idsOf(fittingOffers(mixed, { ...wishes, currency: 'USD' }))).toEqual(['off_2', 'off_1']);
  });

  it.each([
    ['the cheapest there is', { off_1: 1, off_2: 1 }, true, { offerId: 'off_1', isShown: true }],
    ['the next when the cheapest is gone', { off_1: 0, off_2: 1 }, true, { offerId: 'off_2', isShown: true }],
    ['none when all is gone', {}, true, { offerId: 'off_1', isShown: false }],
    ['a sold-out one for who wants to see those', {}, false, { offerId: 'off_1', isShown: true }],
    ['as indexed while inventory is away', null, true, { offerId: 'off_1', isShown: true }],
  ])('is %s', (_, available, inStockOnly, expected) => {
    const truth = available && new Map(Object.entries(available));
    expect(chooseOffer(offers, truth, inStockOnly)).toEqual(expected);
  });
});
