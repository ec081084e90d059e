import type { EntityManager } from '@marketgraph/platform/postgres';
import { TEXT_ARRAY, textArray } from './text-array.ts';

export interface ApiKeyRow {
  id: string;
  vendorId: string;
  name: string;
  scopes: string[];
  createdAt: Date | string;
  expiresAt: Date | string | null;
  lastUsedAt: Date | string | null;
}

const COLUMNS = `id, vendor_id as "vendorId", name, scopes, created_at as "createdAt", expires_at as "expiresAt",
  last_used_at as "lastUsedAt"`;

/** Of use no more is written than this often: who looks wants to know whether, not how often. */
const USE_EVERY_MS = 60_000;

export async function addApiKey(
  em: EntityManager,
  key: { id: string; vendorId: string; name: string; scopes: readonly string[]; secretHash: string },
  { now, expiresAt }: { now: Date; expiresAt: Date | null },
): Promise<void> {
  await em.execute(
    `insert into api_key (id, vendor_id, name, scopes, secret_hash, created_at, expires_at)
     values (?, ?, ?, ${TEXT_ARRAY}, ?, ?, ?)`,
    [
      key.id,
      key.vendorId,
      key.name,
      textArray(key.scopes),
      key.secretHash,
      now.toISOString(),
      expiresAt && expiresAt.toISOString(),
    ],
  );
}

/** Counted under the lock on the vendor, so that the limit holds. By the index `api_key_vendor`. */
export async function countApiKeysOfVendor(em: EntityManager, vendorId: string): Promise<number> {
  const [row] = await em.execute<{ count: number }[]>(
    'select count(*)::int as count from api_key where vendor_id = ?',
    [vendorId],
  );
  return row!.count;
}

/** Newest first. By the index `api_key_vendor`; a vendor has as many as the limit says. */
export async function apiKeysOfVendors(em: EntityManager, vendorIds: readonly string[]): Promise<ApiKeyRow[]> {
  if (vendorIds.length === 0) return [];
  return em.execute<ApiKeyRow[]>(`select ${COLUMNS} from api_key where vendor_id in (?) order by id desc`, [
    [...vendorIds],
  ]);
}

/**
 * The key that is good at this moment, and that it was used. By the unique index on the hash: nothing of a secret is
 * compared that somebody who guesses could choose.
 */
export async function useApiKey(em: EntityManager, secretHash: string, now: Date): Promise<ApiKeyRow | null> {
  const [row] = await em.execute<ApiKeyRow[]>(
    `select ${COLUMNS} from api_key where secret_hash = ? and (expires_at is null or expires_at > ?)`,
    [secretHash, now.toISOString()],
  );
  if (!row) return null;
  const usedBefore = new Date(now.getTime() - USE_EVERY_MS).toISOString();
  await em.execute('update api_key set last_used_at = ? where id = ? and (last_used_at is null or last_used_at < ?)', [
    now.toISOString(),
    row.id,
    usedBefore,
  ]);
  return row;
}

/** The key as it was, or null when there is none of these vendors: of several who revoke, one has done it. */
export async function removeApiKey(
  em: EntityManager,
  { id, vendorIds }: { id: string; vendorIds: readonly string[] },
): Promise<ApiKeyRow | null> {
  if (vendorIds.length === 0) return null;
  const [row] = await em.execute<ApiKeyRow[]>(
    `delete from api_key where id = ? and vendor_id in (?) returning ${COLUMNS}`,
    [id, [...vendorIds]],
  );
  return row ?? null;
}
