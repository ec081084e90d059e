import { type Money, money, subtract, sum } from '@marketgraph/platform/core';
import type { DisputeMovement } from './dispute.ts';

export type AccountKind =
  | 'PLATFORM_CASH'
  | 'BUYER_FUNDS_HELD'
  | 'VENDOR_PAYABLE'
  | 'PLATFORM_REVENUE'
  | 'TAX_PAYABLE'
  | 'REFUNDS'
  | 'CHARGEBACKS'
  | 'FEES';

export type Direction = 'DEBIT' | 'CREDIT';

/** The side on which an account grows. What we own or spend grows by debit, what we owe or earn by credit. */
export const normalSide: Readonly<Record<AccountKind, Direction>> = {
  PLATFORM_CASH: 'DEBIT',
  BUYER_FUNDS_HELD: 'CREDIT',
  VENDOR_PAYABLE: 'CREDIT',
  PLATFORM_REVENUE: 'CREDIT',
  TAX_PAYABLE: 'CREDIT',
  REFUNDS: 'DEBIT',
  CHARGEBACKS: 'DEBIT',
  FEES: 'DEBIT',
};

/**
 * Accounts that never go below zero: nobody is paid out of money that is not
 * there. The database refuses it too. What a vendor owes us after a refund is
 * kept on its REFUNDS account, not as a negative payable.
 */
export const nonNegativeKinds: ReadonlySet<AccountKind> = new Set(['BUYER_FUNDS_HELD', 'VENDOR_PAYABLE']);

export interface AccountName {
  kind: AccountKind;
  /** A vendor, for accounts kept per vendor; empty for the platform's own. */
  ownerId: string;
  currencyCode: string;
}

export interface Posting {
  account: AccountName;
  direction: Direction;
  amount: Money;
}

/** One business fact in the books: its postings sum to zero in every currency. */
export interface Journal {
  /** Names the fact: the same fact is booked once. */
  fact: string;
  memo: string;
  postings: Posting[];
}

export class UnbalancedJournalError extends Error {
  constructor(fact: string) {
    super(`Journal "${fact}" does not balance.`);
    this.name = 'UnbalancedJournalError';
  }
}

/** Leaves out postings of nothing and refuses a journal that does not balance. */
export function journal(fact: string, memo: string, postings: readonly Posting[]): Journal {
  const real = postings.filter((posting) => posting.amount.amount !== 0);
  const sums = new Map<string, bigint>();
  for (const { direction, amount } of real) {
    if (amount.amount < 0) throw new UnbalancedJournalError(fact);
    const signed = BigInt(amount.amount) * (direction === 'DEBIT' ? 1n : -1n);
    sums.set(amount.currencyCode, (sums.get(amount.currencyCode) ?? 0n) + signed);
  }
  if (real.length < 2 || [...sums.values()].some((total) => total !== 0n)) throw new UnbalancedJournalError(fact);
  return { fact, memo, postings: real };
}

const platform = (kind: AccountKind, { currencyCode }: Money): AccountName => ({ kind, ownerId: '', currencyCode });
const debit = (account: AccountName, amount: Money): Posting => ({ account, direction: 'DEBIT', amount });
const credit = (account: AccountName, amount: Money): Posting => ({ account, direction: 'CREDIT', amount });

/** The buyer's money arrived; it is nobody's income yet. */
export function bookCapture(paymentId: string, amount: Money, chargeReference: string): Journal {
  return journal(`capture:${paymentId}:${chargeReference}`, 'Captured from the buyer', [
    debit(platform('PLATFORM_CASH', amount), amount),
    credit(platform('BUYER_FUNDS_HELD', amount), amount),
  ]);
}

const vendor = (kind: 'VENDOR_PAYABLE' | 'REFUNDS', vendorId: string, { currencyCode }: Money): AccountName => ({
  kind,
  ownerId: vendorId,
  currencyCode,
});

/**
 * The return window ended: the held money becomes the vendor's, our
 * commission, and the tax on it. What the vendor owes of earlier refunds is
 * kept back first.
 */
export function bookRelease(settlement: {
  id: string;
  vendorId: string;
  gross: Money;
  commission: Money;
  commissionTax: Money;
  net: Money;
  offset?: Money;
}): Journal {
  const { id, vendorId, gross, commission, commissionTax, net, offset = money(0, net.currencyCode) } = settlement;
  return journal(`release:${id}`, 'Released to the vendor', [
    debit(platform('BUYER_FUNDS_HELD', gross), gross),
    credit(vendor('VENDOR_PAYABLE', vendorId, net), subtract(net, offset)),
    credit(vendor('REFUNDS', vendorId, net), offset),
    credit(platform('PLATFORM_REVENUE', commission), commission),
    credit(platform('TAX_PAYABLE', commissionTax), commissionTax),
  ]);
}

/** The vendor's money left for its own account at the provider. */
export function bookTransfer(settlementId: string, vendorId: string, amount: Money): Journal {
  return journal(`transfer:${settlementId}`, 'Transferred to the vendor', [
    debit(vendor('VENDOR_PAYABLE', vendorId, amount), amount),
    credit(platform('PLATFORM_CASH', amount), amount),
  ]);
}

/** What one vendor order gives back: out of held money, or, once that was released, each its share. */
export type RefundSource =
  | { from: 'HELD'; amount: Money }
  | { from: 'RELEASED'; vendorId: string; net: Money; commission: Money; commissionTax: Money };

/**
 * Money goes back to the buyer. A vendor that was paid owes its share from then on. What a bank took in a dispute that was lost
 * has left our cash already, and waits on CHARGEBACKS for whoever had it.
 */
export function bookRefund(
  refundId: string,
  amount: Money,
  sources: readonly RefundSource[],
  out: 'PLATFORM_CASH' | 'CHARGEBACKS' = 'PLATFORM_CASH',
): Journal {
  const held = sources.flatMap((source) => (source.from === 'HELD' ? [source.amount] : []));
  const released = sources.flatMap((source) => (source.from === 'RELEASED' ? [source] : []));
  const memo = out === 'CHARGEBACKS' ? 'Lost to the buyer in a dispute' : 'Refunded to the buyer';
  return journal(`refund:${refundId}`, memo, [
    debit(platform('BUYER_FUNDS_HELD', amount), sum(held, amount.currencyCode)),
    ...released.flatMap(({ vendorId, net, commission, commissionTax }) => [
      debit(vendor('REFUNDS', vendorId, net), net),
      debit(platform('PLATFORM_REVENUE', commission), commission),
      debit(platform('TAX_PAYABLE', commissionTax), commissionTax),
    ]),
    credit(platform(out, amount), amount),
  ]);
}

/** The buyer's bank sent a refund back: the money is held again, for the buyer and for no vendor. */
export function bookReturnedRefund(refundId: string, amount: Money): Journal {
  return journal(`refund-returned:${refundId}`, 'A refund came back from the bank', [
    debit(platform('PLATFORM_CASH', amount), amount),
    credit(platform('BUYER_FUNDS_HELD', amount), amount),
  ]);
}

/** The vendor gave back what it owed for a refund. */
export function bookReversal(operationId: string, vendorId: string, amount: Money): Journal {
  return journal(operationId, 'Transfer taken back from the vendor', [
    debit(platform('PLATFORM_CASH', amount), amount),
    credit(vendor('REFUNDS', vendorId, amount), amount),
  ]);
}

/** What the provider kept of a charge: the platform pays it, out of its commission. What is held for buyer and vendors stays whole. */
export function bookFee(chargeReference: string, amount: Money): Journal {
  return journal(`fee:${chargeReference}`, 'Fee of the provider', [
    debit(platform('FEES', amount), amount),
    credit(platform('PLATFORM_CASH', amount), amount),
  ]);
}

/**
 * What a bank took because of a dispute, or gave back, and what the provider asks for the trouble. Null: a movement of nothing. Whose
 * money it was is booked once the dispute is lost.
 */
export function bookDisputeMovement({ reference, amount, fee }: DisputeMovement, currencyCode: string): Journal | null {
  if (amount === 0 && fee === 0) return null;
  const cash = platform('PLATFORM_CASH', money(0, currencyCode));
  const pair = (kind: AccountKind, value: number): Posting[] => {
    const account = platform(kind, money(0, currencyCode));
    const size = money(Math.abs(value), currencyCode);
    return value > 0 ? [debit(account, size), credit(cash, size)] : [debit(cash, size), credit(account, size)];
  };
  const memo = amount < 0 ? 'Given back by the buyer’s bank' : 'Taken back by the buyer’s bank';
  return journal(`dispute:${reference}`, memo, [...pair('CHARGEBACKS', amount), ...pair('FEES', fee)]);
}

/** What an account holds after these postings, on its normal side: the fold the stored balance must equal. */
export function balanceAfter(account: AccountName, postings: readonly Posting[]): Money {
  const side = normalSide[account.kind];
  const total = postings
    .filter((posting) => nameOf(posting.account) === nameOf(account))
    .reduce((sum, { direction, amount }) => sum + (direction === side ? amount.amount : -amount.amount), 0);
  return money(total, account.currencyCode);
}

/** Sorts the same everywhere: accounts are locked in this order, so that two journals cannot wait for each other. */
export function nameOf({ kind, ownerId, currencyCode }: AccountName): string {
  return `${kind}:${currencyCode}:${ownerId}`;
}
