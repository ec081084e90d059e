import { accept, type Money, money, reject, type Result, subtract, sum } from '@marketgraph/platform/core';
import { type Commission, commissionOf, type CommissionRule, ruleFor } from './commission.ts';

export type SettlementStatus = 'HELD' | 'RELEASABLE' | 'RELEASED' | 'REVERSED' | 'OFFSET';

/** Held until the return window has ended, then the vendor's. */
export const settlementTransitions: Readonly<Record<SettlementStatus, readonly SettlementStatus[]>> = {
  HELD: ['RELEASABLE', 'REVERSED'],
  RELEASABLE: ['RELEASED', 'REVERSED', 'OFFSET'],
  // Refunded after the transfer, and the vendor gave all of it back.
  RELEASED: ['REVERSED'],
  REVERSED: [],
  OFFSET: [],
};

/** One vendor's part of an order, as orders asks for it to be settled. */
export interface SettlementPart {
  vendorOrderId: string;
  vendorId: string;
  gross: Money;
  /** The products alone, without tax and delivery: what commission is taken of. */
  productTotal: Money | null;
  tax: Money | null;
  shipping: Money | null;
  categoryIds: readonly string[];
}

export interface NewSettlement {
  vendorOrderId: string;
  vendorId: string;
  gross: Money;
  /** What commission was taken of, and the tax on it: kept, so that a refund can reckon it again. */
  base: Money;
  commissionTaxRate: number;
  commission: Commission;
  net: Money;
}

/** More vendors than any cart has; keeps one command's transaction bounded. */
export const MAX_PARTS = 200;

/** The parts of one order must be its whole and name each vendor order once. */
export function checkParts(parts: readonly SettlementPart[], amount: Money): Result<Money> {
  if (parts.length === 0 || parts.length > MAX_PARTS) {
    return reject('INVALID', `An order has from 1 to ${MAX_PARTS} vendor orders.`, { field: ['vendorOrders'] });
  }
  if (new Set(parts.map((part) => part.vendorOrderId)).size !== parts.length) {
    return reject('INVALID', 'A vendor order is named twice.', { field: ['vendorOrders'] });
  }
  for (const [index, part] of parts.entries()) {
    const given = [part.gross, part.productTotal, part.tax, part.shipping].filter((value) => value !== null);
    if (given.some((value) => value.currencyCode !== amount.currencyCode)) {
      return reject('INVALID', `The payment is in ${amount.currencyCode}.`, { field: ['vendorOrders', String(index)] });
    }
    if (given.some((value) => value.amount < 0) || (part.productTotal?.amount ?? 0) > part.gross.amount) {
      return reject(
        'INVALID',
        'Amounts of a vendor order are not negative, and its products cost no more than all of it.',
        {
          field: ['vendorOrders', String(index)],
        },
      );
    }
  }
  const total = sum(
    parts.map((part) => part.gross),
    amount.currencyCode,
  );
  if (total.amount === 0 || total.amount > amount.amount) {
    return reject('INVALID', 'The vendor orders together are not what was authorised.', { field: ['vendorOrders'] });
  }
  return accept(total);
}

/** Freezes each vendor's commission at the rules of this moment: a later rule changes nothing here. */
export function settle(
  parts: readonly SettlementPart[],
  terms: { rules: readonly CommissionRule[]; commissionTaxRate: number; at: Date },
): NewSettlement[] {
  return parts.map((part) => {
    const { gross, vendorId, vendorOrderId, categoryIds } = part;
    const rule = ruleFor(terms.rules, { vendorId, categoryIds, at: terms.at, currencyCode: gross.currencyCode });
    const base = part.productTotal ?? gross;
    const commission = commissionOf(rule, { gross, base, taxRate: terms.commissionTaxRate });
    const net = subtract(subtract(gross, commission.amount), commission.tax);
    return { vendorOrderId, vendorId, gross, base, commissionTaxRate: terms.commissionTaxRate, commission, net };
  });
}

/** A vendor's settlements by what can be done with them; `negative` is what it owes the platform after refunds. */
export interface Balance {
  held: Money;
  releasable: Money;
  paidOut: Money;
  negative: Money;
}

export function balanceOf(
  currencyCode: string,
  netByStatus: Partial<Record<SettlementStatus, number>>,
  { owed, paidOut }: { owed: number; paidOut: number },
): Balance {
  return {
    held: money(netByStatus.HELD ?? 0, currencyCode),
    releasable: money(netByStatus.RELEASABLE ?? 0, currencyCode),
    paidOut: money(paidOut, currencyCode),
    negative: money(owed, currencyCode),
  };
}
