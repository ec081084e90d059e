import { accept, reject, type Result } from '@marketgraph/platform/core';

export const vendorStatuses = [
  'APPLIED',
  'ONBOARDING',
  'PENDING_REVIEW',
  'ACTIVE',
  'SUSPENDED',
  'REJECTED',
  'TERMINATED',
] as const;
export type VendorStatus = (typeof vendorStatuses)[number];

export const kycStatuses = ['NOT_STARTED', 'SUBMITTED', 'NEEDS_INFORMATION', 'VERIFIED', 'REJECTED'] as const;
export type KycStatus = (typeof kycStatuses)[number];

export type VendorStep = 'submitKyc' | 'approve' | 'reject' | 'requestInformation' | 'suspend';

export interface VendorStanding {
  status: VendorStatus;
  kycStatus: KycStatus;
}

/**
 * The life of a vendor. What is not in here does not happen. A suspended vendor
 * comes back by a review that approves it, and is gone for good by one that rejects it.
 */
export const vendorSteps: Readonly<Record<VendorStatus, Partial<Record<VendorStep, VendorStanding>>>> = {
  APPLIED: { submitKyc: { status: 'PENDING_REVIEW', kycStatus: 'SUBMITTED' } },
  ONBOARDING: { submitKyc: { status: 'PENDING_REVIEW', kycStatus: 'SUBMITTED' } },
  PENDING_REVIEW: {
    approve: { status: 'ACTIVE', kycStatus: 'VERIFIED' },
    reject: { status: 'REJECTED', kycStatus: 'REJECTED' },
    requestInformation: { status: 'ONBOARDING', kycStatus: 'NEEDS_INFORMATION' },
  },
  ACTIVE: { suspend: { status: 'SUSPENDED', kycStatus: 'VERIFIED' } },
  SUSPENDED: {
    approve: { status: 'ACTIVE', kycStatus: 'VERIFIED' },
    reject: { status: 'TERMINATED', kycStatus: 'REJECTED' },
  },
  REJECTED: {},
  TERMINATED: {},
};

export function stepVendor(status: VendorStatus, step: VendorStep): Result<VendorStanding> {
  const next = vendorSteps[status][step];
  return next ? accept(next) : reject('ILLEGAL_TRANSITION', `A vendor that is ${status} cannot ${words[step]}.`);
}

const words: Readonly<Record<VendorStep, string>> = {
  submitKyc: 'submit documents',
  approve: 'be approved',
  reject: 'be rejected',
  requestInformation: 'be asked for more',
  suspend: 'be suspended',
};

/** Everybody may see an active vendor. */
export function isPublic(status: VendorStatus): boolean {
  return status === 'ACTIVE';
}

/** Orders and reviews of a vendor outlive its time here: through them its name can still be read. */
export function hasBeenPublic(status: VendorStatus): boolean {
  return status === 'ACTIVE' || status === 'SUSPENDED' || status === 'TERMINATED';
}

const HANDLE = /^[a-z0-9](?:[a-z0-9]|-(?!-)){1,38}[a-z0-9]$/;

export function isHandle(text: string): boolean {
  return HANDLE.test(text);
}
