import { isNumeric, toNumber } from '../bson/numeric.ts';
import { type Doc, encodeDocument, type Value } from '../bson/value.ts';
import { takeBatch } from '../cursors/batch.ts';
import type { OpenCursor } from '../cursors/cursors.ts';
import { CommandError } from '../errors.ts';
import type { Reply } from '../wire/reply.ts';
import { type CommandContext, type CommandTable, ok, target } from './command.ts';
import { arrayOption, countOption, stringOption } from './options.ts';

export const cursorCommands: CommandTable = {
  getMore: { options: ['collection', 'batchSize'], access: 'database', inTransaction: true, run: getMore },
  killCursors: { options: ['cursors'], access: 'database', inTransaction: true, run: killCursors },
};

/** How long a change stream's `getMore` waits without a `maxTimeMS`. */
const DEFAULT_AWAIT_MS = 1_000;
const MAX_AWAIT_MS = 60_000;

async function getMore(context: CommandContext): Promise<Reply> {
  const { server, body, database, username } = context;
  const namespace = `${database}.${stringOption(body, 'collection')}`;
  const cursor = server.cursors.find(cursorId(target(context)), namespace, username);
  const batchSize = countOption(body, 'batchSize') || Infinity;
  if (cursor.stream) return nextEvents(context, cursor, batchSize);
  const batch = takeBatch(cursor, batchSize);
  const isDone = cursor.position >= cursor.rows.length;
  if (isDone) server.cursors.close(cursor.id, username);
  return { fields: { ok: 1 }, cursor: { batchName: 'nextBatch', batch, cursorId: isDone ? 0 : cursor.id, namespace } };
}

/** Answers as soon as there is an event, or empty when the client has waited long enough. */
async function nextEvents(context: CommandContext, cursor: OpenCursor, batchSize: number): Promise<Reply> {
  const { server, body, connection, username } = context;
  const { stream } = cursor;
  if (!stream) throw new CommandError('InternalError', 'emulator: not a change stream');
  const end = performance.now() + Math.min(countOption(body, 'maxTimeMS') ?? DEFAULT_AWAIT_MS, MAX_AWAIT_MS);
  let batch = stream.read(batchSize);
  while (batch.events.length === 0 && !batch.isClosed && !connection.signal.aborted) {
    const leftMs = end - performance.now();
    if (leftMs <= 0) break;
    await stream.waitForMore(leftMs, connection.signal);
    batch = stream.read(batchSize);
  }
  if (batch.isClosed) server.cursors.close(cursor.id, username);
  return {
    fields: { ok: 1, operationTime: server.store.events.clock },
    cursor: {
      batchName: 'nextBatch',
      batch: batch.events.map((doc: Doc) => encodeDocument(doc)),
      cursorId: batch.isClosed ? 0 : cursor.id,
      namespace: cursor.namespace,
      postBatchResumeToken: stream.token,
    },
  };
}

function killCursors({ server, body, username }: CommandContext): Reply {
  const ids = arrayOption(body, 'cursors');
  const killed = ids.filter((id) => server.cursors.close(cursorId(id), username));
  const missing = ids.filter((id) => !killed.includes(id));
  return ok({ cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [] });
}

function cursorId(value: Value): number {
  if (isNumeric(value)) return toNumber(value);
  throw new CommandError('TypeMismatch', 'a cursor id must be a number');
}
