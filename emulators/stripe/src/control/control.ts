import type Stripe from 'stripe';

import { invalidRequest, noSuch } from '../api-error.ts';
import type { FaultInput, Faults, RequestFault, WebhookFault } from '../faults.ts';
import { idOf } from '../http/route.ts';
import { runLaterSteps } from '../later-steps.ts';
import { completeOnboarding, disabledReasonOf, reviewAccount, saveAccount } from '../payments/account.ts';
import { settlePending } from '../payments/balance.ts';
import { addBankAccount, failureOfCode } from '../payments/bank-accounts.ts';
import { authenticateIntent, settleProcessing } from '../payments/confirm.ts';
import { closeDispute, openDispute } from '../payments/dispute.ts';
import { settlePayout } from '../payments/payout.ts';
import { failRefund, settleRefund } from '../payments/refund.ts';
import type { Delivery, DeliveryState, WebhookTarget } from '../store/deliveries.ts';
import type { Movement, PaymentRecord, RecordQuery } from '../store/movements.ts';
import type { ObjectType, ObjectTypes } from '../store/objects.ts';
import type { WebhookSender } from '../webhooks/sender.ts';
import type { Scope, World } from '../world.ts';
import { PLATFORM_ACCOUNT, scopeOf } from '../world.ts';

export interface ControlOptions {
  world: World;
  faults: Faults;
  sender: WebhookSender;
  advanceClock(ms: number): void;
}

/**
 * What the world outside does to a payment provider: buyers, banks, reviewers, time, and accidents. The same calls
 * are reachable over HTTP under `/_emulator`.
 */
export class Control {
  readonly #options: ControlOptions;

  constructor(options: ControlOptions) {
    this.#options = options;
  }

  // Accidents.

  addFault(fault: FaultInput): RequestFault | WebhookFault {
    return this.#options.faults.add(fault);
  }

  faults(): { requests: RequestFault[]; webhooks: WebhookFault[] } {
    return this.#options.faults.list();
  }

  clearFaults(): void {
    this.#options.faults.clear();
  }

  // The buyer and the banks.

  /** The buyer on the bank's 3-D Secure page. */
  authenticate(intentId: string, outcome: 'fail' | 'succeed'): Stripe.PaymentIntent {
    return this.#on('payment_intent', intentId, (scope, intent) => authenticateIntent(scope, intent, outcome));
  }

  /** The bank's answer to a debit in `processing`. */
  settlePayment(intentId: string, outcome: 'fail' | 'succeed'): Stripe.PaymentIntent {
    return this.#on('payment_intent', intentId, (scope, intent) => {
      if (intent.status !== 'processing') {
        throw invalidRequest(`This PaymentIntent is not processing: it has a status of ${intent.status}.`);
      }
      const refusal = { code: 'insufficient_funds', message: 'The customer account has insufficient funds.' };
      return settleProcessing(scope, intent, outcome === 'fail' ? refusal : undefined);
    });
  }

  /** The bank's answer to a payout: paid, or failed with one of the documented codes. */
  settlePayout(payoutId: string, outcome: { status: 'failed' | 'paid'; failure_code?: string }): Stripe.Payout {
    return this.#on('payout', payoutId, (scope, payout) => {
      const code = outcome.failure_code ?? 'account_closed';
      const failure = failureOfCode(code);
      if (outcome.status === 'failed' && !failure) throw invalidRequest(`Unknown failure_code: ${code}.`);
      settlePayout(scope, payout, outcome.status === 'failed' ? failure : undefined);
      return payout;
    });
  }

  settleRefund(refundId: string, outcome: 'fail' | 'succeed'): Stripe.Refund {
    return this.#on('refund', refundId, (scope, refund) => {
      if (outcome === 'fail') failRefund(scope, refund);
      else settleRefund(scope, refund);
      return refund;
    });
  }

  openDispute(chargeId: string): Stripe.Dispute {
    return this.#on('charge', chargeId, (scope, charge) => {
      const dispute = openDispute(scope, charge);
      if (!dispute) throw invalidRequest(`Charge ${charge.id} cannot be disputed: it is not captured, or already is.`);
      return dispute;
    });
  }

  closeDispute(disputeId: string, outcome: 'lost' | 'won'): Stripe.Dispute {
    return this.#on('dispute', disputeId, (scope, dispute) => closeDispute(scope, dispute, outcome));
  }

  // Connected accounts.

  /** The vendor fills in the onboarding pages. */
  onboard(accountId: string): Stripe.Account {
    return this.#on('account', accountId, (scope, account) =>
      completeOnboarding(scope, account, () => addBankAccount(scope, account, testBankAccount(account))),
    );
  }

  /** A reviewer stops an account, or (with `null`) lets it go on. */
  restrict(accountId: string, disabledReason: string | null): Stripe.Account {
    return this.#on('account', accountId, (scope, account) => {
      const before = structuredClone(account);
      scope.world.objects.hide(account.id, { disabled_reason: disabledReason });
      reviewAccount(account, disabledReasonOf(scope, account.id));
      saveAccount(scope, account, before);
      return account;
    });
  }

  // Time.

  /** Moves the clock on and does what has come due. Signatures keep the time of the wire. */
  advanceClock(ms: number): Date {
    const { world, advanceClock } = this.#options;
    if (!Number.isSafeInteger(ms) || ms < 0)
      throw invalidRequest('The clock only goes forward, by whole milliseconds.');
    advanceClock(ms);
    while (runLaterSteps(world) > 0);
    this.#options.sender.wake();
    return new Date(world.nowMs());
  }

  /** Makes pending money available; of one account, or of the platform. */
  settleBalance(account: string = PLATFORM_ACCOUNT): number {
    const { world } = this.#options;
    return world.db.transaction(() => settlePending(scopeOf(world, account)));
  }

  // Webhooks.

  setWebhook(target: WebhookTarget): void {
    this.#options.sender.setTarget(target);
  }

  webhook(): { url: string } | null {
    const target = this.#options.sender.target;
    return target ? { url: target.url } : null;
  }

  deliveries(query: { event?: string; state?: DeliveryState; after?: number } = {}): Delivery[] {
    return this.#options.world.deliveries.list(query);
  }

  redeliver(eventId: string): void {
    if (!this.#options.sender.redeliver(eventId)) throw noSuch('event', eventId, { param: 'event', status: 404 });
  }

  // The referee.

  record(query: RecordQuery = {}): { payments: PaymentRecord[]; next: number | null } {
    return this.#options.world.movements.payments(query);
  }

  journal(query: { after?: number; limit?: number } = {}): Movement[] {
    return this.#options.world.movements.journal(query);
  }

  find<T extends ObjectType>(type: T, id: string): ObjectTypes[T] {
    const found = this.#options.world.objects.findAnywhere(type, id);
    if (!found || 'deleted' in found.body) throw noSuch(type, id, { param: 'id', status: 404 });
    return found.body;
  }

  #on<T extends ObjectType, R>(type: T, id: string, work: (scope: Scope, object: ObjectTypes[T]) => R): R {
    const { world, sender } = this.#options;
    const result = world.db.transaction(() => {
      const found = world.objects.findAnywhere(type, id);
      if (!found || 'deleted' in found.body) throw noSuch(type, id, { param: 'id', status: 404 });
      return work(scopeOf(world, found.account), found.body);
    });
    sender.wake();
    return result;
  }
}

function testBankAccount(account: Stripe.Account) {
  const country = account.country ?? 'US';
  const currency = account.default_currency ?? 'usd';
  if (country === 'US') return { account_number: '000123456789', routing_number: '110000000', country, currency };
  if (country === 'GB') return { account_number: '00012345', routing_number: '108800', country, currency };
  return { account_number: `${country}89370400440532013000`, country, currency };
}

/** Where the buyer goes after the bank's page, with the outcome in the address as Stripe puts it there. */
export function returnAddress(world: World, intent: Stripe.PaymentIntent): string | null {
  const address = world.objects.hidden(intent.id)['return_url'];
  if (typeof address !== 'string' || !URL.canParse(address)) return null;
  const url = new URL(address);
  url.searchParams.set('payment_intent', idOf(intent)!);
  url.searchParams.set('payment_intent_client_secret', intent.client_secret!);
  url.searchParams.set('redirect_status', intent.last_payment_error ? 'failed' : 'succeeded');
  return url.href;
}
