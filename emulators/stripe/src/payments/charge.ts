import type Stripe from 'stripe';

import { emit, save } from '../events.ts';
import { idOf } from '../http/route.ts';
import { newId } from '../ids.ts';
import type { Scope } from '../world.ts';
import { seconds } from '../world.ts';
import { book, processingFee } from './balance.ts';
import type { Decline } from './cards.ts';
import { recordCharge } from './movement.ts';
import type { Behaviour } from './payment-methods.ts';
import { behaviourOf } from './payment-methods.ts';

export interface ChargeInput {
  intent: Stripe.PaymentIntent;
  method: Stripe.PaymentMethod;
  behaviour: Behaviour;
  authenticated: boolean;
}

/** An authorisation the bank granted: captured at once, later, or (a bank debit) not yet known. */
export function createCharge(scope: Scope, input: ChargeInput, status: 'pending' | 'succeeded'): Stripe.Charge {
  const charge = insertCharge(scope, {
    ...chargeOf(scope, input),
    status,
    paid: status === 'succeeded',
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: 'approved_by_network',
      reason: null,
      risk_level: 'normal',
      risk_score: 20,
      seller_message: 'Payment complete.',
      type: 'authorized',
    },
  });
  if (status === 'succeeded') recordCharge(scope, 'authorize', charge, charge.amount);
  return charge;
}

/** A refusal leaves a charge too: it is what the shop looks at to learn why. */
export function createFailedCharge(scope: Scope, input: ChargeInput, decline: Decline): Stripe.Charge {
  const charge = insertCharge(scope, {
    ...chargeOf(scope, input),
    status: 'failed',
    paid: false,
    failure_code: decline.code,
    failure_message: decline.message,
    outcome: {
      advice_code: (decline.advice as 'try_again_later' | undefined) ?? null,
      network_advice_code: null,
      network_decline_code: decline.blocked ? null : '01',
      network_status: decline.blocked ? 'not_sent_to_network' : 'declined_by_network',
      reason: decline.declineCode ?? decline.code,
      risk_level: decline.blocked ? 'highest' : 'normal',
      risk_score: decline.blocked ? 90 : 20,
      seller_message: decline.blocked
        ? 'Stripe blocked this payment as too risky.'
        : 'The bank did not return any further details with this decline.',
      type: decline.blocked ? 'blocked' : 'issuer_declined',
    },
  });
  recordCharge(scope, 'decline', charge, charge.amount);
  emit(scope, 'charge.failed', charge);
  return charge;
}

/** Takes the money. What was authorised beyond it is given back to the card at once. */
export function captureCharge(scope: Scope, charge: Stripe.Charge, amount: number): Stripe.Charge {
  const released = charge.amount - amount;
  charge.captured = true;
  charge.amount_captured = amount;
  recordCharge(scope, 'capture', charge, amount);
  if (released > 0) recordCharge(scope, 'release', charge, released);
  const behaviour = behaviourOf(scope, charge.payment_method!);
  if (behaviour.kind === 'card' && behaviour.disputed) {
    scope.world.later.schedule('open_dispute', charge.id, scope.nowMs);
  }
  save(scope, charge);
  return charge;
}

/** Books a captured charge on the balance. With asynchronous capture this comes a moment after the answer. */
export function settleCharge(scope: Scope, charge: Stripe.Charge): Stripe.Charge {
  const behaviour = behaviourOf(scope, charge.payment_method!);
  const atOnce = behaviour.kind === 'card' && behaviour.availableAtOnce === true;
  const entry = book(scope, {
    type: 'charge',
    reportingCategory: 'charge',
    amount: charge.amount_captured,
    fee: processingFee(scope, charge.amount_captured),
    currency: charge.currency,
    source: charge.id,
    availableOn: seconds(scope.nowMs + (atOnce ? 0 : scope.world.settings.settlementDelayMs)),
    description: charge.description,
  });
  charge.balance_transaction = entry.id;
  save(scope, charge);
  return charge;
}

/**
 * Gives an authorisation back without ever having taken the money. It is no refund: the charge keeps
 * `refunded: false`, and no event tells of it but the payment's.
 */
export function releaseCharge(scope: Scope, charge: Stripe.Charge): void {
  recordCharge(scope, 'release', charge, charge.amount);
}

function insertCharge(scope: Scope, charge: Stripe.Charge): Stripe.Charge {
  return scope.world.objects.insert(scope.account, 'charge', charge, { created: charge.created });
}

function chargeOf(scope: Scope, { intent, method, authenticated }: ChargeInput): Stripe.Charge {
  return {
    ...emptyCharge(scope, newId(method.type === 'card' ? 'ch' : 'py')),
    amount: intent.amount,
    billing_details: method.billing_details,
    currency: intent.currency,
    customer: idOf(intent.customer),
    description: intent.description,
    metadata: { ...intent.metadata },
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: methodDetails(method, intent.amount, authenticated),
    receipt_email: intent.receipt_email,
    shipping: intent.shipping as Stripe.Charge.Shipping | null,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    transfer_group: intent.transfer_group,
  };
}

/** A charge nobody has filled in yet: also what a transfer leaves on the account that receives it. */
export function emptyCharge(scope: Scope, id: string): Stripe.Charge {
  return {
    id,
    object: 'charge',
    amount: 0,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: { address: null, email: null, name: null, phone: null, tax_id: null },
    calculated_statement_descriptor: 'MARKETPLACE',
    captured: false,
    created: seconds(scope.nowMs),
    currency: 'usd',
    customer: null,
    description: null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: {},
    on_behalf_of: null,
    outcome: null,
    paid: false,
    payment_intent: null,
    payment_method: null,
    payment_method_details: null,
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'pending',
    transfer_data: null,
    transfer_group: null,
  };
}

function methodDetails(
  method: Stripe.PaymentMethod,
  amount: number,
  authenticated: boolean,
): Stripe.Charge.PaymentMethodDetails {
  if (method.us_bank_account) {
    const { account_holder_type, account_type, bank_name, fingerprint, last4, routing_number } = method.us_bank_account;
    return {
      type: 'us_bank_account',
      us_bank_account: {
        account_holder_type,
        account_type,
        bank_name,
        fingerprint,
        last4,
        payment_reference: null,
        routing_number,
      },
    };
  }
  if (method.type === 'klarna') {
    return {
      type: 'klarna',
      klarna: { payer_details: null, payment_method_category: 'pay_in_installments', preferred_locale: 'en-US' },
    };
  }
  if (method.type === 'upi') return { type: 'upi', upi: { vpa: null } };
  const card = method.card!;
  return {
    type: 'card',
    card: {
      amount_authorized: amount,
      authorization_code: null,
      brand: card.brand,
      checks: card.checks,
      country: card.country,
      electronic_commerce_indicator: null,
      exp_month: card.exp_month,
      exp_year: card.exp_year,
      fingerprint: card.fingerprint ?? null,
      funding: card.funding,
      installments: null,
      last4: card.last4,
      mandate: null,
      network: card.brand,
      network_transaction_id: null,
      regulated_status: 'unregulated',
      three_d_secure: authenticated
        ? {
            authentication_flow: 'challenge',
            electronic_commerce_indicator: '05',
            exemption_indicator: null,
            result: 'authenticated',
            result_reason: null,
            transaction_id: null,
            version: '2.2.0',
          }
        : null,
      transaction_link_id: null,
      wallet: card.wallet as NonNullable<Stripe.Charge.PaymentMethodDetails['card']>['wallet'],
    },
  };
}
