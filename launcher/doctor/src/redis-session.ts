import { Redis } from 'ioredis';
import { CONNECT_MS } from './check.ts';

/** One connection without patience, closed in any case. */
export async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    connectionName: 'doctor',
    commandTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    retryStrategy: () => null,
  });
  let failure: Error | undefined;
  redis.on('error', (error) => {
    failure ??= error;
  });
  try {
    // The connection's own error says more than that it was closed.
    await redis.connect().catch((error: unknown) => {
      throw failure ?? error;
    });
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** The fields of `INFO`, of all sections. */
export function infoOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .split('\r\n')
      .filter((line) => line.includes(':'))
      .map((line) => {
        const at = line.indexOf(':');
        return [line.slice(0, at), line.slice(at + 1)];
      }),
  );
}

/** Replies of Redis that are names and values in turn. */
export function pairsOf(reply: unknown): ReadonlyMap<string, unknown> {
  const list = reply as unknown[];
  return new Map(list.flatMap((name, at) => (at % 2 === 0 ? [[String(name), list[at + 1]]] : [])));
}

/** Keys of a pattern, a bounded number. */
export async function keysLike(redis: Redis, pattern: string, most: number): Promise<string[]> {
  const keys = new Set<string>();
  let cursor = '0';
  do {
    const [next, page] = await redis.scan(cursor, 'MATCH', pattern, 'COUNT', 1_000);
    for (const key of page) keys.add(key);
    cursor = next;
  } while (cursor !== '0' && keys.size < most);
  return [...keys].toSorted();
}
