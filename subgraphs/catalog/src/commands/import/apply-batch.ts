import assert from 'node:assert';
import { isSameMoney } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import { appendToMongoOutbox } from '@marketgraph/platform/mongo';
import type { AnyBulkWriteOperation, ClientSession } from 'mongodb';
import { type ImportError, type ImportState, MAX_BAD_ROWS } from '../../domain/catalog-import.ts';
import { importProgressed, offerChanged, productChanged } from '../../events/out.ts';
import { inCatalogTransaction } from '../../store/catalog-store.ts';
import { insertImportErrors, saveImport } from '../../store/imports.ts';
import { newOfferDocument, type OfferDocument, offerFields, refreshSortPrices } from '../../store/offers.ts';
import { newProductDocument, type ProductDocument, productFields } from '../../store/products.ts';
import type { CommandDeps } from '../command-deps.ts';
import { type BatchPlan, planBatch } from './plan-batch.ts';
import type { PreparedRow } from './prepare-rows.ts';

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
 * wholly or not at all, and the next run goes on behind it.
 */
export async function applyBatch(
  deps: CommandDeps,
  state: ImportState,
  batch: Batch,
  holder: string,
): Promise<ImportState> {
  const next = await inCatalogTransaction(deps.store, async (transaction) => {
    const { session } = transaction;
    const plan = await planBatch(deps, state, batch.rows, session);
    const now = deps.clock.now();
    const advanced = advance(state, batch, plan, now);
    await writeProducts(deps, plan, session);
    await writeOffers(deps, plan, session);
    await insertImportErrors(deps.store, state.id, plan.errors, session);
    if (!(await saveImport(deps.store, advanced, { holder, now }, session))) throw new LeaseLostError();
    await appendToMongoOutbox(transaction, [...eventsOf(plan, deps), importProgressed(advanced)], {
      ids: deps.ids,
      now,
    });
    return advanced;
  });
  deps.nudge('relay');
  return next;
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
    failureReason: reason ?? null,
    finishedAt: isOver ? now : null,
    version: state.version + 1,
  };
}

async function writeProducts(
  { store }: CommandDeps,
  { products, offers }: BatchPlan,
  session: ClientSession,
): Promise<void> {
  // A new product has one offer, made from the same row: its price is known without asking.
  const prices = new Map([...offers.values()].map(({ after }) => [after.productId, after.price.amount]));
  const operations = [...products.values()].map(({ before, after }): AnyBulkWriteOperation<ProductDocument> => {
    if (!before) {
      const document = newProductDocument(after);
      return { insertOne: { document: { ...document, sortPrice: prices.get(after.id) ?? document.sortPrice } } };
    }
    return {
      updateOne: { filter: { _id: after.id, version: before.version }, update: { $set: productFields(after) } },
    };
  });
  if (operations.length === 0) return;
  const { insertedCount, matchedCount } = await store.products.bulkWrite(operations, { session });
  assert.equal(insertedCount + matchedCount, operations.length, 'a transaction sees the versions it read');
}

async function writeOffers({ store }: CommandDeps, { offers }: BatchPlan, session: ClientSession): Promise<void> {
  const changes = [...offers.values()];
  const operations = changes.map(({ before, after, source }): AnyBulkWriteOperation<OfferDocument> => {
    if (!before) return { insertOne: { document: newOfferDocument(after, source) } };
    // Also of an unchanged offer it is remembered that this import has seen it.
    const fields = before === after ? { source } : { ...offerFields(after), source };
    return { updateOne: { filter: { _id: after.id, version: before.version }, update: { $set: fields } } };
  });
  if (operations.length === 0) return;
  const { insertedCount, matchedCount } = await store.offers.bulkWrite(operations, { session });
  assert.equal(insertedCount + matchedCount, operations.length, 'a transaction sees the versions it read');
  const repriced = changes.filter(({ before, after }) => before && !isSameMoney(before.price, after.price));
  await refreshSortPrices(store, [...new Set(repriced.map(({ after }) => after.productId))], session);
}

function eventsOf({ products, offers }: BatchPlan, { publicUrl }: CommandDeps): NewEvent[] {
  return [
    ...[...products.values()].map(({ after, category }) => productChanged(after, { path: category.path, publicUrl })),
    ...[...offers.values()]
      .filter(({ before, after }) => before !== after)
      .map(({ before, after }) => offerChanged(after, before)),
  ];
}
