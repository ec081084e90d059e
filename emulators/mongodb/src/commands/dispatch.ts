import { Binary, Long, type Timestamp } from 'bson';
import { mayUse } from '../auth/users.ts';
import { isNumeric, toNumber } from '../bson/numeric.ts';
import { type Doc, type Value } from '../bson/value.ts';
import { startDeadline } from '../deadline.ts';
import { CommandError } from '../errors.ts';
import { compileExpression, type Variables } from '../expression/compile.ts';
import type { Server } from '../server.ts';
import { committedView, DirectWriter } from '../storage/direct-writer.ts';
import type { Session } from '../transactions/session.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { Request } from '../wire/message.ts';
import { encodeElements, type Reply } from '../wire/reply.ts';
import { aggregateCommands } from './aggregate.ts';
import { collectionCommands } from './collections.ts';
import type { Command, CommandContext, CommandTable, ConnectionState } from './command.ts';
import { cursorCommands } from './cursor-commands.ts';
import { explainCommands } from './explain.ts';
import { findAndModifyCommands } from './find-and-modify.ts';
import { greetingCommands } from './greeting.ts';
import { assertOptions, countOption, docOption } from './options.ts';
import { readCommands } from './read.ts';
import { sessionCommands } from './session-commands.ts';
import { writeCommands } from './write.ts';

/** The allow-list of commands. */
const COMMANDS: CommandTable = {
  ...greetingCommands,
  ...readCommands,
  ...writeCommands,
  ...findAndModifyCommands,
  ...aggregateCommands,
  ...cursorCommands,
  ...collectionCommands,
  ...sessionCommands,
  ...explainCommands,
};

export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** Runs one request; whatever goes wrong becomes a reply. */
export async function dispatch(server: Server, connection: ConnectionState, request: Request): Promise<Reply> {
  let session: Session | undefined;
  try {
    const name = Object.keys(request.command)[0] ?? '';
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!command) throw new CommandError('CommandNotFound', `no such command: '${name}' (emulator)`);
    assertAccess(server, connection, { command, name, database: request.database });
    assertOptions(name, request.command, command);
    server.stats.commands[name] = (server.stats.commands[name] ?? 0) + 1;
    const username = connection.user?.username ?? '';
    session = command.access === 'anybody' ? undefined : server.sessions.session(request.command.lsid, username);
    const context = makeContext({ server, connection, request, command, name, session, username });
    const reply = await command.run(context);
    if (command.isWrite && !context.transaction) server.sessions.save(session);
    // Reads wait too: nobody is shown what a crash could still take back.
    if (command.access !== 'anybody') await server.store.durable();
    return session ? withClock(server, reply) : reply;
  } catch (error) {
    return toErrorReply(server, error, { session, command: request.command });
  }
}

interface ContextParts {
  server: Server;
  connection: ConnectionState;
  request: Request;
  command: Command;
  name: string;
  session: Session | undefined;
  username: string;
}

function makeContext({ server, connection, request, command, name, session, username }: ContextParts): CommandContext {
  const body = request.command;
  // A getMore waits that long for events; it does not fail after it.
  const deadline = startDeadline(name === 'getMore' ? undefined : countOption(body, 'maxTimeMS'), connection.signal);
  const { transaction, retryNumber } = numberedBy({ server, connection, body, command, name, session });
  const writer = transaction ?? new DirectWriter(server.store);
  const variables = variablesOf(body);
  return {
    server,
    connection,
    name,
    body,
    database: request.database,
    username,
    session,
    transaction,
    retryNumber,
    writer,
    deadline,
    read: { view: transaction ?? committedView, deadline },
    variables,
  };
}

/** `let` gives constants a name, written as expressions. */
function variablesOf(body: Doc): Variables {
  const variables: Variables = { NOW: new Date() };
  const lets = Object.entries(docOption(body, 'let') ?? {});
  const values = lets.map(([name, value]) => [name, compileExpression(value)({ root: {}, variables })] as const);
  return Object.assign(variables, Object.fromEntries(values));
}

type Numbering = Pick<ContextParts, 'server' | 'connection' | 'command' | 'name' | 'session'> & { body: Doc };

/** What `txnNumber` means: a statement of a transaction, or a write that may be retried. */
function numberedBy({ server, connection, body, command, name, session }: Numbering): {
  transaction?: Transaction;
  retryNumber?: number;
} {
  const { txnNumber, autocommit, startTransaction } = body;
  if (txnNumber === undefined) {
    if (autocommit !== undefined || startTransaction !== undefined) {
      throw new CommandError('InvalidOptions', "'autocommit' and 'startTransaction' need a transaction number");
    }
    return {};
  }
  if (!session || !isNumeric(txnNumber))
    throw new CommandError('InvalidOptions', 'Transaction number requires a session ID to also be specified');
  const number = toNumber(txnNumber);
  if (autocommit === undefined) {
    session.advanceTo(number);
    return { retryNumber: number };
  }
  if (name === 'commitTransaction' || name === 'abortTransaction') return {};
  if (!command.inTransaction) {
    throw new CommandError(
      'OperationNotSupportedInTransaction',
      `Cannot run '${name}' in a multi-document transaction.`,
    );
  }
  const transaction =
    startTransaction === true ? server.sessions.startTransaction(session, number) : session.runningTransaction(number);
  session.carriers.add(connection);
  return { transaction };
}

interface AccessRequest {
  command: Command;
  name: string;
  database: string;
}

function assertAccess(server: Server, { user }: ConnectionState, { command, name, database }: AccessRequest): void {
  if (server.store.file.failure) {
    throw new CommandError('InternalError', `emulator: stopped, because ${server.store.file.failure.message}`);
  }
  if (command.access === 'anybody' || !server.users.isRequired) return;
  if (!user) throw new CommandError('Unauthorized', `Command ${name} requires authentication`);
  if (command.access === 'database' && !mayUse(user, database)) {
    throw new CommandError('Unauthorized', `not authorized on ${database} to execute command ${name}`);
  }
}

const clocks = new WeakMap<Timestamp, Uint8Array>();

/** Drivers carry these times from one session to the next to read what they wrote. */
function withClock({ store }: Server, reply: Reply): Reply {
  const clusterTime = store.events.clock;
  let more = clocks.get(clusterTime);
  if (!more) {
    const times = { operationTime: clusterTime, $clusterTime: { clusterTime, signature: NO_SIGNATURE } };
    clocks.set(clusterTime, (more = encodeElements(times)));
  }
  const { operationTime: _, ...fields } = reply.fields;
  return { ...reply, fields, more };
}

const NO_SIGNATURE: Doc = { hash: new Binary(Buffer.alloc(20)), keyId: Long.ZERO };

function toErrorReply(
  server: Server,
  error: unknown,
  { session, command }: { session: Session | undefined; command: Doc },
): Reply {
  // An error ends the transaction it happens in, as on the server; a failed commit has ended it itself.
  const isInTransaction = command.autocommit === false && session?.history.txnNumber === Number(command.txnNumber);
  if (session && isInTransaction && !session.history.isCommitted) server.sessions.abort(session);
  const known = error instanceof CommandError ? error : unexpected(server, error);
  const { labels, keyPattern, keyValue } = known.details;
  const fields: Doc = { ok: 0, errmsg: known.message, code: known.code, codeName: known.codeName };
  if (keyPattern !== undefined) fields.keyPattern = keyPattern as Value;
  if (keyValue !== undefined) fields.keyValue = keyValue as Value;
  if (labels) fields.errorLabels = labels;
  return { fields };
}

/** A mistake of ours: the client gets the message, the log the whole of it. */
function unexpected(server: Server, error: unknown): CommandError {
  const cause = error instanceof Error ? error : new Error(String(error));
  server.log('command failed unexpectedly', { error: cause.stack ?? cause.message });
  return new CommandError('InternalError', `emulator: ${cause.message}`, { cause });
}
