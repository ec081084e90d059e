import { isSameMoney } from '@marketgraph/platform/core';
import type { EventText } from '@marketgraph/platform/mongo';
import type { ClientSession, OrderedBulkOperation } from 'mongodb';
import type { CategoryState } from '../../domain/category.ts';
import { areUnchanged, insertCategories } from '../../store/categories.ts';
import { refreshSortPrices } from '../../store/offers.ts';
import type { ImportDeps } from '../command-deps.ts';
import type { BatchPlan } from './plan-batch.ts';
import { readyWrites } from './ready-writes.ts';

/** The catalog is not as it was when the plan was made. */
export class OutdatedPlanError extends Error {
  constructor() {
    super('The catalog has changed since the rows were planned.');
  }
}

/**
 * Writes what a batch of rows comes to; the events are for the end of the transaction. Concurrency: a plan that was made
 * before the transaction began may be outdated. Whatever it took for new meets a unique index (sku, slug, name of a category),
 * and products, offers and categories it builds on must be as they were read. Everybody who changes a product, an offer or a category
 * counts its version up; a feed row that leaves its offer as it is leaves the name of its import or call there.
 */
export async function writePlan(deps: ImportDeps, plan: BatchPlan, session: ClientSession): Promise<EventText[]> {
  const { products, offers, events } = plan.ready ?? readyWrites(deps, plan);
  await writeCategories(deps, plan, session);
  await write(products, session);
  await write(offers, session);
  const repriced = [...plan.offers.values()].filter(
    ({ before, after }) => before && !isSameMoney(before.price, after.price),
  );
  await refreshSortPrices(deps.store, [...new Set(repriced.map(({ after }) => after.productId))], session);
  return events;
}

async function writeCategories(
  { store }: ImportDeps,
  { categories, products, isAhead }: BatchPlan,
  session: ClientSession,
): Promise<void> {
  const isNew = new Set(categories.map(({ id }) => id));
  const read = new Map<string, CategoryState>();
  for (const { category } of products.values()) for (const each of category.path) read.set(each.id, each);
  const known = [...read.values()].filter(({ id }) => !isNew.has(id));
  if (isAhead && !(await areUnchanged(store, known, session))) throw new OutdatedPlanError();
  await insertCategories(store, categories, session);
}

async function write(operations: OrderedBulkOperation | undefined, session: ClientSession): Promise<void> {
  if (!operations) return;
  const { insertedCount, matchedCount } = await operations.execute({ session });
  if (insertedCount + matchedCount !== operations.length) throw new OutdatedPlanError();
}
