import { isSameMoney, type Money, money, zero } from '@marketgraph/platform/core';
import {
  canMove,
  type Failure,
  isCaptured,
  type MethodSummary,
  type NewTransaction,
  type Payment,
  type PaymentStatus,
} from './payment.ts';

export type IntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled';

/** The provider's view of a payment at one moment. */
export interface Intent {
  reference: string;
  status: IntentStatus;
  amount: Money;
  /** Held on the card and not taken yet. */
  capturable: Money;
  /** Taken. */
  received: Money;
  /** The charge behind it, once there was an attempt that got that far. */
  chargeReference: string | null;
  method: MethodSummary | null;
  failure: (Failure & { chargeReference: string | null }) | null;
  /** What the provider keeps of what was taken. It may say so some time after the capture: null until then. */
  fee: Money | null;
}

/** What a new look at the provider changes. `status` equal to the payment's own means: no event. */
export interface Observed {
  status: PaymentStatus;
  authorized: Money;
  captured: Money;
  method: MethodSummary | null;
  failure: Failure | null;
  transactions: NewTransaction[];
  /** Taken since the last look: what the ledger has to book. */
  newlyCaptured: Money;
  /** The provider's fee, said for the first time: what the ledger has to book. */
  newFee: Money | null;
  /** Nothing more will happen at the provider by itself, and nothing that happened is still to be told. */
  isFinal: boolean;
}

/** The provider's intent is not for the amount we asked for: somebody else's, or tampered with. */
export class IntentMismatchError extends Error {
  constructor(paymentId: string, reference: string) {
    super(`Intent ${reference} is not for the amount of payment ${paymentId}.`);
    this.name = 'IntentMismatchError';
  }
}

/** The provider's status in our words. A failed attempt leaves the intent waiting for another card: to us that is FAILED. */
export function statusOf(intent: Intent): PaymentStatus {
  switch (intent.status) {
    case 'requires_payment_method':
      return intent.failure ? 'FAILED' : 'REQUIRES_PAYMENT_METHOD';
    case 'requires_confirmation':
      return 'REQUIRES_PAYMENT_METHOD';
    case 'requires_action':
      return 'REQUIRES_ACTION';
    case 'processing':
      return 'PROCESSING';
    case 'requires_capture':
      return 'AUTHORIZED';
    case 'succeeded':
      return intent.received.amount >= intent.amount.amount ? 'CAPTURED' : 'PARTIALLY_CAPTURED';
    case 'canceled':
      return 'VOIDED';
  }
}

/**
 * Folds one look at the provider into a payment. Looks may come late and in
 * any order: one that would move the payment against its table changes nothing,
 * and the same look twice changes nothing the second time.
 */
export function observe(payment: Payment, intent: Intent): Observed {
  if (!isSameMoney(payment.amount, intent.amount)) throw new IntentMismatchError(payment.id, intent.reference);
  const claimed = statusOf(intent);
  // An intent does not say that it is disputed, nor that this has ended.
  const status = payment.status !== 'DISPUTED' && canMove(payment.status, claimed) ? claimed : payment.status;
  const isNews = status === claimed;
  const { authorized, captured } = isNews ? amountsOf(payment, intent, status) : payment;
  // Not bound to the status: a payment may be refunded before its fee is known.
  const newFee = captured.amount > 0 && payment.fee === null ? intent.fee : null;
  return {
    status,
    authorized,
    captured,
    method: (isNews && intent.method) || payment.method,
    failure: isNews ? failureAfter(status, payment, intent) : payment.failure,
    transactions: [...(isNews ? transactionsOf(payment, intent, status) : []), ...feeTransaction(intent, newFee)],
    newlyCaptured: money(captured.amount - payment.captured.amount, payment.amount.currencyCode),
    newFee,
    isFinal: intent.status === 'canceled' || (intent.status === 'succeeded' && intent.fee !== null),
  };
}

function amountsOf(payment: Payment, intent: Intent, status: PaymentStatus): { authorized: Money; captured: Money } {
  if (isCaptured(status)) return { authorized: larger(payment.authorized, intent.amount), captured: intent.received };
  if (status === 'AUTHORIZED') return { authorized: intent.capturable, captured: payment.captured };
  return { authorized: payment.authorized, captured: payment.captured };
}

function failureAfter(status: PaymentStatus, payment: Payment, intent: Intent): Failure | null {
  if (status === 'FAILED' && intent.failure) return { code: intent.failure.code, message: intent.failure.message };
  return status === 'AUTHORIZED' || isCaptured(status) ? null : payment.failure;
}

function transactionsOf(payment: Payment, intent: Intent, status: PaymentStatus): NewTransaction[] {
  const attempt = intent.chargeReference ?? intent.reference;
  const entry = (over: Partial<NewTransaction>): NewTransaction => ({
    type: 'AUTHORIZATION',
    status: 'SUCCEEDED',
    amount: payment.amount,
    gatewayReference: attempt,
    failureCode: null,
    ...over,
  });
  switch (status) {
    case 'FAILED': {
      const { failure } = intent;
      if (!failure) return [];
      return [
        entry({
          status: 'FAILED',
          gatewayReference: failure.chargeReference ?? intent.reference,
          failureCode: failure.code,
        }),
      ];
    }
    case 'REQUIRES_ACTION':
      return [entry({ status: 'ACTION_REQUIRED', gatewayReference: intent.reference })];
    case 'AUTHORIZED':
      return [entry({ amount: intent.capturable })];
    case 'PARTIALLY_CAPTURED':
    case 'CAPTURED':
      return [entry({}), entry({ type: 'CAPTURE', amount: intent.received })];
    case 'VOIDED':
      return payment.authorized.amount > 0
        ? [entry({ type: 'VOID', amount: payment.authorized, gatewayReference: intent.reference })]
        : [];
    default:
      return [];
  }
}

function feeTransaction({ reference, chargeReference }: Intent, fee: Money | null): NewTransaction[] {
  if (!fee || fee.amount === 0) return [];
  const gatewayReference = chargeReference ?? reference;
  return [{ type: 'FEE', status: 'SUCCEEDED', amount: fee, gatewayReference, failureCode: null }];
}

function larger(a: Money, b: Money): Money {
  return a.amount >= b.amount ? a : b;
}

/** A payment as it begins, before the provider has heard of it. */
export function newPayment(id: string, amount: Money): Payment {
  const none = zero(amount.currencyCode);
  return {
    id,
    status: 'REQUIRES_PAYMENT_METHOD',
    amount,
    authorized: none,
    captured: none,
    refunded: none,
    method: null,
    failure: null,
    fee: null,
  };
}
