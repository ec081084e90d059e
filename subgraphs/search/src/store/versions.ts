import type { Redis } from '@marketgraph/platform/redis';

/** Versions of the index that are kept up to date or can be brought up to date: each has its list of changes. */
const COLLECTIONS = 'search:collections';
const REBUILD = 'search:rebuild';

/** A rebuild in progress; kept so that another process goes on where one died. */
export interface RebuildJob {
  version: string;
  reason: string;
  phase: 'sources' | 'checking' | 'filling';
  /** The catalog's cursor of the last page taken over. */
  after: string | null;
  failures: number;
  /** Milliseconds since the epoch: no earlier try than this. */
  notBefore: number;
}

export async function trackVersion(redis: Redis, version: string): Promise<void> {
  await redis.sadd(COLLECTIONS, version);
}

export async function trackedVersions(redis: Redis): Promise<string[]> {
  return redis.smembers(COLLECTIONS);
}

export async function forgetVersion(redis: Redis, version: string): Promise<void> {
  await redis.multi().srem(COLLECTIONS, version).del(`search:dirty:${version}`).exec();
}

/** False while another rebuild runs. */
export async function beginRebuild(redis: Redis, job: RebuildJob): Promise<boolean> {
  return (await redis.set(REBUILD, JSON.stringify(job), 'NX')) === 'OK';
}

export async function rebuildInProgress(redis: Redis): Promise<RebuildJob | null> {
  const text = await redis.get(REBUILD);
  return text ? (JSON.parse(text) as RebuildJob) : null;
}

export async function saveRebuild(redis: Redis, job: RebuildJob): Promise<void> {
  await redis.set(REBUILD, JSON.stringify(job), 'XX');
}

export async function endRebuild(redis: Redis, version: string): Promise<void> {
  await redis.del(REBUILD, `search:seen:${version}`);
}

/** Whether this Redis has once taken over all sources; false after it has lost its data. */
export async function isSeeded(redis: Redis): Promise<boolean> {
  return (await redis.exists('search:seeded')) === 1;
}

export async function markSeeded(redis: Redis): Promise<void> {
  await redis.set('search:seeded', new Date().toISOString());
}

/** Products the catalog has shown during a rebuild. */
export async function markSeen(redis: Redis, version: string, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await redis.sadd(`search:seen:${version}`, ...ids);
}

/** Which of these the catalog has not shown. */
export async function notSeen(redis: Redis, version: string, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const seen = await redis.smismember(`search:seen:${version}`, ...ids);
  return ids.filter((_, at) => seen[at] === 0);
}
