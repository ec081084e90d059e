import type Stripe from 'stripe';

import { invalidRequest } from '../api-error.ts';
import { save } from '../events.ts';
import { addressParam } from '../http/address.ts';
import { listPage, pagingWithCreated } from '../http/listing.ts';
import type { MetadataChange } from '../http/metadata.ts';
import { changedMetadata, metadata } from '../http/metadata.ts';
import { flag, hash, integer, oneOf, required, text } from '../http/params.ts';
import type { Parsed } from '../http/params.ts';
import type { Call, Route } from '../http/route.ts';
import { fromPath, route } from '../http/route.ts';
import { newId } from '../ids.ts';
import { disabledReasonOf, newAccount, platformAccount, reviewAccount, saveAccount } from '../payments/account.ts';
import { addBankAccount } from '../payments/bank-accounts.ts';
import { PLATFORM_ACCOUNT, seconds } from '../world.ts';
import { bankAccountParam } from './external-accounts.ts';

const requested = hash({ requested: required(flag()) });

const detailParams = {
  business_profile: hash({
    mcc: text({ max: 4 }),
    name: text(),
    product_description: text(),
    support_email: text(),
    support_phone: text(),
    support_url: text(),
    url: text(),
  }),
  business_type: oneOf(['company', 'government_entity', 'individual', 'non_profit']),
  capabilities: hash({ card_payments: requested, transfers: requested, us_bank_account_ach_payments: requested }),
  company: hash({ address: addressParam, name: text(), phone: text() }),
  email: text({ max: 512 }),
  external_account: bankAccountParam,
  individual: hash({
    address: addressParam,
    dob: hash({ day: required(integer()), month: required(integer()), year: required(integer()) }),
    email: text({ max: 512 }),
    first_name: text(),
    last_name: text(),
    phone: text(),
  }),
  metadata: metadata(),
  settings: hash({ payouts: hash({ schedule: hash({ interval: oneOf(['manual']) }) }) }),
  tos_acceptance: hash({ date: integer({ min: 1 }), ip: text(), user_agent: text() }),
};

/** Why an account is turned away, and what its requirements then say. */
const rejections: Record<string, string> = {
  credit: 'rejected.other',
  fraud_no_intent_to_fulfill: 'rejected.fraud',
  fraud_other: 'rejected.fraud',
  fraud_payment_method_casher: 'rejected.fraud',
  fraud_payment_method_tester: 'rejected.fraud',
  other: 'rejected.other',
  terms_of_service: 'rejected.terms_of_service',
};

type Details = Parsed<typeof detailParams>;

const create = route({
  method: 'POST',
  path: '/v1/accounts',
  params: {
    ...detailParams,
    type: required(oneOf(['custom', 'express'])),
    country: text({ max: 2 }),
  },
  run(call, { type, country, ...details }) {
    assertPlatform(call);
    const capabilities = requestedOf(details.capabilities) ?? ['card_payments', 'transfers'];
    const account = newAccount(call, {
      type,
      country: (country ?? 'US').toUpperCase(),
      email: details.email ?? null,
      capabilities,
    });
    call.world.objects.insert(call.account, 'account', account, { created: account.created! });
    applyDetails(call, account, details);
    reviewAccount(account, null);
    save(call, account);
    return account;
  },
});

const list = route({
  method: 'GET',
  path: '/v1/accounts',
  params: pagingWithCreated,
  run: (call, params) => listPage(call, 'account', { url: '/v1/accounts', params }),
});

const current = route({
  method: 'GET',
  path: '/v1/account',
  params: {},
  run: (call) =>
    call.account === PLATFORM_ACCOUNT
      ? platformAccount(call)
      : call.world.objects.find(PLATFORM_ACCOUNT, 'account', call.account),
});

const retrieve = route({
  method: 'GET',
  path: '/v1/accounts/:id',
  params: {},
  run: (call) => fromPath(call, 'account'),
});

const update = route({
  method: 'POST',
  path: '/v1/accounts/:id',
  params: detailParams,
  run(call, details) {
    const account = fromPath(call, 'account');
    const before = structuredClone(account);
    if (account.type === 'express' && account.details_submitted && details.external_account !== undefined) {
      throw invalidRequest('This application cannot change the external account of an onboarded Express account.', {
        param: 'external_account',
      });
    }
    applyDetails(call, account, details);
    reviewAccount(account, disabledReasonOf(call, account.id));
    saveAccount(call, account, before);
    return account;
  },
});

const remove = route({
  method: 'DELETE',
  path: '/v1/accounts/:id',
  params: {},
  run(call) {
    const { id } = fromPath(call, 'account');
    const deleted = { id, object: 'account', deleted: true };
    // The stub stays, so that the id keeps meaning a deleted account.
    save(call, deleted as unknown as Stripe.Account);
    return deleted;
  },
});

const reject = route({
  method: 'POST',
  path: '/v1/accounts/:id/reject',
  params: { reason: required(oneOf(Object.keys(rejections))) },
  run(call, { reason }) {
    const account = fromPath(call, 'account');
    const before = structuredClone(account);
    const disabled = rejections[reason]!;
    call.world.objects.hide(account.id, { disabled_reason: disabled });
    reviewAccount(account, disabled);
    saveAccount(call, account, before);
    return account;
  },
});

export const accountRoutes: Route[] = [create, list, current, retrieve, update, remove, reject];

function applyDetails(call: Call, account: Stripe.Account, details: Details): void {
  const { business_profile, business_type, company, email, external_account, individual, tos_acceptance } = details;
  if (business_profile) account.business_profile = Object.assign({}, account.business_profile, business_profile);
  if (business_type) account.business_type = business_type;
  if (company) account.company = { ...account.company, ...(company as Stripe.Account.Company) };
  if (email !== undefined) account.email = email;
  if (individual) account.individual = personOf(call, account, individual);
  if (tos_acceptance) account.tos_acceptance = { ...account.tos_acceptance, ...tos_acceptance };
  account.metadata = changedMetadata(account.metadata ?? {}, details.metadata as MetadataChange | undefined);
  for (const name of requestedOf(details.capabilities) ?? []) {
    account.capabilities = { ...account.capabilities, [name]: 'inactive' };
  }
  if (external_account !== undefined) {
    account.external_accounts!.data = [
      addBankAccount(call, { ...account, external_accounts: undefined }, external_account),
    ];
  }
}

function personOf(call: Call, account: Stripe.Account, details: NonNullable<Details['individual']>): Stripe.Person {
  const known = account.individual ?? {
    id: newId('person'),
    object: 'person' as const,
    account: account.id,
    created: seconds(call.nowMs),
  };
  return { ...known, ...details } as Stripe.Person;
}

function requestedOf(capabilities: Details['capabilities']): string[] | undefined {
  if (!capabilities) return undefined;
  return Object.entries(capabilities)
    .filter(([, value]) => (value as { requested: boolean } | undefined)?.requested)
    .map(([name]) => name);
}

function assertPlatform(call: Call): void {
  if (call.account === PLATFORM_ACCOUNT) return;
  throw invalidRequest('Only the platform account may create connected accounts.', { status: 403 });
}
