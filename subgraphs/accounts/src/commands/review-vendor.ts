import { accept, reject, type Result } from '@marketgraph/platform/core';
import { type EntityManager, inTransaction } from '@marketgraph/platform/postgres';
import { readText } from '../domain/credentials.ts';
import type { VendorStep } from '../domain/vendor.ts';
import { lockVendor, type VendorRow } from '../store/vendors.ts';
import { changeVendor } from './change-vendor.ts';
import type { Cause, CommandDeps } from './deps.ts';

export type VendorDecision = 'APPROVE' | 'REJECT' | 'REQUEST_INFORMATION';

const MAX_REASON = 1_000;

const steps: Readonly<Record<VendorDecision, { step: VendorStep; action: string }>> = {
  APPROVE: { step: 'approve', action: 'vendor.approved' },
  REJECT: { step: 'reject', action: 'vendor.rejected' },
  REQUEST_INFORMATION: { step: 'requestInformation', action: 'vendor.informationRequested' },
};

/** An operator's word on what they have looked at: another version than that and nothing happens. */
export async function reviewVendor(
  deps: CommandDeps,
  command: { id: string; decision: VendorDecision; reason?: string | null; expectedVersion: number; cause: Cause },
): Promise<Result<VendorRow>> {
  const { expectedVersion, decision, cause } = command;
  const reason = readReason(command.reason);
  if (!reason.ok) return reason;
  return withVendor(deps, command.id, async (em, vendor) => {
    if (vendor.version !== expectedVersion) {
      return reject('VERSION_MISMATCH', `The vendor is at version ${vendor.version}.`, {
        field: ['expectedVersion'],
        details: { currentVersion: vendor.version },
      });
    }
    return changeVendor(em, deps, { vendor, ...steps[decision], details: { reason: reason.value }, cause });
  });
}

export async function suspendVendor(
  deps: CommandDeps,
  command: { id: string; reason: string; cause: Cause },
): Promise<Result<VendorRow>> {
  const reason = readText(command.reason, ['reason'], MAX_REASON);
  if (!reason.ok) return reason;
  return withVendor(deps, command.id, (em, vendor) =>
    changeVendor(em, deps, {
      vendor,
      step: 'suspend',
      action: 'vendor.suspended',
      details: { reason: reason.value },
      cause: command.cause,
    }),
  );
}

function readReason(reason: string | null | undefined): Result<string | null> {
  return reason == null || reason.trim() === '' ? accept(null) : readText(reason, ['reason'], MAX_REASON);
}

async function withVendor(
  deps: CommandDeps,
  id: string,
  work: (em: EntityManager, vendor: VendorRow) => Promise<Result<VendorRow>>,
): Promise<Result<VendorRow>> {
  return inTransaction(deps.orm, async (em) => {
    const vendor = await lockVendor(em, id);
    return vendor ? work(em, vendor) : reject('NOT_FOUND', 'There is no such vendor.', { field: ['id'] });
  });
}
