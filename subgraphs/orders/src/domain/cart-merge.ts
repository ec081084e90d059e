import { accept, reject, type Result } from '@marketgraph/platform/core';
import {
  type Cart,
  type CartLine,
  MAX_CART_LINES,
  MAX_CART_PROMOTIONS,
  MAX_LINE_QUANTITY,
  MAX_LINE_TOTAL,
  promotionsIn,
} from './cart.ts';

/** As many merges as a cart remembers: somebody signs in now and then, not all day. */
const KEPT_MERGES = 32;

/** From now on nobody changes the guest's cart: what is in it is what goes over. */
export function freezeForMerge(guest: Cart, merge: { intoCartId: string; buyerId: string }): Cart {
  return { ...guest, status: 'MERGING', merge };
}

/** It could not go over; the guest has it back. */
export function thaw(guest: Cart): Cart {
  const { merge: _, ...open } = guest;
  return { ...open, status: 'OPEN' };
}

export function hasMerged(target: Cart, guestCartId: string): boolean {
  return target.mergedCartIds?.includes(guestCartId) ?? false;
}

/**
 * The user's cart with the guest's lines: units of the same offer are added up,
 * at the price that was seen last, which is the guest's. Where it goes and how
 * it is sent stay the user's choice, where there is one. The same cart back
 * when this guest's cart is in it already.
 */
export function mergeLines(target: Cart, guest: Cart): Result<Cart> {
  if (hasMerged(target, guest.id)) return accept(target);
  const currencyCode = target.lines[0]?.unitPrice.currencyCode;
  let lines = target.lines;
  for (const added of guest.lines) {
    if (currencyCode !== undefined && added.unitPrice.currencyCode !== currencyCode) {
      return reject('CONFLICT', `A cart has one currency; yours is in ${currencyCode}.`, { field: ['cartId'] });
    }
    const current = lines.find((line) => line.offerId === added.offerId);
    const next: CartLine = {
      ...added,
      id: current?.id ?? added.id,
      quantity: (current?.quantity ?? 0) + added.quantity,
    };
    if (next.quantity > MAX_LINE_QUANTITY || next.unitPrice.amount * next.quantity > MAX_LINE_TOTAL) {
      return reject('LIMIT_EXCEEDED', 'Both carts together hold too much of one offer.', { field: ['cartId'] });
    }
    lines = current ? lines.map((line) => (line === current ? next : line)) : [...lines, next];
  }
  if (lines.length > MAX_CART_LINES) {
    return reject('LIMIT_EXCEEDED', `A cart holds at most ${MAX_CART_LINES} lines.`, { field: ['cartId'] });
  }
  return accept({
    ...target,
    lines,
    shippingAddress: target.shippingAddress ?? guest.shippingAddress,
    billingAddress: target.billingAddress ?? guest.billingAddress,
    delivery: { ...guest.delivery, ...target.delivery },
    promotions: mergePromotions(target, guest),
    mergedCartIds: [...(target.mergedCartIds ?? []), guest.id].slice(-KEPT_MERGES),
  });
}

/** The user's own codes first; what does not fit or does not apply together is only a warning. */
function mergePromotions(target: Cart, guest: Cart): NonNullable<Cart['promotions']> {
  const all = [...promotionsIn(target), ...promotionsIn(guest)];
  const unique = new Map(all.map((promotion) => [promotion.promotionId, promotion]));
  return [...unique.values()].slice(0, MAX_CART_PROMOTIONS);
}

/** Its lines are in the user's cart now. */
export function closeMerged(guest: Cart): Cart {
  return { ...guest, status: 'CLOSED', lines: [], delivery: {}, promotions: [] };
}
