import type Stripe from 'stripe';

import { invalidRequest } from '../api-error.ts';
import type { MetadataChange } from '../http/metadata.ts';
import { changedMetadata } from '../http/metadata.ts';
import type { Shipping } from '../http/address.ts';
import { fromParam } from '../http/route.ts';
import { newClientSecret, newId } from '../ids.ts';
import type { Scope } from '../world.ts';
import { seconds } from '../world.ts';
import { LARGEST_CHARGE, moneyText, smallestCharge } from './money-text.ts';
import type { PaymentMethodInput } from './payment-methods.ts';
import { createPaymentMethod, paymentMethodOf } from './payment-methods.ts';
import { redirectTypes } from './redirects.ts';

const supportedTypes = ['card', 'us_bank_account', 'klarna', 'upi'];

/** What can be said about a payment before it is confirmed. Missing means unchanged, `null` means unset. */
export interface IntentDetails {
  amount?: number | undefined;
  currency?: string | undefined;
  capture_method?: Stripe.PaymentIntent.CaptureMethod | undefined;
  customer?: string | undefined;
  description?: string | undefined;
  metadata?: MetadataChange | undefined;
  payment_method?: string | undefined;
  payment_method_data?: PaymentMethodInput | undefined;
  allowed_payment_method_types?: string[] | undefined;
  excluded_payment_method_types?: string[] | null | undefined;
  receipt_email?: string | null | undefined;
  setup_future_usage?: 'off_session' | 'on_session' | null | undefined;
  shipping?: Shipping | null | undefined;
  statement_descriptor_suffix?: string | undefined;
  transfer_group?: string | undefined;
}

export interface NewIntent extends IntentDetails {
  amount: number;
  currency: string;
  automatic_payment_methods?: { enabled: boolean; allow_redirects?: 'always' | 'never' | undefined } | undefined;
  confirmation_method?: 'automatic' | 'manual' | undefined;
}

export function newIntent(scope: Scope, input: NewIntent): Stripe.PaymentIntent {
  const id = newId('pi');
  const intent: Stripe.PaymentIntent = {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: input.amount,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: automaticMethods(input),
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: newClientSecret(id),
    confirmation_method: input.confirmation_method ?? 'automatic',
    created: seconds(scope.nowMs),
    currency: input.currency,
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: [],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
  applyDetails(scope, intent, input);
  return intent;
}

/** Changes what the caller named, and lets the status follow: a payment method is what confirmation waits for. */
export function applyDetails(scope: Scope, intent: Stripe.PaymentIntent, input: IntentDetails): void {
  if (input.amount !== undefined) intent.amount = input.amount;
  if (input.currency !== undefined) intent.currency = input.currency;
  assertChargeable(intent);
  if (input.capture_method !== undefined) intent.capture_method = input.capture_method;
  if (input.customer !== undefined) intent.customer = fromParam(scope, 'customer', input.customer, 'customer').id;
  if (input.description !== undefined) intent.description = input.description;
  intent.metadata = changedMetadata(intent.metadata, input.metadata);
  applyTypes(intent, input);
  if (input.receipt_email !== undefined) intent.receipt_email = input.receipt_email;
  if (input.setup_future_usage !== undefined) intent.setup_future_usage = input.setup_future_usage;
  if (input.shipping !== undefined) intent.shipping = input.shipping;
  if (input.statement_descriptor_suffix !== undefined) {
    intent.statement_descriptor_suffix = input.statement_descriptor_suffix;
  }
  if (input.transfer_group !== undefined) intent.transfer_group = input.transfer_group;
  applyMethod(scope, intent, input);
}

function applyMethod(scope: Scope, intent: Stripe.PaymentIntent, input: IntentDetails): void {
  if (input.payment_method !== undefined && input.payment_method_data !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: payment_method, payment_method_data.', {
      param: 'payment_method',
    });
  }
  const method =
    input.payment_method_data !== undefined
      ? createPaymentMethod(scope, input.payment_method_data)
      : input.payment_method !== undefined
        ? paymentMethodOf(scope, input.payment_method, 'payment_method')
        : undefined;
  if (!method) return;
  assertUsable(scope, intent, method);
  intent.payment_method = method.id;
  intent.status = 'requires_confirmation';
  intent.next_action = null;
}

/** A saved card belongs to one customer; a detached one to nobody any more. */
function assertUsable(scope: Scope, intent: Stripe.PaymentIntent, method: Stripe.PaymentMethod): void {
  if (scope.world.objects.hidden(method.id)['detached'] === true) {
    throw invalidRequest(
      `The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a ` +
        'connected account without Customer attachment, or was detached from a Customer. It may not be used again.',
      { param: 'payment_method' },
    );
  }
  if (method.customer === null || method.customer === intent.customer) return;
  throw invalidRequest(
    intent.customer === null
      ? `The PaymentMethod ${method.id} belongs to a Customer. Please include the Customer in the \`customer\` parameter on the PaymentIntent.`
      : `The customer does not have a payment method with the ID ${method.id}. The payment method must be attached to the customer.`,
    { param: 'payment_method' },
  );
}

function assertChargeable({ amount, currency }: Stripe.PaymentIntent): void {
  if (amount < smallestCharge(currency)) {
    throw invalidRequest(`Amount must be at least ${moneyText(smallestCharge(currency), currency)} ${currency}`, {
      code: 'amount_too_small',
      param: 'amount',
    });
  }
  if (amount > LARGEST_CHARGE) {
    throw invalidRequest(`Amount must be no more than ${moneyText(LARGEST_CHARGE, currency)}`, {
      code: 'amount_too_large',
      param: 'amount',
    });
  }
}

/** Allowed types switch the automatic choice off; naming nothing leaves it on, redirects included. */
function automaticMethods(input: NewIntent): Stripe.PaymentIntent.AutomaticPaymentMethods | null {
  const { automatic_payment_methods: automatic, allowed_payment_method_types: allowed } = input;
  if (automatic !== undefined && allowed !== undefined) throw exclusive('automatic_payment_methods');
  if (automatic?.enabled === false || allowed !== undefined) return null;
  return { allow_redirects: automatic?.allow_redirects ?? 'always', enabled: true };
}

/** What can be used is what is supported, allowed, not excluded, and pays in this currency. The rest falls away silently. */
function applyTypes(intent: Stripe.PaymentIntent, input: IntentDetails): void {
  const { allowed_payment_method_types: allowed, excluded_payment_method_types: excluded } = input;
  if (allowed !== undefined && excluded) throw exclusive('excluded_payment_method_types');
  if (allowed !== undefined) intent.allowed_payment_method_types = allowed;
  if (excluded !== undefined) {
    intent.excluded_payment_method_types = excluded as Stripe.PaymentIntent['excluded_payment_method_types'];
  }
  const usable = supportedTypes.filter(
    (type) =>
      (intent.allowed_payment_method_types?.includes(type) ?? true) &&
      !(intent.excluded_payment_method_types as string[] | null)?.includes(type) &&
      (type !== 'us_bank_account' || intent.currency === 'usd') &&
      isUsableRedirect(intent, type),
  );
  if (usable.length === 0) {
    throw invalidRequest(
      'No valid payment method types for this Payment Intent. Please ensure that you have activated payment methods ' +
        'compatible with your chosen currency, and that the allowed types include one this emulator supports: card, us_bank_account, klarna, upi.',
    );
  }
  intent.payment_method_types = usable;
}

/** Like every type: one that does not pay in this currency, or cannot hold money that is to be captured by hand, falls away. */
function isUsableRedirect({ currency, capture_method }: Stripe.PaymentIntent, type: string): boolean {
  if (type !== 'klarna' && type !== 'upi') return true;
  const { currencies, holdsMoney } = redirectTypes[type];
  return (currencies as readonly string[]).includes(currency) && (holdsMoney || capture_method !== 'manual');
}

function exclusive(param: string) {
  return invalidRequest(`You may only specify one of these parameters: allowed_payment_method_types, ${param}.`, {
    code: 'parameters_exclusive',
    param,
  });
}

/** What a buyer's browser may see of a payment. */
const clientFields = [
  'id',
  'object',
  'amount',
  'amount_details',
  'automatic_payment_methods',
  'canceled_at',
  'cancellation_reason',
  'capture_method',
  'client_secret',
  'confirmation_method',
  'created',
  'currency',
  'description',
  'last_payment_error',
  'livemode',
  'next_action',
  'payment_method',
  'payment_method_configuration_details',
  'payment_method_types',
  'processing',
  'receipt_email',
  'setup_future_usage',
  'shipping',
  'source',
  'status',
] as const satisfies (keyof Stripe.PaymentIntent)[];

export function clientView(intent: Stripe.PaymentIntent): Partial<Stripe.PaymentIntent> {
  return Object.fromEntries(clientFields.map((field) => [field, intent[field]]));
}
