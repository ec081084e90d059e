import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/**
 * A word in Redis that stands for what copies of a service have kept of a store: another word means that the store may
 * say something else now. A random one, so that a Redis that lost its data never tells one that stood for something
 * before.
 */
export interface SharedMark {
  /** The word as it was at most `goodForMs` ago; null when Redis does not say. */
  read(): Promise<string | null>;
  /** The store has been written to. This process knows at once, others within `goodForMs`. Rejects when Redis is away. */
  renew(): Promise<void>;
  /** The same; settled when nobody anywhere goes by the word before any more, also when Redis is away for all. */
  renewEverywhere(): Promise<void>;
}

export interface SharedMarkOptions {
  key: string;
  /** So long a look is good for whoever asks next: a crowd of readers costs a few looks a second. */
  goodForMs: number;
  /** Asking the store takes about as long: a Redis that is slower than this is not waited for. */
  patienceMs: number;
  /** Milliseconds that only grow. */
  now?(): number;
}

interface Look {
  /** Before the question was sent. */
  since: number;
  word: Promise<string | null>;
}

export function sharedMark(
  redis: Redis,
  { key, goodForMs, patienceMs, now = () => performance.now() }: SharedMarkOptions,
): SharedMark {
  let latest: Look | undefined;

  const held = async (): Promise<string | null> => {
    const word = await redis.get(key);
    // A Redis that is new, or has lost its data: whoever looks next finds one.
    if (word === null) await redis.set(key, randomUUID(), 'NX');
    return word;
  };
  const ask = async (): Promise<string | null> => {
    // A command would wait for the connection to come back.
    if (redis.status !== 'ready') return null;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, patienceMs, null);
    });
    try {
      return await Promise.race([held().catch(() => null), late]);
    } finally {
      clearTimeout(timer);
    }
  };
  const look = async (): Promise<string | null> => {
    const own: Look = { since: now(), word: ask() };
    latest = own;
    const word = await own.word;
    // What is not known is asked again by the next.
    if (word === null && latest === own) latest = undefined;
    return word;
  };
  const renew = async (): Promise<void> => {
    try {
      await redis.set(key, randomUUID());
    } finally {
      // A look that is on its way may have been answered before.
      latest = undefined;
    }
  };
  return {
    read: () => (latest && now() - latest.since < goodForMs ? latest.word : look()),
    async renew() {
      latest = undefined;
      await renew();
    },
    async renewEverywhere() {
      latest = undefined;
      try {
        await renew();
      } finally {
        // Where Redis is away for all, nobody knows a word by then. A timer may be a millisecond early.
        await new Promise((resolve) => {
          setTimeout(resolve, goodForMs + 1);
        });
      }
    },
  };
}
