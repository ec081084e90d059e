import { accept, reject, type Ids, type Result } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { type Address, readAddress } from '../domain/address.ts';
import { readText } from '../domain/credentials.ts';
import { addAddress } from '../store/addresses.ts';
import { addMembership, addOrganization, type OrganizationRow } from '../store/organizations.ts';

export interface OrganizationInput {
  name: string;
  type: 'BUYER' | 'SELLER';
  taxId?: string | null;
  address?: Address | null;
}

export interface NewOrganization extends Required<OrganizationInput> {
  taxId: string | null;
  address: Address | null;
}

const MAX_NAME = 120;
const MAX_TAX_ID = 40;

export function readOrganization(input: OrganizationInput, path: string[] = []): Result<NewOrganization> {
  const name = readText(input.name, [...path, 'name'], MAX_NAME);
  if (!name.ok) return name;
  const taxId = input.taxId == null ? accept(null) : readText(input.taxId, [...path, 'taxId'], MAX_TAX_ID);
  if (!taxId.ok) return taxId;
  const address = input.address == null ? accept(null) : readAddress(input.address, [...path, 'address']);
  if (!address.ok) return address;
  if (input.type !== 'BUYER' && input.type !== 'SELLER') {
    return reject('INVALID', 'An organization buys or sells.', { field: [...path, 'type'] });
  }
  return accept({ name: name.value, type: input.type, taxId: taxId.value, address: address.value });
}

/** With its founder, who runs it: as ORG_ADMIN where it buys, as VENDOR_ADMIN where it sells. */
export async function foundOrganization(
  em: EntityManager,
  ids: Ids,
  { organization, founderId, now }: { organization: NewOrganization; founderId: string; now: Date },
): Promise<OrganizationRow> {
  const { name, type, taxId, address } = organization;
  const row = { id: ids.next('org'), name, type, taxId, createdAt: now };
  await addOrganization(em, row);
  const role = type === 'SELLER' ? 'VENDOR_ADMIN' : 'ORG_ADMIN';
  await addMembership(em, { id: ids.next('mem'), userId: founderId, organizationId: row.id, role, now });
  if (address) {
    await addAddress(em, {
      id: ids.next('adr'),
      userId: null,
      organizationId: row.id,
      label: null,
      isDefaultShipping: true,
      isDefaultBilling: true,
      address,
      now,
    });
  }
  return row;
}
