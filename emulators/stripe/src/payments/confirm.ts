import type Stripe from 'stripe';

import type { ErrorBody } from '../api-error.ts';
import { ApiError, invalidRequest } from '../api-error.ts';
import { emit, save } from '../events.ts';
import { idOf } from '../http/route.ts';
import type { Scope } from '../world.ts';
import { seconds } from '../world.ts';
import type { Decline } from './cards.ts';
import { captureCharge, createCharge, createFailedCharge, settleCharge } from './charge.ts';
import { assertStatus } from './intent-status.ts';
import type { Behaviour } from './payment-methods.ts';
import { behaviourOf, declineBody } from './payment-methods.ts';

export interface Confirmation {
  offSession: boolean;
  returnUrl: string | null;
  /** The client handles the buyer's next step itself, so no return address is needed. */
  useSdk: boolean;
  /** Fail instead of asking the buyer to authenticate. */
  errorOnAction: boolean;
}

/** How long a bank holds the money for a capture. */
const AUTHORIZATION_LIFE_MS = 7 * 24 * 60 * 60 * 1_000;

const authenticationRequired: Decline = {
  code: 'authentication_required',
  declineCode: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
};

const authenticationFailed: Decline = {
  code: 'payment_intent_authentication_failure',
  message: 'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
};

/**
 * Tries to take the payment. A refused card changes the payment and is then thrown as the answer, with its
 * effects kept.
 */
export function confirmIntent(scope: Scope, intent: Stripe.PaymentIntent, how: Confirmation): Stripe.PaymentIntent {
  assertStatus(intent, 'confirm');
  const methodId = idOf(intent.payment_method);
  if (methodId === null) {
    throw invalidRequest(
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the " +
        'PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment ' +
        'method or ConfirmationToken.',
      { code: 'payment_intent_unexpected_state', payment_intent: intent },
    );
  }
  assertReturnUrl(intent, how);
  const method = scope.world.objects.find(scope.account, 'payment_method', methodId)!;
  const behaviour = behaviourOf(scope, method.id);
  assertAllowedType(intent, method.type);
  scope.world.objects.hide(intent.id, { return_url: how.returnUrl });
  if (behaviour.kind === 'card' && behaviour.authentication) {
    if (how.offSession) {
      throw refused(failPayment(scope, intent, method, { decline: authenticationRequired, behaviour, charged: true }));
    }
    if (how.errorOnAction) {
      throw refused(failPayment(scope, intent, method, { decline: authenticationRequired, behaviour, charged: false }));
    }
    return requireAction(scope, intent, how);
  }
  if (behaviour.kind === 'redirect') return requireAction(scope, intent, how);
  const outcome = chargeMethod(scope, intent, method, { behaviour, authenticated: false });
  if (outcome.last_payment_error) throw refused(outcome);
  return outcome;
}

/** The buyer came back from the bank's page. What the bank says then is the payment's state, not an error. */
export function authenticateIntent(
  scope: Scope,
  intent: Stripe.PaymentIntent,
  outcome: 'fail' | 'succeed',
): Stripe.PaymentIntent {
  assertStatus(intent, 'authenticate');
  const method = scope.world.objects.find(scope.account, 'payment_method', idOf(intent.payment_method)!)!;
  const behaviour = behaviourOf(scope, method.id);
  intent.next_action = null;
  if (outcome === 'fail') {
    return failPayment(scope, intent, method, { decline: authenticationFailed, behaviour, charged: false });
  }
  scope.world.objects.hide(method.id, { set_up: intent.setup_future_usage !== null });
  return chargeMethod(scope, intent, method, { behaviour, authenticated: true });
}

/** The bank's late answer to a debit. */
export function settleProcessing(
  scope: Scope,
  intent: Stripe.PaymentIntent,
  refusal: Decline | undefined,
): Stripe.PaymentIntent {
  const charge = scope.world.objects.find(scope.account, 'charge', idOf(intent.latest_charge)!)!;
  intent.processing = null;
  if (refusal) {
    charge.status = 'failed';
    charge.failure_code = refusal.code;
    charge.failure_message = refusal.message;
    save(scope, charge);
    emit(scope, 'charge.failed', charge);
    const method = scope.world.objects.find(scope.account, 'payment_method', charge.payment_method!)!;
    return toFailed(scope, intent, method, { decline: refusal, charge });
  }
  charge.status = 'succeeded';
  charge.paid = true;
  captureCharge(scope, charge, charge.amount);
  if (intent.capture_method === 'automatic_async') {
    scope.world.later.schedule('settle_charge', charge.id, scope.nowMs);
  } else {
    settleCharge(scope, charge);
  }
  emit(scope, 'charge.succeeded', charge);
  return toSucceeded(scope, intent, charge.amount);
}

export function toSucceeded(scope: Scope, intent: Stripe.PaymentIntent, received: number): Stripe.PaymentIntent {
  intent.status = 'succeeded';
  intent.amount_received = received;
  intent.amount_capturable = 0;
  save(scope, intent);
  emit(scope, 'payment_intent.succeeded', intent);
  return intent;
}

interface ChargeAttempt {
  behaviour: Behaviour;
  authenticated: boolean;
}

function chargeMethod(
  scope: Scope,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  { behaviour, authenticated }: ChargeAttempt,
): Stripe.PaymentIntent {
  if (behaviour.kind === 'us_bank_account' || (behaviour.kind === 'redirect' && behaviour.type === 'upi')) {
    return toProcessing(scope, intent, method, behaviour);
  }
  const decline = behaviour.kind === 'redirect' ? behaviour.refusal : behaviour.decline;
  if (decline) return failPayment(scope, intent, method, { decline, behaviour, charged: true });
  const charge = createCharge(scope, { intent, method, behaviour, authenticated }, 'succeeded');
  intent.latest_charge = charge.id;
  intent.last_payment_error = null;
  keepForLater(scope, intent, method);
  if (intent.capture_method === 'manual') {
    const { card } = charge.payment_method_details!;
    if (card) card.capture_before = seconds(scope.nowMs + AUTHORIZATION_LIFE_MS);
    save(scope, charge);
    scope.world.later.schedule('expire_authorization', intent.id, scope.nowMs + AUTHORIZATION_LIFE_MS);
    intent.status = 'requires_capture';
    intent.amount_capturable = intent.amount;
    save(scope, intent);
    emit(scope, 'charge.succeeded', charge);
    emit(scope, 'payment_intent.amount_capturable_updated', intent);
    return intent;
  }
  captureCharge(scope, charge, charge.amount);
  // Asynchronous capture answers before the money is booked; a caller that needs the booking must wait for it.
  if (intent.capture_method === 'automatic_async') {
    scope.world.later.schedule('settle_charge', charge.id, scope.nowMs);
  } else {
    settleCharge(scope, charge);
  }
  emit(scope, 'charge.succeeded', charge);
  return toSucceeded(scope, intent, charge.amount);
}

function requireAction(scope: Scope, intent: Stripe.PaymentIntent, how: Confirmation): Stripe.PaymentIntent {
  const url = `${scope.world.baseUrl()}/_emulator/3ds/${intent.id}`;
  intent.status = 'requires_action';
  intent.last_payment_error = null;
  intent.next_action =
    how.returnUrl === null || how.useSdk
      ? { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url } }
      : { type: 'redirect_to_url', redirect_to_url: { return_url: how.returnUrl, url } };
  save(scope, intent);
  emit(scope, 'payment_intent.requires_action', intent);
  return intent;
}

function toProcessing(
  scope: Scope,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  behaviour: Exclude<Behaviour, { kind: 'card' }>,
): Stripe.PaymentIntent {
  if (intent.capture_method === 'manual') {
    throw invalidRequest(`The payment method type ${method.type} does not support capture_method manual.`, {
      param: 'capture_method',
    });
  }
  const charge = createCharge(scope, { intent, method, behaviour, authenticated: false }, 'pending');
  intent.latest_charge = charge.id;
  intent.last_payment_error = null;
  intent.status = 'processing';
  save(scope, intent);
  emit(scope, 'charge.pending', charge);
  emit(scope, 'payment_intent.processing', intent);
  if (!behaviour.neverAnswers) {
    scope.world.later.schedule('settle_payment', intent.id, scope.nowMs + scope.world.settings.processingDelayMs);
  }
  return intent;
}

interface Failure {
  decline: Decline;
  behaviour: Behaviour;
  /** Whether the bank was asked at all, so that a failed charge stands for it. */
  charged: boolean;
}

function failPayment(
  scope: Scope,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  { decline, behaviour, charged }: Failure,
): Stripe.PaymentIntent {
  const charge = charged
    ? createFailedCharge(scope, { intent, method, behaviour, authenticated: false }, decline)
    : undefined;
  return toFailed(scope, intent, method, { decline, charge });
}

function toFailed(
  scope: Scope,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  { decline, charge }: { decline: Decline; charge: Stripe.Charge | undefined },
): Stripe.PaymentIntent {
  intent.status = 'requires_payment_method';
  intent.payment_method = null;
  intent.next_action = null;
  if (charge) intent.latest_charge = charge.id;
  intent.last_payment_error = {
    ...(declineBody(decline) as Stripe.PaymentIntent.LastPaymentError),
    ...(charge && { charge: charge.id }),
    payment_method: method,
  };
  save(scope, intent);
  emit(scope, 'payment_intent.payment_failed', intent);
  return intent;
}

/** `setup_future_usage` with a customer keeps the payment method for the next time. */
function keepForLater(scope: Scope, intent: Stripe.PaymentIntent, method: Stripe.PaymentMethod): void {
  if (intent.setup_future_usage === null || intent.customer === null || method.customer !== null) return;
  method.customer = idOf(intent.customer);
  save(scope, method);
  emit(scope, 'payment_method.attached', method);
}

function refused(intent: Stripe.PaymentIntent): ApiError {
  const { payment_method, ...error } = intent.last_payment_error!;
  const body = { ...error, payment_intent: intent, payment_method } as ErrorBody;
  return new ApiError({ status: 402, body, keepsEffects: true });
}

/** Without it a payment method that redirects could not bring the buyer back. */
function assertReturnUrl(intent: Stripe.PaymentIntent, how: Confirmation): void {
  const mayRedirect =
    intent.automatic_payment_methods?.enabled === true && intent.automatic_payment_methods.allow_redirects !== 'never';
  if (!mayRedirect || how.returnUrl !== null || how.useSdk) return;
  throw invalidRequest(
    'This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these ' +
      "payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't " +
      'want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and ' +
      '`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.',
    { payment_intent: intent },
  );
}

function assertAllowedType(intent: Stripe.PaymentIntent, type: string): void {
  if (intent.payment_method_types.includes(type)) return;
  throw invalidRequest(
    `The PaymentMethod provided (${type}) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one ` +
      `of the following types: ${intent.payment_method_types.join(', ')}.`,
    { param: 'payment_method', payment_intent: intent },
  );
}
