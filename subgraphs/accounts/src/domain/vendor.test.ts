import { describe, expect, it } from 'vitest';
import { isHandle, stepVendor, vendorStatuses, type VendorStatus, type VendorStep } from './vendor.ts';

const steps: readonly VendorStep[] = ['submitKyc', 'approve', 'reject', 'requestInformation', 'suspend'];

/** Written out a second time, as a shopkeeper would tell it: [from, step, status, KYC]. */
const legal: readonly [VendorStatus, VendorStep, VendorStatus, string][] = [
  ['APPLIED', 'submitKyc', 'PENDING_REVIEW', 'SUBMITTED'],
  ['ONBOARDING', 'submitKyc', 'PENDING_REVIEW', 'SUBMITTED'],
  ['PENDING_REVIEW', 'approve', 'ACTIVE', 'VERIFIED'],
  ['PENDING_REVIEW', 'reject', 'REJECTED', 'REJECTED'],
  ['PENDING_REVIEW', 'requestInformation', 'ONBOARDING', 'NEEDS_INFORMATION'],
  ['ACTIVE', 'suspend', 'SUSPENDED', 'VERIFIED'],
  ['SUSPENDED', 'approve', 'ACTIVE', 'VERIFIED'],
  ['SUSPENDED', 'reject', 'TERMINATED', 'REJECTED'],
];

const everyPair = vendorStatuses.flatMap((status) => steps.map((step) => [status, step] as const));

describe('a vendor', () => {
  it.each(legal)('that is %s and is told to %s becomes %s, %s', (from, step, status, kycStatus) => {
    expect(stepVendor(from, step)).toEqual({ ok: true, value: { status, kycStatus } });
  });

  it.each(everyPair.filter(([status, step]) => !legal.some(([from, allowed]) => from === status && allowed === step)))(
    'that is %s does not %s',
    (status, step) => {
      expect(stepVendor(status, step)).toMatchObject({ ok: false, rejection: { code: 'ILLEGAL_TRANSITION' } });
    },
  );

  it('sells only once its documents were accepted', () => {
    const outcomes = everyPair.flatMap(([status, step]) => {
      const result = stepVendor(status, step);
      return result.ok && result.value.status === 'ACTIVE' ? [result.value.kycStatus] : [];
    });
    expect(new Set(outcomes)).toEqual(new Set(['VERIFIED']));
  });
});

describe('a handle', () => {
  it.each(['abc', 'north-lamps', 'a1b', 'x'.repeat(40)])('may be %s', (handle) => {
    expect(isHandle(handle)).toBe(true);
  });

  it.each(['ab', 'x'.repeat(41), '-abc', 'abc-', 'a--b', 'Abc', 'a_b', 'a.b', 'ünder', 'abc\n', ''])(
    'is never %j',
    (handle) => {
      expect(isHandle(handle)).toBe(false);
    },
  );
});
