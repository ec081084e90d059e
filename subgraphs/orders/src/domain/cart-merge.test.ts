import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cart, type CartLine, MAX_CART_LINES, MAX_LINE_QUANTITY, newCart } from './cart.ts';
import { closeMerged, freezeForMerge, hasMerged, mergeLines, thaw } from './cart-merge.ts';

const now = new Date('2026-03-01T10:00:00.000Z');

function line(offerId: string, quantity: number, { amount = 1_000, currencyCode = 'EUR' } = {}): CartLine {
  return { id: `cln_${offerId}`, offerId, vendorId: 'ven', quantity, unitPrice: { amount, currencyCode } };
}

function cartOf(id: string, lines: CartLine[], more: Partial<Cart> = {}): Cart {
  return { ...newCart({ id, token: null, buyerId: null, now }), lines, ...more };
}

const ADDRESS = {
  ...{ name: 'Ada', company: null, line1: 'Hauptstr. 1', line2: null, city: 'Berlin', region: null },
  ...{ postalCode: '10115', countryCode: 'DE', phone: null },
};

describe('merging carts', () => {
  it('adds up units of the same offer, and keeps the line of the user’s cart', () => {
    const target = cartOf('user', [{ ...line('a', 2), id: 'mine' }, line('b', 1)]);
    const merged = mergeLines(target, cartOf('guest', [line('a', 3, { amount: 1_200 }), line('c', 4)]));
    if (!merged.ok) throw new Error(merged.rejection.message);
    expect(merged.value.lines).toEqual([
      { ...line('a', 5, { amount: 1_200 }), id: 'mine' },
      line('b', 1),
      line('c', 4),
    ]);
    expect(hasMerged(merged.value, 'guest')).toBe(true);
  });

  it('takes the guest’s address and delivery only where the user has none', () => {
    const guest = cartOf('guest', [line('a', 1)], {
      shippingAddress: ADDRESS,
      delivery: { ven: 'EXPRESS', other: 'X' },
    });
    const empty = mergeLines(cartOf('user', []), guest);
    expect(empty.ok && empty.value).toMatchObject({ shippingAddress: ADDRESS, delivery: { ven: 'EXPRESS' } });
    const mine = { ...ADDRESS, city: 'Bonn' };
    const full = mergeLines(cartOf('user', [], { shippingAddress: mine, delivery: { ven: 'STANDARD' } }), guest);
    expect(full.ok && full.value).toMatchObject({ shippingAddress: mine, delivery: { ven: 'STANDARD', other: 'X' } });
  });

  it('is refused whole when the two do not fit into one cart', () => {
    const refusal = (mine: CartLine[], theirs: CartLine[]) => {
      const merged = mergeLines(cartOf('user', mine), cartOf('guest', theirs));
      return merged.ok ? undefined : merged.rejection.code;
    };
    expect(refusal([line('a', 1)], [line('b', 1, { currencyCode: 'USD' })])).toBe('CONFLICT');
    expect(refusal([line('a', MAX_LINE_QUANTITY)], [line('a', 1)])).toBe('LIMIT_EXCEEDED');
    expect(refusal([line('a', 500)], [line('a', 1, { amount: 10_000_000_000 })])).toBe('LIMIT_EXCEEDED');
    const many = Array.from({ length: MAX_CART_LINES }, (_, n) => line(`o${n}`, 1));
    expect(refusal(many, [line('a', 1)])).toBe('LIMIT_EXCEEDED');
    expect(refusal(many, [line('o1', 1)])).toBeUndefined();
  });

  it('loses no unit and adds none, whatever is in them, and the second time changes nothing', () => {
    const lines = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 100 })), {
      selector: ([offer]) => offer,
      maxLength: 10,
    });
    const unitsOf = (cart: Cart) => {
      const units: Record<string, number> = {};
      for (const { offerId, quantity } of cart.lines) units[offerId] = (units[offerId] ?? 0) + quantity;
      return units;
    };
    fc.assert(
      fc.property(lines, lines, (mine, theirs) => {
        const toLines = (all: [number, number][]) => all.map(([offer, quantity]) => line(`o${offer}`, quantity));
        const [target, guest] = [cartOf('user', toLines(mine)), cartOf('guest', toLines(theirs))];
        const merged = mergeLines(target, guest);
        if (!merged.ok) throw new Error(merged.rejection.message);
        expect(unitsOf(merged.value)).toEqual(unitsOf(cartOf('sum', [...target.lines, ...guest.lines])));
        expect(new Set(merged.value.lines.map((each) => each.offerId)).size).toBe(merged.value.lines.length);
        expect(mergeLines(merged.value, guest)).toEqual({ ok: true, value: merged.value });
      }),
    );
  });

  it('gives a cart back as it was when it cannot go over, and leaves nothing in one that did', () => {
    const guest = cartOf('guest', [line('a', 1)], { delivery: { ven: 'EXPRESS' } });
    const frozen = freezeForMerge(guest, { intoCartId: 'user', buyerId: 'usr' });
    expect(frozen).toMatchObject({ status: 'MERGING', lines: guest.lines });
    expect(thaw(frozen)).toEqual(guest);
    expect(closeMerged(frozen)).toMatchObject({ status: 'CLOSED', lines: [], merge: { intoCartId: 'user' } });
  });
});
