import type { MongoClient } from 'mongodb';

/** Whoever takes longer is not waited for: a server that does not answer holds up its own transaction alone. */
const TURN_MS = 2_000;

/** Per client, the end of the last turn that was given. */
const lastOf = new WeakMap<MongoClient, Promise<void>>();

/**
 * Waits until those who asked before have given their turn back, or kept it too
 * long; resolves to what gives this one back.
 */
export async function takeTurn(client: MongoClient, { turnMs = TURN_MS } = {}): Promise<() => void> {
  const before = lastOf.get(client);
  const mine = Promise.withResolvers<void>();
  lastOf.set(client, mine.promise);
  await before;
  const late = setTimeout(mine.resolve, turnMs);
  return () => {
    clearTimeout(late);
    mine.resolve();
  };
}
