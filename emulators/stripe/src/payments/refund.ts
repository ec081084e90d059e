import type Stripe from 'stripe';

import { invalidRequest } from '../api-error.ts';
import { emit, save } from '../events.ts';
import { idOf } from '../http/route.ts';
import { newId } from '../ids.ts';
import type { Scope } from '../world.ts';
import { seconds } from '../world.ts';
import { book } from './balance.ts';
import { moneyText } from './money-text.ts';
import { record } from './movement.ts';
import { behaviourOf } from './payment-methods.ts';

export interface RefundInput {
  amount: number | undefined;
  reason: 'duplicate' | 'fraudulent' | 'requested_by_customer' | undefined;
  metadata: Record<string, string>;
}

/** How long a test refund takes until the bank's answer, where it does not come at once. */
const BANK_ANSWER_MS = 2_000;

export function refundCharge(scope: Scope, charge: Stripe.Charge, input: RefundInput): Stripe.Refund {
  const left = charge.amount_captured - charge.amount_refunded;
  const amount = input.amount ?? left;
  assertRefundable(charge, { amount, left });
  const behaviour = behaviourOf(scope, charge.payment_method!);
  const fate = behaviour.kind === 'card' ? behaviour.refund : undefined;
  const id = newId('re');
  const entry = book(scope, {
    type: 'refund',
    reportingCategory: 'refund',
    amount: -amount,
    currency: charge.currency,
    source: id,
    description: 'REFUND FOR CHARGE',
  });
  const refund: Stripe.Refund = {
    id,
    object: 'refund',
    amount,
    balance_transaction: entry.id,
    charge: charge.id,
    created: seconds(scope.nowMs),
    currency: charge.currency,
    customer: idOf(charge.customer),
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: input.metadata,
    payment_intent: idOf(charge.payment_intent),
    payment_method: charge.payment_method,
    reason: input.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: fate === 'pending' ? 'pending' : 'succeeded',
    transfer_reversal: null,
  };
  scope.world.objects.insert(scope.account, 'refund', refund, { created: refund.created });
  applyToCharge(scope, charge, amount);
  recordRefund(scope, 'refund', refund, charge);
  emit(scope, 'refund.created', refund);
  emit(scope, 'charge.refunded', charge);
  if (fate) {
    const what = fate === 'pending' ? 'settle_refund' : 'fail_refund';
    scope.world.later.schedule(what, refund.id, scope.nowMs + BANK_ANSWER_MS);
  }
  return refund;
}

/** The bank took a pending refund. */
export function settleRefund(scope: Scope, refund: Stripe.Refund): void {
  if (refund.status !== 'pending') return;
  refund.status = 'succeeded';
  save(scope, refund);
  emit(scope, 'refund.updated', refund, { status: 'pending' });
  emit(scope, 'charge.refund.updated', refund, { status: 'pending' });
}

/** The bank sent the money back: it is the shop's again, and the charge counts as not refunded by it. */
export function failRefund(scope: Scope, refund: Stripe.Refund): void {
  if (refund.status === 'failed' || refund.status === 'canceled') return;
  const previous = refund.status;
  const charge = scope.world.objects.find(scope.account, 'charge', idOf(refund.charge)!)!;
  const entry = book(scope, {
    type: 'refund_failure',
    reportingCategory: 'refund_failure',
    amount: refund.amount,
    currency: refund.currency,
    source: refund.id,
    description: 'REFUND FAILURE',
  });
  refund.status = 'failed';
  refund.failure_reason = 'expired_or_canceled_card';
  refund.failure_balance_transaction = entry.id;
  save(scope, refund);
  applyToCharge(scope, charge, -refund.amount);
  recordRefund(scope, 'refund_failed', refund, charge);
  emit(scope, 'refund.updated', refund, { status: previous });
  emit(scope, 'refund.failed', refund);
  emit(scope, 'charge.refund.updated', refund, { status: previous });
}

function applyToCharge(scope: Scope, charge: Stripe.Charge, amount: number): void {
  charge.amount_refunded += amount;
  charge.refunded = charge.amount_refunded === charge.amount_captured;
  save(scope, charge);
}

function assertRefundable(charge: Stripe.Charge, { amount, left }: { amount: number; left: number }): void {
  if (charge.disputed) {
    throw invalidRequest(`Charge ${charge.id} has been charged back; cannot issue a refund.`, {
      code: 'charge_disputed',
    });
  }
  if (left <= 0) {
    throw invalidRequest(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' });
  }
  if (amount > left) {
    throw invalidRequest(
      `Refund amount (${moneyText(amount, charge.currency)}) is greater than unrefunded amount on charge ` +
        `(${moneyText(left, charge.currency)})`,
      { param: 'amount' },
    );
  }
}

function recordRefund(
  scope: Scope,
  kind: 'refund' | 'refund_failed',
  refund: Stripe.Refund,
  charge: Stripe.Charge,
): void {
  record(scope, {
    kind,
    object: refund.id,
    amount: refund.amount,
    currency: refund.currency,
    intent: idOf(refund.payment_intent),
    transferGroup: charge.transfer_group,
  });
}
