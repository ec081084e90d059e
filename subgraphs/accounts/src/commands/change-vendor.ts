import { accept, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, type EntityManager } from '@marketgraph/platform/postgres';
import { stepVendor, type VendorStep } from '../domain/vendor.ts';
import { vendorChanged } from '../events/out.ts';
import { appendAudit } from '../store/audit.ts';
import { saveStanding, type VendorRow } from '../store/vendors.ts';
import type { Cause, CommandDeps } from './deps.ts';

/** One step of a vendor that is locked: standing, event and audit entry together, or a rejection and nothing. */
export async function changeVendor(
  em: EntityManager,
  { ids, clock }: Pick<CommandDeps, 'ids' | 'clock'>,
  {
    vendor,
    step,
    action,
    details = {},
    cause,
  }: { vendor: VendorRow; step: VendorStep; action: string; details?: Record<string, unknown>; cause: Cause },
): Promise<Result<VendorRow>> {
  const next = stepVendor(vendor.status, step);
  if (!next.ok) return next;
  const now = clock.now();
  const changed = await saveStanding(em, vendor.id, next.value);
  await appendToOutbox(em, [vendorChanged(changed)], { ids, now, trace: cause.trace });
  await appendAudit(
    em,
    {
      actorId: cause.actorId,
      action,
      subjectId: vendor.id,
      before: standing(vendor),
      after: { ...standing(changed), ...details },
      requestId: cause.requestId,
    },
    { id: ids.next('aud'), now },
  );
  return accept(changed);
}

export function standing({ status, kycStatus, version }: VendorRow) {
  return { status, kycStatus, version };
}
