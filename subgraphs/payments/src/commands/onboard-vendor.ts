import { accept, reject, type Result } from '@marketgraph/platform/core';
import { findAccountsOfVendors } from '../store/payout-accounts.ts';
import type { PayoutAccountRow } from '../store/settlement.entity.ts';
import { openPayoutAccount, syncPayoutAccount } from './open-payout-accounts.ts';
import type { PaymentsDeps } from './payments-deps.ts';

export interface OnboardVendor {
  vendorId: string;
  /** What the asker is at the vendor: null for whoever has nothing to do with it. */
  asker: 'admin' | 'staff' | null;
}

export interface Onboarding {
  account: PayoutAccountRow;
  /** A secret for minutes: whoever has it may say where the vendor is paid. It is answered and nowhere kept. */
  onboardingUrl: string;
}

/**
 * Sends a vendor to the provider's own forms: bank details and identity never come here. The account's status
 * follows the provider's webhooks; it is also looked up now, so that the answer is not older than the question.
 */
export async function onboardVendor(
  deps: PaymentsDeps,
  { vendorId, asker }: OnboardVendor,
): Promise<Result<Onboarding>> {
  if (!asker) return reject('NOT_FOUND', 'No such vendor.', { field: ['vendorId'] });
  if (asker === 'staff') {
    return reject('FORBIDDEN', 'Only who runs the vendor says where it is paid.', { field: ['vendorId'] });
  }
  const known = await accountOf(deps, vendorId);
  if (!known) {
    return reject('ILLEGAL_TRANSITION', 'The vendor has not been approved yet.', { field: ['vendorId'] });
  }
  if (known.providerReference) await syncPayoutAccount(deps, known.id);
  else await openPayoutAccount(deps, known);
  const account = (await accountOf(deps, vendorId))!;
  if (account.status === 'REJECTED') {
    return reject('ILLEGAL_TRANSITION', 'The provider has refused this vendor.', { field: ['vendorId'] });
  }
  const onboardingUrl = await deps.provider.onboardingLink({
    accountReference: account.providerReference!,
    returnUrl: pageWith(deps.vendorPageUrl, 'done'),
    // The provider sends the vendor there when the address has been used or is too old: the page asks for another.
    refreshUrl: pageWith(deps.vendorPageUrl, 'again'),
  });
  return accept({ account, onboardingUrl });
}

async function accountOf(deps: PaymentsDeps, vendorId: string): Promise<PayoutAccountRow | null> {
  const [row] = await findAccountsOfVendors(deps.orm.em.fork(), [vendorId]);
  return row ?? null;
}

function pageWith(page: string, onboarding: 'done' | 'again'): string {
  const url = new URL(page);
  url.searchParams.set('onboarding', onboarding);
  return url.href;
}
