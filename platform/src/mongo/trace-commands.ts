import type { CommandStartedEvent, MongoClient } from 'mongodb';
import { beginPart } from '../tracing/tracing.ts';

/** Commands whose end nobody has told: of connections that were lost. */
const MAX_OPEN = 1_000;

/** Spans of what the driver sends, by the name of the command and its collection; values stay out of them. */
export function traceCommands(client: MongoClient): void {
  const open = new Map<number, { end(error?: unknown): void }>();
  client.on('commandStarted', ({ requestId, commandName, command }: CommandStartedEvent) => {
    const collection: unknown = command[commandName];
    const where = typeof collection === 'string' ? ` ${collection}` : '';
    const part = beginPart(`mongo ${commandName}${where}`, { attributes: { 'db.system.name': 'mongodb' } });
    if (part && open.size < MAX_OPEN) open.set(requestId, part);
  });
  const end = (requestId: number, error?: unknown) => {
    open.get(requestId)?.end(error);
    open.delete(requestId);
  };
  client.on('commandSucceeded', ({ requestId }) => end(requestId));
  client.on('commandFailed', ({ requestId, failure }) => end(requestId, failure));
}
