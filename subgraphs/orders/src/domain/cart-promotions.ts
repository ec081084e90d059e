import { accept, reject, type Rejection, type Result } from '@marketgraph/platform/core';
import { type Cart, MAX_CART_PROMOTIONS, promotionsIn } from './cart.ts';
import { priceCart, type PricingFacts } from './pricing.ts';
import type { Promotion } from './promotion.ts';

/** One answer for every reason: it does not tell whether there is such a code for somebody else. */
export const NOT_APPLICABLE: Rejection = {
  code: 'PROMOTION_NOT_APPLICABLE',
  message: 'This code does not apply to this cart.',
  field: ['code'],
};

/** Puts a code into the cart when it takes effect there now. The same cart back when it is in it already. */
export function applyPromotion(
  cart: Cart,
  promotion: Promotion,
  facts: Omit<PricingFacts, 'promotions'> & { promotions: ReadonlyMap<string, Promotion> },
): Result<Cart> {
  const { promotionId, code } = promotion;
  if (promotionsIn(cart).some((known) => known.promotionId === promotionId)) return accept(cart);
  const next: Cart = { ...cart, promotions: [...promotionsIn(cart), { promotionId, code }] };
  const promotions = new Map([...facts.promotions, [promotionId, promotion]]);
  const { promotions: applied } = priceCart(next, { ...facts, promotions });
  if (!applied.some((each) => each.promotionId === promotionId)) return { ok: false, rejection: NOT_APPLICABLE };
  if (next.promotions!.length > MAX_CART_PROMOTIONS) {
    return reject('LIMIT_EXCEEDED', `A cart holds at most ${MAX_CART_PROMOTIONS} codes.`, { field: ['code'] });
  }
  return accept(next);
}

export function removePromotion(cart: Cart, code: string): Result<Cart> {
  const left = promotionsIn(cart).filter((known) => plain(known.code) !== plain(code));
  if (left.length === promotionsIn(cart).length) {
    return reject('NOT_FOUND', 'The cart has no such code.', { field: ['code'] });
  }
  return accept({ ...cart, promotions: left });
}

function plain(code: string): string {
  return code.trim().toUpperCase().replace(/-/g, '');
}
