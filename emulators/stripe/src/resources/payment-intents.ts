import type Stripe from 'stripe';

import { ApiError, invalidRequest } from '../api-error.ts';
import { emit, save } from '../events.ts';
import { shippingParam } from '../http/address.ts';
import { listPage, pagingWithCreated } from '../http/listing.ts';
import { metadata } from '../http/metadata.ts';
import { currency, emptyable, flag, hash, integer, listOf, oneOf, removed, required, text } from '../http/params.ts';
import type { Call, Route } from '../http/route.ts';
import { fromPath, idOf, route } from '../http/route.ts';
import { cancelIntent } from '../payments/cancel.ts';
import { captureCharge, settleCharge } from '../payments/charge.ts';
import type { Confirmation } from '../payments/confirm.ts';
import { confirmIntent, toSucceeded } from '../payments/confirm.ts';
import { assertStatus, isAllowed } from '../payments/intent-status.ts';
import type { IntentDetails } from '../payments/intent.ts';
import { applyDetails, clientView, newIntent } from '../payments/intent.ts';
import { moneyText } from '../payments/money-text.ts';
import { paymentMethodParams } from './payment-methods.ts';

const detailParams = {
  amount: integer({ min: 1 }),
  currency: currency(),
  capture_method: oneOf(['automatic', 'automatic_async', 'manual']),
  customer: text(),
  description: text({ max: 1_000 }),
  metadata: metadata(),
  payment_method: text(),
  payment_method_data: hash(paymentMethodParams),
  allowed_payment_method_types: listOf(text({ max: 50 })),
  excluded_payment_method_types: emptyable(listOf(text({ max: 50 }))),
  payment_method_types: removed({
    code: 'payment_method_types_no_longer_supported',
    message:
      'The `payment_method_types` parameter is no longer supported on this API version. Use ' +
      '`allowed_payment_method_types`, `excluded_payment_method_types` or dynamic payment methods instead.',
  }),
  receipt_email: emptyable(text({ max: 512 })),
  setup_future_usage: emptyable(oneOf(['off_session', 'on_session'])),
  shipping: emptyable(shippingParam),
  statement_descriptor_suffix: text({ max: 22 }),
  transfer_group: text({ max: 500 }),
};

const confirmParams = {
  error_on_requires_action: flag(),
  off_session: flag(),
  return_url: text({ max: 2_048 }),
  use_stripe_sdk: flag(),
};

const create = route({
  method: 'POST',
  path: '/v1/payment_intents',
  params: {
    ...detailParams,
    ...confirmParams,
    amount: required(integer({ min: 1 })),
    currency: required(currency()),
    automatic_payment_methods: hash({ enabled: required(flag()), allow_redirects: oneOf(['always', 'never']) }),
    confirm: flag(),
    confirmation_method: oneOf(['automatic', 'manual']),
  },
  run(call, { confirm = false, ...params }) {
    for (const name of Object.keys(confirmParams) as (keyof typeof confirmParams)[]) {
      if (confirm || params[name] === undefined) continue;
      throw invalidRequest(`You can only provide ${name} when confirm is set to true.`, { param: name });
    }
    const intent = newIntent(call, params);
    call.world.objects.insert(call.account, 'payment_intent', intent, {
      created: intent.created,
      searchableMs: searchableFrom(call),
    });
    emit(call, 'payment_intent.created', intent);
    return confirm ? confirmIntent(call, intent, confirmation(params)) : intent;
  },
});

const list = route({
  method: 'GET',
  path: '/v1/payment_intents',
  params: { ...pagingWithCreated, customer: text() },
  run: (call, { customer, ...params }) =>
    listPage(call, 'payment_intent', { url: '/v1/payment_intents', where: { customer }, params }),
});

const retrieve = route({
  method: 'GET',
  path: '/v1/payment_intents/:id',
  params: { client_secret: text() },
  publishable: true,
  run(call, { client_secret }) {
    const intent = ownIntent(call, client_secret);
    return call.publishable ? clientView(intent) : intent;
  },
});

const update = route({
  method: 'POST',
  path: '/v1/payment_intents/:id',
  params: detailParams,
  run(call, params) {
    const intent = fromPath(call, 'payment_intent');
    assertUpdatable(intent, params);
    applyDetails(call, intent, params);
    touch(call, intent);
    return intent;
  },
});

const confirm = route({
  method: 'POST',
  path: '/v1/payment_intents/:id/confirm',
  params: {
    ...confirmParams,
    client_secret: text(),
    allowed_payment_method_types: detailParams.allowed_payment_method_types,
    capture_method: detailParams.capture_method,
    excluded_payment_method_types: detailParams.excluded_payment_method_types,
    payment_method: detailParams.payment_method,
    payment_method_data: detailParams.payment_method_data,
    payment_method_types: detailParams.payment_method_types,
    receipt_email: detailParams.receipt_email,
    setup_future_usage: detailParams.setup_future_usage,
    shipping: detailParams.shipping,
  },
  publishable: true,
  run(call, { client_secret, ...params }) {
    const intent = ownIntent(call, client_secret);
    assertStatus(intent, 'confirm');
    if (call.publishable) assertBuyerMay(intent, params);
    applyDetails(call, intent, params);
    try {
      const confirmed = confirmIntent(call, intent, confirmation(params));
      touch(call, confirmed);
      return call.publishable ? clientView(confirmed) : confirmed;
    } catch (error) {
      throw call.publishable && error instanceof ApiError ? forClient(error) : error;
    }
  },
});

const capture = route({
  method: 'POST',
  path: '/v1/payment_intents/:id/capture',
  params: {
    amount_to_capture: integer({ min: 1 }),
    final_capture: flag(),
    metadata: metadata(),
    statement_descriptor_suffix: detailParams.statement_descriptor_suffix,
  },
  run(call, { amount_to_capture, final_capture, ...details }) {
    const intent = fromPath(call, 'payment_intent');
    assertStatus(intent, 'capture');
    if (final_capture === false) {
      throw invalidRequest('This account cannot capture a payment more than once.', { param: 'final_capture' });
    }
    const amount = amount_to_capture ?? intent.amount_capturable;
    if (amount > intent.amount_capturable) {
      throw invalidRequest(
        `Amount to capture (${moneyText(amount, intent.currency)}) is greater than the amount capturable ` +
          `(${moneyText(intent.amount_capturable, intent.currency)}).`,
        { code: 'amount_too_large', param: 'amount_to_capture' },
      );
    }
    applyDetails(call, intent, details);
    const charge = captureCharge(
      call,
      call.world.objects.find(call.account, 'charge', idOf(intent.latest_charge)!)!,
      amount,
    );
    const { bookingLagMs } = call.world.settings;
    if (bookingLagMs > 0) call.world.later.schedule('settle_charge', charge.id, call.nowMs + bookingLagMs);
    else settleCharge(call, charge);
    emit(call, 'charge.captured', charge);
    const captured = toSucceeded(call, intent, amount);
    touch(call, captured);
    return captured;
  },
});

const cancel = route({
  method: 'POST',
  path: '/v1/payment_intents/:id/cancel',
  params: {
    cancellation_reason: oneOf(['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer']),
  },
  run(call, { cancellation_reason }) {
    const intent = cancelIntent(call, fromPath(call, 'payment_intent'), cancellation_reason ?? null);
    touch(call, intent);
    return intent;
  },
});

export const paymentIntentRoutes: Route[] = [create, list, retrieve, update, confirm, capture, cancel];

function confirmation(params: {
  error_on_requires_action?: boolean | undefined;
  off_session?: boolean | undefined;
  return_url?: string | undefined;
  use_stripe_sdk?: boolean | undefined;
}): Confirmation {
  return {
    errorOnAction: params.error_on_requires_action ?? false,
    offSession: params.off_session ?? false,
    returnUrl: params.return_url ?? null,
    useSdk: params.use_stripe_sdk ?? false,
  };
}

/** What is charged, when and how is the shop's decision; a buyer says with what, and where to come back to. */
const buyerParams = new Set([
  'payment_method',
  'payment_method_data',
  'receipt_email',
  'return_url',
  'setup_future_usage',
  'shipping',
  'use_stripe_sdk',
]);

function assertBuyerMay(intent: Stripe.PaymentIntent, params: object): void {
  const forbidden = Object.keys(params).find((name) => !buyerParams.has(name));
  if (forbidden !== undefined) {
    throw invalidRequest(`The parameter ${forbidden} cannot be passed with a publishable API key.`, {
      param: forbidden,
    });
  }
  if (intent.confirmation_method === 'manual') {
    throw invalidRequest(
      'This PaymentIntent cannot be confirmed with a publishable key because its confirmation_method is manual.',
      { code: 'payment_intent_unexpected_state' },
    );
  }
}

/** A publishable key opens a payment only together with that payment's client secret. */
function ownIntent(call: Call, clientSecret: string | undefined): Stripe.PaymentIntent {
  const intent = fromPath(call, 'payment_intent');
  if (clientSecret !== undefined && clientSecret !== intent.client_secret) {
    throw invalidRequest(
      'The client_secret provided does not match the client_secret associated with the PaymentIntent.',
      {
        code: 'payment_intent_invalid_parameter',
        param: 'client_secret',
      },
    );
  }
  if (call.publishable && clientSecret === undefined) {
    throw invalidRequest('Missing required param: client_secret.', {
      code: 'parameter_missing',
      param: 'client_secret',
    });
  }
  return intent;
}

/** Words may change at any time; what is paid, by whom and how, only while nothing has been paid. */
function assertUpdatable(intent: Stripe.PaymentIntent, params: IntentDetails): void {
  const { description: _description, metadata: _metadata, transfer_group: _group, ...others } = params;
  const isMoneyTouched = Object.values(others).some((value) => value !== undefined);
  if (isMoneyTouched && !isAllowed(intent, 'update')) assertStatus(intent, 'update');
}

function forClient(error: ApiError): ApiError {
  const intent = error.body.payment_intent;
  if (!intent) return error;
  const body = { ...error.body, payment_intent: clientView(intent) as Stripe.PaymentIntent };
  return new ApiError({ status: error.status, body, keepsEffects: error.keepsEffects });
}

function touch(call: Call, intent: Stripe.PaymentIntent): void {
  save(call, intent);
  call.world.db.run('UPDATE objects SET searchable_ms = ? WHERE id = ?', searchableFrom(call), intent.id);
}

function searchableFrom(call: Call): number {
  return Date.now() + call.world.settings.searchLagMs;
}
