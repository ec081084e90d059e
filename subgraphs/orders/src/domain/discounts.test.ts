import type { Money } from '@marketgraph/platform/core';
import { cases } from '@marketgraph/platform/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cart, newCart } from './cart.ts';
import { applyPromotion, removePromotion } from './cart-promotions.ts';
import { checkoutRefusals } from './checkout-admission.ts';
import { aPromotion } from './fake-promotion.ts';
import type { OfferQuote } from './offer-quote.ts';
import { draftOrder } from './order-draft.ts';
import { priceCart } from './pricing.ts';
import { isOpenTo, type Promotion } from './promotion.ts';
import { ruleTableTaxRates as taxes } from './tax.ts';

const euros = (amount: number): Money => ({ amount, currencyCode: 'EUR' });

interface Item {
  vendor?: string;
  price: number;
  quantity?: number;
  category?: string;
}

const address = {
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

function cartOf(items: readonly Item[], promotions: readonly Promotion[] = []) {
  const blank = newCart({ id: 'crt', token: null, buyerId: 'usr', now: new Date('2026-03-01T10:00:00.000Z') });
  const lines = items.map(({ vendor = 'a', price, quantity = 1 }, n) => ({
    id: `cln${n}`,
    offerId: `off${n}`,
    vendorId: vendor,
    quantity,
    unitPrice: euros(price),
  }));
  const quotes = new Map(
    items.map(({ vendor = 'a', price, category = 'none' }, n): [string, OfferQuote] => [
      `off${n}`,
      {
        offerId: `off${n}`,
        vendorId: vendor,
        productId: `prd${n}`,
        variantId: `var${n}`,
        sku: `SKU-${n}`,
        title: `Thing ${n}`,
        status: 'ACTIVE',
        price: euros(price),
        returnWindowDays: 14,
        minOrderQuantity: 1,
        orderMultiple: 1,
        categoryIds: [category, 'root'],
      },
    ]),
  );
  const cart: Cart = { ...blank, shippingAddress: address, lines, promotions: [...promotions] };
  return { cart, quotes };
}

/** The discount per line and delivery per vendor, and what was told. */
function priced(items: readonly Item[], ...promotions: Promotion[]) {
  const { cart, quotes } = cartOf(items, promotions);
  const open = new Map(promotions.map((promotion) => [promotion.promotionId, promotion]));
  const result = priceCart(cart, { quotes, taxes, promotions: open });
  return {
    result,
    off: result.lines.map(({ discount }) => discount.amount),
    delivery: result.groups.map(({ shippingTotal }) => shippingTotal.amount),
    warned: result.warnings.filter(({ code }) => code === 'PROMOTION_NOT_APPLICABLE').length,
  };
}

const percent = (basisPoints: number, more: Partial<Promotion> = {}) =>
  aPromotion({ rule: { kind: 'PERCENTAGE', basisPoints }, ...more });
const amount = (off: Money, more: Partial<Promotion> = {}) =>
  aPromotion({ rule: { kind: 'FIXED_AMOUNT', amount: off }, ...more });
const given = (buy: number, get: number, more: Partial<Promotion> = {}) =>
  aPromotion({ rule: { kind: 'BUY_X_GET_Y', buy, get }, ...more });
const delivery = (more: Partial<Promotion> = {}) => aPromotion({ rule: { kind: 'FREE_SHIPPING' }, ...more });

describe('C14 a promotion takes off', () => {
  const thrice = [{ price: 333 }, { price: 333 }, { price: 334 }];
  const mixed = [
    { price: 1_000, quantity: 2, category: 'lamps' },
    { price: 500, vendor: 'b', category: 'books' },
  ];

  it.each<[string, Item[], Promotion, number[]]>([
    ['a share, and loses no unit over the lines', thrice, percent(1_000), [33, 33, 34]],
    ['half a unit upwards, in all and not per line', [{ price: 5 }, { price: 6 }], percent(5_000), [3, 3]],
    ['all of it, and no more', mixed, percent(10_000), [2_000, 500]],
    ['an amount, by what the lines are worth', mixed, amount(euros(250)), [200, 50]],
    ['an amount, never more than the goods cost', mixed, amount(euros(1_000_000)), [2_000, 500]],
    ['an amount of another currency not at all', mixed, amount({ amount: 1, currencyCode: 'USD' }), [0, 0]],
    ['only lines of its vendor', mixed, percent(1_000, { vendorId: 'b' }), [0, 50]],
    ['nothing for a vendor nobody buys from', mixed, percent(1_000, { vendorId: 'c' }), [0, 0]],
    ['only goods of its category', mixed, percent(1_000, { categoryIds: ['books', 'x'] }), [0, 50]],
    ['only goods below its category', mixed, percent(1_000, { categoryIds: ['root'] }), [200, 50]],
    ['only its products', mixed, percent(1_000, { productIds: ['prd0'] }), [200, 0]],
    ['only its offers', mixed, percent(1_000, { offerIds: ['off1'] }), [0, 50]],
    ['anything it names', mixed, percent(1_000, { offerIds: ['off1'], productIds: ['prd0'] }), [200, 50]],
    ['from its minimum on', mixed, percent(1_000, { minimumSubtotal: euros(2_500) }), [200, 50]],
    ['nothing below its minimum', mixed, percent(1_000, { minimumSubtotal: euros(2_501) }), [0, 0]],
    [
      'nothing when only the goods of others reach its minimum',
      mixed,
      percent(1_000, { vendorId: 'b', minimumSubtotal: euros(501) }),
      [0, 0],
    ],
    ['the cheapest of three units', mixed, given(2, 1), [0, 500]],
    ['a unit of every pair of a line', [{ price: 700, quantity: 5 }], given(1, 1), [1_400]],
    ['two of every five', [{ price: 100, quantity: 11 }], given(3, 2), [400]],
    ['the earlier of two lines that cost the same', [{ price: 100 }, { price: 100 }], given(1, 1), [100, 0]],
    ['nothing without a full group', mixed, given(3, 1), [0, 0]],
  ])('%s', (_, items, promotion, off) => {
    const { off: found, warned, result } = priced(items, promotion);
    expect(found).toEqual(off);
    const isApplied = off.some((each) => each > 0);
    expect(warned).toBe(isApplied ? 0 : 1);
    expect(result.promotions.map((each) => each.amount.amount)).toEqual(
      isApplied ? [off.reduce((a, b) => a + b, 0)] : [],
    );
  });

  it('delivery of all parcels, or of its vendor’s, and says how much', () => {
    expect(priced(mixed).delivery).toEqual([490, 490]);
    const all = priced(mixed, delivery());
    expect(all.delivery).toEqual([0, 0]);
    expect(all.result.promotions).toMatchObject([{ amount: euros(0), shippingAmount: euros(980) }]);
    const own = priced(mixed, delivery({ vendorId: 'b' }), delivery());
    expect(own.delivery).toEqual([0, 0]);
    expect(own.result.promotions.map(({ shippingAmount }) => shippingAmount.amount)).toEqual([490, 490]);
    expect(priced(mixed, delivery({ categoryIds: ['lamps'] })).delivery).toEqual([0, 490]);
  });

  it('tax of what is left', () => {
    const { result } = priced([{ price: 1_000 }], percent(5_000));
    expect(result).toMatchObject({ discountTotal: euros(500), taxTotal: euros(95), total: euros(500 + 95 + 490) });
  });

  it('nothing from what the catalog does not know, and nothing while it cannot be asked', () => {
    const promotion = percent(1_000);
    const { cart, quotes } = cartOf([{ price: 100 }, { price: 100 }], [promotion]);
    quotes.delete('off1');
    const promotions = new Map([[promotion.promotionId, promotion]]);
    expect(priceCart(cart, { quotes, taxes, promotions }).discountTotal).toEqual(euros(10));
    const blind = priceCart(cart, { quotes: undefined, taxes, promotions: undefined });
    expect(blind).toMatchObject({ discountTotal: euros(0), promotions: [], warnings: [] });
  });
});

describe('C14 several promotions', () => {
  const lamps = [{ price: 1_000, quantity: 3 }];

  it('follow one another: units, then shares, then amounts, each from what is left', () => {
    // One lamp of three is given, half of 2,000 is taken off, then 300 of 1,000.
    const { off, result } = priced(lamps, amount(euros(300)), percent(5_000), given(2, 1), delivery());
    expect(off).toEqual([1_000 + 1_000 + 300]);
    expect(result.promotions.map((each) => each.amount.amount)).toEqual([1_000, 1_000, 300, 0]);
  });

  it('cost the same in whatever order they were put in', () => {
    const all = [amount(euros(333)), percent(1_234), percent(777), given(2, 1)];
    const totals = [all, all.toReversed(), [...all.slice(2), ...all.slice(0, 2)]].map(
      (order) => priced(lamps, ...order).result.total.amount,
    );
    expect(new Set(totals).size).toBe(1);
  });

  it('never take off more than there is, and give no unit twice', () => {
    expect(priced(lamps, percent(10_000), percent(10_000), amount(euros(500))).off).toEqual([3_000]);
    expect(priced(lamps, given(2, 1), given(2, 1)).off).toEqual([1_000]);
    expect(priced(lamps, given(1, 1), given(1, 1)).off).toEqual([2_000]);
  });

  it('that do not combine leave the first one alone', () => {
    const alone = priced(lamps, percent(1_000), percent(9_000, { isCombinable: false }));
    expect(alone.off).toEqual([300]);
    expect(alone.warned).toBe(1);
    expect(priced(lamps, percent(1_000, { isCombinable: false }), percent(9_000)).off).toEqual([300]);
    // What does not apply hinders nothing.
    const idle = percent(9_000, { isCombinable: false, vendorId: 'c' });
    expect(priced(lamps, idle, percent(1_000)).off).toEqual([300]);
  });

  it('C14 O14 add up in every part, take off no more than there is, and leave nothing negative', () => {
    const item = fc.record({
      vendor: fc.constantFrom('a', 'b', 'c'),
      price: fc.integer({ min: 1, max: 99_999 }),
      quantity: fc.integer({ min: 1, max: 50 }),
      category: fc.constantFrom('lamps', 'books'),
    });
    const rule: fc.Arbitrary<Promotion['rule']> = fc.oneof(
      fc.record({ kind: fc.constant('PERCENTAGE' as const), basisPoints: fc.integer({ min: 1, max: 10_000 }) }),
      fc.record({
        kind: fc.constant('FIXED_AMOUNT' as const),
        amount: fc.integer({ min: 1, max: 500_000 }).map(euros),
      }),
      fc.record({
        kind: fc.constant('BUY_X_GET_Y' as const),
        buy: fc.integer({ min: 1, max: 5 }),
        get: fc.integer({ min: 1, max: 5 }),
      }),
      fc.constant({ kind: 'FREE_SHIPPING' as const }),
    );
    const promotion = fc.record({
      rule,
      vendorId: fc.option(fc.constantFrom('a', 'b', 'c')),
      categoryIds: fc.subarray(['lamps', 'books']),
      minimumSubtotal: fc.option(fc.integer({ min: 1, max: 200_000 }).map(euros)),
      isCombinable: fc.boolean(),
    });
    const sum = (amounts: number[]) => amounts.reduce((total, each) => total + each, 0);
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 20 }),
        fc.array(promotion, { minLength: 1, maxLength: 5 }),
        (items, facts) => {
          const promotions = facts.map((each) => aPromotion(each));
          const { result } = priced(items, ...promotions);
          const { cart } = cartOf(items, promotions);
          let id = 0;
          const draft = draftOrder({ ...cart, buyerId: 'usr', shippingAddress: address }, result, {
            orderId: 'ord',
            nextId: (prefix) => `${prefix}${(id += 1)}`,
          });
          const parts = draft.promotions!.flatMap((each) => each.parts);
          for (const field of ['subtotal', 'discountTotal', 'shippingTotal', 'taxTotal', 'total'] as const) {
            expect(sum(draft.vendorOrders.map((part) => part[field].amount)), field).toBe(draft[field].amount);
          }
          expect(sum(parts.map((part) => part.amount.amount))).toBe(draft.discountTotal.amount);
          for (const part of draft.vendorOrders) {
            const own = parts.filter(({ vendorOrderId }) => vendorOrderId === part.vendorOrderId);
            expect(sum(own.map((each) => each.amount.amount))).toBe(part.discountTotal.amount);
            expect(sum(part.lines.map((line) => line.discount.amount))).toBe(part.discountTotal.amount);
            expect(part.discountTotal.amount).toBeLessThanOrEqual(part.subtotal.amount);
            for (const line of part.lines) {
              expect(line.discount.amount).toBeGreaterThanOrEqual(0);
              expect(line.lineTotal.amount).toBe(line.unitPrice.amount * line.quantity - line.discount.amount);
              expect(line.lineTotal.amount).toBeGreaterThanOrEqual(0);
            }
          }
          for (const { amount: off, shippingAmount } of parts) {
            expect(Math.min(off.amount, shippingAmount.amount)).toBeGreaterThanOrEqual(0);
          }
          // Each either applies or is warned of, and one that stands no other applies alone.
          expect(result.promotions.length + result.warnings.length).toBe(promotions.length);
          const applied = promotions.filter(({ promotionId }) =>
            result.promotions.some((each) => each.promotionId === promotionId),
          );
          expect(applied.length <= 1 || applied.every(({ isCombinable }) => isCombinable)).toBe(true);
        },
      ),
      { numRuns: cases(500) },
    );
  });
});

describe('C14 who may use a promotion', () => {
  const anybody = { isPrime: false, ownUses: 0 };
  it.each([
    ['anybody', {}, anybody, true],
    ['nobody before or after its time', { isActive: false }, anybody, false],
    ['no others than Prime buyers', { isPrimeOnly: true }, anybody, false],
    ['Prime buyers', { isPrimeOnly: true }, { ...anybody, isPrime: true }, true],
    ['somebody while uses are left', { usageLimit: 2, usageCount: 1 }, anybody, true],
    ['nobody when all are used', { usageLimit: 2, usageCount: 2 }, anybody, false],
    ['a buyer who has uses left', { usageLimitPerBuyer: 2 }, { ...anybody, ownUses: 1 }, true],
    ['not a buyer who has used it up', { usageLimitPerBuyer: 2 }, { ...anybody, ownUses: 2 }, false],
  ] as const)('%s: %o', (_, more, buyer, isOpen) => {
    expect(isOpenTo(aPromotion(more), buyer)).toBe(isOpen);
  });
});

describe('C14 a code in a cart', () => {
  const put = (cart: Cart, promotion: Promotion, others: readonly Promotion[] = []) => {
    const { quotes } = cartOf([{ price: 1_000 }]);
    const promotions = new Map(others.map((each) => [each.promotionId, each]));
    return applyPromotion(cart, promotion, { quotes, taxes, promotions });
  };
  const { cart } = cartOf([{ price: 1_000 }]);

  it('is put in when it takes effect, once', () => {
    const promotion = percent(1_000);
    const once = put(cart, promotion);
    if (!once.ok) throw new Error(once.rejection.message);
    expect(once.value.promotions).toEqual([{ promotionId: promotion.promotionId, code: promotion.code }]);
    expect(put(once.value, promotion)).toEqual({ ok: true, value: once.value });
  });

  it('is refused with one answer, whatever the reason', () => {
    const first = percent(1_000);
    const held = { ...cart, promotions: [first] };
    const answers = [
      put(cart, percent(1_000, { vendorId: 'b' })),
      put(cart, percent(1_000, { minimumSubtotal: euros(1_001) })),
      put({ ...cart, lines: [] }, percent(1_000)),
      put(held, percent(1_000, { isCombinable: false }), [first]),
    ];
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ ok: false, rejection: { code: 'PROMOTION_NOT_APPLICABLE' } });
  });

  it('is one of five at most', () => {
    const five = Array.from({ length: 5 }, () => percent(100));
    expect(put({ ...cart, promotions: five }, percent(100), five)).toMatchObject({
      rejection: { code: 'LIMIT_EXCEEDED' },
    });
  });

  it('is taken out as it was put in, or as somebody types it', () => {
    const held = { ...cart, promotions: [{ promotionId: 'prm', code: 'SUMMER-10' }] };
    expect(removePromotion(held, ' summer10 ')).toMatchObject({ ok: true, value: { promotions: [] } });
    expect(removePromotion(held, 'summer')).toMatchObject({ rejection: { code: 'NOT_FOUND' } });
  });

  it('that lapsed is refused at the till, unless the buyer states the new total', () => {
    const gone = { ...cart, promotions: [percent(1_000)] };
    const { quotes } = cartOf([{ price: 1_000 }]);
    const now = priceCart(gone, { quotes, taxes, promotions: new Map() });
    const codes = (total?: Money) => checkoutRefusals(gone, now, total).map(({ code }) => code);
    expect(codes()).toEqual(['PROMOTION_NOT_APPLICABLE']);
    expect(codes(euros(now.total.amount - 100))).toEqual(['PROMOTION_NOT_APPLICABLE']);
    expect(codes(now.total)).toEqual([]);
  });

  it('O14 that leaves one vendor nothing is ordered with, as long as the order costs something', () => {
    const items = [{ price: 1_000 }, { vendor: 'b', price: 500 }];
    const free = [
      percent(10_000, { vendorId: 'b', isCombinable: true }),
      delivery({ vendorId: 'b', isCombinable: true }),
    ];
    const { result } = priced(items, ...free);
    expect(result.groups.map(({ total }) => total.amount)).toEqual([1_190 + 490, 0]);
    const { cart: both } = cartOf(items, free);
    expect(checkoutRefusals(both, result, result.total)).toEqual([]);
  });

  it('that leaves nothing to pay cannot be ordered with', () => {
    const { result } = priced([{ price: 1_000 }], percent(10_000), delivery());
    expect(result.total).toEqual(euros(0));
    expect(checkoutRefusals(cart, result, euros(0)).map(({ code }) => code)).toEqual(['PROMOTION_NOT_APPLICABLE']);
  });
});
