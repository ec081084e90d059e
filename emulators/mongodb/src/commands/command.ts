import type { KnownUser } from '../auth/users.ts';
import type { ScramConversation } from '../auth/scram.ts';
import type { Doc, Value } from '../bson/value.ts';
import type { Deadline } from '../deadline.ts';
import type { Variables } from '../expression/compile.ts';
import type { ReadContext } from '../query/find-documents.ts';
import type { Server } from '../server.ts';
import type { Writer } from '../storage/writer.ts';
import type { Session } from '../transactions/session.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { Reply } from '../wire/reply.ts';

/** What the server knows of one socket. */
export interface ConnectionState {
  id: number;
  /** Address the client reached us at: what `hello` answers as the only member. */
  address: string;
  user?: KnownUser;
  conversation?: { id: number; scram: ScramConversation; isProven: boolean };
  /** Aborted when the socket is gone. */
  signal: AbortSignal;
}

export interface CommandContext {
  server: Server;
  connection: ConnectionState;
  /** Name of the command, and the command itself. */
  name: string;
  body: Doc;
  database: string;
  username: string;
  session?: Session;
  transaction?: Transaction;
  /** Number of a retryable write outside a transaction. */
  retryNumber?: number;
  writer: Writer;
  read: ReadContext;
  deadline: Deadline;
  variables: Variables;
}

export interface Command {
  /** Options of this command, besides those every command takes. What is not listed is refused. */
  options: readonly string[];
  /** Who may run it: anybody, anybody signed in, or only users of the database. */
  access: 'anybody' | 'user' | 'database';
  inTransaction?: boolean;
  /** Changes documents: takes a write concern and may be retried. */
  isWrite?: boolean;
  run(context: CommandContext): Reply | Promise<Reply>;
}

export type CommandTable = Record<string, Command>;

export function ok(fields: Doc = {}): Reply {
  return { fields: { ...fields, ok: 1 } };
}

/** The option with the command's own name, which is most often the collection. */
export function target({ body, name }: Pick<CommandContext, 'body' | 'name'>): Value {
  return body[name] as Value;
}
