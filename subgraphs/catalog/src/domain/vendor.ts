import { accept } from '@marketgraph/platform/core';
import { type Outcome, refuse } from './outcome.ts';

/** What the catalog knows of a vendor: a read model of what accounts and reviews tell. */
export interface VendorState {
  id: string;
  /** APPLIED ONBOARDING PENDING_REVIEW ACTIVE SUSPENDED REJECTED TERMINATED */
  status: string;
  /** NOT_STARTED SUBMITTED NEEDS_INFORMATION VERIFIED REJECTED */
  kycStatus: string;
  rating: { average: number; count: number };
}

export function isActive(vendor: Pick<VendorState, 'status'> | null | undefined): boolean {
  return vendor?.status === 'ACTIVE';
}

/** Only an active vendor whose papers were checked brings anything into the catalog. */
export function maySell(vendor: Pick<VendorState, 'status' | 'kycStatus'> | null): Outcome<true> {
  if (!isActive(vendor)) return refuse('VENDOR_NOT_ACTIVE', 'This vendor is not active.', ['vendorId']);
  if (vendor?.kycStatus !== 'VERIFIED') {
    return refuse('KYC_REQUIRED', 'The identity of this vendor is not verified yet.', ['vendorId']);
  }
  return accept(true);
}
