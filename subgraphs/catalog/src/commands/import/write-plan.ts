import { isSameMoney } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import type { AnyBulkWriteOperation, ClientSession } from 'mongodb';
import { offerChanged, productChanged } from '../../events/out.ts';
import type { CategoryState } from '../../domain/category.ts';
import { areUnchanged, insertCategories } from '../../store/categories.ts';
import { newOfferDocument, type OfferDocument, offerFields, refreshSortPrices } from '../../store/offers.ts';
import { newProductDocument, type ProductDocument, productFields } from '../../store/products.ts';
import type { ImportDeps } from '../command-deps.ts';
import type { BatchPlan } from './plan-batch.ts';

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
export async function writePlan(deps: ImportDeps, plan: BatchPlan, session: ClientSession): Promise<NewEvent[]> {
  await writeCategories(deps, plan, session);
  await writeProducts(deps, plan, session);
  await writeOffers(deps, plan, session);
  return eventsOf(plan, deps);
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

async function writeProducts(
  { store }: ImportDeps,
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
  const { insertedCount, matchedCount } = await store.products.bulkWrite(insertsFirst(operations), { session });
  if (insertedCount + matchedCount !== operations.length) throw new OutdatedPlanError();
}

async function writeOffers({ store }: ImportDeps, { offers }: BatchPlan, session: ClientSession): Promise<void> {
  const changes = [...offers.values()];
  const operations = changes.map(({ before, after, source, sourceBefore }): AnyBulkWriteOperation<OfferDocument> => {
    if (!before) return { insertOne: { document: newOfferDocument(after, source) } };
    // Also of an unchanged offer it is remembered that this import has seen it.
    const fields = before === after ? { source } : { ...offerFields(after), source };
    const asRead = { version: before.version, 'source.importId': sourceBefore?.importId ?? null };
    return { updateOne: { filter: { _id: after.id, ...asRead }, update: { $set: fields } } };
  });
  if (operations.length === 0) return;
  const { insertedCount, matchedCount } = await store.offers.bulkWrite(insertsFirst(operations), { session });
  if (insertedCount + matchedCount !== operations.length) throw new OutdatedPlanError();
  const repriced = changes.filter(({ before, after }) => before && !isSameMoney(before.price, after.price));
  await refreshSortPrices(store, [...new Set(repriced.map(({ after }) => after.productId))], session);
}

/** The driver sends what is of one kind together, as long as nothing of another comes between. */
function insertsFirst<T extends object>(operations: readonly T[]): T[] {
  return operations.toSorted((a, b) => Number('updateOne' in a) - Number('updateOne' in b));
}

/** A product and its offers side by side: whoever makes one thing of both then makes it once. */
function eventsOf({ products, offers }: BatchPlan, { publicUrl }: ImportDeps): NewEvent[] {
  const changed = [...offers.values()].filter(({ before, after }) => before !== after);
  const byProduct = Map.groupBy(changed, ({ after }) => after.productId);
  const ofProducts = [...products.values()].flatMap(({ after, category }) => [
    productChanged(after, { path: category.path, publicUrl }),
    ...(byProduct.get(after.id) ?? []).map((offer) => offerChanged(offer.after, offer.before)),
  ]);
  const ofOthers = changed.filter(({ after }) => !products.has(after.productId));
  return [...ofProducts, ...ofOthers.map(({ before, after }) => offerChanged(after, before))];
}
