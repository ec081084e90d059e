import type Stripe from 'stripe';

import { invalidRequest, noSuch } from '../api-error.ts';
import { save } from '../events.ts';
import { paging } from '../http/listing.ts';
import { currency, flag, hash, oneOf, optional, required, text } from '../http/params.ts';
import type { Call, Route } from '../http/route.ts';
import { fromPath, route } from '../http/route.ts';
import { disabledReasonOf, reviewAccount, saveAccount } from '../payments/account.ts';
import type { BankAccountInput } from '../payments/bank-accounts.ts';
import { addBankAccount } from '../payments/bank-accounts.ts';

const bankFields = hash({
  object: required(oneOf(['bank_account'])),
  account_number: required(text({ max: 40 })),
  country: required(text({ max: 2 })),
  currency: required(currency()),
  routing_number: text({ max: 20 }),
  account_holder_name: text(),
  account_holder_type: oneOf(['company', 'individual']),
});

/** A test token, or the bank account itself. */
export const bankAccountParam = optional<BankAccountInput | string>((value, name) => {
  if (typeof value === 'string') return text().read(value, name);
  const { object: _always, ...fields } = bankFields.read(value, name);
  return fields;
});

const create = route({
  method: 'POST',
  path: '/v1/accounts/:id/external_accounts',
  params: { external_account: required(bankAccountParam), default_for_currency: flag() },
  run(call, { external_account, default_for_currency = false }) {
    const account = fromPath(call, 'account');
    const before = structuredClone(account);
    const bank = addBankAccount(call, account, external_account);
    const banks = account.external_accounts!.data as Stripe.BankAccount[];
    if (default_for_currency) makeDefault(call, banks, bank);
    account.external_accounts!.data = [...banks, bank];
    reviewAccount(account, disabledReasonOf(call, account.id));
    saveAccount(call, account, before);
    return bank;
  },
});

const list = route({
  method: 'GET',
  path: '/v1/accounts/:id/external_accounts',
  params: { ...paging, object: oneOf(['bank_account']) },
  run: (call) => fromPath(call, 'account').external_accounts,
});

const retrieve = route({
  method: 'GET',
  path: '/v1/accounts/:id/external_accounts/:bank',
  params: {},
  run: (call) => bankOf(call, fromPath(call, 'account')),
});

const remove = route({
  method: 'DELETE',
  path: '/v1/accounts/:id/external_accounts/:bank',
  params: {},
  run(call) {
    const account = fromPath(call, 'account');
    const before = structuredClone(account);
    const bank = bankOf(call, account);
    const others = account.external_accounts!.data.filter(({ id }) => id !== bank.id);
    if (bank.default_for_currency && others.some((other) => other.currency === bank.currency)) {
      throw invalidRequest('You cannot delete the default external account for your default currency.');
    }
    account.external_accounts!.data = others;
    saveAccount(call, account, before);
    return { id: bank.id, object: 'bank_account', deleted: true };
  },
});

export const externalAccountRoutes: Route[] = [create, list, retrieve, remove];

function bankOf(call: Call, account: Stripe.Account): Stripe.BankAccount {
  const id = call.ids['bank']!;
  const bank = (account.external_accounts!.data as Stripe.BankAccount[]).find((candidate) => candidate.id === id);
  if (bank) return bank;
  throw noSuch('external account', id, { param: 'id', status: 404 });
}

function makeDefault(call: Call, banks: Stripe.BankAccount[], chosen: Stripe.BankAccount): void {
  for (const bank of [...banks, chosen]) {
    if (bank.currency === chosen.currency) bank.default_for_currency = bank.id === chosen.id;
    save(call, bank);
  }
}
