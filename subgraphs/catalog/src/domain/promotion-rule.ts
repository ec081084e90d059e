import { accept, type Money } from '@marketgraph/platform/core';
import { isKnownCurrency } from './currency.ts';
import { type Outcome, type Refusal, refusal, refuseAll } from './outcome.ts';

export const promotionKinds = ['PERCENTAGE', 'FIXED_AMOUNT', 'FREE_SHIPPING', 'BUY_X_GET_Y'] as const;
export type PromotionKind = (typeof promotionKinds)[number];

export type PromotionRule =
  | { kind: 'PERCENTAGE'; basisPoints: number }
  | { kind: 'FIXED_AMOUNT'; amount: Money }
  | { kind: 'FREE_SHIPPING' }
  /** Of every `buy + get` units the cheapest `get` cost nothing. */
  | { kind: 'BUY_X_GET_Y'; buy: number; get: number };

/** A rule as it is handed in: the parts of its kind are there, those of other kinds are not. */
export interface RuleTerms {
  kind: PromotionKind;
  basisPoints: number | null;
  amount: Money | null;
  buyQuantity: number | null;
  getQuantity: number | null;
}

/** All of it; more would pay people to take things. */
const MAX_BASIS_POINTS = 10_000;
const MAX_UNITS = 100;
/** As the highest price. */
const MAX_AMOUNT_MINOR = 1_000_000_000_000;

type Part = 'basisPoints' | 'amount' | 'buyQuantity' | 'getQuantity';

const PARTS: Readonly<Record<PromotionKind, readonly Part[]>> = {
  PERCENTAGE: ['basisPoints'],
  FIXED_AMOUNT: ['amount'],
  FREE_SHIPPING: [],
  BUY_X_GET_Y: ['buyQuantity', 'getQuantity'],
};

export function checkRule(terms: RuleTerms): Outcome<PromotionRule> {
  const refusals = (['basisPoints', 'amount', 'buyQuantity', 'getQuantity'] as const).flatMap((part): Refusal[] => {
    const isNeeded = PARTS[terms.kind].includes(part);
    if (!isNeeded) return terms[part] === null ? [] : [refusal('INVALID', `${terms.kind} has no ${part}.`, [part])];
    return terms[part] === null ? [refusal('INVALID', `${terms.kind} needs ${part}.`, [part])] : checkPart(part, terms);
  });
  if (refusals.length > 0) return refuseAll(refusals);
  switch (terms.kind) {
    case 'PERCENTAGE':
      return accept({ kind: 'PERCENTAGE', basisPoints: terms.basisPoints! });
    case 'FIXED_AMOUNT':
      return accept({ kind: 'FIXED_AMOUNT', amount: terms.amount! });
    case 'FREE_SHIPPING':
      return accept({ kind: 'FREE_SHIPPING' });
    case 'BUY_X_GET_Y':
      return accept({ kind: 'BUY_X_GET_Y', buy: terms.buyQuantity!, get: terms.getQuantity! });
  }
}

function checkPart(part: Part, terms: RuleTerms): Refusal[] {
  if (part === 'amount') return checkAmount(terms.amount!);
  const max = part === 'basisPoints' ? MAX_BASIS_POINTS : MAX_UNITS;
  const value = terms[part]!;
  if (Number.isInteger(value) && value >= 1 && value <= max) return [];
  return [refusal('INVALID', `${part} is from 1 to ${max}.`, [part])];
}

export function checkAmount({ amount, currencyCode }: Money, field = 'amount'): Refusal[] {
  if (!Number.isSafeInteger(amount) || amount < 1 || amount > MAX_AMOUNT_MINOR) {
    return [refusal('INVALID', `An amount is from 1 to ${MAX_AMOUNT_MINOR} minor units.`, [field, 'amount'])];
  }
  return isKnownCurrency(currencyCode)
    ? []
    : [refusal('INVALID', `${currencyCode} is not a currency.`, [field, 'currencyCode'])];
}
