import type { EntityManager } from '@marketgraph/platform/postgres';
import type { Email } from '../domain/credentials.ts';
import type { NotificationChannel } from '../domain/notification.ts';
import { principalFrom, type Principal } from '../domain/principal.ts';
import { TEXT_ARRAY, textArray } from './text-array.ts';

export interface UserRow {
  id: string;
  email: string;
  displayName: string | null;
  locale: string | null;
  preferences: Record<string, unknown>;
  notificationChannels: NotificationChannel[];
  mutedTopics: string[];
  isPrime: boolean;
  isPersonalized: boolean;
  createdAt: Date | string;
}

const COLUMNS = `id, email, display_name as "displayName", locale, preferences,
  notification_channels as "notificationChannels", muted_topics as "mutedTopics", is_prime as "isPrime",
  is_personalized as "isPersonalized", created_at as "createdAt"`;

export interface NewUser {
  id: string;
  email: Email;
  displayName: string | null;
  grantedRoles: readonly string[];
  passwordHash: string;
  now: Date;
}

/** Null when the address is taken: of two who register it at once the unique index lets one in, the other waits and loses. */
export async function addUser(em: EntityManager, user: NewUser): Promise<UserRow | null> {
  const [row] = await em.execute<UserRow[]>(
    `insert into account (id, email, email_key, display_name, granted_roles, created_at)
     values (?, ?, ?, ?, ${TEXT_ARRAY}, ?) on conflict (email_key) do nothing returning ${COLUMNS}`,
    [user.id, user.email.shown, user.email.key, user.displayName, textArray(user.grantedRoles), user.now.toISOString()],
  );
  if (!row) return null;
  await em.execute('insert into credential (user_id, password_hash, changed_at) values (?, ?, ?)', [
    user.id,
    user.passwordHash,
    user.now.toISOString(),
  ]);
  return row;
}

export async function findUsers(em: EntityManager, ids: readonly string[]): Promise<UserRow[]> {
  if (ids.length === 0) return [];
  return em.execute<UserRow[]>(`select ${COLUMNS} from account where id in (?)`, [[...ids]]);
}

export interface Credential {
  userId: string;
  passwordHash: string;
}

/** By the unique index on `email_key`. The only read of password hashes. */
export async function findCredential(em: EntityManager, emailKey: string): Promise<Credential | null> {
  const [row] = await em.execute<Credential[]>(
    `select credential.user_id as "userId", credential.password_hash as "passwordHash"
       from account join credential on credential.user_id = account.id where account.email_key = ?`,
    [emailKey],
  );
  return row ?? null;
}

/** Taken before anything that must be one of its kind per user, like the default address. */
export async function lockUser(em: EntityManager, id: string): Promise<UserRow | null> {
  const [row] = await em.execute<UserRow[]>(`select ${COLUMNS} from account where id = ? for update`, [id]);
  return row ?? null;
}

export async function saveProfile(
  em: EntityManager,
  profile: Pick<UserRow, 'id' | 'displayName' | 'locale' | 'preferences' | 'isPersonalized'>,
): Promise<UserRow> {
  const { id, displayName, locale, preferences, isPersonalized } = profile;
  const [row] = await em.execute<UserRow[]>(
    `update account set display_name = ?, locale = ?, preferences = ?::jsonb, is_personalized = ? where id = ?
     returning ${COLUMNS}`,
    [displayName, locale, JSON.stringify(preferences), isPersonalized, id],
  );
  return row!;
}

export async function saveNotificationPreferences(
  em: EntityManager,
  { id, notificationChannels, mutedTopics }: Pick<UserRow, 'id' | 'notificationChannels' | 'mutedTopics'>,
): Promise<UserRow> {
  const [row] = await em.execute<UserRow[]>(
    `update account set notification_channels = ${TEXT_ARRAY}, muted_topics = ${TEXT_ARRAY} where id = ? returning ${COLUMNS}`,
    [textArray(notificationChannels), textArray(mutedTopics), id],
  );
  return row!;
}

export async function savePrime(
  em: EntityManager,
  { id, isPrime }: { id: string; isPrime: boolean },
): Promise<UserRow> {
  const [row] = await em.execute<UserRow[]>(`update account set is_prime = ? where id = ? returning ${COLUMNS}`, [
    isPrime,
    id,
  ]);
  return row!;
}

/** Adds to what the account itself may; false when it had all of it. */
export async function grantRoles(em: EntityManager, id: string, roles: readonly string[]): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `update account set granted_roles = array(select distinct role from unnest(granted_roles || ${TEXT_ARRAY}) role)
      where id = ? and not granted_roles @> ${TEXT_ARRAY} returning 1`,
    [textArray(roles), id, textArray(roles)],
  );
  return rows.length > 0;
}

/**
 * The next number of the events that have this user as their key. Holds the
 * account's row until the transaction ends, so that events are written in the
 * order of their numbers.
 */
export async function nextEventSequence(em: EntityManager, userId: string): Promise<number> {
  const [row] = await em.execute<{ sequence: string }[]>(
    'update account set event_sequence = event_sequence + 1 where id = ? returning event_sequence as sequence',
    [userId],
  );
  return Number(row!.sequence);
}

interface PrincipalRow {
  userId: string;
  granted: string[];
  organizationId: string | null;
  role: string | null;
  vendorId: string | null;
}

/** Roles and seats of each user there is, in one statement. */
export async function principalsOf(em: EntityManager, ids: readonly string[]): Promise<Map<string, Principal>> {
  if (ids.length === 0) return new Map();
  const rows = await em.execute<PrincipalRow[]>(
    `select account.id as "userId", account.granted_roles as granted, membership.organization_id as "organizationId",
            membership.role, vendor.id as "vendorId"
       from account
       left join membership on membership.user_id = account.id
       left join vendor on vendor.organization_id = membership.organization_id
      where account.id in (?) order by membership.id`,
    [[...ids]],
  );
  const byUser = Map.groupBy(rows, ({ userId }) => userId);
  return new Map(
    [...byUser].map(([userId, seats]) => [
      userId,
      principalFrom(
        seats[0]!.granted,
        seats.flatMap(({ organizationId, role, vendorId }) =>
          organizationId !== null && role !== null ? [{ organizationId, role, vendorId }] : [],
        ),
      ),
    ]),
  );
}
