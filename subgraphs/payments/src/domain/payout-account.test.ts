import { expect, it } from 'vitest';
import { payoutAccountStatus, type ProviderAccount } from './payout-account.ts';

const account = (overrides: Partial<ProviderAccount>): ProviderAccount => ({
  reference: 'acct_1',
  isPayable: false,
  disabledReason: null,
  currentlyDue: [],
  detailsSubmitted: false,
  ...overrides,
});

it.each([
  ['a new account', account({ disabledReason: 'requirements.past_due' }), 'PENDING'],
  ['one that may be paid', account({ isPayable: true, detailsSubmitted: true }), 'ACTIVE'],
  ['one that is being reviewed', account({ detailsSubmitted: true }), 'PENDING'],
  ['one that was stopped', account({ detailsSubmitted: true, disabledReason: 'requirements.past_due' }), 'RESTRICTED'],
  ['one that was refused', account({ isPayable: true, disabledReason: 'rejected.fraud' }), 'REJECTED'],
] as const)('%s is shown as such', (_, provider, status) => {
  expect(payoutAccountStatus(provider)).toBe(status);
});
