import type { ClientSession, MongoClient } from 'mongodb';

/** A document of the outbox as it was written. */
export interface WrittenEvents {
  _id: string;
  texts: readonly string[];
}

type Listener = (documents: readonly WrittenEvents[]) => void;

const written = new WeakMap<ClientSession, WrittenEvents[]>();
const listeners = new WeakMap<MongoClient, Set<Listener>>();

/** Of a transaction that is not committed yet. */
export function hasWritten(session: ClientSession, documents: readonly WrittenEvents[]): void {
  const before = written.get(session);
  if (before) before.push(...documents);
  else written.set(session, [...documents]);
}

/** To be called when a transaction begins again: what it wrote before is not there. */
export function hasUndone(session: ClientSession): void {
  written.delete(session);
}

/** To be called once it is. */
export function tellWritten(client: MongoClient, session: ClientSession): void {
  const documents = written.get(session);
  if (!documents) return;
  written.delete(session);
  for (const listener of listeners.get(client) ?? []) listener(documents);
}

/** `listener` is called after each commit over this client that wrote events, with what that wrote. */
export function onWritten(client: MongoClient, listener: Listener): void {
  const known = listeners.get(client);
  if (known) known.add(listener);
  else listeners.set(client, new Set([listener]));
}
