import { accept, reject, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, inTransaction } from '@marketgraph/platform/postgres';
import { vendorChanged } from '../events/out.ts';
import { appendAudit } from '../store/audit.ts';
import { lockVendor, type Place, saveReach, type VendorRow } from '../store/vendors.ts';
import type { Cause, CommandDeps } from './deps.ts';

type Reach = Pick<VendorRow, 'location' | 'shipsTo' | 'isPrimeEligible'>;

/** More countries than there are. */
const MAX_COUNTRIES = 260;

/** Where a vendor sells from and ships to, as who runs it says. */
export async function setReach(
  deps: CommandDeps,
  command: {
    vendorId: string;
    location: Place | null;
    shipsTo: readonly string[] | null;
    mayActFor(vendorId: string): boolean;
    cause: Cause;
  },
): Promise<Result<VendorRow>> {
  const { vendorId, location, shipsTo, cause } = command;
  if (!command.mayActFor(vendorId)) return reject('NOT_FOUND', 'You run no such vendor.', { field: ['vendorId'] });
  if (location && !(Math.abs(location.lat) <= 90 && Math.abs(location.lon) <= 180)) {
    return reject('INVALID', 'A place is -90 to 90 degrees of latitude and -180 to 180 of longitude.', {
      field: ['location'],
    });
  }
  const countries = shipsTo && [...new Set(shipsTo)].toSorted();
  if (countries && (countries.length === 0 || countries.length > MAX_COUNTRIES)) {
    return reject('INVALID', `A vendor ships to 1 to ${MAX_COUNTRIES} countries; to everywhere when none are named.`, {
      field: ['shipsTo'],
    });
  }
  return change(deps, { id: vendorId, reach: { location, shipsTo: countries }, action: 'vendor.reachSet', cause });
}

/** Whether a vendor is part of Prime, by an operator's word. */
export async function setPrimeEligible(
  deps: CommandDeps,
  { id, isPrimeEligible, cause }: { id: string; isPrimeEligible: boolean; cause: Cause },
): Promise<Result<VendorRow>> {
  return change(deps, { id, reach: { isPrimeEligible }, action: 'vendor.primeEligibleSet', cause });
}

/** Said twice it is one change, one event and one audit entry. */
async function change(
  { orm, ids, clock }: CommandDeps,
  { id, reach, action, cause }: { id: string; reach: Partial<Reach>; action: string; cause: Cause },
): Promise<Result<VendorRow>> {
  return inTransaction(orm, async (em): Promise<Result<VendorRow>> => {
    const vendor = await lockVendor(em, id);
    if (!vendor) return reject('NOT_FOUND', 'There is no such vendor.', { field: ['id'] });
    const [before, after] = [reachOf(vendor), { ...reachOf(vendor), ...reach }];
    if (JSON.stringify(before) === JSON.stringify(after)) return accept(vendor);
    const saved = await saveReach(em, id, after);
    const now = clock.now();
    await appendToOutbox(em, [vendorChanged(saved)], { ids, now, trace: cause.trace });
    await appendAudit(
      em,
      { actorId: cause.actorId, action, subjectId: id, before, after, requestId: cause.requestId },
      { id: ids.next('aud'), now },
    );
    return accept(saved);
  });
}

function reachOf({ location, shipsTo, isPrimeEligible }: VendorRow): Reach {
  return { location: location && { lat: location.lat, lon: location.lon }, shipsTo, isPrimeEligible };
}
