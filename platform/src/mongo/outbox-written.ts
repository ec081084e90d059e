import type { ClientSession, MongoClient } from 'mongodb';

const writers = new WeakSet<ClientSession>();
const listeners = new WeakMap<MongoClient, Set<() => void>>();

/** Of a transaction that is not committed yet. */
export function hasWritten(session: ClientSession): void {
  writers.add(session);
}

/** To be called once it is. */
export function tellWritten(client: MongoClient, session: ClientSession): void {
  if (writers.delete(session)) for (const listener of listeners.get(client) ?? []) listener();
}

/** `listener` is called after each commit over this client that wrote events. */
export function onWritten(client: MongoClient, listener: () => void): void {
  const known = listeners.get(client);
  if (known) known.add(listener);
  else listeners.set(client, new Set([listener]));
}
