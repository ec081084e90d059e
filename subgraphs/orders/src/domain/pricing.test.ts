import { add, basisPointsOf, type Money } from '@marketgraph/platform/core';
import { cases } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from './address.ts';
import { type Cart, newCart } from './cart.ts';
import { checkoutRefusals } from './checkout-admission.ts';
import { deliveryOptions, selectedDelivery } from './delivery.ts';
import type { OfferQuote } from './offer-quote.ts';
import { draftOrder } from './order-draft.ts';
import { aPromotion } from './fake-promotion.ts';
import { priceCart } from './pricing.ts';
import { ruleTableTaxRates as taxes } from './tax.ts';

const euros = (amount: number): Money => ({ amount, currencyCode: 'EUR' });

const berlin: Address = {
  name: null,
  company: null,
  line1: 'Hauptstr. 1',
  line2: null,
  city: 'Berlin',
  region: null,
  postalCode: '10115',
  countryCode: 'DE',
  phone: null,
};

interface Item {
  vendor: string;
  price: number;
  quantity: number;
  seen?: number;
  status?: string;
}

/** A cart with these items and what the catalog says of them. */
function cartOf(items: Item[], address: Address | null = berlin): { cart: Cart; quotes: Map<string, OfferQuote> } {
  const blank = newCart({ id: 'crt', token: null, buyerId: 'usr', now: new Date('2026-03-01T10:00:00.000Z') });
  const lines = items.map(({ vendor, price, quantity, seen }, n) => ({
    id: `cln${n}`,
    offerId: `off${n}`,
    vendorId: vendor,
    quantity,
    unitPrice: euros(seen ?? price),
  }));
  const quotes = items.map(({ vendor, price, status = 'ACTIVE' }, n): [string, OfferQuote] => [
    `off${n}`,
    {
      offerId: `off${n}`,
      vendorId: vendor,
      productId: `prd${n}`,
      variantId: `var${n}`,
      sku: `SKU-${n}`,
      title: `Thing ${n}`,
      status,
      price: euros(price),
      returnWindowDays: 14 + n,
      minOrderQuantity: 1,
      orderMultiple: 1,
      categoryIds: [],
    },
  ]);
  return { cart: { ...blank, shippingAddress: address, lines }, quotes: new Map(quotes) };
}

describe('a price', () => {
  it('adds tax per line and delivery per vendor', () => {
    const { cart, quotes } = cartOf([
      { vendor: 'a', price: 1_099, quantity: 3 },
      { vendor: 'b', price: 5_000, quantity: 1 },
    ]);
    const priced = priceCart(cart, { quotes, taxes });
    // 3,297 and 5,000 of goods; 19 % of each line; 4.90 for the first parcel, none for the second.
    expect(priced).toMatchObject({
      subtotal: euros(8_297),
      taxTotal: euros(626 + 950),
      shippingTotal: euros(490),
      total: euros(8_297 + 1_576 + 490),
    });
    expect(priced.groups.map((group) => group.total.amount)).toEqual([3_297 + 626 + 490, 5_000 + 950]);
  });

  it('has no tax and no delivery before there is an address', () => {
    const { cart, quotes } = cartOf([{ vendor: 'a', price: 1_000, quantity: 1 }], null);
    const priced = priceCart(cart, { quotes, taxes });
    expect(priced.total).toEqual(euros(1_000));
    expect(priced.groups[0]!.options).toEqual([]);
  });

  it('is the catalog’s, and says when it has moved', () => {
    const { cart, quotes } = cartOf([{ vendor: 'a', price: 1_200, seen: 1_000, quantity: 1 }]);
    const priced = priceCart(cart, { quotes, taxes });
    expect(priced.subtotal).toEqual(euros(1_200));
    expect(priced.warnings).toMatchObject([{ code: 'PRICE_CHANGED', lineId: 'cln0' }]);
  });

  it('is the one last seen when the catalog cannot be asked', () => {
    const { cart } = cartOf([{ vendor: 'a', price: 1_200, seen: 1_000, quantity: 2 }]);
    expect(priceCart(cart, { quotes: undefined, taxes })).toMatchObject({ subtotal: euros(2_000), warnings: [] });
  });

  it('O14 splits by vendor without making or losing a unit, rounding of tax and discounts included', () => {
    const item = fc.record({
      vendor: fc.constantFrom('a', 'b', 'c', 'd'),
      price: fc.integer({ min: 1, max: 99_999 }),
      quantity: fc.integer({ min: 1, max: 99 }),
    });
    const country = fc.constantFrom('DE', 'FI', 'US', 'JP', 'CH');
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 30 }),
        country,
        fc.nat(100),
        (items, countryCode, share) => {
          const { cart, quotes } = cartOf(items, { ...berlin, countryCode, region: 'CA' });
          const gross = items.reduce((total, each) => total + each.price * each.quantity, 0);
          const off = euros(Math.floor((gross * share) / 100));
          const promotion = aPromotion({ rule: { kind: 'FIXED_AMOUNT', amount: off } });
          const promotions = new Map([[promotion.promotionId, promotion]]);
          const promoted = { ...cart, promotions: [promotion] };
          const priced = priceCart(promoted, { quotes, taxes, promotions });
          let id = 0;
          const whole = { ...cart, buyerId: 'usr', shippingAddress: cart.shippingAddress! };
          const draft = draftOrder(whole, priced, { orderId: 'ord', nextId: (prefix) => `${prefix}${(id += 1)}` });

          const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0);
          expect(draft.vendorOrders.length).toBe(new Set(items.map((each) => each.vendor)).size);
          for (const field of ['subtotal', 'discountTotal', 'shippingTotal', 'taxTotal', 'total'] as const) {
            expect(sum(draft.vendorOrders.map((part) => part[field].amount)), field).toBe(draft[field].amount);
          }
          expect(draft.subtotal.amount).toBe(gross);
          expect(draft.discountTotal.amount).toBe(off.amount);
          for (const part of [draft, ...draft.vendorOrders]) {
            const parts =
              part.subtotal.amount - part.discountTotal.amount + part.shippingTotal.amount + part.taxTotal.amount;
            expect(part.total.amount).toBe(parts);
          }
          for (const part of draft.vendorOrders) {
            expect(sum(part.lines.map((line) => line.tax.amount))).toBe(part.taxTotal.amount);
            expect(sum(part.lines.map((line) => line.discount.amount))).toBe(part.discountTotal.amount);
            for (const line of part.lines) {
              expect(line.lineTotal.amount).toBe(line.unitPrice.amount * line.quantity - line.discount.amount);
              expect(line.lineTotal.amount).toBeGreaterThanOrEqual(0);
              expect(line.tax).toEqual(basisPointsOf(line.lineTotal, taxes.rateOf(cart.shippingAddress!)));
            }
          }
        },
      ),
      { numRuns: cases(500) },
    );
  });
});

describe('O14 an order of which parts cost nothing', () => {
  const item = fc.record({
    vendor: fc.constantFrom('a', 'b', 'c'),
    price: fc.integer({ min: 1, max: 9_999 }),
    quantity: fc.integer({ min: 1, max: 9 }),
  });
  const free = fc.subarray(['a', 'b', 'c']);

  it('splits to the unit, and is refused only when all of it does', () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 9 }), free, (items, vendorIds) => {
        const { cart, quotes } = cartOf(items);
        const codes = vendorIds.flatMap((vendorId) => [
          aPromotion({ rule: { kind: 'PERCENTAGE', basisPoints: 10_000 }, vendorId, isCombinable: true }),
          aPromotion({ rule: { kind: 'FREE_SHIPPING' }, vendorId, isCombinable: true }),
        ]);
        const promotions = new Map(codes.map((code) => [code.promotionId, code]));
        const promoted = { ...cart, promotions: codes };
        const result = priceCart(promoted, { quotes, taxes, promotions });
        for (const group of result.groups) expect(group.total.amount === 0).toBe(vendorIds.includes(group.vendorId));
        const whole = { ...cart, buyerId: 'usr', shippingAddress: cart.shippingAddress! };
        let id = 0;
        const draft = draftOrder(whole, result, { orderId: 'ord', nextId: (prefix) => `${prefix}${(id += 1)}` });
        expect(draft.vendorOrders.reduce((sum, part) => sum + part.total.amount, 0)).toBe(draft.total.amount);
        const refusals = checkoutRefusals(promoted, result, result.total).map(({ code }) => code);
        expect(refusals).toEqual(draft.total.amount === 0 ? ['PROMOTION_NOT_APPLICABLE'] : []);
      }),
      { numRuns: cases(500) },
    );
  });
});

describe('tax', () => {
  it.each([
    ['DE', null, 1_900],
    ['HU', null, 2_700],
    ['US', 'CA', 725],
    ['US', 'us-ny', 400],
    ['US', 'OR', 0],
    ['US', null, 0],
    ['CH', null, 0],
  ] as const)('in %s %s is %i basis points', (countryCode, region, expected) => {
    expect(taxes.rateOf({ countryCode, region })).toBe(expected);
  });
});

describe('delivery', () => {
  it.each([
    ['DE', euros(4_999), [490, 1_290]],
    ['DE', euros(5_000), [0, 1_290]],
    ['US', { amount: 100, currencyCode: 'USD' }, [590, 1_490]],
    ['JP', { amount: 100, currencyCode: 'JPY' }, [2_384, 4_784]],
    ['BR', euros(20_000), [0, 2_990]],
  ] as const)('to %s for %j costs %j', (countryCode, subtotal, prices) => {
    const options = deliveryOptions(subtotal, countryCode);
    expect(options.map((option) => option.price.amount)).toEqual(prices);
    expect(options.map((option) => option.price.currencyCode)).toEqual([subtotal.currencyCode, subtotal.currencyCode]);
  });

  it('is what the buyer chose, or standard', () => {
    const options = deliveryOptions(euros(100), 'DE');
    expect(selectedDelivery(options, 'EXPRESS')?.id).toBe('EXPRESS');
    expect(selectedDelivery(options, undefined)?.id).toBe('STANDARD');
    expect(selectedDelivery([], 'EXPRESS')).toBeNull();
  });
});

describe('a cart at the till', () => {
  const at = (items: Item[], more: { address?: Address | null; expected?: Money } = {}) => {
    const { cart, quotes } = cartOf(items, more.address === undefined ? berlin : more.address);
    return checkoutRefusals(cart, priceCart(cart, { quotes, taxes }), more.expected).map((refusal) => refusal.code);
  };
  const lamp = { vendor: 'a', price: 1_000, quantity: 1 };
  const total = add(euros(1_190), euros(490));

  it.each([
    ['may be bought', [lamp], {}, []],
    ['may be bought at the total that was shown', [lamp], { expected: total }, []],
    ['is empty', [], {}, ['INVALID']],
    ['has no address', [lamp], { address: null }, ['INVALID']],
    ['holds a paused offer', [lamp, { ...lamp, status: 'PAUSED' }], {}, ['VENDOR_NOT_ACTIVE']],
    ['has a new price', [{ ...lamp, seen: 900 }], {}, ['PRICE_CHANGED']],
    ['has a new price the buyer knows of', [{ ...lamp, seen: 900 }], { expected: total }, []],
    ['has a new price and an old total', [{ ...lamp, seen: 900 }], { expected: euros(1) }, ['PRICE_CHANGED']],
    ['has another total', [lamp], { expected: euros(1) }, ['CART_CHANGED']],
    ['is in another currency', [lamp], { expected: { ...total, currencyCode: 'USD' } }, ['INVALID']],
  ] as [string, Item[], Parameters<typeof at>[1], string[]][])('%s', (_, items, more, codes) => {
    expect(at(items, more)).toEqual(codes);
  });
});
