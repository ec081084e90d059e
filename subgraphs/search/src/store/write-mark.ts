import { type Redis, type SharedMark, sharedMark } from '@marketgraph/platform/redis';

/** Asking the index takes about as long: a Redis that is slower than this is not waited for. */
const PATIENCE_MS = 100;
/** Far less than what a change of a product takes to be in the index. */
const GOOD_FOR_MS = 50;

/** Stands for what the index holds, for every process of the service: another mark means that it may hold something else. */
export function redisWriteMark(redis: Redis): SharedMark {
  return sharedMark(redis, { key: 'search:written', goodForMs: GOOD_FOR_MS, patienceMs: PATIENCE_MS });
}
