import { randomUUID } from 'node:crypto';
import type { Redis } from '@marketgraph/platform/redis';

/**
 * The right to write to the index, for one process at a time. It saves work and
 * order; that documents end up right does not depend on it: see `settle`.
 */
export interface Lease {
  /** Takes or prolongs it. */
  hold(): Promise<boolean>;
  release(): Promise<void>;
}

const HOLD = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`;
const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

export function redisLease(redis: Redis, ttlMs: number): Lease {
  const key = 'search:indexer';
  const holder = randomUUID();
  return {
    hold: async () => (await redis.eval(HOLD, 1, key, holder, ttlMs)) === 1,
    release: async () => void (await redis.eval(RELEASE, 1, key, holder)),
  };
}
