import { UUID } from 'bson';
import { CommandError } from '../errors.ts';
import { SESSION_MINUTES } from '../transactions/sessions.ts';
import type { Reply } from '../wire/reply.ts';
import { type CommandContext, type CommandTable, ok, target } from './command.ts';

const user = { access: 'user', options: [] } as const;

export const sessionCommands: CommandTable = {
  startSession: { ...user, run: () => ok({ id: { id: new UUID() }, timeoutMinutes: SESSION_MINUTES }) },
  refreshSessions: { ...user, run: refresh },
  endSessions: { ...user, run: end },
  killSessions: { ...user, run: end },
  commitTransaction: { ...user, options: ['recoveryToken'], inTransaction: true, isWrite: true, run: commit },
  abortTransaction: { ...user, options: ['recoveryToken'], inTransaction: true, isWrite: true, run: abort },
};

function refresh(context: CommandContext): Reply {
  for (const lsid of lsids(context)) context.server.sessions.session(lsid, context.username);
  return ok();
}

function end(context: CommandContext): Reply {
  for (const lsid of lsids(context)) context.server.sessions.end(lsid, context.username);
  return ok();
}

function lsids(context: CommandContext) {
  const list = target(context);
  if (!Array.isArray(list)) throw new CommandError('TypeMismatch', `${context.name} needs an array of sessions`);
  return list;
}

async function commit(context: CommandContext): Promise<Reply> {
  const { session, txnNumber } = transactionOf(context);
  context.server.sessions.commit(session, txnNumber);
  await context.server.store.durable();
  return ok();
}

function abort(context: CommandContext): Reply {
  const { session, txnNumber } = transactionOf(context);
  session.runningTransaction(txnNumber);
  context.server.sessions.abort(session);
  return ok();
}

function transactionOf({ session, body, name }: CommandContext) {
  if (!session || body.txnNumber === undefined || body.autocommit !== false) {
    throw new CommandError('InvalidOptions', `${name} must be run within a transaction`);
  }
  return { session, txnNumber: Number(body.txnNumber) };
}
