import { type EventText, toEventText } from '@marketgraph/platform/mongo';
import type { Collection, Document, OrderedBulkOperation } from 'mongodb';
import { offerChanged, productChanged } from '../../events/out.ts';
import { newOfferDocument, offerFields } from '../../store/offers.ts';
import { newProductDocument, productFields } from '../../store/products.ts';
import type { ImportDeps } from '../command-deps.ts';
import type { BatchPlan } from './plan-batch.ts';

/** What a plan sends to the store, encoded already: the store does not wait for that within the transaction. For one attempt. */
export interface ReadyWrites {
  products: OrderedBulkOperation | undefined;
  offers: OrderedBulkOperation | undefined;
  events: EventText[];
}

export function readyWrites(deps: ImportDeps, plan: BatchPlan): ReadyWrites {
  return { products: productWrites(deps, plan), offers: offerWrites(deps, plan), events: eventsOf(plan, deps) };
}

/** The same in pieces with a breath after each: it is made while others wait for this process. */
export async function madeReady(deps: ImportDeps, plan: BatchPlan): Promise<BatchPlan> {
  const products = productWrites(deps, plan);
  await breath();
  const offers = offerWrites(deps, plan);
  await breath();
  return { ...plan, ready: { products, offers, events: eventsOf(plan, deps) } };
}

function breath(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function productWrites({ store }: ImportDeps, { products, offers }: BatchPlan): OrderedBulkOperation | undefined {
  // A new product has one offer, made from the same row: its price is known without asking.
  const prices = new Map([...offers.values()].map(({ after }) => [after.productId, after.price.amount]));
  const changes = [...products.values()];
  return operations(store.products, {
    inserts: changes.flatMap(({ before, after }) => {
      if (before) return [];
      const document = newProductDocument(after);
      return { ...document, sortPrice: prices.get(after.id) ?? document.sortPrice };
    }),
    updates: changes.flatMap(({ before, after }) =>
      before ? { filter: { _id: after.id, version: before.version }, fields: productFields(after) } : [],
    ),
  });
}

function offerWrites({ store }: ImportDeps, { offers }: BatchPlan): OrderedBulkOperation | undefined {
  const changes = [...offers.values()];
  return operations(store.offers, {
    inserts: changes.flatMap(({ before, after, source }) => (before ? [] : newOfferDocument(after, source))),
    updates: changes.flatMap(({ before, after, source, sourceBefore }) => {
      if (!before) return [];
      const asRead = { version: before.version, 'source.importId': sourceBefore?.importId ?? null };
      // Also of an unchanged offer it is remembered that this import has seen it.
      const fields = before === after ? { source } : { ...offerFields(after), source };
      return { filter: { _id: after.id, ...asRead }, fields };
    }),
  });
}

/** Those of one kind side by side: the driver sends them together. It encodes what it is given at once. */
function operations<T extends Document>(
  collection: Collection<T>,
  { inserts, updates }: { inserts: readonly T[]; updates: readonly { filter: Document; fields: Document }[] },
): OrderedBulkOperation | undefined {
  if (inserts.length + updates.length === 0) return undefined;
  const bulk = collection.initializeOrderedBulkOp();
  for (const document of inserts) bulk.insert(document);
  for (const { filter, fields } of updates) bulk.find(filter).updateOne({ $set: fields });
  return bulk;
}

/** A product and its offers side by side: whoever makes one thing of both then makes it once. */
function eventsOf({ products, offers }: BatchPlan, { publicUrl }: ImportDeps): EventText[] {
  const changed = [...offers.values()].filter(({ before, after }) => before !== after);
  const byProduct = Map.groupBy(changed, ({ after }) => after.productId);
  const ofProducts = [...products.values()].flatMap(({ after, category }) => [
    productChanged(after, { path: category.path, publicUrl }),
    ...(byProduct.get(after.id) ?? []).map((offer) => offerChanged(offer.after, offer.before)),
  ]);
  const ofOthers = changed.filter(({ after }) => !products.has(after.productId));
  return [...ofProducts, ...ofOthers.map(({ before, after }) => offerChanged(after, before))].map(toEventText);
}
