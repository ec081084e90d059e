import Stripe from 'stripe';
import { type Money, money } from '@marketgraph/platform/core';
import type { Intent, IntentStatus } from '../domain/intent.ts';
import type { ProviderAccount } from '../domain/payout-account.ts';
import { type OwnIntent, type PaymentProvider, ProviderRefusedError, ProviderUnavailableError } from './provider.ts';
import { readStripeEvent } from './stripe-event.ts';
import { methodOf, stripeMethods } from './stripe-methods.ts';
import { stripeMoney } from './stripe-money.ts';

export interface StripeProviderOptions {
  secretKey: string;
  /** All secrets that are valid now: two while one replaces the other. */
  webhookSecrets: readonly string[];
  /** Another place that speaks the same API. Omitted: the provider itself. */
  apiUrl?: string;
  timeoutMs: number;
}

/** Tries of the SDK on a connection error, a conflict or a 5xx, all under one idempotency key. */
const MAX_NETWORK_RETRIES = 2;
const WITH_CHARGE = ['latest_charge.balance_transaction'];

export function stripeProvider(options: StripeProviderOptions): PaymentProvider {
  const { secretKey, webhookSecrets, timeoutMs } = options;
  const stripe = new Stripe(secretKey, {
    ...endpointOf(options.apiUrl),
    timeout: timeoutMs,
    maxNetworkRetries: MAX_NETWORK_RETRIES,
    telemetry: false,
  });

  return {
    isLive: secretKey.startsWith('sk_live_'),

    createIntent: ({ paymentId, orderId, amount, description, idempotencyKey }) =>
      answered(async () =>
        toOwnIntent(
          await stripe.paymentIntents.create(
            {
              amount: amount.amount,
              currency: amount.currencyCode.toLowerCase(),
              capture_method: 'manual',
              allowed_payment_method_types: ['card'],
              description,
              transfer_group: orderId,
              metadata: { paymentId, orderId },
              expand: WITH_CHARGE,
            },
            { idempotencyKey },
          ),
        ),
      ),

    findIntent: (paymentId) =>
      answered(async () => {
        const found = await stripe.paymentIntents.search({ query: `metadata['paymentId']:'${paymentId}'`, limit: 1 });
        const [intent] = found.data;
        if (!intent) return null;
        // What search shows may be older than the intent is.
        return toOwnIntent(await stripe.paymentIntents.retrieve(intent.id, { expand: WITH_CHARGE }));
      }),

    retrieveIntent: (reference) =>
      answered(async () => toOwnIntent(await stripe.paymentIntents.retrieve(reference, { expand: WITH_CHARGE }))),

    captureIntent: (reference, amount, idempotencyKey) =>
      answered(async () =>
        toIntent(
          await stripe.paymentIntents.capture(
            reference,
            { amount_to_capture: amount.amount, expand: WITH_CHARGE },
            { idempotencyKey },
          ),
        ),
      ),

    cancelIntent: (reference, idempotencyKey) =>
      answered(async () =>
        toIntent(await stripe.paymentIntents.cancel(reference, { expand: WITH_CHARGE }, { idempotencyKey })),
      ),

    openAccount: ({ vendorId, idempotencyKey }) =>
      answered(async () =>
        toAccount(
          await stripe.accounts.create(
            { type: 'express', capabilities: { transfers: { requested: true } }, metadata: { vendorId } },
            { idempotencyKey },
          ),
        ),
      ),

    retrieveAccount: (reference) => answered(async () => toAccount(await stripe.accounts.retrieve(reference))),

    onboardingLink: ({ accountReference, returnUrl, refreshUrl }) =>
      answered(async () => {
        const link = await stripe.accountLinks.create({
          account: accountReference,
          type: 'account_onboarding',
          return_url: returnUrl,
          refresh_url: refreshUrl,
        });
        return link.url;
      }),

    ...stripeMoney(stripe, answered),
    ...stripeMethods(stripe, answered),

    readEvent: (delivery) => readStripeEvent(stripe, webhookSecrets, delivery),
  };
}

function endpointOf(apiUrl: string | undefined): { host?: string; port?: string; protocol?: 'http' | 'https' } {
  if (!apiUrl) return {};
  const url = new URL(apiUrl);
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return { host: url.hostname, port: url.port || (protocol === 'http' ? '80' : '443'), protocol };
}

/** Sorts the SDK's errors into "said no" and "may have happened". */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Stripe.errors.StripeCardError) {
      const code = error.decline_code ?? error.code ?? 'card_declined';
      throw new ProviderRefusedError('declined', code, error.message, { cause: error });
    }
    if (error instanceof Stripe.errors.StripeInvalidRequestError) {
      const code = error.code ?? 'invalid_request';
      const reason = reasons.get(code) ?? 'invalid';
      throw new ProviderRefusedError(reason, code, error.message, { cause: error });
    }
    if (error instanceof Stripe.errors.StripeIdempotencyError) {
      throw new ProviderRefusedError('invalid', 'idempotency_error', error.message, { cause: error });
    }
    if (!(error instanceof Stripe.errors.StripeError)) throw error;
    // Connection, timeout, 5xx, too many requests, and a key that is refused: no answer to the question.
    throw new ProviderUnavailableError({ cause: error });
  }
}

const reasons: ReadonlyMap<string, ProviderRefusedError['reason']> = new Map([
  ['resource_missing', 'missing'],
  ['payment_intent_unexpected_state', 'state'],
  ['charge_already_captured', 'state'],
  ['charge_expired_for_capture', 'state'],
  ['amount_too_large', 'state'],
  ['charge_already_refunded', 'state'],
  ['charge_disputed', 'state'],
  ['balance_insufficient', 'balance'],
  ['insufficient_funds', 'balance'],
]);

function toOwnIntent(source: Stripe.PaymentIntent): OwnIntent {
  return {
    intent: toIntent(source),
    clientSecret: source.client_secret,
    paymentId: source.metadata['paymentId'] ?? null,
  };
}

function toIntent(source: Stripe.PaymentIntent): Intent {
  const currencyCode = source.currency.toUpperCase();
  const charge = typeof source.latest_charge === 'object' ? source.latest_charge : null;
  const error = source.last_payment_error;
  return {
    reference: source.id,
    status: statusOf(source.status),
    amount: money(source.amount, currencyCode),
    capturable: money(source.amount_capturable, currencyCode),
    received: money(source.amount_received, currencyCode),
    chargeReference: charge?.id ?? (typeof source.latest_charge === 'string' ? source.latest_charge : null),
    method: methodOf(charge),
    fee: feeOf(charge),
    failure: error
      ? {
          code: error.decline_code ?? error.code ?? 'payment_failed',
          message: error.message ?? 'The payment failed.',
          chargeReference: error.charge ?? null,
        }
      : null,
  };
}

/**
 * Where the charge was booked on our balance. With asynchronous methods that is some time after the capture. An account that
 * has its charges converted into another currency would need books of the exchange, which these are not: its fees stay unknown.
 */
function feeOf(charge: Stripe.Charge | null): Money | null {
  const entry = typeof charge?.balance_transaction === 'object' ? charge.balance_transaction : null;
  return entry && entry.currency === charge?.currency ? money(entry.fee, entry.currency.toUpperCase()) : null;
}

function statusOf(status: string): IntentStatus {
  if (knownStatuses.has(status)) return status as IntentStatus;
  // A status we have no meaning for must not be taken for another.
  throw new Error(`The provider's intent status "${status}" is unknown here.`);
}

const knownStatuses: ReadonlySet<string> = new Set<IntentStatus>([
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
  'processing',
  'requires_capture',
  'succeeded',
  'canceled',
]);

function toAccount(source: Stripe.Account): ProviderAccount {
  return {
    reference: source.id,
    isPayable: source.payouts_enabled && source.capabilities?.transfers === 'active',
    disabledReason: source.requirements?.disabled_reason ?? null,
    currentlyDue: source.requirements?.currently_due ?? [],
    detailsSubmitted: source.details_submitted,
  };
}
