import type Stripe from 'stripe';

import { ApiError, docUrl, invalidRequest, noSuch } from '../api-error.ts';
import type { MetadataChange } from '../http/metadata.ts';
import { changedMetadata } from '../http/metadata.ts';
import { newId, randomText } from '../ids.ts';
import type { Scope } from '../world.ts';
import { seconds } from '../world.ts';
import type { BankDebit } from './bank-debits.ts';
import { bankDebitOfName } from './bank-debits.ts';
import type { CardBehaviour, Decline, TestCard } from './cards.ts';
import { cardOfName, cardOfNumber, passesLuhn } from './cards.ts';
import { type Redirect, redirectOfName } from './redirects.ts';

export interface CardInput {
  number?: string | undefined;
  exp_month?: number | undefined;
  exp_year?: number | undefined;
  cvc?: string | undefined;
  token?: string | undefined;
}

export interface PaymentMethodInput {
  type: 'card';
  card?: CardInput | undefined;
  billing_details?: BillingInput | undefined;
  metadata?: MetadataChange | undefined;
  allow_redisplay?: 'always' | 'limited' | 'unspecified' | undefined;
}

export interface BillingInput {
  address?: Partial<Stripe.Address> | null | undefined;
  email?: string | null | undefined;
  name?: string | null | undefined;
  phone?: string | null | undefined;
}

/** Which outside party answers for a payment method, and how. */
export type Behaviour =
  | ({ kind: 'card' } & CardBehaviour)
  | ({ kind: 'us_bank_account' } & BankDebit)
  | ({ kind: 'redirect' } & Redirect);

/** Makes a payment method of a test card. The number is looked up and forgotten: it is never stored. */
export function createPaymentMethod(scope: Scope, input: PaymentMethodInput): Stripe.PaymentMethod {
  const { card = {} } = input;
  const test = testCardOf(card);
  const expiry = expiryOf(scope, card);
  return insertMethod(scope, {
    type: 'card',
    card: cardDetails(test, expiry),
    ...(input.allow_redisplay && { allow_redisplay: input.allow_redisplay }),
    billing_details: billingDetails(input.billing_details),
    metadata: changedMetadata({}, input.metadata),
    hidden: { card: test.names[0]! },
  });
}

/**
 * The payment method an id stands for. The shared test ids (`pm_card_visa`) become a new payment method
 * each time they are used, as at Stripe.
 */
export function paymentMethodOf(scope: Scope, id: string, param: string): Stripe.PaymentMethod {
  const card = cardOfName(id);
  if (card && id.startsWith('pm_')) {
    return createPaymentMethod(scope, { type: 'card', card: { token: id.replace('pm_card_', 'tok_') } });
  }
  const redirect = redirectOfName(id);
  if (redirect) {
    return insertMethod(scope, {
      type: redirect.type,
      ...(redirect.type === 'klarna' ? { klarna: { dob: null } } : { upi: { vpa: null } }),
      billing_details: billingDetails({ name: 'Test Buyer', email: 'buyer@example.com' }),
      metadata: {},
      hidden: { redirect: id },
    } as NewMethod);
  }
  const bank = bankDebitOfName(id);
  if (bank) {
    return insertMethod(scope, {
      type: 'us_bank_account',
      us_bank_account: bankDetails(),
      billing_details: billingDetails({ name: 'Test Account Holder', email: 'holder@example.com' }),
      metadata: {},
      hidden: { bank: id },
    });
  }
  const found = scope.world.objects.find(scope.account, 'payment_method', id);
  if (found) return found;
  throw noSuch('PaymentMethod', id, { param, status: 400 });
}

export function behaviourOf(scope: Scope, methodId: string): Behaviour {
  const hidden = scope.world.objects.hidden(methodId);
  const bank = bankDebitOfName(String(hidden['bank']));
  if (bank) return { kind: 'us_bank_account', ...bank };
  const redirect = redirectOfName(String(hidden['redirect']));
  if (redirect) return { kind: 'redirect', ...redirect };
  const card = cardOfName(`pm_card_${String(hidden['card'])}`);
  if (!card) throw new Error(`Payment method ${methodId} has no test card behind it.`);
  // Set up once, such a card asks no more; the other kind asks every time.
  if (card.authentication === 'on_session' && hidden['set_up'] === true) {
    return { kind: 'card', ...card, authentication: undefined };
  }
  return { kind: 'card', ...card };
}

export function billingDetails(input: BillingInput = {}): Stripe.PaymentMethod['billing_details'] {
  const { address, email = null, name = null, phone = null } = input;
  const lines = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null };
  return { address: { ...lines, ...address }, email, name, phone, tax_id: null };
}

/** A card refused by itself: not an error of the request, so it has the answer a buyer is shown. */
export function cardError(decline: Decline, detail: { param?: string } = {}): ApiError {
  return new ApiError({ status: 402, body: { ...declineBody(decline), ...detail } });
}

export function declineBody(decline: Decline) {
  return {
    type: 'card_error' as const,
    code: decline.code,
    message: decline.message,
    doc_url: docUrl(decline.code),
    ...(decline.declineCode && { decline_code: decline.declineCode }),
    ...(decline.advice && { advice_code: decline.advice }),
  };
}

interface NewMethod extends Pick<
  Stripe.PaymentMethod,
  'allow_redisplay' | 'billing_details' | 'card' | 'metadata' | 'type' | 'us_bank_account'
> {
  hidden: Record<string, string>;
}

function insertMethod(scope: Scope, { hidden, ...details }: NewMethod): Stripe.PaymentMethod {
  const created = seconds(scope.nowMs);
  const method: Stripe.PaymentMethod = {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    created,
    customer: null,
    customer_account: null,
    livemode: false,
    ...details,
  };
  return scope.world.objects.insert(scope.account, 'payment_method', method, { created, hidden });
}

function testCardOf({ number, token }: CardInput): TestCard {
  if (token !== undefined) {
    const card = cardOfName(token);
    if (card && token.startsWith('tok_')) return card;
    throw noSuch('token', token, { param: 'card[token]', status: 400 });
  }
  if (number === undefined) {
    throw invalidRequest('Missing required param: card[number].', { code: 'parameter_missing', param: 'card[number]' });
  }
  const card = cardOfNumber(number);
  if (card) return card;
  if (passesLuhn(number)) {
    throw cardError({
      code: 'card_declined',
      declineCode: 'test_mode_live_card',
      message:
        'Your card was declined. Your request was in test mode, but used a non test (live) card. For a list of valid ' +
        'test cards, visit: https://stripe.com/docs/testing.',
    });
  }
  throw cardError({ code: 'incorrect_number', message: 'Your card number is incorrect.' }, { param: 'number' });
}

/** A named test card is always valid; one typed in must not have expired. */
function expiryOf(scope: Scope, card: CardInput): { month: number; year: number } {
  const now = new Date(scope.nowMs);
  if (card.exp_month === undefined && card.exp_year === undefined) return { month: 12, year: now.getUTCFullYear() + 3 };
  const month = card.exp_month ?? 0;
  const year = card.exp_year !== undefined && card.exp_year < 100 ? 2_000 + card.exp_year : (card.exp_year ?? 0);
  if (month < 1 || month > 12) {
    throw cardError(
      { code: 'invalid_expiry_month', message: "Your card's expiration month is invalid." },
      { param: 'exp_month' },
    );
  }
  if (year < now.getUTCFullYear() || (year === now.getUTCFullYear() && month < now.getUTCMonth() + 1)) {
    throw cardError(
      { code: 'invalid_expiry_year', message: "Your card's expiration year is invalid." },
      { param: 'exp_year' },
    );
  }
  return { month, year };
}

function cardDetails(card: TestCard, expiry: { month: number; year: number }): Stripe.PaymentMethod['card'] {
  return {
    brand: card.brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
    country: card.country,
    display_brand: card.brand,
    exp_month: expiry.month,
    exp_year: expiry.year,
    fingerprint: randomText(16),
    funding: card.funding,
    generated_from: null,
    last4: card.number.slice(-4),
    networks: { available: [card.brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: true },
    wallet: walletOf(card),
  };
}

/** What is said of a card in a wallet, on the method and on its charges. */
function walletOf({ wallet, number }: TestCard) {
  if (!wallet) return null;
  return { dynamic_last4: number.slice(-4), type: wallet, [wallet]: {} } as NonNullable<
    NonNullable<Stripe.PaymentMethod['card']>['wallet']
  >;
}

function bankDetails(): Stripe.PaymentMethod['us_bank_account'] {
  return {
    account_holder_type: 'individual',
    account_type: 'checking',
    bank_name: 'STRIPE TEST BANK',
    financial_connections_account: null,
    fingerprint: randomText(16),
    last4: '6789',
    networks: { preferred: 'ach', supported: ['ach'] },
    routing_number: '110000000',
    status_details: {},
  };
}
