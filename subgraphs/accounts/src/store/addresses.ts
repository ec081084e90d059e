import type { EntityManager } from '@marketgraph/platform/postgres';
import type { Address } from '../domain/address.ts';

export interface AddressRow {
  id: string;
  userId: string | null;
  organizationId: string | null;
  label: string | null;
  isDefaultShipping: boolean;
  isDefaultBilling: boolean;
  address: Address;
}

const COLUMNS = `id, user_id as "userId", organization_id as "organizationId", label,
  is_default_shipping as "isDefaultShipping", is_default_billing as "isDefaultBilling", address`;

export async function addAddress(em: EntityManager, row: AddressRow & { now: Date }): Promise<void> {
  await em.execute(
    `insert into address (id, user_id, organization_id, label, is_default_shipping, is_default_billing, address, created_at)
     values (?, ?, ?, ?, ?, ?, ?::jsonb, ?)`,
    [
      row.id,
      row.userId,
      row.organizationId,
      row.label,
      row.isDefaultShipping,
      row.isDefaultBilling,
      JSON.stringify(row.address),
      row.now.toISOString(),
    ],
  );
}

export async function saveAddress(em: EntityManager, row: AddressRow): Promise<void> {
  await em.execute(
    'update address set label = ?, is_default_shipping = ?, is_default_billing = ?, address = ?::jsonb where id = ?',
    [row.label, row.isDefaultShipping, row.isDefaultBilling, JSON.stringify(row.address), row.id],
  );
}

/** The user's row is locked by then: the new default is written after this, and no other writer comes between. */
export async function clearDefault(em: EntityManager, userId: string, use: 'shipping' | 'billing'): Promise<void> {
  const column = use === 'shipping' ? 'is_default_shipping' : 'is_default_billing';
  await em.execute(`update address set ${column} = false where user_id = ? and ${column}`, [userId]);
}

export async function removeAddress(em: EntityManager, id: string): Promise<void> {
  await em.execute('delete from address where id = ?', [id]);
}

export async function findAddresses(em: EntityManager, ids: readonly string[]): Promise<AddressRow[]> {
  if (ids.length === 0) return [];
  return em.execute<AddressRow[]>(`select ${COLUMNS} from address where id in (?)`, [[...ids]]);
}

export async function addressesOfUsers(em: EntityManager, userIds: readonly string[]): Promise<AddressRow[]> {
  if (userIds.length === 0) return [];
  return em.execute<AddressRow[]>(`select ${COLUMNS} from address where user_id in (?) order by id`, [[...userIds]]);
}

export async function addressesOfOrganizations(em: EntityManager, ids: readonly string[]): Promise<AddressRow[]> {
  if (ids.length === 0) return [];
  return em.execute<AddressRow[]>(`select ${COLUMNS} from address where organization_id in (?) order by id`, [
    [...ids],
  ]);
}
