import type Stripe from 'stripe';

import { invalidRequest, noSuch } from '../api-error.ts';
import { newId, randomText } from '../ids.ts';
import type { Scope } from '../world.ts';
import { PLATFORM_ACCOUNT, seconds } from '../world.ts';

/** What the bank says to a payout, by the account it goes to. */
export interface PayoutFailure {
  code: string;
  message: string;
}

const failures: Record<string, PayoutFailure> = {
  no_account: { code: 'no_account', message: 'The bank account could not be located.' },
  account_closed: { code: 'account_closed', message: 'The bank account has been closed.' },
  insufficient_funds: {
    code: 'insufficient_funds',
    message: 'Your Stripe account has insufficient funds to cover the payout.',
  },
  debit_not_authorized: {
    code: 'debit_not_authorized',
    message: 'Debit transactions are not approved on your bank account.',
  },
  invalid_currency: {
    code: 'invalid_currency',
    message: 'The bank was unable to process this payout because of its currency.',
  },
};

/** The order the documented test numbers have: the first succeeds, the others fail one way each. */
const outcomes = ['success', ...Object.keys(failures)];

const numbers: Record<string, readonly string[]> = {
  us: ['000123456789', '000111111116', '000111111113', '000222222227', '000333333335', '000444444440'],
  gb: ['00012345', '11111116', '11111113', '22222227', '33333335', '44444440'],
};

/** One test IBAN for every country of the euro area; its last digit is the outcome. */
const testIban = /^[A-Z]{2}\d{2}37040044053201300([0-5])$/;

const tokenOutcomes: Record<string, string> = {
  btok_us_verified: 'success',
  btok_us_verified_noAccount: 'no_account',
  btok_us_verified_accountClosed: 'account_closed',
  btok_us_verified_insufficientFunds: 'insufficient_funds',
  btok_us_verified_debitNotAuthorized: 'debit_not_authorized',
  btok_us_verified_invalidCurrency: 'invalid_currency',
};

export interface BankAccountInput {
  account_number: string;
  country: string;
  currency: string;
  routing_number?: string | undefined;
  account_holder_name?: string | undefined;
  account_holder_type?: 'company' | 'individual' | undefined;
}

/** Adds a bank account to a connected account. Of its number only the last four digits and the outcome are kept. */
export function addBankAccount(
  scope: Scope,
  account: Stripe.Account,
  input: BankAccountInput | string,
): Stripe.BankAccount {
  const { outcome, ...details } = typeof input === 'string' ? ofToken(input) : ofNumber(input);
  const isFirst = !(account.external_accounts?.data ?? []).some((other) => other.currency === details.currency);
  const bank: Stripe.BankAccount = {
    id: newId('ba'),
    object: 'bank_account',
    account: account.id,
    account_type: null,
    available_payout_methods: ['standard'],
    bank_name: 'STRIPE TEST BANK',
    default_for_currency: isFirst,
    fingerprint: randomText(16),
    future_requirements: noRequirements(),
    metadata: {},
    requirements: noRequirements(),
    status: 'new',
    ...details,
  };
  scope.world.objects.insert(PLATFORM_ACCOUNT, 'bank_account', bank, {
    created: seconds(scope.nowMs),
    hidden: { outcome },
  });
  return bank;
}

export function payoutFailureOf(scope: Scope, bankAccountId: string): PayoutFailure | undefined {
  return failures[String(scope.world.objects.hidden(bankAccountId)['outcome'])];
}

export function failureOfCode(code: string): PayoutFailure | undefined {
  return Object.hasOwn(failures, code) ? failures[code] : undefined;
}

function ofToken(token: string) {
  const outcome = tokenOutcomes[token];
  if (outcome === undefined) throw noSuch('token', token, { param: 'external_account', status: 400 });
  return {
    account_holder_name: 'Jane Austen',
    account_holder_type: 'individual' as const,
    country: 'US',
    currency: 'usd',
    last4: numbers['us']![outcomes.indexOf(outcome)]!.slice(-4),
    routing_number: '110000000',
    outcome,
  };
}

function ofNumber(input: BankAccountInput) {
  const number = input.account_number.replaceAll(/[\s-]/g, '').toUpperCase();
  const country = input.country.toUpperCase();
  const listed = numbers[country.toLowerCase()];
  const position = listed ? listed.indexOf(number) : Number(testIban.exec(number)?.[1] ?? -1);
  const outcome = outcomes[position];
  if (outcome === undefined) {
    throw invalidRequest(
      'You must use a test bank account number in test mode. Try 000123456789 (US) or DE89370400440532013000 (DE), or ' +
        'see more options at https://stripe.com/docs/connect/testing#account-numbers.',
      { code: 'account_number_invalid', param: 'external_account[account_number]' },
    );
  }
  if (country === 'US' && input.routing_number === undefined) {
    throw invalidRequest('Missing required param: external_account[routing_number].', {
      code: 'parameter_missing',
      param: 'external_account[routing_number]',
    });
  }
  return {
    account_holder_name: input.account_holder_name ?? null,
    account_holder_type: input.account_holder_type ?? null,
    country,
    currency: input.currency,
    last4: number.slice(-4),
    routing_number: input.routing_number ?? null,
    outcome,
  };
}

function noRequirements() {
  return { currently_due: [], errors: [], past_due: [], pending_verification: [] };
}
