import type Stripe from 'stripe';

import { invalidRequest, noSuch } from '../api-error.ts';
import { emit, save } from '../events.ts';
import { idOf } from '../http/route.ts';
import { newId } from '../ids.ts';
import type { Scope } from '../world.ts';
import { PLATFORM_ACCOUNT, seconds } from '../world.ts';
import { assertAvailable, book } from './balance.ts';
import type { PayoutFailure } from './bank-accounts.ts';
import { record } from './movement.ts';

export interface PayoutInput {
  amount: number;
  currency: string;
  description?: string | undefined;
  destination?: string | undefined;
  metadata: Record<string, string>;
  statement_descriptor?: string | undefined;
}

/** Sends available money to the account's bank. The bank answers later. */
export function createPayout(scope: Scope, input: PayoutInput): Stripe.Payout {
  const destination = bankFor(scope, input);
  assertAvailable(scope, input.amount, input.currency);
  const { world, account, nowMs } = scope;
  const id = newId('po');
  const entry = book(scope, {
    type: 'payout',
    reportingCategory: 'payout',
    amount: -input.amount,
    currency: input.currency,
    source: id,
    description: input.description ?? 'STRIPE PAYOUT',
  });
  const created = seconds(nowMs);
  const payout: Stripe.Payout = {
    id,
    object: 'payout',
    amount: input.amount,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: seconds(nowMs + world.settings.payoutDelayMs),
    automatic: false,
    balance_transaction: entry.id,
    created,
    currency: input.currency,
    description: input.description ?? null,
    destination,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: input.metadata,
    method: 'standard',
    original_payout: null,
    payout_method: null,
    reconciliation_status: 'not_applicable',
    reversed_by: null,
    source_type: 'card',
    statement_descriptor: input.statement_descriptor ?? null,
    status: 'pending',
    trace_id: null,
    type: 'bank_account',
  };
  world.objects.insert(account, 'payout', payout, { created });
  recordPayout(scope, 'payout', payout);
  world.later.schedule('settle_payout', id, nowMs + world.settings.payoutDelayMs);
  emit(scope, 'payout.created', payout);
  return payout;
}

/** The bank's answer. Asked twice, the second changes nothing. */
export function settlePayout(scope: Scope, payout: Stripe.Payout, failure: PayoutFailure | undefined): void {
  if (payout.status !== 'pending' && payout.status !== 'in_transit') return;
  if (failure) {
    giveBack(scope, payout, 'payout_failure');
    payout.status = 'failed';
    payout.failure_code = failure.code;
    payout.failure_message = failure.message;
  } else {
    payout.status = 'paid';
  }
  save(scope, payout);
  emit(scope, 'payout.updated', payout, { status: 'pending' });
  emit(scope, failure ? 'payout.failed' : 'payout.paid', payout);
}

export function cancelPayout(scope: Scope, payout: Stripe.Payout): Stripe.Payout {
  if (payout.status !== 'pending') {
    throw invalidRequest('Payouts can only be canceled while they are pending.', { code: 'payouts_not_allowed' });
  }
  giveBack(scope, payout, 'payout_cancel');
  payout.status = 'canceled';
  save(scope, payout);
  emit(scope, 'payout.canceled', payout);
  return payout;
}

function giveBack(scope: Scope, payout: Stripe.Payout, type: 'payout_cancel' | 'payout_failure'): void {
  payout.failure_balance_transaction = book(scope, {
    type,
    reportingCategory: 'payout_reversal',
    amount: payout.amount,
    currency: payout.currency,
    source: payout.id,
  }).id;
  recordPayout(scope, 'payout_failed', payout);
}

function bankFor(scope: Scope, { currency, destination }: PayoutInput): string | null {
  // The platform's own bank account is not modelled: its payouts always arrive.
  if (scope.account === PLATFORM_ACCOUNT) {
    if (destination === undefined) return null;
    throw noSuch('external account', destination, { param: 'destination', status: 400 });
  }
  const account = scope.world.objects.find(PLATFORM_ACCOUNT, 'account', scope.account)!;
  if (!account.payouts_enabled) {
    throw invalidRequest(
      `Cannot create payouts: this account has payouts disabled (${account.requirements?.disabled_reason ?? 'unknown'}).`,
      { code: 'payouts_not_allowed' },
    );
  }
  const banks = (account.external_accounts?.data ?? []).filter((bank) => bank.currency === currency);
  const chosen =
    destination === undefined
      ? (banks.find((bank) => bank.default_for_currency) ?? banks[0])
      : banks.find(({ id }) => id === destination);
  if (chosen) return chosen.id;
  if (destination !== undefined) throw noSuch('external account', destination, { param: 'destination', status: 400 });
  throw invalidRequest(`Sorry, you don't have any external accounts in that currency (${currency}).`);
}

function recordPayout(scope: Scope, kind: 'payout' | 'payout_failed', payout: Stripe.Payout): void {
  record(scope, { kind, object: payout.id, amount: payout.amount, currency: payout.currency });
}

export function destinationOf(payout: Stripe.Payout): string | null {
  return idOf(payout.destination as string | null);
}
