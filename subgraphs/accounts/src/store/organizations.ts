import type { EntityManager } from '@marketgraph/platform/postgres';

export interface OrganizationRow {
  id: string;
  name: string;
  type: 'BUYER' | 'SELLER';
  taxId: string | null;
  createdAt: Date | string;
}

export interface MembershipRow {
  id: string;
  userId: string;
  organizationId: string;
  role: string;
}

const ORGANIZATION = 'id, name, type, tax_id as "taxId", created_at as "createdAt"';
const MEMBERSHIP = 'id, user_id as "userId", organization_id as "organizationId", role';

export async function addOrganization(
  em: EntityManager,
  { id, name, type, taxId, createdAt }: OrganizationRow,
): Promise<void> {
  await em.execute('insert into organization (id, name, type, tax_id, created_at) values (?, ?, ?, ?, ?)', [
    id,
    name,
    type,
    taxId,
    new Date(createdAt).toISOString(),
  ]);
}

export async function addMembership(
  em: EntityManager,
  { id, userId, organizationId, role, now }: MembershipRow & { now: Date },
): Promise<void> {
  await em.execute('insert into membership (id, user_id, organization_id, role, created_at) values (?, ?, ?, ?, ?)', [
    id,
    userId,
    organizationId,
    role,
    now.toISOString(),
  ]);
}

export async function findOrganizations(em: EntityManager, ids: readonly string[]): Promise<OrganizationRow[]> {
  if (ids.length === 0) return [];
  return em.execute<OrganizationRow[]>(`select ${ORGANIZATION} from organization where id in (?)`, [[...ids]]);
}

export async function findMemberships(em: EntityManager, ids: readonly string[]): Promise<MembershipRow[]> {
  if (ids.length === 0) return [];
  return em.execute<MembershipRow[]>(`select ${MEMBERSHIP} from membership where id in (?)`, [[...ids]]);
}

export async function membershipsOfUsers(em: EntityManager, userIds: readonly string[]): Promise<MembershipRow[]> {
  if (userIds.length === 0) return [];
  return em.execute<MembershipRow[]>(`select ${MEMBERSHIP} from membership where user_id in (?) order by id`, [
    [...userIds],
  ]);
}

/** Counted under the lock on the user, so that the limit holds. By the unique index on (user, organization). */
export async function countMembershipsOfUser(em: EntityManager, userId: string): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(
    'select count(*)::int as count from membership where user_id = ?',
    [userId],
  );
  return row!.count;
}

/** One page of members per organization, in one statement. By the index `membership_organization`. */
export async function membersOfOrganizations(
  em: EntityManager,
  organizationIds: readonly string[],
  { after, limit }: { after: string; limit: number },
): Promise<MembershipRow[]> {
  if (organizationIds.length === 0) return [];
  return em.execute<MembershipRow[]>(
    `select page.* from jsonb_array_elements_text(?::jsonb) as wanted(id)
      cross join lateral (
        select ${MEMBERSHIP} from membership where organization_id = wanted.id and id > ? order by id limit ?
      ) page`,
    [JSON.stringify(organizationIds), after, limit],
  );
}

export async function idsOfMembers(em: EntityManager, organizationId: string): Promise<string[]> {
  const rows = await em.execute<{ userId: string }[]>(
    'select user_id as "userId" from membership where organization_id = ? order by user_id',
    [organizationId],
  );
  return rows.map(({ userId }) => userId);
}
