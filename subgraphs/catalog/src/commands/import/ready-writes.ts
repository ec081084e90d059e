import { type EventText, toEventText } from '@marketgraph/platform/mongo';
import type { Collection, Document, OrderedBulkOperation } from 'mongodb';
import { offerChanged, productChanged } from '../../events/out.ts';
import { newOfferDocument, type OfferDocument, offerFields } from '../../store/offers.ts';
import { newProductDocument, type ProductDocument, productFields } from '../../store/products.ts';
import type { ImportDeps } from '../command-deps.ts';
import type { BatchPlan } from './plan-batch.ts';

/** What a plan sends to the store, encoded already: the store does not wait for that within the transaction. For one attempt. */
export interface ReadyWrites {
  products: OrderedBulkOperation | undefined;
  offers: OrderedBulkOperation | undefined;
  events: EventText[];
}

export function readyWrites(deps: ImportDeps, plan: BatchPlan): ReadyWrites {
  return {
    products: bulkOf(deps.store.products, productWrites(plan)),
    offers: bulkOf(deps.store.offers, offerWrites(plan)),
    events: eventsOf(plan, deps),
  };
}

/** The same in pieces with a breath after each: it is made while the batch before is written, which answers of the store wait for. */
export async function madeReady(deps: ImportDeps, plan: BatchPlan): Promise<BatchPlan> {
  const products = await bulkInPieces(deps.store.products, productWrites(plan));
  const offers = await bulkInPieces(deps.store.offers, offerWrites(plan));
  return { ...plan, ready: { products, offers, events: eventsOf(plan, deps) } };
}

/** What is encoded between two breaths: some milliseconds. */
const PIECE = 100;

type Write<T> = { document: T } | { filter: Document; fields: Document };

function productWrites({ products, offers }: BatchPlan): Write<ProductDocument>[] {
  // A new product has one offer, made from the same row: its price is known without asking.
  const prices = new Map([...offers.values()].map(({ after }) => [after.productId, after.price.amount]));
  const writes = [...products.values()].map(({ before, after }): Write<ProductDocument> => {
    if (before) return { filter: { _id: after.id, version: before.version }, fields: productFields(after) };
    const document = newProductDocument(after);
    return { document: { ...document, sortPrice: prices.get(after.id) ?? document.sortPrice } };
  });
  return insertsFirst(writes);
}

function offerWrites({ offers }: BatchPlan): Write<OfferDocument>[] {
  const writes = [...offers.values()].map(({ before, after, source, sourceBefore }): Write<OfferDocument> => {
    if (!before) return { document: newOfferDocument(after, source) };
    const asRead = { version: before.version, 'source.importId': sourceBefore?.importId ?? null };
    // Also of an unchanged offer it is remembered that this import has seen it.
    const fields = before === after ? { source } : { ...offerFields(after), source };
    return { filter: { _id: after.id, ...asRead }, fields };
  });
  return insertsFirst(writes);
}

/** The driver sends what is of one kind together, as long as nothing of another comes between. */
function insertsFirst<T>(writes: readonly Write<T>[]): Write<T>[] {
  return writes.toSorted((a, b) => Number('filter' in a) - Number('filter' in b));
}

function bulkOf<T extends Document>(
  collection: Collection<T>,
  writes: readonly Write<T>[],
): OrderedBulkOperation | undefined {
  if (writes.length === 0) return undefined;
  const bulk = collection.initializeOrderedBulkOp();
  for (const write of writes) add(bulk, write);
  return bulk;
}

async function bulkInPieces<T extends Document>(
  collection: Collection<T>,
  writes: readonly Write<T>[],
): Promise<OrderedBulkOperation | undefined> {
  if (writes.length === 0) return undefined;
  const bulk = collection.initializeOrderedBulkOp();
  for (const [at, write] of writes.entries()) {
    add(bulk, write);
    if ((at + 1) % PIECE === 0) await breath();
  }
  return bulk;
}

/** The driver encodes it at once. */
function add<T extends Document>(bulk: OrderedBulkOperation, write: Write<T>): void {
  if ('document' in write) bulk.insert(write.document);
  else bulk.find(write.filter).updateOne({ $set: write.fields });
}

function breath(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
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
