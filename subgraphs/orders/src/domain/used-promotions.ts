import { add, type Money } from '@marketgraph/platform/core';

interface PromotionPart {
  promotionId: string;
  code: string;
  name: string;
  amount: Money;
  shippingAmount: Money;
}

/** What each promotion took off in all the parts that are given, in the order they came. */
export function sumPromotions(parts: readonly PromotionPart[]): PromotionPart[] {
  return [...Map.groupBy(parts, ({ promotionId }) => promotionId).values()].map((own) =>
    own.reduce((total, part) => ({
      ...total,
      amount: add(total.amount, part.amount),
      shippingAmount: add(total.shippingAmount, part.shippingAmount),
    })),
  );
}
