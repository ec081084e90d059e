import type { ClientSession } from 'mongodb';
import { appendToMongoOutbox } from '@marketgraph/platform/mongo';
import { type ImportError, type ImportState, MAX_BAD_ROWS } from '../../domain/catalog-import.ts';
import { importProgressed } from '../../events/out.ts';
import { inCatalogTransaction } from '../../store/catalog-store.ts';
import { insertImportErrors, saveImport } from '../../store/imports.ts';
import type { ImportDeps } from '../command-deps.ts';
import { type BatchPlan, planBatch } from './plan-batch.ts';
import type { PreparedRow } from './prepare-rows.ts';
import { OutdatedPlanError, writePlan } from './write-plan.ts';

/** Somebody else runs this import now; what is done here is theirs to do. */
export class LeaseLostError extends Error {}

export interface Batch {
  rows: readonly (PreparedRow | ImportError)[];
  /** The last line of the batch. */
  line: number;
  /** Nothing comes after it. */
  isLast: boolean;
  /** Why the import ends here although there may be more. */
  failure?: string;
}

/**
 * Takes a batch over: products, offers, bad rows, events and how far the
 * import has come are one transaction. A process that dies has done a batch
 * wholly or not at all, and the next run goes on behind it. `ahead` was planned
 * while the batch before was written; when the catalog has changed under it,
 * `onOutdated` is told and the batch is planned again within the transaction.
 */
export async function applyBatch(
  deps: ImportDeps,
  state: ImportState,
  batch: Batch,
  { holder, ahead, onOutdated }: { holder: string; ahead?: BatchPlan; onOutdated?: () => void },
): Promise<ImportState> {
  let untried = ahead;
  const planIn = async (session: ClientSession): Promise<BatchPlan> => {
    const plan = untried;
    untried = undefined;
    if (plan) return plan;
    if (ahead) onOutdated?.();
    return planBatch(deps, state, batch.rows, { session });
  };
  const run = () =>
    inCatalogTransaction(deps.store, async (transaction) => {
      const { session } = transaction;
      const plan = await planIn(session);
      const now = deps.clock.now();
      const advanced = advance(state, batch, plan, now);
      const events = await writePlan(deps, plan, session);
      await insertImportErrors(deps.store, state.id, plan.errors, session);
      if (!(await saveImport(deps.store, advanced, { holder, now }, session))) throw new LeaseLostError();
      await appendToMongoOutbox(transaction, [...events, importProgressed(advanced)], {
        ids: deps.ids,
        now,
      });
      return advanced;
    });
  return run().catch((error: unknown) => {
    if (ahead && error instanceof OutdatedPlanError) return run();
    throw error;
  });
}

function advance(state: ImportState, { rows, line, isLast, failure }: Batch, plan: BatchPlan, now: Date): ImportState {
  const failed = state.failed + plan.errors.length;
  const reason = failure ?? (failed > MAX_BAD_ROWS ? `More than ${MAX_BAD_ROWS} rows could not be read.` : undefined);
  const isOver = isLast || reason !== undefined;
  return {
    ...state,
    status: reason !== undefined ? 'FAILED' : isLast ? 'COMPLETED' : 'RUNNING',
    line,
    processed: state.processed + rows.length,
    failed,
    created: state.created + plan.created,
    updated: state.updated + plan.updated,
    unchanged: state.unchanged + plan.unchanged,
    stale: (state.stale ?? 0) + plan.stale,
    failureReason: reason ?? null,
    finishedAt: isOver ? now : null,
    version: state.version + 1,
  };
}
