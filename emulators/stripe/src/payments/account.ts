import type Stripe from 'stripe';

import { emit, save } from '../events.ts';
import { newId } from '../ids.ts';
import type { Scope } from '../world.ts';
import { PLATFORM_ACCOUNT, seconds } from '../world.ts';

export interface NewAccount {
  type: 'custom' | 'express' | 'standard';
  country: string;
  email: string | null;
  capabilities: string[];
}

/** What has to be known before money may move, in the words of `requirements`. */
const needs: { name: string; isMet: (account: Stripe.Account) => boolean }[] = [
  { name: 'business_profile.mcc', isMet: ({ business_profile }) => Boolean(business_profile?.mcc) },
  {
    name: 'business_profile.url',
    isMet: ({ business_profile }) => Boolean(business_profile?.url ?? business_profile?.product_description),
  },
  { name: 'business_type', isMet: ({ business_type }) => Boolean(business_type) },
  { name: 'external_account', isMet: ({ external_accounts }) => (external_accounts?.data.length ?? 0) > 0 },
  {
    name: 'company.name',
    isMet: ({ business_type, company }) => business_type !== 'company' || Boolean(company?.name),
  },
  {
    name: 'individual.first_name',
    isMet: ({ business_type, individual }) => business_type === 'company' || Boolean(individual?.first_name),
  },
  {
    name: 'individual.last_name',
    isMet: ({ business_type, individual }) => business_type === 'company' || Boolean(individual?.last_name),
  },
  { name: 'tos_acceptance.date', isMet: ({ tos_acceptance }) => Boolean(tos_acceptance?.date) },
  { name: 'tos_acceptance.ip', isMet: ({ tos_acceptance }) => Boolean(tos_acceptance?.ip) },
];

const currencyOfCountry: Record<string, string> = {
  US: 'usd',
  GB: 'gbp',
  CH: 'chf',
  JP: 'jpy',
  CA: 'cad',
  AU: 'aud',
  IN: 'inr',
};

export function newAccount(scope: Scope, { type, country, email, capabilities }: NewAccount): Stripe.Account {
  const id = newId('acct').slice(0, 'acct_'.length + 16);
  const empty = {
    alternatives: [],
    current_deadline: null,
    currently_due: [],
    disabled_reason: null,
    errors: [],
    eventually_due: [],
    past_due: [],
    pending_verification: [],
  };
  const account: Stripe.Account = {
    id,
    object: 'account',
    business_profile: {
      annual_revenue: null,
      estimated_worker_count: null,
      mcc: null,
      minority_owned_business_designation: null,
      name: null,
      specified_commercial_transactions_act_url: null,
      support_address: null,
      support_email: null,
      support_phone: null,
      support_url: null,
      url: null,
    },
    business_type: null,
    capabilities: Object.fromEntries(capabilities.map((name) => [name, 'inactive' as const])),
    charges_enabled: false,
    controller: {
      fees: { payer: type === 'standard' ? 'account' : 'application_express' },
      is_controller: true,
      losses: { payments: type === 'standard' ? 'stripe' : 'application' },
      requirement_collection: type === 'custom' ? 'application' : 'stripe',
      stripe_dashboard: { type: type === 'custom' ? 'none' : type === 'express' ? 'express' : 'full' },
      type: 'application',
    },
    country,
    created: seconds(scope.nowMs),
    default_currency: currencyOfCountry[country] ?? 'eur',
    details_submitted: false,
    email,
    external_accounts: { object: 'list', data: [], has_more: false, url: `/v1/accounts/${id}/external_accounts` },
    future_requirements: { ...empty },
    metadata: {},
    payouts_enabled: false,
    requirements: { ...empty },
    settings: {
      branding: { icon: null, logo: null, primary_color: null, secondary_color: null },
      card_payments: {
        decline_on: { avs_failure: false, cvc_failure: false },
        statement_descriptor_prefix: null,
        statement_descriptor_prefix_kana: null,
        statement_descriptor_prefix_kanji: null,
      },
      dashboard: { display_name: null, timezone: 'Etc/UTC' },
      payments: {
        statement_descriptor: null,
        statement_descriptor_kana: null,
        statement_descriptor_kanji: null,
        statement_descriptor_prefix_kana: null,
        statement_descriptor_prefix_kanji: null,
      },
      payouts: {
        debit_negative_balances: type !== 'standard',
        schedule: { delay_days: 2, interval: 'manual' },
        statement_descriptor: null,
      },
    },
    tos_acceptance: { date: null, ip: null, user_agent: null },
    type,
  };
  return account;
}

/** Brings the flags in line with what is known. `disabledReason` is what an operator or the network decided. */
export function reviewAccount(account: Stripe.Account, disabledReason: string | null): void {
  const due = account.details_submitted ? [] : needs.filter(({ isMet }) => !isMet(account)).map(({ name }) => name);
  if (due.length === 0) account.details_submitted = true;
  const isBlocked = due.length > 0 || disabledReason !== null;
  const state = isBlocked ? 'inactive' : 'active';
  account.capabilities = Object.fromEntries(Object.keys(account.capabilities ?? {}).map((name) => [name, state]));
  account.charges_enabled = !isBlocked;
  account.payouts_enabled = !isBlocked;
  account.requirements = {
    ...account.requirements!,
    currently_due: due,
    eventually_due: due,
    past_due: disabledReason === null ? due : [],
    disabled_reason: (disabledReason ?? (due.length > 0 ? 'requirements.past_due' : null)) as null,
  };
}

/** Saves an account and, when it changed, tells the platform's endpoint for connected accounts. */
export function saveAccount(scope: Scope, account: Stripe.Account, before: Stripe.Account): void {
  save(scope, account);
  const previous = Object.fromEntries(
    Object.entries(before).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(account[key as keyof Stripe.Account]),
    ),
  );
  if (Object.keys(previous).length === 0) return;
  emit({ ...scope, account: account.id }, 'account.updated', account, previous);
}

/** What the onboarding pages would have asked, answered by a test person. */
export function completeOnboarding(
  scope: Scope,
  account: Stripe.Account,
  bank: () => Stripe.BankAccount,
): Stripe.Account {
  const before = structuredClone(account);
  account.business_type ??= 'individual';
  account.business_profile = {
    ...account.business_profile!,
    mcc: account.business_profile?.mcc ?? '5734',
    url: account.business_profile?.url ?? 'https://accessible.stripe.com',
  };
  if ((account.external_accounts?.data.length ?? 0) === 0) account.external_accounts!.data.push(bank());
  account.tos_acceptance = { date: seconds(scope.nowMs), ip: '127.0.0.1', user_agent: null };
  account.details_submitted = true;
  reviewAccount(account, disabledReasonOf(scope, account.id));
  saveAccount(scope, account, before);
  return account;
}

export function disabledReasonOf(scope: Scope, accountId: string): string | null {
  const reason = scope.world.objects.hidden(accountId)['disabled_reason'];
  return typeof reason === 'string' ? reason : null;
}

/** The platform itself has nothing to prove here. */
export function platformAccount(scope: Scope): Stripe.Account {
  const account = newAccount(scope, {
    type: 'standard',
    country: 'US',
    email: 'platform@example.com',
    capabilities: ['card_payments', 'transfers', 'us_bank_account_ach_payments'],
  });
  account.id = PLATFORM_ACCOUNT;
  account.details_submitted = true;
  reviewAccount(account, null);
  return account;
}
