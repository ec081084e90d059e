import { CommandError } from '../errors.ts';
import type { Doc, Value } from '../bson/value.ts';
import type { CommandContext } from './command.ts';
import { flagOption } from './options.ts';

/** Statements of one write command; the driver splits longer lists. */
export const MAX_STATEMENTS = 100_000;

/**
 * Runs the statements of an insert, update or delete in order. A statement that was already done by an earlier copy
 * of this command answers as it did then.
 */
export async function runStatements<T extends Doc>(
  context: CommandContext,
  statements: readonly T[],
  run: (statement: T, index: number) => Doc | Promise<Doc>,
): Promise<{ results: (Doc | undefined)[]; writeErrors: Doc[] }> {
  if (statements.length === 0 || statements.length > MAX_STATEMENTS) {
    throw new CommandError(
      'InvalidLength',
      `Write batch sizes must be between 1 and ${MAX_STATEMENTS}. Got ${statements.length} operations.`,
    );
  }
  const isOrdered = flagOption(context.body, 'ordered', true);
  const results: (Doc | undefined)[] = [];
  const writeErrors: Doc[] = [];
  for (const [index, statement] of statements.entries()) {
    context.deadline.check();
    try {
      const result = onceOnly(context, index, () => run(statement, index));
      results[index] = result instanceof Promise ? await result : result;
    } catch (error) {
      writeErrors.push(toWriteError(error, index, context));
      if (isOrdered) break;
    }
  }
  return { results, writeErrors };
}

/** Does it, and remembers the answer for a retry; or remembers that it was done. */
export function onceOnly(
  context: CommandContext,
  statement: number,
  run: () => Doc | Promise<Doc>,
): Doc | Promise<Doc> {
  const { session, retryNumber } = context;
  if (!session || retryNumber === undefined) return run();
  const earlier = session.history.results.get(statement);
  if (earlier) return earlier;
  const remembered = (result: Doc): Doc => {
    session.remember(statement, result);
    return result;
  };
  const result = run();
  return result instanceof Promise ? result.then(remembered) : remembered(result);
}

/** In a transaction nothing goes on after an error: the command fails, and the transaction with it. */
function toWriteError(error: unknown, index: number, { transaction }: CommandContext): Doc {
  if (!(error instanceof CommandError)) throw error;
  if (transaction && error.codeName !== 'DuplicateKey') throw error;
  transaction?.abort();
  const entry: Doc = { index, code: error.code, errmsg: error.message };
  const { keyPattern, keyValue } = error.details;
  if (keyPattern !== undefined) Object.assign(entry, { keyPattern: keyPattern as Value, keyValue: keyValue as Value });
  return entry;
}
