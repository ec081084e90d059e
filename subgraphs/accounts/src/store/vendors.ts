import type { EntityManager } from '@marketgraph/platform/postgres';
import type { KycStatus, VendorStanding, VendorStatus } from '../domain/vendor.ts';
import type { Address } from '../domain/address.ts';
import { TEXT_ARRAY, textArray } from './text-array.ts';

/** Degrees. */
export interface Place {
  lat: number;
  lon: number;
}

export interface VendorRow {
  id: string;
  organizationId: string;
  ownerUserId: string;
  handle: string;
  businessName: string;
  description: string | null;
  address: Address;
  status: VendorStatus;
  kycStatus: KycStatus;
  location: Place | null;
  /** Null: everywhere. */
  shipsTo: string[] | null;
  isPrimeEligible: boolean;
  version: number;
  createdAt: Date | string;
}

const COLUMNS = `vendor.id, vendor.organization_id as "organizationId", vendor.owner_user_id as "ownerUserId",
  vendor.handle, vendor.business_name as "businessName", vendor.description, vendor.address, vendor.status,
  vendor.kyc_status as "kycStatus", vendor.location,
  vendor.ships_to as "shipsTo", vendor.is_prime_eligible as "isPrimeEligible", vendor.version, vendor.created_at as "createdAt"`;

/** Throws a unique violation for a second vendor of the owner or organization, and for a handle that is taken. */
export async function addVendor(em: EntityManager, vendor: VendorRow): Promise<void> {
  await em.execute(
    `insert into vendor (id, organization_id, owner_user_id, handle, business_name, description, address, status,
                         kyc_status, version, created_at)
     values (?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?)`,
    [
      vendor.id,
      vendor.organizationId,
      vendor.ownerUserId,
      vendor.handle,
      vendor.businessName,
      vendor.description,
      JSON.stringify(vendor.address),
      vendor.status,
      vendor.kycStatus,
      vendor.version,
      new Date(vendor.createdAt).toISOString(),
    ],
  );
}

/** Every step of a vendor takes its row first: steps follow one another, each on what the one before has left. */
export async function lockVendor(em: EntityManager, id: string): Promise<VendorRow | null> {
  const [row] = await em.execute<VendorRow[]>(`select ${COLUMNS} from vendor where id = ? for update`, [id]);
  return row ?? null;
}

export async function saveStanding(
  em: EntityManager,
  id: string,
  { status, kycStatus }: VendorStanding,
): Promise<VendorRow> {
  const [row] = await em.execute<VendorRow[]>(
    `update vendor set status = ?, kyc_status = ?, version = version + 1 where id = ? returning ${COLUMNS}`,
    [status, kycStatus, id],
  );
  return row!;
}

/** Where a vendor sells from and to, and as what. */
export async function saveReach(
  em: EntityManager,
  id: string,
  { location, shipsTo, isPrimeEligible }: Pick<VendorRow, 'location' | 'shipsTo' | 'isPrimeEligible'>,
): Promise<VendorRow> {
  const [row] = await em.execute<VendorRow[]>(
    `update vendor set location = ?::jsonb, ships_to = case when ? then ${TEXT_ARRAY} end, is_prime_eligible = ?,
            version = version + 1
      where id = ? returning ${COLUMNS}`,
    [location && JSON.stringify(location), shipsTo !== null, textArray(shipsTo ?? []), isPrimeEligible, id],
  );
  return row!;
}

export async function addKycDocument(
  em: EntityManager,
  document: { id: string; vendorId: string; kind: string; uploadId: string; now: Date },
): Promise<void> {
  await em.execute('insert into kyc_document (id, vendor_id, kind, upload_id, submitted_at) values (?, ?, ?, ?, ?)', [
    document.id,
    document.vendorId,
    document.kind,
    document.uploadId,
    document.now.toISOString(),
  ]);
}

export async function findVendors(em: EntityManager, ids: readonly string[]): Promise<VendorRow[]> {
  if (ids.length === 0) return [];
  return em.execute<VendorRow[]>(`select ${COLUMNS} from vendor where id in (?)`, [[...ids]]);
}

/** By the unique index on the handle. */
export async function findVendorByHandle(em: EntityManager, handle: string): Promise<VendorRow | null> {
  const [row] = await em.execute<VendorRow[]>(`select ${COLUMNS} from vendor where handle = ?`, [handle]);
  return row ?? null;
}

/** The vendor each user works for: their own before one of an organization they belong to. */
export async function vendorsOfUsers(
  em: EntityManager,
  userIds: readonly string[],
): Promise<(VendorRow & { userId: string })[]> {
  if (userIds.length === 0) return [];
  return em.execute<(VendorRow & { userId: string })[]>(
    `select distinct on (membership.user_id) membership.user_id as "userId", ${COLUMNS}
       from membership join vendor on vendor.organization_id = membership.organization_id
      where membership.user_id in (?)
      order by membership.user_id, (vendor.owner_user_id = membership.user_id) desc, vendor.id`,
    [[...userIds]],
  );
}

/** As many people of one vendor as are told of its business; more would be a mailing list. */
const MAX_TOLD = 20;

/** Who works for a vendor, by their ids. By the index `membership_organization`. */
export async function usersOfVendor(em: EntityManager, vendorId: string): Promise<string[]> {
  const rows = await em.execute<{ userId: string }[]>(
    `select membership.user_id as "userId"
       from vendor join membership on membership.organization_id = vendor.organization_id
      where vendor.id = ? order by membership.user_id limit ?`,
    [vendorId, MAX_TOLD],
  );
  return rows.map(({ userId }) => userId);
}

export interface VendorPage {
  statuses: readonly VendorStatus[] | null;
  /** A part of the business name. */
  query: string | null;
  after: { name: string; id: string } | null;
  limit: number;
}

/**
 * By name. A query is answered from the index `vendor_business_name_trgm`; one
 * of fewer than three characters has no trigram inside a word and finds
 * beginnings only. Without a query the index `vendor_listing` is walked.
 */
export function vendorPageStatement({ statuses, query, after, limit }: VendorPage): {
  sql: string;
  params: unknown[];
} {
  const conditions: [string, ...unknown[]][] = [];
  if (statuses) conditions.push(['status in (?)', [...statuses]]);
  if (query !== null) {
    const literal = query.toLowerCase().replaceAll(/[\\%_]/g, String.raw`\$&`);
    conditions.push(['lower(business_name) like ?', [...query].length < 3 ? `${literal}%` : `%${literal}%`]);
  }
  if (after) conditions.push(['(lower(business_name), id) > (?, ?)', after.name, after.id]);
  const where = conditions.length > 0 ? `where ${conditions.map(([sql]) => sql).join(' and ')}` : '';
  return {
    sql: `select ${COLUMNS}, lower(business_name) as "sortName" from vendor ${where} order by lower(business_name), id limit ?`,
    params: [...conditions.flatMap(([, ...params]) => params), limit],
  };
}

export async function vendorPage(em: EntityManager, page: VendorPage): Promise<(VendorRow & { sortName: string })[]> {
  if (page.statuses?.length === 0) return [];
  const { sql, params } = vendorPageStatement(page);
  return em.execute<(VendorRow & { sortName: string })[]>(sql, params);
}
