import type { Money } from '@marketgraph/platform/core';
import type { Intent } from '../domain/intent.ts';
import type { ProviderAccount } from '../domain/payout-account.ts';
import type { MethodProvider } from './provider-methods.ts';
import type { MoneyProvider } from './provider-money.ts';

/** What the provider is told of a payment: never a name, an address or a card. */
export interface IntentRequest {
  paymentId: string;
  orderId: string;
  amount: Money;
  description: string;
  /** Names this try: the same key never makes a second intent. */
  idempotencyKey: string;
}

/** An intent with what only we and the buyer's client may know. */
export interface OwnIntent {
  intent: Intent;
  clientSecret: string | null;
  /** Whose it is, as we wrote on it; null for an intent that is not ours. */
  paymentId: string | null;
}

/** A webhook whose signature was checked. Only names: the state is fetched, because events come late and in any order. */
export interface ProviderEvent {
  id: string;
  type: string;
  createdAt: Date;
  isLive: boolean;
  /** The connected account it happened on; null for our own. */
  account: string | null;
  /** The object the event is about, or the intent behind it where there is one. */
  objectReference: string | null;
  paymentId: string | null;
}

/**
 * The port to the payment provider. Every method ends in bounded time: with an
 * answer, with `ProviderRefusedError` (it said no, nothing happened) or with
 * `ProviderUnavailableError` (it may have happened: look before trying again).
 */
export interface PaymentProvider extends MoneyProvider, MethodProvider {
  /** Holds the amount for manual capture once the buyer has confirmed. */
  createIntent(request: IntentRequest): Promise<OwnIntent>;
  /** By our payment id. Lags behind by up to `SEARCH_LAG_MS`: not finding proves nothing before that. */
  findIntent(paymentId: string): Promise<OwnIntent | null>;
  retrieveIntent(reference: string): Promise<OwnIntent>;
  captureIntent(reference: string, amount: Money, idempotencyKey: string): Promise<Intent>;
  cancelIntent(reference: string, idempotencyKey: string): Promise<Intent>;
  openAccount(request: { vendorId: string; idempotencyKey: string }): Promise<ProviderAccount>;
  retrieveAccount(reference: string): Promise<ProviderAccount>;
  /**
   * A page of the provider on which a vendor tells what is still required. Good for one visit and for minutes:
   * whoever has the address may fill in the account, so it is never kept or logged.
   */
  onboardingLink(request: { accountReference: string; returnUrl: string; refreshUrl: string }): Promise<string>;
  /** Throws `InvalidSignatureError` for anything the provider did not sign within the last five minutes. */
  readEvent(delivery: { body: Buffer; signature: string | undefined; now: Date }): ProviderEvent;
  /** Whether events are expected from the provider's live or its test side. */
  readonly isLive: boolean;
}

/** How long the provider's search may not know of an intent it has made. */
export const SEARCH_LAG_MS = 60_000;
/** A webhook older than this, or from further in the future, is not accepted. */
export const SIGNATURE_TOLERANCE_S = 300;

/** A definite no. Nothing happened. */
export class ProviderRefusedError extends Error {
  constructor(
    readonly reason: 'declined' | 'state' | 'missing' | 'invalid' | 'balance',
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ProviderRefusedError';
  }
}

/** No answer, or one that does not tell: the effect may have happened. */
export class ProviderUnavailableError extends Error {
  constructor(options?: ErrorOptions) {
    super('The payment provider does not answer.', options);
    this.name = 'ProviderUnavailableError';
  }
}

export class InvalidSignatureError extends Error {
  constructor(why: string) {
    super(why);
    this.name = 'InvalidSignatureError';
  }
}
