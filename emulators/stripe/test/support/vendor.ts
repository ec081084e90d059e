import type Stripe from 'stripe';

import type { Control } from '../../src/emulator.ts';

export const bank = (account_number: string) => ({
  object: 'bank_account' as const,
  account_number,
  routing_number: '110000000',
  country: 'US',
  currency: 'usd',
});

/** A connected account that may receive money, with a bank account of the documented test kind. */
export async function onboarded(stripe: Stripe, control: Control, accountNumber = '000123456789'): Promise<string> {
  const account = await stripe.accounts.create({
    type: 'custom',
    country: 'US',
    external_account: bank(accountNumber) as Stripe.AccountCreateParams['external_account'],
  });
  control.onboard(account.id);
  return account.id;
}
