import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DealState } from './deal.ts';
import { type ListedPrice, priceOf, tiersOf } from './offer-price.ts';
import { BUSINESS, EVERYBODY } from './price-list.ts';

const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1, 12, minutes));
const eur = (amount: number) => ({ amount, currencyCode: 'EUR' });
const offer = { price: eur(1_000) };

function aDeal(changes: Partial<DealState> = {}): DealState {
  return {
    id: 'dea_1',
    offerId: 'off_1',
    vendorId: 'ven_1',
    dealPrice: eur(700),
    startsAt: at(10),
    endsAt: at(20),
    slotsTotal: 10,
    slotsFree: 10,
    isCanceled: false,
    told: 'LIVE',
    createdAt: at(0),
    version: 1,
    ...changes,
  };
}

function aPrice(minQuantity: number, maxQuantity: number | null, amount: number, changes: Partial<ListedPrice> = {}) {
  const unitPrice = eur(amount);
  const list = { priceListId: 'prl_1', audience: 'org_1', validFrom: null, validUntil: null };
  return { ...list, minQuantity, maxQuantity, unitPrice, ...changes };
}

/** 1 to 9: the offer's own price; 10: 900; from 11 on: 800. */
const steps = [aPrice(10, 10, 900), aPrice(11, null, 800)];

describe('C10 the price of an offer by quantity', () => {
  it.each([
    [1, 1_000, 'BASE'],
    [9, 1_000, 'BASE'],
    [10, 900, 'CONTRACT'],
    [11, 800, 'CONTRACT'],
    [500, 800, 'CONTRACT'],
    [1_000_000, 800, 'CONTRACT'],
  ])('of %i is exact at the boundary', (quantity, amount, source) => {
    const price = priceOf(offer, { listed: steps, deal: null, quantity, now: at(0) });
    expect(price).toMatchObject({ unitPrice: eur(amount), source, ruleId: source === 'BASE' ? null : 'prl_1' });
  });

  it.each([
    [EVERYBODY, 'TIER'],
    [BUSINESS, 'CUSTOMER_GROUP'],
    ['org_1', 'CONTRACT'],
  ])('for %s comes from %s', (audience, source) => {
    const listed = [aPrice(1, null, 900, { audience })];
    expect(priceOf(offer, { listed, deal: null, quantity: 1, now: at(0) }).source).toBe(source);
  });

  it.each([
    [
      'the lowest of several lists counts',
      [aPrice(1, null, 900), aPrice(1, null, 850, { audience: EVERYBODY })],
      'TIER',
    ],
    ['a dearer list than the offer counts for nothing', [aPrice(1, null, 1_100)], 'BASE'],
    ['the contract is named before the offer’s own price', [aPrice(1, null, 1_000)], 'CONTRACT'],
    [
      'the contract is named before an equal tier',
      [aPrice(1, null, 900, { audience: EVERYBODY }), aPrice(1, null, 900)],
      'CONTRACT',
    ],
    [
      'a list in another currency counts no more',
      [aPrice(1, null, 1, { unitPrice: { amount: 1, currencyCode: 'USD' } })],
      'BASE',
    ],
  ] as const)('%s', (_, listed, source) => {
    expect(priceOf(offer, { listed, deal: null, quantity: 1, now: at(0) }).source).toBe(source);
  });

  it('holds from the first instant of a list up to its last', () => {
    const listed = [aPrice(1, null, 900, { validFrom: at(10), validUntil: at(20) })];
    const sourceAt = (now: Date) => priceOf(offer, { listed, deal: null, quantity: 1, now }).source;
    const before = (date: Date) => new Date(date.getTime() - 1);
    expect([before(at(10)), at(10), before(at(20)), at(20)].map(sourceAt)).toEqual([
      'BASE',
      'CONTRACT',
      'CONTRACT',
      'BASE',
    ]);
    expect(priceOf(offer, { listed, deal: null, quantity: 1, now: at(10) }).validUntil).toEqual(at(20));
  });

  it('is the deal’s where that is cheaper than the contract, and takes no slot where it is not', () => {
    const facts = { listed: steps, deal: aDeal({ dealPrice: eur(850) }), now: at(15) };
    expect(priceOf(offer, { ...facts, quantity: 10 })).toMatchObject({ source: 'DEAL', ruleId: 'dea_1' });
    expect(priceOf(offer, { ...facts, quantity: 11 })).toMatchObject({ source: 'CONTRACT', unitPrice: eur(800) });
    const same = { ...facts, deal: aDeal({ dealPrice: eur(800) }) };
    expect(priceOf(offer, { ...same, quantity: 11 }).source).toBe('CONTRACT');
  });

  it('names the same list whatever the order they come in', () => {
    const listed = ['prl_3', 'prl_1', 'prl_2'].map((priceListId) => aPrice(1, null, 900, { priceListId }));
    for (const order of [listed, listed.toReversed()]) {
      expect(priceOf(offer, { listed: order, deal: null, quantity: 1, now: at(0) }).ruleId).toBe('prl_1');
    }
  });
});

const listedPrices = fc.array(
  fc.record({
    priceListId: fc.constantFrom('prl_1', 'prl_2', 'prl_3'),
    audience: fc.constantFrom(EVERYBODY, BUSINESS, 'org_1'),
    minQuantity: fc.integer({ min: 1, max: 40 }),
    length: fc.option(fc.integer({ min: 0, max: 20 })),
    amount: fc.integer({ min: 1, max: 1_500 }),
    currencyCode: fc.constantFrom('EUR', 'EUR', 'EUR', 'USD'),
    validFrom: fc.option(fc.integer({ min: 0, max: 30 }).map(at)),
    validUntil: fc.option(fc.integer({ min: 0, max: 30 }).map(at)),
  }),
  { maxLength: 12 },
);

describe('C10 prices by quantity, whatever the lists', () => {
  it('are those of a model that tries every list at every quantity', () => {
    fc.assert(
      fc.property(listedPrices, fc.integer({ min: 0, max: 30 }), (drawn, minute) => {
        const listed = drawn.map(({ length, amount, currencyCode, ...one }) => ({
          ...one,
          maxQuantity: length === null ? null : one.minQuantity + length,
          unitPrice: { amount, currencyCode },
        }));
        const now = at(minute);
        const tiers = tiersOf(offer, { listed, now });
        for (let quantity = 1; quantity <= 70; quantity += 1) {
          let lowest = 1_000;
          for (const { minQuantity, maxQuantity, unitPrice, validFrom, validUntil } of listed) {
            const isOpen = !(validFrom && validFrom > now) && !(validUntil && validUntil <= now);
            const isIn = quantity >= minQuantity && quantity <= (maxQuantity ?? Infinity);
            if (isOpen && isIn && unitPrice.currencyCode === 'EUR') lowest = Math.min(lowest, unitPrice.amount);
          }
          expect(priceOf(offer, { listed, deal: null, quantity, now }).unitPrice).toEqual(eur(lowest));
          const own = tiers.filter(
            (tier) => tier.minQuantity <= quantity && quantity <= (tier.maxQuantity ?? Infinity),
          );
          expect(own.map(({ unitPrice }) => unitPrice.amount)).toEqual(lowest < 1_000 ? [lowest] : []);
        }
      }),
    );
  });
});

describe('C10 the tiers of an offer', () => {
  it('are none without a list', () => {
    expect(tiersOf(offer, { listed: [], now: at(0) })).toEqual([]);
  });

  it('are joined where two lists meet at one price', () => {
    const listed = [aPrice(1, 4, 900), aPrice(5, null, 900, { priceListId: 'prl_2' })];
    expect(tiersOf(offer, { listed, now: at(0) })).toEqual([
      { minQuantity: 1, maxQuantity: null, unitPrice: eur(900) },
    ]);
  });
});

describe('C15 the price of an offer with a deal', () => {
  const priceWith = (changes: Partial<DealState>, now: Date) =>
    priceOf(offer, { listed: [], deal: aDeal(changes), quantity: 1, now });

  it.each([
    ['before the deal starts', at(9), {}, 1_000, 'BASE'],
    ['from its start', at(10), {}, 700, 'DEAL'],
    ['to its last moment', new Date(at(20).getTime() - 1), {}, 700, 'DEAL'],
    ['from its end', at(20), {}, 1_000, 'BASE'],
    ['when it is sold out', at(15), { slotsFree: 0 }, 1_000, 'BASE'],
    ['when it was called off', at(15), { isCanceled: true }, 1_000, 'BASE'],
    ['when the offer has become cheaper', at(15), { dealPrice: eur(1_000) }, 1_000, 'BASE'],
    [
      'when the offer has changed its currency',
      at(15),
      { dealPrice: { amount: 700, currencyCode: 'USD' } },
      1_000,
      'BASE',
    ],
  ])('is right %s', (_, now, changes, amount, source) => {
    expect(priceWith(changes, now)).toMatchObject({ unitPrice: eur(amount), source });
  });

  it('is never more than its own', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2_000 }),
        fc.integer({ min: -10, max: 40 }),
        fc.nat(2),
        (deal, minute, slotsFree) => {
          const { unitPrice } = priceWith({ dealPrice: eur(deal), slotsFree }, at(minute));
          expect(unitPrice.amount).toBeLessThanOrEqual(offer.price.amount);
        },
      ),
    );
  });
});
