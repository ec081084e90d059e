import type Stripe from 'stripe';

import { insufficientBalance } from '../api-error.ts';
import { newId } from '../ids.ts';
import type { Scope } from '../world.ts';
import { seconds } from '../world.ts';

interface Entry {
  type: Stripe.BalanceTransaction['type'];
  reportingCategory: string;
  /** Signed: what the account gains. */
  amount: number;
  fee?: number;
  currency: string;
  source: string;
  /** In seconds; now when left out. */
  availableOn?: number;
  description?: string | null;
}

/** Books one movement on an account's balance. The balance is the sum of these and nothing else. */
export function book(scope: Scope, entry: Entry): Stripe.BalanceTransaction {
  const { world, account, nowMs } = scope;
  const { type, reportingCategory, amount, fee = 0, currency, source, description = null } = entry;
  const created = seconds(nowMs);
  const availableOn = entry.availableOn ?? created;
  const transaction: Stripe.BalanceTransaction = {
    id: newId('txn'),
    object: 'balance_transaction',
    amount,
    available_on: availableOn,
    balance_type: 'payments',
    created,
    currency,
    description,
    exchange_rate: null,
    fee,
    fee_details:
      fee === 0
        ? []
        : [{ amount: fee, application: null, currency, description: 'Stripe processing fees', type: 'stripe_fee' }],
    net: amount - fee,
    reporting_category: reportingCategory,
    source,
    status: 'pending',
    type,
  };
  world.objects.insert(account, 'balance_transaction', transaction, { created });
  world.db.run(
    'INSERT INTO funds (balance_transaction, account, currency, available_on, net) VALUES (?, ?, ?, ?, ?)',
    transaction.id,
    account,
    currency,
    availableOn,
    transaction.net,
  );
  return transaction;
}

export interface Funds {
  currency: string;
  available: number;
  pending: number;
}

export function fundsOf({ world, account, nowMs }: Scope): Funds[] {
  return world.db.all<Funds>(
    'SELECT currency, sum(CASE WHEN available_on <= ?1 THEN net ELSE 0 END) AS available, ' +
      'sum(CASE WHEN available_on > ?1 THEN net ELSE 0 END) AS pending FROM funds WHERE account = ?2 ' +
      'GROUP BY currency ORDER BY currency',
    seconds(nowMs),
    account,
  );
}

export function fundsIn(scope: Scope, currency: string): Funds {
  return fundsOf(scope).find((funds) => funds.currency === currency) ?? { currency, available: 0, pending: 0 };
}

/** Money that is not there yet cannot be sent on. */
export function assertAvailable(scope: Scope, amount: number, currency: string): void {
  if (fundsIn(scope, currency).available >= amount) return;
  throw insufficientBalance(
    'You have insufficient available funds in your Stripe account. Try adding funds directly to your available ' +
      'balance by creating Charges using the 4000000000000077 test card. See: ' +
      'https://stripe.com/docs/testing#available-balance',
  );
}

/** Makes pending money available now: what two days of waiting would do. */
export function settlePending({ world, account, nowMs }: Scope): number {
  const now = seconds(nowMs);
  const pending = world.db.all<{ id: string }>(
    'SELECT balance_transaction AS id FROM funds WHERE account = ? AND available_on > ?',
    account,
    now,
  );
  for (const { id } of pending) {
    const transaction = world.objects.find(account, 'balance_transaction', id);
    if (transaction) world.objects.save({ ...transaction, available_on: now });
    world.db.run('UPDATE funds SET available_on = ? WHERE balance_transaction = ?', now, id);
  }
  return pending.length;
}

export function processingFee({ world }: Scope, amount: number): number {
  const { feeBasisPoints, feeFixedMinor } = world.settings;
  return Math.min(amount, Math.round((amount * feeBasisPoints) / 10_000) + feeFixedMinor);
}
