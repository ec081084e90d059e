import type { Money } from '@marketgraph/platform/core';
import type { Promotion, PromotionRule } from '../domain/promotion.ts';

const PROMOTION = `id code name status kind basisPoints buyQuantity getQuantity
  amount { amount currencyCode } minimumSubtotal { amount currencyCode } vendor { id }
  categoryIds productIds offerIds primeOnly combinable usageLimit usageLimitPerBuyer usageCount`;

export const PROMOTIONS = `query OrdersPromotions($promotions: [_Any!]!) {
  _entities(representations: $promotions) { ... on Promotion { ${PROMOTION} } }
}`;

export const PROMOTION_BY_CODE = `query OrdersPromotionByCode($code: String!) {
  promotion(code: $code) { ${PROMOTION} }
}`;

/** A promotion as the catalog tells it to a service. */
export interface PromotionAnswer {
  id: string;
  code: string;
  name: string;
  status: string;
  kind: PromotionRule['kind'];
  basisPoints: number | null;
  buyQuantity: number | null;
  getQuantity: number | null;
  amount: Money | null;
  minimumSubtotal: Money | null;
  vendor: { id: string } | null;
  categoryIds: string[];
  productIds: string[];
  offerIds: string[];
  primeOnly: boolean;
  combinable: boolean;
  usageLimit: number | null;
  usageLimitPerBuyer: number | null;
  usageCount: number | null;
}

export function promotionOf(answer: PromotionAnswer): Promotion {
  const { id, code, name, categoryIds, productIds, offerIds, usageLimit, usageLimitPerBuyer } = answer;
  return {
    promotionId: id,
    code,
    name,
    vendorId: answer.vendor?.id ?? null,
    isActive: answer.status === 'ACTIVE',
    rule: ruleOf(answer),
    minimumSubtotal: plain(answer.minimumSubtotal),
    categoryIds,
    productIds,
    offerIds,
    isPrimeOnly: answer.primeOnly,
    isCombinable: answer.combinable,
    usageLimit,
    usageLimitPerBuyer,
    usageCount: answer.usageCount ?? 0,
  };
}

function ruleOf({ id, kind, basisPoints, amount, buyQuantity, getQuantity }: PromotionAnswer): PromotionRule {
  if (kind === 'FREE_SHIPPING') return { kind };
  if (kind === 'PERCENTAGE' && basisPoints !== null) return { kind, basisPoints };
  if (kind === 'FIXED_AMOUNT' && amount) return { kind, amount: plain(amount)! };
  if (kind === 'BUY_X_GET_Y' && buyQuantity && getQuantity) return { kind, buy: buyQuantity, get: getQuantity };
  throw new Error(`The catalog told promotion ${id} without its rule.`);
}

function plain(money: Money | null): Money | null {
  return money && { amount: money.amount, currencyCode: money.currencyCode };
}
