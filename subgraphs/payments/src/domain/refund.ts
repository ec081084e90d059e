import { accept, type Money, money, reject, type Result, split } from '@marketgraph/platform/core';

export type RefundStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED';

/** What of a payment can still go back. `refunding` is promised to the buyer and not done yet. */
export interface RefundablePayment {
  currencyCode: string;
  captured: number;
  refunded: number;
  refunding: number;
  settlements: readonly RefundableSettlement[];
}

export interface RefundableSettlement {
  id: string;
  vendorOrderId: string;
  gross: number;
  refunding: number;
}

export interface RefundRequest {
  /** Omitted: of the whole order. */
  vendorOrderId: string | null;
  /** Omitted: all that is left. */
  amount: Money | null;
}

export interface RefundPart {
  /** Null: captured money that is no vendor's, e.g. of a refund that came back from the bank. */
  settlementId: string | null;
  amount: number;
}

/**
 * Divides a refund among the vendors it concerns. Of a whole order each vendor
 * gives back in proportion to what it has left of it, after money that is no
 * vendor's has been used up. Never more than was captured and is not promised
 * already, in all and for each vendor order.
 */
export function planRefund(payment: RefundablePayment, request: RefundRequest): Result<RefundPart[]> {
  const { currencyCode, settlements } = payment;
  const leftOf = (settlement: RefundableSettlement) => settlement.gross - settlement.refunding;
  const chosen =
    request.vendorOrderId === null
      ? settlements
      : settlements.filter(({ vendorOrderId }) => vendorOrderId === request.vendorOrderId);
  if (request.vendorOrderId !== null && chosen.length === 0) {
    return reject('NOT_FOUND', 'The order has no such part.', { field: ['vendorOrderId'] });
  }
  const pool = unassigned(payment);
  const ofVendors = chosen.reduce((total, settlement) => total + leftOf(settlement), 0);
  const asked = request.amount;
  if (asked && asked.currencyCode !== currencyCode) {
    return reject('INVALID', `The payment is in ${currencyCode}.`, { field: ['amount'] });
  }
  if (asked && asked.amount < 1) return reject('INVALID', 'A refund is of at least 1.', { field: ['amount'] });
  const amount = asked?.amount ?? ofVendors + (request.vendorOrderId === null ? pool : 0);
  if (amount === 0 || amount > ofVendors + pool) {
    return reject('REFUND_EXCEEDS', 'More than was captured and has not gone back.', { field: ['amount'] });
  }
  // Of one vendor order its own money goes first; of a whole order what is nobody's.
  const fromPool = request.vendorOrderId === null ? Math.min(pool, amount) : Math.max(0, amount - ofVendors);
  const shares = chosen.length === 0 ? [] : split(money(amount - fromPool, currencyCode), chosen.map(leftOf));
  return accept([
    ...(fromPool > 0 ? [{ settlementId: null, amount: fromPool }] : []),
    ...chosen
      .map((settlement, index) => ({ settlementId: settlement.id, amount: shares[index]?.amount ?? 0 }))
      .filter((part) => part.amount > 0),
  ]);
}

/** Captured, not given back, and no part of any settlement. */
export function unassigned({ captured, refunded, refunding, settlements }: RefundablePayment): number {
  const held = settlements.reduce((total, settlement) => total + settlement.gross - settlement.refunding, 0);
  return captured - refunded - refunding - held;
}

/** What a captured payment is called after so much of it went back. */
export function statusAfterRefund(payment: {
  amount: number;
  captured: number;
  refunded: number;
}): 'CAPTURED' | 'PARTIALLY_CAPTURED' | 'PARTIALLY_REFUNDED' | 'REFUNDED' {
  const { amount, captured, refunded } = payment;
  if (refunded > 0) return refunded === captured ? 'REFUNDED' : 'PARTIALLY_REFUNDED';
  return captured < amount ? 'PARTIALLY_CAPTURED' : 'CAPTURED';
}

/** A vendor order's money and the terms its commission was frozen at. */
export interface SettlementTerms {
  currencyCode: string;
  /** What was captured for it, and what of that commission was taken of. */
  captured: number;
  base: number;
  rate: number;
  fixed: number;
  taxRate: number;
  gross: number;
  commission: number;
  commissionTax: number;
  net: number;
}

export interface SettlementShares {
  gross: number;
  commission: number;
  commissionTax: number;
  net: number;
}

/**
 * What everyone keeps after `amount` went back to the buyer: commission as if
 * only the rest had been sold, by the terms frozen at capture. Where rounding
 * would leave somebody with more than before, that unit stays with the
 * platform's commission, so that all three give back, or keep what they had.
 */
export function afterRefund(terms: SettlementTerms, amount: number): SettlementShares {
  const gross = terms.gross - amount;
  if (amount < 0 || gross < 0) throw new RangeError(`${amount} of ${terms.gross} cannot go back.`);
  const base = rounded(BigInt(terms.base) * BigInt(gross), BigInt(Math.max(terms.captured, 1)));
  const owed = Math.min(rounded(BigInt(base) * BigInt(terms.rate), 10_000n) + (gross > 0 ? terms.fixed : 0), gross);
  const commissionTax = Math.min(
    rounded(BigInt(owed) * BigInt(terms.taxRate), 10_000n),
    gross - owed,
    terms.commissionTax,
  );
  const commission = Math.min(owed, terms.commission);
  const net = Math.min(gross - commission - commissionTax, terms.net);
  return { gross, commission: gross - commissionTax - net, commissionTax, net };
}

function rounded(numerator: bigint, denominator: bigint): number {
  return Number((numerator * 2n + denominator) / (denominator * 2n));
}
