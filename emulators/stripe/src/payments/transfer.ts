import type Stripe from 'stripe';

import { insufficientBalance, invalidRequest, noSuch } from '../api-error.ts';
import { emit, save } from '../events.ts';
import { idOf } from '../http/route.ts';
import { newId } from '../ids.ts';
import type { Scope } from '../world.ts';
import { seconds } from '../world.ts';
import { assertAvailable, book, fundsIn } from './balance.ts';
import { emptyCharge } from './charge.ts';
import { moneyText } from './money-text.ts';
import { record } from './movement.ts';

export interface TransferInput {
  amount: number;
  currency: string;
  destination: string;
  source_transaction?: string | undefined;
  transfer_group?: string | undefined;
  description?: string | undefined;
  metadata: Record<string, string>;
}

/** Moves money to a connected account: from the balance, or from one charge before its money has arrived. */
export function createTransfer(scope: Scope, input: TransferInput): Stripe.Transfer {
  const destination = destinationOf(scope, input.destination);
  const source = input.source_transaction === undefined ? undefined : sourceOf(scope, input.source_transaction, input);
  if (!source) assertAvailable(scope, input.amount, input.currency);
  const id = newId('tr');
  const created = seconds(scope.nowMs);
  const group = groupOf(source, input.transfer_group);
  const availableOn = source ? Math.max(created, availabilityOf(scope, source)) : created;
  const { amount, currency } = input;
  const entry = book(scope, {
    type: 'transfer',
    reportingCategory: 'transfer',
    amount: -amount,
    currency,
    source: id,
    availableOn,
    description: input.description ?? null,
  });
  const transfer: Stripe.Transfer = {
    id,
    object: 'transfer',
    amount,
    amount_reversed: 0,
    balance_transaction: entry.id,
    created,
    currency,
    description: input.description ?? null,
    destination: destination.id,
    destination_payment: receive(scope, destination.id, { transfer: id, amount, currency, availableOn, group }),
    livemode: false,
    metadata: input.metadata,
    reversals: { object: 'list', data: [], has_more: false, url: `/v1/transfers/${id}/reversals` },
    reversed: false,
    source_transaction: source?.id ?? null,
    source_type: 'card',
    transfer_group: group,
  };
  scope.world.objects.insert(scope.account, 'transfer', transfer, { created });
  recordTransfer(scope, 'transfer', transfer, { object: id, amount, intent: idOf(source?.payment_intent) });
  if (source && source.transfer_group === null && group !== null) {
    source.transfer_group = group;
    save(scope, source);
  }
  emit(scope, 'transfer.created', transfer);
  return transfer;
}

export interface ReversalInput {
  amount: number | undefined;
  metadata: Record<string, string>;
}

/** Takes a transfer back, whole or in part, as far as the connected account still has the money. */
export function reverseTransfer(
  scope: Scope,
  transfer: Stripe.Transfer,
  input: ReversalInput,
): Stripe.TransferReversal {
  const { currency } = transfer;
  const left = transfer.amount - transfer.amount_reversed;
  const amount = input.amount ?? left;
  if (left <= 0) throw invalidRequest(`Transfer ${transfer.id} is already fully reversed.`);
  if (amount > left) {
    throw invalidRequest(
      `Reversal amount (${moneyText(amount, currency)}) is greater than unreversed amount on transfer ` +
        `(${moneyText(left, currency)})`,
      { param: 'amount' },
    );
  }
  const there: Scope = { ...scope, account: idOf(transfer.destination)! };
  const funds = fundsIn(there, currency);
  if (funds.available + funds.pending < amount) {
    throw insufficientBalance(
      'Insufficient funds in the connected account to reverse the transfer. The reversal amount must not be more than ' +
        "the account's balance.",
    );
  }
  const id = newId('trr');
  const entry = book(scope, {
    type: 'transfer_refund',
    reportingCategory: 'transfer_reversal',
    amount,
    currency,
    source: id,
    description: `REFUND FOR TRANSFER (${transfer.id})`,
  });
  const reversal: Stripe.TransferReversal = {
    id,
    object: 'transfer_reversal',
    amount,
    balance_transaction: entry.id,
    created: seconds(scope.nowMs),
    currency,
    destination_payment_refund: giveBack(there, transfer, amount),
    metadata: input.metadata,
    source_refund: null,
    transfer: transfer.id,
  };
  scope.world.objects.insert(scope.account, 'transfer_reversal', reversal, { created: reversal.created });
  const before = { amount_reversed: transfer.amount_reversed, reversed: transfer.reversed };
  transfer.amount_reversed += amount;
  transfer.reversed = transfer.amount_reversed === transfer.amount;
  transfer.reversals.data.unshift(reversal);
  transfer.reversals.data.splice(10);
  save(scope, transfer);
  const source = idOf(transfer.source_transaction);
  const charge = source === null ? undefined : scope.world.objects.find(scope.account, 'charge', source);
  recordTransfer(scope, 'reversal', transfer, { object: id, amount, intent: idOf(charge?.payment_intent) });
  emit(scope, 'transfer.updated', transfer, before);
  emit(scope, 'transfer.reversed', transfer);
  return reversal;
}

function destinationOf(scope: Scope, id: string): Stripe.Account {
  const account = scope.world.objects.find(scope.account, 'account', id);
  if (!account || account.deleted !== undefined) throw noSuch('destination', id, { param: 'destination', status: 400 });
  if (account.capabilities?.transfers === 'active') return account;
  throw invalidRequest(
    'Your destination account needs to have at least one of the following capabilities enabled: transfers, ' +
      'crypto_transfers, legacy_payments',
    { code: 'insufficient_capabilities_for_transfer' },
  );
}

/** A charge can be shared out once: the transfers that name it never come to more than what was captured. */
function sourceOf(scope: Scope, id: string, { amount, currency }: TransferInput): Stripe.Charge {
  const charge = scope.world.objects.find(scope.account, 'charge', id);
  if (!charge) throw noSuch('charge', id, { param: 'source_transaction', status: 400 });
  if (!charge.captured || charge.status !== 'succeeded') {
    throw invalidRequest(`Charge ${id} cannot be a source_transaction: it was not captured.`, {
      param: 'source_transaction',
    });
  }
  if (charge.currency !== currency) {
    throw invalidRequest(
      `The currency of source_transaction's balance transaction (${charge.currency}) must be the same as the transfer ` +
        `currency (${currency})`,
      { param: 'currency' },
    );
  }
  const used = scope.world.db.one<{ total: number | null }>(
    "SELECT sum(json_extract(body, '$.amount') - json_extract(body, '$.amount_reversed')) AS total FROM objects " +
      "WHERE account = ? AND type = 'transfer' AND json_extract(body, '$.source_transaction') = ?",
    scope.account,
    id,
  );
  const left = charge.amount_captured - (used?.total ?? 0);
  if (amount <= left) return charge;
  throw invalidRequest(
    `The transfer amount (${moneyText(amount, currency)}) is greater than what is left of the source charge ` +
      `(${moneyText(left, currency)}).`,
    { param: 'amount' },
  );
}

/** A charge without a group gets one from its first transfer, so that the two can be found together. */
function groupOf(source: Stripe.Charge | undefined, wanted: string | undefined): string | null {
  if (!source) return wanted ?? null;
  if (source.transfer_group !== null && wanted !== undefined && wanted !== source.transfer_group) {
    throw invalidRequest(
      `The transfer_group of the source_transaction (${source.transfer_group}) cannot be changed to ${wanted}.`,
      { param: 'transfer_group' },
    );
  }
  return wanted ?? source.transfer_group ?? `group_${idOf(source.payment_intent) ?? source.id}`;
}

function availabilityOf(scope: Scope, charge: Stripe.Charge): number {
  const entry = idOf(charge.balance_transaction);
  const booked = entry === null ? undefined : scope.world.objects.find(scope.account, 'balance_transaction', entry);
  return booked?.available_on ?? seconds(scope.nowMs + scope.world.settings.settlementDelayMs);
}

interface Receipt {
  transfer: string;
  amount: number;
  currency: string;
  availableOn: number;
  group: string | null;
}

/** What the connected account sees: a payment that came from nowhere it can look into. */
function receive(scope: Scope, account: string, receipt: Receipt): string {
  const there: Scope = { ...scope, account };
  const payment: Stripe.Charge = {
    ...emptyCharge(there, newId('py')),
    amount: receipt.amount,
    amount_captured: receipt.amount,
    captured: true,
    currency: receipt.currency,
    paid: true,
    source_transfer: receipt.transfer,
    status: 'succeeded',
    transfer_group: receipt.group,
  };
  payment.balance_transaction = book(there, {
    type: 'payment',
    reportingCategory: 'charge',
    amount: receipt.amount,
    currency: receipt.currency,
    source: payment.id,
    availableOn: receipt.availableOn,
  }).id;
  scope.world.objects.insert(account, 'charge', payment, { created: payment.created });
  return payment.id;
}

function giveBack(there: Scope, transfer: Stripe.Transfer, amount: number): string {
  const id = newId('pyr');
  const payment = there.world.objects.find(there.account, 'charge', idOf(transfer.destination_payment)!);
  book(there, {
    type: 'payment_refund',
    reportingCategory: 'refund',
    amount: -amount,
    currency: transfer.currency,
    source: id,
    // Comes out of what is still pending first, when that is where the transfer's money is.
    availableOn: payment ? availabilityOf(there, payment) : seconds(there.nowMs),
  });
  if (payment) {
    payment.amount_refunded += amount;
    payment.refunded = payment.amount_refunded === payment.amount;
    save(there, payment);
  }
  return id;
}

function recordTransfer(
  scope: Scope,
  kind: 'reversal' | 'transfer',
  transfer: Stripe.Transfer,
  { object, amount, intent }: { object: string; amount: number; intent: string | null },
): void {
  record(scope, { kind, object, amount, currency: transfer.currency, intent, transferGroup: transfer.transfer_group });
}
