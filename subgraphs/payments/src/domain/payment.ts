import type { Money } from '@marketgraph/platform/core';

export type PaymentStatus =
  | 'REQUIRES_PAYMENT_METHOD'
  | 'REQUIRES_ACTION'
  | 'PROCESSING'
  | 'AUTHORIZED'
  | 'PARTIALLY_CAPTURED'
  | 'CAPTURED'
  | 'PARTIALLY_REFUNDED'
  | 'REFUNDED'
  | 'VOIDED'
  | 'FAILED'
  | 'DISPUTED';

/**
 * The life of a payment. The provider may be seen late, twice or out of order,
 * so a step may also skip what was not seen in between: a card that needs no
 * action goes straight to AUTHORIZED. What is not listed cannot happen, and a
 * report that claims it is older than what we know.
 *
 * FAILED is a declined attempt: the buyer may still try another card until
 * the order is given up.
 */
export const transitions: Readonly<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  REQUIRES_PAYMENT_METHOD: [
    'REQUIRES_ACTION',
    'PROCESSING',
    'AUTHORIZED',
    'PARTIALLY_CAPTURED',
    'CAPTURED',
    'VOIDED',
    'FAILED',
  ],
  REQUIRES_ACTION: [
    'REQUIRES_PAYMENT_METHOD',
    'PROCESSING',
    'AUTHORIZED',
    'PARTIALLY_CAPTURED',
    'CAPTURED',
    'VOIDED',
    'FAILED',
  ],
  PROCESSING: ['REQUIRES_ACTION', 'AUTHORIZED', 'PARTIALLY_CAPTURED', 'CAPTURED', 'VOIDED', 'FAILED'],
  AUTHORIZED: ['PARTIALLY_CAPTURED', 'CAPTURED', 'VOIDED'],
  PARTIALLY_CAPTURED: ['PARTIALLY_REFUNDED', 'REFUNDED', 'DISPUTED'],
  CAPTURED: ['PARTIALLY_REFUNDED', 'REFUNDED', 'DISPUTED'],
  PARTIALLY_REFUNDED: ['REFUNDED', 'DISPUTED'],
  REFUNDED: ['DISPUTED'],
  VOIDED: [],
  FAILED: ['REQUIRES_ACTION', 'PROCESSING', 'AUTHORIZED', 'PARTIALLY_CAPTURED', 'CAPTURED'],
  DISPUTED: ['CAPTURED', 'PARTIALLY_CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED'],
};

export function canMove(from: PaymentStatus, to: PaymentStatus): boolean {
  return transitions[from].includes(to);
}

/** Money was taken: whatever happens next is a refund, never a void. */
export function isCaptured(status: PaymentStatus): boolean {
  return capturedStatuses.has(status);
}

const capturedStatuses: ReadonlySet<PaymentStatus> = new Set([
  'PARTIALLY_CAPTURED',
  'CAPTURED',
  'PARTIALLY_REFUNDED',
  'REFUNDED',
  'DISPUTED',
]);

/** Only what identifies a card to its owner; a number never comes near this process. */
export interface MethodSummary {
  kind: 'CARD' | 'WALLET' | 'BANK_DEBIT' | 'UPI' | 'INSTALLMENTS' | 'INVOICE_TERMS';
  brand: string | null;
  last4: string | null;
  /** `MM/YYYY`. */
  expiry: string | null;
}

/** As its owner tells it from others; two cards that look the same to their owner are the same to us. */
export function isSameMethod(
  a: MethodSummary,
  b: { kind: string; brand?: string | null; last4?: string | null; expiry?: string | null },
): boolean {
  const same = (one: string | null, other: string | null | undefined) => one === (other ?? null);
  return a.kind === b.kind && same(a.brand, b.brand) && same(a.last4, b.last4) && same(a.expiry, b.expiry);
}

export interface Failure {
  code: string;
  /** The provider's words, meant for the buyer. */
  message: string;
}

/** What a decision needs to know of a payment. */
export interface Payment {
  id: string;
  status: PaymentStatus;
  amount: Money;
  authorized: Money;
  captured: Money;
  refunded: Money;
  method: MethodSummary | null;
  failure: Failure | null;
  /** What the provider kept of the charge; null until it has said so. The platform's cost, and no vendor's. */
  fee: Money | null;
}

export type TransactionType =
  | 'AUTHORIZATION'
  | 'CAPTURE'
  | 'REFUND'
  | 'VOID'
  | 'CHARGEBACK'
  | 'TRANSFER'
  | 'TRANSFER_REVERSAL'
  | 'PAYOUT'
  | 'FEE';

export type TransactionStatus = 'PENDING' | 'SUCCEEDED' | 'FAILED' | 'ACTION_REQUIRED';

/** One thing that happened to the money. Written once; (type, status, reference) names it. */
export interface NewTransaction {
  type: TransactionType;
  status: TransactionStatus;
  amount: Money;
  gatewayReference: string;
  failureCode: string | null;
}
