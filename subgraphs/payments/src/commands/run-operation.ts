import { money } from '@marketgraph/platform/core';
import { ProviderRefusedError, ProviderUnavailableError } from '../clients/provider.ts';
import { keyOf, needsNewKey, pauseAfter } from '../domain/payout.ts';
import { countTry, findOperation, postponeOperation, takeDueOperations } from '../store/operations.ts';
import type { OperationRow } from '../store/refund.entity.ts';
import type { PaymentsDeps } from './payments-deps.ts';
import { type OperationWork, workOf } from './operation-work.ts';

const BATCH = 50;
/** From here on every further try is also an alarm. */
const ALARMING_TRIES = 8;

/** Works off what the provider is to do and has not, or not known to us, done. */
export async function runDueOperations(deps: PaymentsDeps): Promise<'idle' | 'busy'> {
  const due = await takeDueOperations(deps.orm.em.fork(), deps.clock.now(), BATCH);
  for (const id of due) {
    try {
      await runOperation(deps, id);
    } catch (error) {
      // One of them must not hold up the others; it is due again later.
      deps.log.warn({ err: error, operation: id }, 'operation at the provider failed; trying again');
    }
  }
  return due.length === BATCH ? 'busy' : 'idle';
}

/**
 * One try of one operation. Whoever may have tried before is looked for first
 * in the provider's own list, and only what is not there is asked for, under the key it
 * was asked for before. Harmless to repeat and to run twice at once. Ends
 * without an error when the provider does not answer: the operation stays due.
 */
export function runOperation(deps: PaymentsDeps, id: string): Promise<void> {
  return deps.operating(id, async () => {
    const operation = await findOperation(deps.orm.em.fork(), id);
    if (operation?.status !== 'PENDING') return;
    const work = await workOf(deps, operation);
    if (!work) return postpone(deps, operation, 'waits for its transfer');
    try {
      if (operation.tries > 0 && (await work.look())) return;
      const generation = operation.generation + (needsNewKey(operation, deps.clock.now()) ? 1 : 0);
      await attempt(deps, operation, { work, generation });
    } catch (error) {
      if (!(error instanceof ProviderUnavailableError)) throw error;
      await postpone(deps, operation, 'the provider does not answer');
    }
  });
}

async function attempt(
  deps: PaymentsDeps,
  operation: OperationRow,
  { work, generation }: { work: OperationWork; generation: number },
): Promise<void> {
  const now = deps.clock.now();
  const next = new Date(now.getTime() + pauseAfter(operation.tries + 1));
  if (!(await countTry(deps.orm.em.fork(), operation.id, { now, next, generation }))) return;
  const key = keyOf({ ...operation, generation });
  try {
    await work.ask(money(operation.amount, operation.currency), key);
  } catch (error) {
    if (error instanceof ProviderRefusedError) return work.refused(error);
    if (!(error instanceof ProviderUnavailableError)) throw error;
    if (operation.tries + 1 >= ALARMING_TRIES) {
      deps.log.error({ operation: operation.id, tries: operation.tries + 1 }, 'the provider keeps failing');
      await work.unanswered(operation.tries + 1);
    }
    // The answer may be lost and the effect there.
    await work.look();
  }
}

function postpone(deps: PaymentsDeps, operation: OperationRow, error: string): Promise<void> {
  const until = new Date(deps.clock.now().getTime() + pauseAfter(operation.tries + 1));
  return postponeOperation(deps.orm.em.fork(), operation.id, { until, error });
}
