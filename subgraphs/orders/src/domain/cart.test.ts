import { describe, expect, it } from 'vitest';
import {
  acceptPrices,
  addLines,
  appliedBefore,
  type Cart,
  CART_TTL_S,
  expiresAt,
  MAX_CART_LINES,
  newCart,
  rememberKey,
  removeLines,
  selectDelivery,
  setAddresses,
  updateLines,
} from './cart.ts';
import type { OfferQuote } from './offer-quote.ts';

const now = new Date('2026-03-01T10:00:00.000Z');
const empty = newCart({ id: 'crt', token: null, buyerId: 'usr', now });

function quote(offerId: string, more: Partial<OfferQuote> = {}): OfferQuote {
  return {
    offerId,
    vendorId: 'ven',
    productId: 'prd',
    variantId: 'var',
    sku: 'SKU',
    title: 'A lamp',
    status: 'ACTIVE',
    price: { amount: 1_000, currencyCode: 'EUR' },
    returnWindowDays: 30,
    minOrderQuantity: 1,
    orderMultiple: 1,
    categoryIds: [],
    ...more,
  };
}

const quotes = new Map(
  [
    quote('a'),
    quote('b'),
    quote('paused', { status: 'PAUSED' }),
    quote('dollars', { price: { amount: 1_000, currencyCode: 'USD' } }),
    quote('by six', { minOrderQuantity: 12, orderMultiple: 6 }),
    quote('palace', { price: { amount: 900_000_000_000, currencyCode: 'EUR' } }),
  ].map((each) => [each.offerId, each]),
);

let lines = 0;
const facts = { quotes, nextLineId: () => `cln-${(lines += 1)}` };
const add = (cart: Cart, offerId: string, quantity: number) => addLines(cart, [{ offerId, quantity }], facts);
const filled = (): Cart => {
  const result = addLines(empty, [{ offerId: 'a', quantity: 2 }], facts);
  if (!result.ok) throw new Error('refused');
  return result.value;
};

describe('a cart', () => {
  it('O1 takes an offer at the catalog’s price, and more of it on the same line', () => {
    const twice = add(filled(), 'a', 3);
    expect(twice).toMatchObject({
      ok: true,
      value: { lines: [{ offerId: 'a', quantity: 5, unitPrice: { amount: 1_000, currencyCode: 'EUR' } }] },
    });
  });

  it.each([
    ['quantity 0', 'a', 0, 'INVALID'],
    ['quantity −1', 'a', -1, 'INVALID'],
    ['quantity 10^9', 'a', 1_000_000_000, 'INVALID'],
    ['quantity 1.5', 'a', 1.5, 'INVALID'],
    ['more than 9,999 on one line', 'a', 9_998, 'INVALID'],
    ['an offer that does not exist', 'nowhere', 1, 'NOT_FOUND'],
    ['a paused offer', 'paused', 1, 'VENDOR_NOT_ACTIVE'],
    ['another currency', 'dollars', 1, 'INVALID'],
    ['fewer than the vendor sells', 'by six', 6, 'INVALID'],
    ['not a multiple', 'by six', 13, 'INVALID'],
    ['more money than a line may cost', 'palace', 2, 'LIMIT_EXCEEDED'],
  ] as const)('O1 refuses %s', (_, offerId, quantity, code) => {
    expect(add(filled(), offerId, quantity)).toMatchObject({ ok: false, rejection: { code } });
  });

  it('takes no more of an offer than is left where that is known, counting what it holds', () => {
    const known = (left: number) => ({ ...facts, left: new Map([['a', left]]) });
    const three = [{ offerId: 'a', quantity: 3 }];
    expect(addLines(filled(), three, known(5))).toMatchObject({ ok: true });
    expect(addLines(filled(), three, known(4))).toEqual({
      ok: false,
      rejection: {
        code: 'INSUFFICIENT_STOCK',
        message: 'Only 4 of this are left.',
        field: ['lines', '0', 'quantity'],
        details: { offerId: 'a', requested: 5, available: 4 },
      },
    });
    expect(addLines(filled(), [{ offerId: 'b', quantity: 1 }], known(0))).toMatchObject({ ok: true });
  });

  it('lets go of units that are sold out, and takes no more of them', () => {
    const cart = filled();
    const to = (quantity: number) =>
      updateLines(cart, [{ lineId: cart.lines[0]!.id, quantity }], { quotes, left: new Map([['a', 0]]) });
    expect(to(1)).toMatchObject({ value: { lines: [{ quantity: 1 }] } });
    expect(to(2)).toMatchObject({ ok: true });
    expect(to(3)).toMatchObject({ rejection: { code: 'INSUFFICIENT_STOCK', message: 'This is sold out.' } });
  });

  it('takes the currency of its first line, and any again when it is empty', () => {
    expect(add(empty, 'dollars', 1).ok).toBe(true);
    const cart = filled();
    const emptied = removeLines(cart, [cart.lines[0]!.id]);
    expect(emptied).toMatchObject({ ok: true, value: { lines: [] } });
    if (emptied.ok) expect(add(emptied.value, 'dollars', 1).ok).toBe(true);
  });

  it('holds at most 500 lines', () => {
    const many = new Map(Array.from({ length: MAX_CART_LINES + 1 }, (_, n) => [`o${n}`, quote(`o${n}`)]));
    const additions = [...many.keys()].map((offerId) => ({ offerId, quantity: 1 }));
    const full = addLines(empty, additions.slice(1), { ...facts, quotes: many });
    expect(full).toMatchObject({ ok: true });
    expect(addLines(empty, additions, { ...facts, quotes: many })).toMatchObject({
      rejection: { code: 'LIMIT_EXCEEDED' },
    });
  });

  it('changes a quantity only at the version the client has seen', () => {
    const cart = { ...filled(), version: 4 };
    const change = [{ lineId: cart.lines[0]!.id, quantity: 7 }];
    expect(updateLines(cart, change, { quotes, expectedVersion: 3 })).toMatchObject({
      rejection: { code: 'VERSION_MISMATCH', details: { currentVersion: 4 } },
    });
    expect(updateLines(cart, change, { quotes, expectedVersion: 4 })).toMatchObject({
      value: { lines: [{ quantity: 7 }] },
    });
    expect(updateLines(cart, [{ lineId: 'cln-other', quantity: 1 }], { quotes })).toMatchObject({
      rejection: { code: 'NOT_FOUND', field: ['lines', '0', 'lineId'] },
    });
    expect(updateLines(cart, [{ ...change[0]!, quantity: 0 }], { quotes })).toMatchObject({
      rejection: { code: 'INVALID' },
    });
  });

  it('forgets the delivery chosen for a vendor whose last line goes', () => {
    const chosen = selectDelivery(filled(), 'ven', 'EXPRESS');
    if (!chosen.ok) throw new Error('refused');
    expect(removeLines(chosen.value, [chosen.value.lines[0]!.id])).toMatchObject({ value: { delivery: {} } });
    expect(selectDelivery(filled(), 'ven', 'TELEPORT')).toMatchObject({ rejection: { code: 'NOT_FOUND' } });
    expect(selectDelivery(filled(), 'other', 'EXPRESS')).toMatchObject({ rejection: { code: 'NOT_FOUND' } });
    expect(removeLines(filled(), ['cln-other'])).toMatchObject({ rejection: { code: 'NOT_FOUND' } });
  });

  it('refuses an address nobody could deliver to', () => {
    const shipping = {
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
    expect(setAddresses(empty, { shipping })).toMatchObject({ value: { shippingAddress: shipping } });
    expect(setAddresses(empty, { shipping: { ...shipping, city: ' ' } })).toMatchObject({
      rejection: { code: 'INVALID', field: ['shipping', 'city'] },
    });
    expect(setAddresses(empty, { billing: { ...shipping, line2: 'x'.repeat(201) } })).toMatchObject({
      rejection: { code: 'INVALID', field: ['billing', 'line2'] },
    });
    expect(setAddresses(empty, {})).toMatchObject({ rejection: { code: 'INVALID' } });
  });

  it('knows the keys of its latest additions', () => {
    const cart = rememberKey(empty, 'key-1', 'hash');
    expect(appliedBefore(cart, 'key-1', 'hash')).toBe('same');
    expect(appliedBefore(cart, 'key-1', 'another')).toBe('other');
    expect(appliedBefore(cart, 'key-2', 'hash')).toBeUndefined();
    const later = Array.from({ length: 40 }, (_, n) => n).reduce((each, n) => rememberKey(each, `k${n}`, 'h'), cart);
    expect(later.appliedKeys.length).toBe(32);
  });

  it('takes over prices the buyer was shown', () => {
    const dearer = new Map([['a', quote('a', { price: { amount: 1_200, currencyCode: 'EUR' } })]]);
    expect(acceptPrices(filled(), dearer).lines[0]!.unitPrice.amount).toBe(1_200);
  });

  it('O3 lives for seven days after its last change', () => {
    expect(CART_TTL_S).toBe(604_800);
    expect(expiresAt(empty)).toEqual(new Date('2026-03-08T10:00:00.000Z'));
  });
});
