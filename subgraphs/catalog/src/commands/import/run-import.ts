import type { ImportError, ImportState } from '../../domain/catalog-import.ts';
import { claimImport, releaseImport } from '../../store/imports.ts';
import { checkSeller } from '../check-seller.ts';
import type { CommandDeps } from '../command-deps.ts';
import { uploadFile } from '../receive-upload.ts';
import { applyBatch, type Batch, LeaseLostError } from './apply-batch.ts';
import { readFeed } from './feed.ts';
import { planBatch } from './plan-batch.ts';
import { isRow, type PreparedRow, prepareRow } from './prepare-rows.ts';
import { UnreadableFeedError } from './read-csv.ts';
import { madeReady } from './ready-writes.ts';
import type { KeptCategories } from './row-categories.ts';

/**
 * Small enough for one transaction of some hundred writes, large enough that its cost is spread: a batch waits for about
 * ten answers of the store, however many rows it has, and for whatever else the process does before it reads each. Its events, two
 * of each row, are fewer than a relay publishes at a time.
 */
const BATCH_ROWS = 480;
/** Of the first batch: the store has something to do sooner. */
const FIRST_ROWS = 100;
/** In characters: of rows with long texts fewer are one batch, so that what is held does not depend on the feed. */
const BATCH_SIZE = 2 * 1024 * 1024;
/** Progress is told at least this often, however slowly rows arrive. */
const BATCH_MS = 1_000;
/** Runs that got no further before the import is given up: something in it brings the process down. */
const MAX_ATTEMPTS = 5;

export interface ImportRunner {
  /** Names this process in the lease. */
  holder: string;
  isStopping(): boolean;
}

/** Claims one import and runs it to its end, or until the process is asked to stop; a later run goes on from there. */
export async function runNextImport(deps: CommandDeps, runner: ImportRunner): Promise<'idle' | 'busy'> {
  const claimed = await claimImport(deps.store, runner.holder, deps.clock.now());
  if (!claimed) return 'idle';
  const { state, attempts } = claimed;
  try {
    if (attempts > MAX_ATTEMPTS) await fail(deps, state, 'The import was given up after several tries.', runner.holder);
    else await runImport(deps, state, runner);
  } catch (error) {
    if (error instanceof LeaseLostError) return 'busy';
    await releaseImport(deps.store, state.id, runner.holder).catch(() => undefined);
    throw error;
  }
  return 'busy';
}

async function runImport(deps: CommandDeps, claimed: ImportState, runner: ImportRunner): Promise<void> {
  const seller = await checkSeller(deps, claimed.vendorId);
  if (!seller.ok) return fail(deps, claimed, seller.rejection[0]!.message, runner.holder);
  const feed = await deps.files.read(uploadFile(claimed.uploadId));
  if (!feed) return fail(deps, claimed, 'The uploaded file is gone.', runner.holder);
  let state = claimed;
  let rows: (PreparedRow | ImportError)[] = [];
  let size = 0;
  let line = state.line;
  let lastAppliedAt = performance.now();
  let isFirst = true;
  const kept: KeptCategories = new Map();
  // One batch is written while the next is read and planned: the store and the reader are two processors.
  let writing = Promise.resolve();
  let makesCategories = Promise.resolve(false);
  /** What the batch before has made is there when that is written: planned sooner, its categories would be made once more. */
  const planAhead = async (read: Batch['rows'], isToWait: typeof makesCategories, written: typeof writing) => {
    if (read.length === 0) return undefined;
    if (await isToWait) await written;
    return madeReady(deps, await planBatch(deps, claimed, read, { kept }));
  };
  const apply = async (batch: Pick<Batch, 'isLast' | 'failure'>): Promise<void> => {
    const read = { rows, line, ...batch };
    isFirst = false;
    rows = [];
    size = 0;
    const planned = planAhead(read.rows, makesCategories, writing);
    makesCategories = planned.then((plan) => plan !== undefined && plan.categories.length > 0);
    // Whoever waits for it next is told; nobody may be waiting yet.
    makesCategories.catch(() => undefined);
    await writing;
    if (state.finishedAt) return;
    lastAppliedAt = performance.now();
    writing = planned
      .then((ahead) => applyBatch(deps, state, read, { holder: runner.holder, ahead, onOutdated: () => kept.clear() }))
      .then((next) => void (state = next));
    writing.catch(() => undefined);
  };
  const end = async (failure?: string): Promise<void> => {
    await apply({ isLast: true, failure });
    await writing;
  };
  try {
    for await (const records of readFeed(state.format, feed.stream)) {
      for (const record of records) {
        if (record.line <= claimed.line) continue;
        const prepared = prepareRow(record, claimed);
        rows.push(prepared);
        size += isRow(prepared) ? prepared.size : 0;
        line = record.line;
        const isFull = rows.length >= (isFirst ? FIRST_ROWS : BATCH_ROWS) || size >= BATCH_SIZE;
        if (!isFull && performance.now() - lastAppliedAt < BATCH_MS) continue;
        await apply({ isLast: false });
        if (state.finishedAt) return undefined;
        if (runner.isStopping()) {
          await writing;
          return await releaseImport(deps.store, state.id, runner.holder);
        }
      }
    }
    await writing;
    const isEmpty = state.processed + rows.length === 0;
    return await end(isEmpty ? 'The file holds no rows.' : undefined);
  } catch (error) {
    // What is on its way is done or undone before anybody else takes this import.
    await writing.catch(() => undefined);
    if (!(error instanceof UnreadableFeedError)) throw error;
    return await end(error.message);
  } finally {
    feed.stream.destroy();
  }
}

async function fail(deps: CommandDeps, state: ImportState, reason: string, holder: string): Promise<void> {
  await applyBatch(deps, state, { rows: [], line: state.line, isLast: true, failure: reason }, { holder });
}
