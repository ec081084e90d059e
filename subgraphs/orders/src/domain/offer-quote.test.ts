import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { money } from '@marketgraph/platform/core';
import { acceptPrices, addLines, type Cart, missDeals, newCart, updateLines, wantedUnits } from './cart.ts';
import { type OfferQuote, unitPriceOf } from './offer-quote.ts';
import { priceCart } from './pricing.ts';
import { ruleTableTaxRates } from './tax.ts';

const eur = (amount: number) => money(amount, 'EUR');

function aQuote(offerId: string, more: Partial<OfferQuote> = {}): OfferQuote {
  return {
    ...{ offerId, vendorId: 'ven', productId: 'prd', variantId: 'var', sku: 'SKU', title: 'A lamp', status: 'ACTIVE' },
    ...{ price: eur(1_000), returnWindowDays: 30, minOrderQuantity: 1, orderMultiple: 1, categoryIds: [] },
    ...more,
  };
}

const withDeal = aQuote('off_1', { deal: { id: 'dea_1', price: eur(700) } });
const quotes = new Map([withDeal, aQuote('off_2')].map((quote) => [quote.offerId, quote]));

function aCart(quantity = 2): Cart {
  const empty = newCart({ id: 'crt', token: null, buyerId: 'usr', now: new Date(0) });
  const additions = [...quotes.keys()].map((offerId) => ({ offerId, quantity }));
  let lines = 0;
  const added = addLines(empty, additions, { quotes, nextLineId: () => `cln_${(lines += 1)}` });
  if (!added.ok) throw new Error(added.rejection.message);
  return added.value;
}

const pricesIn = (cart: Cart, given = quotes) =>
  priceCart(cart, { quotes: given, taxes: ruleTableTaxRates }).lines.map(
    ({ unitPrice, dealId }) => `${unitPrice.amount} ${dealId ?? 'base'}`,
  );
const warningsIn = (cart: Cart, given = quotes) =>
  priceCart(cart, { quotes: given, taxes: ruleTableTaxRates }).warnings.map(({ code }) => code);

describe('C15 a line of an offer with a deal', () => {
  it('has the price of the deal, and wants a slot of it with each unit', () => {
    expect(pricesIn(aCart())).toEqual(['700 dea_1', '1000 base']);
    expect(wantedUnits(aCart(3).lines)).toEqual([
      { offerId: 'off_1', quantity: 3 },
      { offerId: 'dea_1', quantity: 3 },
      { offerId: 'off_2', quantity: 3 },
    ]);
  });

  it('has the price of the offer when there was no slot for it, and wants none', () => {
    const missed = missDeals(aCart(), new Map([['off_1', 'dea_1']]));
    expect(pricesIn(missed)).toEqual(['1000 base', '1000 base']);
    expect(warningsIn(missed)).toEqual(['PRICE_CHANGED']);
    const seen = acceptPrices(missed, quotes);
    expect([pricesIn(seen), warningsIn(seen)]).toEqual([['1000 base', '1000 base'], []]);
    expect(wantedUnits(seen.lines).map(({ offerId }) => offerId)).toEqual(['off_1', 'off_2']);
  });

  it('has the price of the next deal, whichever it missed', () => {
    const missed = acceptPrices(missDeals(aCart(), new Map([['off_1', 'dea_1']])), quotes);
    const next = new Map([...quotes, ['off_1', aQuote('off_1', { deal: { id: 'dea_2', price: eur(800) } })]]);
    expect(pricesIn(missed, next)).toEqual(['800 dea_2', '1000 base']);
  });

  it('has the price of the deal again once it is changed', () => {
    const missed = acceptPrices(missDeals(aCart(), new Map([['off_1', 'dea_1']])), quotes);
    const changed = updateLines(missed, [{ lineId: missed.lines[0]!.id, quantity: 1 }], { quotes });
    expect(changed.ok && pricesIn(changed.value)).toEqual(['700 dea_1', '1000 base']);
  });

  it('tells that the price has changed when the deal begins and when it ends', () => {
    const without = new Map([aQuote('off_1'), aQuote('off_2')].map((quote) => [quote.offerId, quote]));
    expect(warningsIn(aCart(), without)).toEqual(['PRICE_CHANGED']);
    const before = acceptPrices(aCart(), without);
    expect(before.lines[0]).not.toHaveProperty('dealId');
    expect(warningsIn(before, without)).toEqual([]);
    expect(warningsIn(before, quotes)).toEqual(['PRICE_CHANGED']);
  });

  it('keeps its currency: a deal in another one is none', () => {
    const odd = aQuote('off_1', { deal: { id: 'dea_1', price: money(1, 'USD') } });
    expect(unitPriceOf(odd, { quantity: 1 })).toEqual({ unitPrice: eur(1_000) });
  });

  it('asks for exactly the slots of the lines at the price of a deal, and the cart costs the sum of its lines', () => {
    const offer = fc.record({
      base: fc.integer({ min: 2, max: 100_000 }),
      share: fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      quantity: fc.integer({ min: 1, max: 50 }),
      kind: fc.constantFrom('none', 'deal', 'missed'),
    });
    fc.assert(
      fc.property(fc.array(offer, { minLength: 1, maxLength: 12 }), (offers) => {
        const given = new Map(
          offers.map(({ base, share, kind }, index) => {
            const deal =
              kind === 'none' ? null : { id: `dea_${index}`, price: eur(Math.max(Math.floor(base * share), 1)) };
            return [`off_${index}`, aQuote(`off_${index}`, { price: eur(base), deal })];
          }),
        );
        const empty = newCart({ id: 'crt', token: null, buyerId: 'usr', now: new Date(0) });
        const additions = offers.map(({ quantity }, index) => ({ offerId: `off_${index}`, quantity }));
        const added = addLines(empty, additions, { quotes: given, nextLineId: () => 'cln' });
        if (!added.ok) throw new Error(added.rejection.message);
        const missed = new Map(
          offers.flatMap(({ kind }, index) => (kind === 'missed' ? [[`off_${index}`, `dea_${index}`]] : [])),
        );
        const cart = acceptPrices(missDeals(added.value, missed), given);
        const priced = priceCart(cart, { quotes: given, taxes: ruleTableTaxRates });
        const total = priced.lines.reduce((sum, { unitPrice, line }) => sum + unitPrice.amount * line.quantity, 0);
        expect(priced.subtotal.amount).toBe(total);
        const slots = wantedUnits(priced.lines.map(({ line, dealId }) => ({ ...line, dealId }))).filter(({ offerId }) =>
          offerId.startsWith('dea_'),
        );
        const wanted = offers.flatMap(({ kind, quantity }, index) =>
          kind === 'deal' ? [{ offerId: `dea_${index}`, quantity }] : [],
        );
        expect(slots).toEqual(wanted);
        expect(wantedUnits(cart.lines).filter(({ offerId }) => offerId.startsWith('dea_'))).toEqual(wanted);
        expect(priced.warnings).toEqual([]);
      }),
    );
  });
});

describe('C10 a line of an offer with tiers', () => {
  const tiers = [
    { minQuantity: 10, maxQuantity: 10, unitPrice: eur(900) },
    { minQuantity: 11, maxQuantity: null, unitPrice: eur(800) },
  ];
  const priceAt = (quantity: number, more: Partial<OfferQuote> = {}) => {
    const { unitPrice, dealId } = unitPriceOf(aQuote('off_1', { tiers, ...more }), { quantity });
    return `${unitPrice.amount} ${dealId ?? 'listed'}`;
  };

  it('has the price of all its units together, exact at the boundaries', () => {
    expect([1, 9, 10, 11, 9_999].map((quantity) => priceAt(quantity))).toEqual([
      '1000 listed',
      '1000 listed',
      '900 listed',
      '800 listed',
      '800 listed',
    ]);
  });

  it('is the deal’s only where that is lower, and wants a slot only then', () => {
    const deal = { id: 'dea_1', price: eur(850) };
    expect([9, 10, 11].map((quantity) => priceAt(quantity, { deal }))).toEqual([
      '850 dea_1',
      '850 dea_1',
      '800 listed',
    ]);
    expect(unitPriceOf(aQuote('off_1', { tiers, deal }), { quantity: 10, missedDealId: 'dea_1' })).toEqual({
      unitPrice: eur(900),
    });
  });

  it('follows the quantity: more of it in the cart makes all of it cheaper, fewer dearer', () => {
    const given = new Map([['off_1', aQuote('off_1', { tiers })]]);
    const added = addLines(aCart(5), [{ offerId: 'off_1', quantity: 5 }], { quotes: given, nextLineId: () => 'cln_9' });
    if (!added.ok) throw new Error(added.rejection.message);
    expect(pricesIn(added.value, new Map([...quotes, ...given]))[0]).toBe('900 base');
    expect(warningsIn(added.value, new Map([...quotes, ...given]))).toEqual([]);
    const fewer = updateLines(added.value, [{ lineId: 'cln_1', quantity: 9 }], { quotes: given });
    expect(fewer.ok && fewer.value.lines[0]!.unitPrice).toEqual(eur(1_000));
  });

  it('of another currency than the offer counts for nothing', () => {
    const dollars = [{ minQuantity: 1, maxQuantity: null, unitPrice: money(1, 'USD') }];
    expect(priceAt(5, { tiers: dollars })).toBe('1000 listed');
  });
});
