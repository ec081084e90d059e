import { add, basisPointsOf, type Money, money, zero } from '@marketgraph/platform/core';

export interface CommissionRule {
  id: string;
  /** Basis points of what was sold. */
  rate: number;
  /** Added once per vendor order, when it is of the same currency. */
  fixed: Money | null;
  vendorId: string | null;
  categoryId: string | null;
  /** The larger one wins among rules of one kind. */
  priority: number;
  validFrom: Date | null;
  validUntil: Date | null;
}

/** What applies where no rule says otherwise: ten per cent. */
export const DEFAULT_RATE = 1_000;

export interface Commission {
  ruleId: string | null;
  rate: number;
  fixed: number;
  amount: Money;
  tax: Money;
}

export interface CommissionSubject {
  vendorId: string;
  /** Of the products sold, each from its own category up to the root. */
  categoryIds: readonly string[];
  at: Date;
  currencyCode: string;
}

/**
 * One rule per vendor order: the vendor's own before a category's before one
 * for everybody. Within a kind the higher priority wins, then the older rule,
 * so that the choice is the same whoever makes it.
 */
export function ruleFor(rules: readonly CommissionRule[], subject: CommissionSubject): CommissionRule | null {
  const fitting = rules.filter(
    (rule) =>
      (rule.vendorId === null || rule.vendorId === subject.vendorId) &&
      (rule.categoryId === null || subject.categoryIds.includes(rule.categoryId)) &&
      (rule.fixed === null || rule.fixed.currencyCode === subject.currencyCode) &&
      (rule.validFrom === null || rule.validFrom <= subject.at) &&
      (rule.validUntil === null || subject.at < rule.validUntil),
  );
  const [first] = fitting.toSorted(
    (a, b) => rank(b) - rank(a) || b.priority - a.priority || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
  return first ?? null;
}

function rank(rule: CommissionRule): number {
  return (rule.vendorId === null ? 0 : 2) + (rule.categoryId === null ? 0 : 1);
}

/**
 * The platform's part of a sale, and the tax the platform owes on its part.
 * `base` is what the rate is taken of; the two together never exceed `gross`.
 */
export function commissionOf(
  rule: Pick<CommissionRule, 'id' | 'rate' | 'fixed'> | null,
  sale: { gross: Money; base: Money; taxRate: number },
): Commission {
  const { gross, base, taxRate } = sale;
  const rate = rule?.rate ?? DEFAULT_RATE;
  const fixed = rule?.fixed ?? zero(gross.currencyCode);
  const amount = capped(add(basisPointsOf(base, rate), fixed), gross.amount);
  const tax = capped(basisPointsOf(amount, taxRate), gross.amount - amount.amount);
  return { ruleId: rule?.id ?? null, rate, fixed: fixed.amount, amount, tax };
}

function capped(part: Money, most: number): Money {
  return money(Math.min(part.amount, most), part.currencyCode);
}
