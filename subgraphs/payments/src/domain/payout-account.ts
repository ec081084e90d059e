export type PayoutAccountStatus = 'PENDING' | 'ACTIVE' | 'RESTRICTED' | 'REJECTED';

/** The provider's view of a vendor's account. */
export interface ProviderAccount {
  reference: string;
  /** It may receive transfers and be paid out. */
  isPayable: boolean;
  /** Why the provider has stopped it, in its words, e.g. `rejected.fraud`. */
  disabledReason: string | null;
  /** What the vendor still has to hand in. */
  currentlyDue: readonly string[];
  /** The vendor has been through the provider's forms. */
  detailsSubmitted: boolean;
}

export function payoutAccountStatus(account: ProviderAccount): PayoutAccountStatus {
  if (account.disabledReason?.startsWith('rejected')) return 'REJECTED';
  if (account.isPayable) return 'ACTIVE';
  // Before the vendor has filled in the forms, "past due" is not a punishment.
  return account.detailsSubmitted && account.disabledReason !== null ? 'RESTRICTED' : 'PENDING';
}
