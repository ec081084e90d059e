import type { Promotion } from './promotion.ts';

let made = 0;

/** A promotion that applies to everything and everybody. For tests. */
export function aPromotion(overrides: Partial<Promotion> = {}): Promotion {
  made += 1;
  return {
    promotionId: `prm${made}`,
    code: `CODE-${made}`,
    name: 'Money off',
    vendorId: null,
    isActive: true,
    rule: { kind: 'PERCENTAGE', basisPoints: 1_000 },
    minimumSubtotal: null,
    categoryIds: [],
    productIds: [],
    offerIds: [],
    isPrimeOnly: false,
    isCombinable: true,
    usageLimit: null,
    usageLimitPerBuyer: null,
    usageCount: 0,
    ...overrides,
  };
}
