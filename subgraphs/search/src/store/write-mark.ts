import { randomUUID } from 'node:crypto';
import type { Redis } from '@marketgraph/platform/redis';

/**
 * Stands for what the index holds, for every process of the service: another
 * mark means that it may hold something else. A random one, so that a Redis that
 * lost its data never tells one that stood for something before.
 */
export interface WriteMark {
  /** Null when Redis does not say. */
  read(): Promise<string | null>;
  /** The index has been written to. */
  renew(): Promise<void>;
}

const KEY = 'search:written';
/** Asking the index takes about as long: a Redis that is slower than this is not waited for. */
const PATIENCE_MS = 100;

export function redisWriteMark(redis: Redis): WriteMark {
  return {
    async read() {
      // A command would wait for the connection to come back.
      if (redis.status !== 'ready') return null;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<null>((resolve) => {
        timer = setTimeout(resolve, PATIENCE_MS, null);
      });
      try {
        return await Promise.race([redis.get(KEY).catch(() => null), late]);
      } finally {
        clearTimeout(timer);
      }
    },
    async renew() {
      await redis.set(KEY, randomUUID());
    },
  };
}
