import type { Database } from '@marketgraph/platform/postgres';
import DataLoader from 'dataloader';
import type { Principal } from '../domain/principal.ts';
import { type AddressRow, addressesOfOrganizations, addressesOfUsers, findAddresses } from '../store/addresses.ts';
import { type ApiKeyRow, apiKeysOfVendors } from '../store/api-keys.ts';
import { type AuditRow, findAuditEntries } from '../store/audit.ts';
import { findNotifications, type NotificationRow } from '../store/notifications.ts';
import {
  findMemberships,
  findOrganizations,
  membersOfOrganizations,
  type MembershipRow,
  membershipsOfUsers,
  type OrganizationRow,
} from '../store/organizations.ts';
import { findUsers, principalsOf, type UserRow } from '../store/users.ts';
import { findVendors, type VendorRow, vendorsOfUsers } from '../store/vendors.ts';

/** One statement for all keys of one tick, for the length of one operation. */
export interface Loaders {
  user: DataLoader<string, UserRow | null>;
  principal: DataLoader<string, Principal | null>;
  membership: DataLoader<string, MembershipRow | null>;
  membershipsOfUser: DataLoader<string, MembershipRow[]>;
  organization: DataLoader<string, OrganizationRow | null>;
  members: DataLoader<MembersKey, MembershipRow[], string>;
  address: DataLoader<string, AddressRow | null>;
  addressesOfUser: DataLoader<string, AddressRow[]>;
  addressesOfOrganization: DataLoader<string, AddressRow[]>;
  vendor: DataLoader<string, VendorRow | null>;
  vendorOfUser: DataLoader<string, VendorRow | null>;
  apiKeysOfVendor: DataLoader<string, ApiKeyRow[]>;
  notification: DataLoader<string, NotificationRow | null>;
  auditEntry: DataLoader<string, AuditRow | null>;
}

export interface MembersKey {
  organizationId: string;
  after: string;
  limit: number;
}

const MAX_BATCH = 500;
const options = { maxBatchSize: MAX_BATCH };

export function createLoaders(orm: Database): Loaders {
  const em = () => orm.em.fork();
  const one = <Row>(find: (ids: readonly string[]) => Promise<Row[]>, key: (row: Row) => string) =>
    new DataLoader<string, Row | null>(async (ids) => {
      const rows = new Map((await find(ids)).map((row) => [key(row), row]));
      return ids.map((id) => rows.get(id) ?? null);
    }, options);
  const many = <Row>(find: (ids: readonly string[]) => Promise<Row[]>, key: (row: Row) => string) =>
    new DataLoader<string, Row[]>(async (ids) => {
      const rows = Map.groupBy(await find(ids), key);
      return ids.map((id) => rows.get(id) ?? []);
    }, options);
  const byId = <Row extends { id: string }>(find: (ids: readonly string[]) => Promise<Row[]>) =>
    one(find, (row) => row.id);
  return {
    user: byId((ids) => findUsers(em(), ids)),
    principal: new DataLoader(async (ids) => {
      const principals = await principalsOf(em(), ids);
      return ids.map((id) => principals.get(id) ?? null);
    }, options),
    membership: byId((ids) => findMemberships(em(), ids)),
    membershipsOfUser: many(
      (ids) => membershipsOfUsers(em(), ids),
      (row) => row.userId,
    ),
    organization: byId((ids) => findOrganizations(em(), ids)),
    members: new DataLoader((keys) => readMembers(orm, keys), {
      ...options,
      cacheKeyFn: ({ organizationId, after, limit }) => `${organizationId} ${after} ${limit}`,
    }),
    address: byId((ids) => findAddresses(em(), ids)),
    addressesOfUser: many(
      (ids) => addressesOfUsers(em(), ids),
      (row) => row.userId ?? '',
    ),
    addressesOfOrganization: many(
      (ids) => addressesOfOrganizations(em(), ids),
      (row) => row.organizationId ?? '',
    ),
    vendor: byId((ids) => findVendors(em(), ids)),
    vendorOfUser: one(
      (ids) => vendorsOfUsers(em(), ids),
      (row) => row.userId,
    ),
    apiKeysOfVendor: many(
      (ids) => apiKeysOfVendors(em(), ids),
      (row) => row.vendorId,
    ),
    notification: byId((ids) => findNotifications(em(), ids)),
    auditEntry: byId((ids) => findAuditEntries(em(), ids)),
  };
}

/** Organizations of one list are asked for with the same page: one statement for all of them. */
async function readMembers(orm: Database, keys: readonly MembersKey[]): Promise<MembershipRow[][]> {
  const pageOf = ({ after, limit }: MembersKey) => `${after} ${limit}`;
  const found = new Map<string, MembershipRow[]>();
  for (const [page, wanted] of Map.groupBy(keys, pageOf)) {
    const ids = wanted.map(({ organizationId }) => organizationId);
    const rows = await membersOfOrganizations(orm.em.fork(), ids, wanted[0]!);
    for (const [id, members] of Map.groupBy(rows, (row) => row.organizationId)) found.set(`${id} ${page}`, members);
  }
  return keys.map((key) => found.get(`${key.organizationId} ${pageOf(key)}`) ?? []);
}
