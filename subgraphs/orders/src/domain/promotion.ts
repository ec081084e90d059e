import type { Money } from '@marketgraph/platform/core';

export type PromotionRule =
  | { kind: 'PERCENTAGE'; basisPoints: number }
  | { kind: 'FIXED_AMOUNT'; amount: Money }
  | { kind: 'FREE_SHIPPING' }
  /** Of every `buy + get` units the cheapest `get` cost nothing. */
  | { kind: 'BUY_X_GET_Y'; buy: number; get: number };

/** What the catalog says about a promotion right now: the only source of a discount. */
export interface Promotion {
  promotionId: string;
  code: string;
  name: string;
  /** Whose lines it reduces; null: those of the whole cart. */
  vendorId: string | null;
  /** By the catalog's clock and its switch. */
  isActive: boolean;
  rule: PromotionRule;
  minimumSubtotal: Money | null;
  categoryIds: readonly string[];
  productIds: readonly string[];
  offerIds: readonly string[];
  isPrimeOnly: boolean;
  isCombinable: boolean;
  usageLimit: number | null;
  usageLimitPerBuyer: number | null;
  /** Confirmed orders; those under way are not in it, so it only turns people away early. */
  usageCount: number;
}

/** What of a buyer decides on promotions. */
export interface PromotionBuyer {
  /** Nobody is Prime without an account. */
  isPrime: boolean;
  /** Other orders of this buyer that used it, or are about to. */
  ownUses: number;
}

/** Whether this buyer may use it now. The limits are judged again, and for good, when the order is placed. */
export function isOpenTo(promotion: Promotion, buyer: PromotionBuyer): boolean {
  const { isActive, isPrimeOnly, usageLimit, usageCount, usageLimitPerBuyer } = promotion;
  if (!isActive || (isPrimeOnly && !buyer.isPrime)) return false;
  if (usageLimit !== null && usageCount >= usageLimit) return false;
  return usageLimitPerBuyer === null || buyer.ownUses < usageLimitPerBuyer;
}

/** The part of a cart's line a promotion looks at. */
export interface PromotedLine {
  offerId: string;
  vendorId: string;
  /** Undefined when the catalog does not know the offer: nothing is taken off it then. */
  productId: string | undefined;
  categoryIds: readonly string[];
}

/** Whether it concerns this line: of its vendor, and one of the things it names when it names any. */
export function concerns(promotion: Promotion, line: PromotedLine): boolean {
  if (line.productId === undefined) return false;
  if (promotion.vendorId !== null && promotion.vendorId !== line.vendorId) return false;
  const { categoryIds, productIds, offerIds } = promotion;
  if (categoryIds.length + productIds.length + offerIds.length === 0) return true;
  return (
    offerIds.includes(line.offerId) ||
    productIds.includes(line.productId) ||
    line.categoryIds.some((categoryId) => categoryIds.includes(categoryId))
  );
}
