import type { PaymentStatus } from './payment.ts';

/** What is recorded of a payment that the provider's event is about. */
export interface RecordedPayment {
  status: PaymentStatus;
  amount: number;
  authorizedAmount: number;
  /** Everything that can happen by itself has happened and is recorded, its fee and its settlement included. */
  isClosed: boolean;
}

/** What a hold on the buyer's card, and nothing after it, is told by. */
const TOLD_BY_THE_HOLD: ReadonlySet<string> = new Set([
  'payment_intent.created',
  'payment_intent.amount_capturable_updated',
  'charge.succeeded',
]);

/**
 * Whether an event of the provider can say nothing that is not recorded, so that nobody has to ask. The event is about
 * the intent we know for the payment. Refunds and disputes have records of their own: theirs are always news.
 */
export function isRecordedAlready(type: string, payment: RecordedPayment): boolean {
  if (isAboutRefund(type) || isAboutDispute(type)) return false;
  if (payment.isClosed || type === 'payment_intent.created') return true;
  return isHeldInFull(payment) && TOLD_BY_THE_HOLD.has(type);
}

export function isAboutRefund(type: string): boolean {
  return type.includes('refund');
}

export function isAboutDispute(type: string): boolean {
  return type.startsWith('charge.dispute.');
}

/** The buyer has done what a buyer can do. A hold that ends before it is captured is found out by the capture. */
export function isSettledForBuyer(payment: RecordedPayment): boolean {
  return payment.isClosed || isHeldInFull(payment);
}

/** More than the whole amount cannot be held, and less only comes with a capture or an end, which have events of their own. */
function isHeldInFull({ status, amount, authorizedAmount }: RecordedPayment): boolean {
  return status === 'AUTHORIZED' && authorizedAmount === amount;
}

/**
 * Events that come beside another one which says the same: it is the other one somebody may be waiting for, and once
 * that is handled these are mostly recorded already.
 */
export function isCompanion(type: string): boolean {
  return COMPANIONS.has(type);
}

const COMPANIONS: ReadonlySet<string> = new Set([
  'payment_intent.created',
  'charge.succeeded',
  'charge.captured',
  'charge.updated',
]);
