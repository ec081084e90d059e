import { basisPointsOf, type Money, money, split } from '@marketgraph/platform/core';
import { concerns, type PromotedLine, type Promotion, type PromotionRule } from './promotion.ts';

export interface DiscountedLine extends PromotedLine {
  quantity: number;
  unitPrice: Money;
}

/** What one promotion takes off: per line, in minor units, and whose delivery it pays. */
export interface Discount {
  promotion: Promotion;
  lineAmounts: number[];
  freeVendorIds: string[];
}

/** Units that are given away come first, because they are counted at their full price; then shares, then amounts. */
const ORDER: Readonly<Record<PromotionRule['kind'], number>> = {
  BUY_X_GET_Y: 0,
  PERCENTAGE: 1,
  FIXED_AMOUNT: 2,
  FREE_SHIPPING: 3,
};

/**
 * Those of a cart's promotions that apply to it, in the order in which they
 * are applied: by kind as above, then by code. `promotions` are open to the
 * buyer, in the order they were put into the cart. When several would apply
 * and one of them stands no other beside it, the one that was there first
 * applies alone.
 */
export function applicable(promotions: readonly Promotion[], lines: readonly DiscountedLine[]): Promotion[] {
  const applying = promotions.filter((promotion) => applies(promotion, lines));
  const alone = applying.length > 1 && applying.some((promotion) => !promotion.isCombinable);
  return (alone ? applying.slice(0, 1) : applying).toSorted(
    (a, b) => ORDER[a.rule.kind] - ORDER[b.rule.kind] || (a.code < b.code ? -1 : 1),
  );
}

/**
 * What each of them takes off, one after the other, each from what the ones
 * before have left: no line ever costs less than nothing, and a unit that was
 * given away is not counted a second time.
 */
export function discountsOf(promotions: readonly Promotion[], lines: readonly DiscountedLine[]): Discount[] {
  const left = lines.map(({ unitPrice, quantity }) => unitPrice.amount * quantity);
  const unitsLeft = lines.map(({ quantity }) => quantity);
  return promotions.map((promotion) => {
    const concerned = lines.map((line) => concerns(promotion, line));
    const lineAmounts = amountsOf(promotion.rule, { lines, concerned, left, unitsLeft });
    lineAmounts.forEach((amount, index) => {
      left[index]! -= amount;
    });
    const isFree = promotion.rule.kind === 'FREE_SHIPPING';
    const vendorIds = isFree ? lines.filter((_, index) => concerned[index]).map(({ vendorId }) => vendorId) : [];
    return { promotion, lineAmounts, freeVendorIds: [...new Set(vendorIds)] };
  });
}

function applies(promotion: Promotion, lines: readonly DiscountedLine[]): boolean {
  const own = lines.filter((line) => concerns(promotion, line));
  if (own.length === 0) return false;
  const { currencyCode } = own[0]!.unitPrice;
  const { rule, minimumSubtotal } = promotion;
  if (rule.kind === 'FIXED_AMOUNT' && rule.amount.currencyCode !== currencyCode) return false;
  if (rule.kind === 'BUY_X_GET_Y' && totalOf(own, ({ quantity }) => quantity) < rule.buy + rule.get) return false;
  if (!minimumSubtotal) return true;
  const subtotal = totalOf(own, ({ unitPrice, quantity }) => unitPrice.amount * quantity);
  return minimumSubtotal.currencyCode === currencyCode && subtotal >= minimumSubtotal.amount;
}

function amountsOf(
  rule: PromotionRule,
  facts: { lines: readonly DiscountedLine[]; concerned: boolean[]; left: readonly number[]; unitsLeft: number[] },
): number[] {
  const { lines, concerned, left } = facts;
  const currencyCode = lines[0]?.unitPrice.currencyCode ?? '';
  const base = left.map((amount, index) => (concerned[index] ? amount : 0));
  const whole = totalOf(base, (amount) => amount);
  switch (rule.kind) {
    case 'PERCENTAGE':
      return spread(basisPointsOf(money(whole, currencyCode), rule.basisPoints), base);
    case 'FIXED_AMOUNT':
      return spread(money(Math.min(rule.amount.amount, whole), currencyCode), base);
    case 'BUY_X_GET_Y':
      return givenUnits(rule, facts);
    case 'FREE_SHIPPING':
      return lines.map(() => 0);
  }
}

/** In proportion to what is left of each line, so that none gets more than it has. */
function spread(discount: Money, base: readonly number[]): number[] {
  return discount.amount === 0 ? base.map(() => 0) : split(discount, base).map(({ amount }) => amount);
}

/** Full groups of the units there are; in each the cheapest are given, the earlier line first on a tie. */
function givenUnits(
  { buy, get }: { buy: number; get: number },
  { lines, concerned, unitsLeft }: { lines: readonly DiscountedLine[]; concerned: boolean[]; unitsLeft: number[] },
): number[] {
  const own = lines.map((_, index) => index).filter((index) => concerned[index]);
  let given = Math.floor(totalOf(own, (index) => unitsLeft[index]!) / (buy + get)) * get;
  const amounts = lines.map(() => 0);
  for (const index of own.toSorted((a, b) => lines[a]!.unitPrice.amount - lines[b]!.unitPrice.amount || a - b)) {
    const units = Math.min(given, unitsLeft[index]!);
    amounts[index] = lines[index]!.unitPrice.amount * units;
    unitsLeft[index]! -= units;
    given -= units;
  }
  return amounts;
}

function totalOf<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
