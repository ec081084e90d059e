import { CommandError } from '../errors.ts';
import { BlockedByTransaction, type Transaction } from '../transactions/transaction.ts';
import type { CommandContext } from './command.ts';

/**
 * Runs a statement that is all or nothing; when a transaction holds what it needs, waits for that transaction to end
 * and runs it again. A transaction ends within its lifetime at the latest, so the wait is bounded. Mostly nothing waits, and there is no promise.
 */
export function attempt<T>(context: CommandContext, run: () => T): T | Promise<T> {
  try {
    return run();
  } catch (error) {
    return attemptLater(context, run, error);
  }
}

async function attemptLater<T>(context: CommandContext, run: () => T, first: unknown): Promise<T> {
  for (let error = first; ;) {
    if (!(error instanceof BlockedByTransaction)) throw error;
    // What was done before the wait is remembered with it, in case nobody is left to finish the command.
    context.server.sessions.save(context.session);
    await waitFor(error.transaction, context);
    try {
      return run();
    } catch (again) {
      error = again;
    }
  }
}

async function waitFor(transaction: Transaction, { deadline, connection }: CommandContext): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const leftMs = deadline.leftMs();
  const timer = Number.isFinite(leftMs) ? setTimeout(resolve, Math.max(0, leftMs) + 1) : undefined;
  connection.signal.addEventListener('abort', () => resolve(), { once: true });
  await Promise.race([transaction.finished, promise]);
  clearTimeout(timer);
  if (connection.signal.aborted) throw new CommandError('Interrupted', 'the client is gone');
  deadline.check();
}
