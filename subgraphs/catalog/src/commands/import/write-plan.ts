import assert from 'node:assert';
import { isSameMoney } from '@marketgraph/platform/core';
import type { NewEvent } from '@marketgraph/platform/messaging';
import type { AnyBulkWriteOperation, ClientSession } from 'mongodb';
import { offerChanged, productChanged } from '../../events/out.ts';
import { newOfferDocument, type OfferDocument, offerFields, refreshSortPrices } from '../../store/offers.ts';
import { newProductDocument, type ProductDocument, productFields } from '../../store/products.ts';
import type { CommandDeps } from '../command-deps.ts';
import type { BatchPlan } from './plan-batch.ts';

/** Writes what a batch of rows comes to, in the transaction it was planned in; the events are for the end of that. */
export async function writePlan(deps: CommandDeps, plan: BatchPlan, session: ClientSession): Promise<NewEvent[]> {
  await writeProducts(deps, plan, session);
  await writeOffers(deps, plan, session);
  return eventsOf(plan, deps);
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

/** A product and its offers side by side: whoever makes one thing of both then makes it once. */
function eventsOf({ products, offers }: BatchPlan, { publicUrl }: CommandDeps): NewEvent[] {
  const changed = [...offers.values()].filter(({ before, after }) => before !== after);
  const byProduct = Map.groupBy(changed, ({ after }) => after.productId);
  const ofProducts = [...products.values()].flatMap(({ after, category }) => [
    productChanged(after, { path: category.path, publicUrl }),
    ...(byProduct.get(after.id) ?? []).map((offer) => offerChanged(offer.after, offer.before)),
  ]);
  const ofOthers = changed.filter(({ after }) => !products.has(after.productId));
  return [...ofProducts, ...ofOthers.map(({ before, after }) => offerChanged(after, before))];
}
