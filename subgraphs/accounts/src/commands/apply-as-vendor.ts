import { accept, reject, type Result } from '@marketgraph/platform/core';
import { appendToOutbox, constraintOf, inTransaction, sqlStateOf } from '@marketgraph/platform/postgres';
import { type Address, readAddress } from '../domain/address.ts';
import { readText } from '../domain/credentials.ts';
import { isHandle } from '../domain/vendor.ts';
import { principalChanged, vendorChanged } from '../events/out.ts';
import { appendAudit } from '../store/audit.ts';
import { findOrganizations, idsOfMembers, membershipsOfUsers } from '../store/organizations.ts';
import { nextEventSequence } from '../store/users.ts';
import { addVendor, type VendorRow } from '../store/vendors.ts';
import { standing } from './change-vendor.ts';
import type { Cause, CommandDeps } from './deps.ts';

export interface ApplyAsVendor {
  businessName: string;
  handle: string;
  description?: string | null;
  organizationId: string;
  address: Address;
  cause: Cause;
}

const UNIQUE_VIOLATION = '23505';
const MAX_BUSINESS_NAME = 120;
const MAX_DESCRIPTION = 2_000;

/** A seller's organization becomes a vendor: once per organization and per owner. */
export async function applyAsVendor(deps: CommandDeps, command: ApplyAsVendor): Promise<Result<VendorRow>> {
  const { orm, ids, clock } = deps;
  const { handle, organizationId, cause } = command;
  const businessName = readText(command.businessName, ['businessName'], MAX_BUSINESS_NAME);
  if (!businessName.ok) return businessName;
  const description =
    command.description == null ? accept(null) : readText(command.description, ['description'], MAX_DESCRIPTION);
  if (!description.ok) return description;
  if (!isHandle(handle)) {
    return reject('INVALID', 'A handle is 3 to 40 small letters, digits and single hyphens between them.', {
      field: ['handle'],
    });
  }
  const address = readAddress(command.address, ['address']);
  if (!address.ok) return address;
  try {
    return await inTransaction(orm, async (em): Promise<Result<VendorRow>> => {
      const seats = await membershipsOfUsers(em, [cause.actorId]);
      const seat = seats.find((candidate) => candidate.organizationId === organizationId);
      const [organization] = await findOrganizations(em, [organizationId]);
      if (!seat || !organization) {
        return reject('NOT_FOUND', 'You belong to no such organization.', { field: ['organizationId'] });
      }
      if (seat.role !== 'VENDOR_ADMIN' || organization.type !== 'SELLER') {
        return reject('FORBIDDEN', 'Only who runs a seller organization can apply for it.', {
          field: ['organizationId'],
        });
      }
      const now = clock.now();
      const vendor: VendorRow = {
        id: ids.next('ven'),
        organizationId,
        ownerUserId: cause.actorId,
        handle,
        businessName: businessName.value,
        description: description.value,
        address: address.value,
        status: 'APPLIED',
        kycStatus: 'NOT_STARTED',
        location: null,
        shipsTo: null,
        isPrimeEligible: false,
        version: 1,
        createdAt: now,
      };
      await addVendor(em, vendor);
      const events = [vendorChanged(vendor)];
      // Everybody of the organization acts for the vendor from now on.
      for (const userId of await idsOfMembers(em, organizationId)) {
        events.push(principalChanged(userId, await nextEventSequence(em, userId)));
      }
      await appendToOutbox(em, events, { ids, now, trace: cause.trace });
      await appendAudit(
        em,
        {
          actorId: cause.actorId,
          action: 'vendor.applied',
          subjectId: vendor.id,
          after: { ...standing(vendor), organizationId, handle, businessName: vendor.businessName },
          requestId: cause.requestId,
        },
        { id: ids.next('aud'), now },
      );
      return accept(vendor);
    });
  } catch (error) {
    if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
    return constraintOf(error) === 'vendor_handle'
      ? reject('CONFLICT', `The handle ${handle} is taken.`, { field: ['handle'] })
      : reject('CONFLICT', 'You or this organization have a vendor already.', { field: ['organizationId'] });
  }
}
