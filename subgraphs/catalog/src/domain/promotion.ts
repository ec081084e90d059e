import { accept, type Money } from '@marketgraph/platform/core';
import { type Outcome, type Refusal, refusal, refuse, refuseAll, versionMismatch } from './outcome.ts';
import { readCode } from './promotion-code.ts';
import { checkAmount, checkRule, type PromotionRule, type RuleTerms } from './promotion-rule.ts';
import { checkedText } from './text.ts';

export const promotionStatuses = ['SCHEDULED', 'ACTIVE', 'ENDED', 'DISABLED'] as const;
export type PromotionStatus = (typeof promotionStatuses)[number];

/** Money off for whoever knows its code. */
export interface PromotionState {
  id: string;
  /** Whose lines it reduces; null: an operator's, for the whole cart. */
  vendorId: string | null;
  code: string;
  name: string;
  rule: PromotionRule;
  conditions: PromotionConditions;
  startsAt: Date | null;
  endsAt: Date | null;
  usageLimit: number | null;
  usageLimitPerBuyer: number | null;
  isDisabled: boolean;
  createdAt: Date;
  updatedAt: Date;
  version: number;
}

export interface PromotionConditions {
  /** Of the goods it concerns, before any discount. */
  minimumSubtotal: Money | null;
  /** Any of them; all three lists empty: everything. */
  categoryIds: string[];
  productIds: string[];
  offerIds: string[];
  isPrimeOnly: boolean;
  isCombinable: boolean;
}

export interface PromotionTerms extends RuleTerms {
  code: string;
  name: string;
  conditions: PromotionConditions;
  startsAt: Date | null;
  endsAt: Date | null;
  usageLimit: number | null;
  usageLimitPerBuyer: number | null;
  isDisabled: boolean;
}

const MAX_NAME = 100;
/** A rule that names more things than this wants a category. */
export const MAX_TARGETS = 50;
export const MAX_USAGE_LIMIT = 1_000_000;
export const MAX_USAGE_LIMIT_PER_BUYER = 1_000;

/**
 * Makes a promotion, or puts all terms of one anew. Its code and its owner
 * stay: carts and people have them.
 */
export function putPromotion(
  existing: PromotionState | null,
  terms: PromotionTerms,
  facts: { id: string; vendorId: string | null; expectedVersion?: number | null; now: Date },
): Outcome<PromotionState> {
  const { expectedVersion } = facts;
  if (existing && expectedVersion != null && expectedVersion !== existing.version) {
    return versionMismatch(existing.version);
  }
  const code = readCode(terms.code);
  const name = checkedText(terms.name, { max: MAX_NAME, field: ['name'], what: 'The name' });
  const rule = checkRule(terms);
  const refusals = [code, name, rule].flatMap((part) => (part.ok ? [] : part.rejection));
  refusals.push(...checkConditions(terms), ...checkLimits(terms));
  if (refusals.length > 0 || !code.ok || !name.ok || !rule.ok) return refuseAll(refusals);
  if (existing && code.value !== existing.code) {
    return refuse('ILLEGAL_TRANSITION', 'The code of a promotion stays as it is.', ['code']);
  }
  if (existing && (existing.usageLimit === null) !== (terms.usageLimit === null)) {
    // Uses are counted from the first one on, or not at all.
    return refuse('ILLEGAL_TRANSITION', 'A limit may be another, but not begin or end.', ['usageLimit']);
  }
  const { conditions, startsAt, endsAt, usageLimit, usageLimitPerBuyer, isDisabled } = terms;
  return accept({
    id: facts.id,
    vendorId: existing ? existing.vendorId : facts.vendorId,
    code: code.value,
    name: name.value,
    rule: rule.value,
    conditions,
    startsAt,
    endsAt,
    usageLimit,
    usageLimitPerBuyer,
    isDisabled,
    createdAt: existing?.createdAt ?? facts.now,
    updatedAt: facts.now,
    version: (existing?.version ?? 0) + 1,
  });
}

/** From its first instant on, up to but not including its last. */
export function promotionStatus(
  { isDisabled, startsAt, endsAt }: Pick<PromotionState, 'isDisabled' | 'startsAt' | 'endsAt'>,
  now: Date,
): PromotionStatus {
  if (isDisabled) return 'DISABLED';
  if (endsAt && endsAt <= now) return 'ENDED';
  return startsAt && startsAt > now ? 'SCHEDULED' : 'ACTIVE';
}

function checkConditions({ conditions }: PromotionTerms): Refusal[] {
  const { minimumSubtotal } = conditions;
  const refusals = (['categoryIds', 'productIds', 'offerIds'] as const)
    .filter((list) => conditions[list].length > MAX_TARGETS)
    .map((list) => refusal('LIMIT_EXCEEDED', `At most ${MAX_TARGETS} of them.`, [list]));
  if (minimumSubtotal) refusals.push(...checkAmount(minimumSubtotal, 'minimumSubtotal'));
  return refusals;
}

function checkLimits({ startsAt, endsAt, usageLimit, usageLimitPerBuyer }: PromotionTerms): Refusal[] {
  const refusals: Refusal[] = [];
  if (startsAt && endsAt && endsAt <= startsAt) {
    refusals.push(refusal('INVALID', 'It ends after it has begun.', ['endsAt']));
  }
  for (const [field, limit, max] of [
    ['usageLimit', usageLimit, MAX_USAGE_LIMIT],
    ['usageLimitPerBuyer', usageLimitPerBuyer, MAX_USAGE_LIMIT_PER_BUYER],
  ] as const) {
    if (limit === null || (Number.isInteger(limit) && limit >= 1 && limit <= max)) continue;
    refusals.push(refusal('INVALID', `${field} is from 1 to ${max}.`, [field]));
  }
  return refusals;
}
