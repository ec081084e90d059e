import type Stripe from 'stripe';

import { emit, save } from '../events.ts';
import { idOf } from '../http/route.ts';
import { newId } from '../ids.ts';
import type { Scope } from '../world.ts';
import { seconds } from '../world.ts';
import { book } from './balance.ts';
import { record } from './movement.ts';

const ANSWER_TIME_S = 7 * 24 * 60 * 60;
/** What a lost argument costs beyond the amount. */
const DISPUTE_FEE = 1_500;

/** The buyer's bank takes the money back until the dispute is decided. A second one for a charge changes nothing. */
export function openDispute(scope: Scope, charge: Stripe.Charge): Stripe.Dispute | undefined {
  if (charge.disputed || !charge.captured) return undefined;
  const id = newId('dp');
  const amount = charge.amount_captured - charge.amount_refunded;
  const entry = book(scope, {
    type: 'adjustment',
    reportingCategory: 'dispute',
    amount: -amount,
    fee: DISPUTE_FEE,
    currency: charge.currency,
    source: id,
    description: `Chargeback withdrawal for ${charge.id}`,
  });
  const created = seconds(scope.nowMs);
  const dispute = {
    id,
    object: 'dispute',
    amount,
    balance_transactions: [entry],
    charge: charge.id,
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: {},
    evidence_details: {
      due_by: created + ANSWER_TIME_S,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'manual',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: idOf(charge.payment_intent),
    reason: 'fraudulent',
    status: 'needs_response',
    // The thirty fields of evidence stay empty: no evidence is accepted here.
  } as unknown as Stripe.Dispute;
  scope.world.objects.insert(scope.account, 'dispute', dispute, { created });
  charge.disputed = true;
  save(scope, charge);
  recordDispute(scope, 'dispute', dispute);
  emit(scope, 'charge.dispute.created', dispute);
  emit(scope, 'charge.dispute.funds_withdrawn', dispute);
  return dispute;
}

export function closeDispute(scope: Scope, dispute: Stripe.Dispute, outcome: 'lost' | 'won'): Stripe.Dispute {
  if (dispute.status === 'lost' || dispute.status === 'won') return dispute;
  const previous = dispute.status;
  dispute.status = outcome;
  if (outcome === 'won') {
    dispute.balance_transactions.push(
      book(scope, {
        type: 'adjustment',
        reportingCategory: 'dispute_reversal',
        amount: dispute.amount,
        fee: -DISPUTE_FEE,
        currency: dispute.currency,
        source: dispute.id,
        description: `Chargeback reversal for ${idOf(dispute.charge)}`,
      }),
    );
    recordDispute(scope, 'dispute_won', dispute);
  }
  save(scope, dispute);
  emit(scope, 'charge.dispute.closed', dispute, { status: previous });
  if (outcome === 'won') emit(scope, 'charge.dispute.funds_reinstated', dispute);
  return dispute;
}

function recordDispute(scope: Scope, kind: 'dispute' | 'dispute_won', dispute: Stripe.Dispute): void {
  record(scope, {
    kind,
    object: dispute.id,
    amount: dispute.amount,
    currency: dispute.currency,
    intent: idOf(dispute.payment_intent),
  });
}
