import type { ClientSession } from 'mongodb';
import { accept } from '@marketgraph/platform/core';
import type { ImportError } from '../../domain/catalog-import.ts';
import type { CategoryState } from '../../domain/category.ts';
import { listRow, mergeRow, type RowFacts } from '../../domain/imported-product.ts';
import type { OfferState } from '../../domain/offer.ts';
import { type Outcome, refuse } from '../../domain/outcome.ts';
import type { ProductState } from '../../domain/product.ts';
import { distinctSlug, slugOf } from '../../domain/slug.ts';
import { findOffersBySku, type OfferSource, toOfferState } from '../../store/offers.ts';
import { findProducts, takenSlugs } from '../../store/products.ts';
import type { CategoryPath } from '../category-path.ts';
import type { ImportDeps } from '../command-deps.ts';
import { isRow, type PreparedRow, rowError } from './prepare-rows.ts';
import type { ReadyWrites } from './ready-writes.ts';
import { type KeptCategories, type RowCategories, rowCategories } from './row-categories.ts';

/** Before and after of one document; `before` is null for a new one. */
export interface Change<T> {
  before: T | null;
  after: T;
}

/** What a batch of rows comes to: each product and offer once, with what the rows before it made of it. */
export interface BatchPlan {
  products: Map<string, Change<ProductState> & { category: CategoryPath }>;
  offers: Map<string, Change<OfferState> & { source: OfferSource; sourceBefore: OfferSource | undefined }>;
  /** Categories to be made before its products. */
  categories: readonly CategoryState[];
  errors: ImportError[];
  /** By line, of the rows that are no errors. */
  results: Map<number, { sku: string; result: RowResult }>;
  created: number;
  updated: number;
  unchanged: number;
  stale: number;
  /** Made outside of the transaction that is to write it. */
  isAhead: boolean;
  /** Of one that was made ahead: what is to be sent to the store, as far as that can be made ready before. */
  ready?: ReadyWrites;
}

export type RowResult = 'created' | 'updated' | 'unchanged' | 'stale';

/** Where the rows come from: an import, or a call that brings some. */
export interface RowOrigin {
  /** Names this import or call: a sku twice within it is a mistake. */
  id: string;
  vendorId: string;
  language: string;
}

/** How the catalog is looked at: in a transaction, or ahead of one, where categories that were found before need no second look. */
export type Reading = { session: ClientSession; kept?: undefined } | { session?: undefined; kept: KeptCategories };

interface Catalog {
  products: Map<string, ProductState>;
  offers: Map<string, { offer: OfferState; source?: OfferSource }>;
  categories: RowCategories;
  slugFor: RowFacts['slugFor'];
}

/**
 * Compares rows with the catalog, without changing anything in it. Without a session it looks at what is there at the moment,
 * which may be another by the time the plan is written: `writePlan` sees that.
 */
export async function planBatch(
  deps: ImportDeps,
  origin: RowOrigin,
  batch: readonly (PreparedRow | ImportError)[],
  reading: Reading,
): Promise<BatchPlan> {
  const rows = batch.filter(isRow);
  const catalog = await loadCatalog(deps, origin, rows, reading);
  const plan: BatchPlan = {
    products: new Map(),
    offers: new Map(),
    categories: catalog.categories.made,
    errors: batch.filter((entry): entry is ImportError => !isRow(entry)),
    created: 0,
    updated: 0,
    unchanged: 0,
    stale: 0,
    results: new Map(),
    isAhead: reading.session === undefined,
  };
  for (const row of rows) {
    const planned = planRow(deps, origin, { row, catalog, plan });
    if (planned.ok) {
      plan[planned.value] += 1;
      plan.results.set(row.line, { sku: row.sku, result: planned.value });
    } else plan.errors.push(rowError(row.line, row.sku, planned.rejection));
  }
  return plan;
}

function planRow(
  deps: ImportDeps,
  origin: RowOrigin,
  { row: prepared, catalog, plan }: { row: PreparedRow; catalog: Catalog; plan: BatchPlan },
): Outcome<RowResult> {
  const { line, row, sku, hash } = prepared;
  const known = catalog.offers.get(sku);
  // A sku once per file: else the last row would win, and win again against the first at every run.
  if (known?.source?.importId === origin.id) {
    return refuse('CONFLICT', `The sku "${sku}" stands in line ${known.source.line} already.`, ['sku']);
  }
  const { sourceVersion } = row;
  const seen = known?.source?.version;
  const isStale = seen !== undefined && sourceVersion !== null && sourceVersion < seen;
  const version = Math.max(seen ?? 0, sourceVersion ?? 0);
  const isCounted = seen !== undefined || sourceVersion !== null;
  // Of a stale row nothing is remembered but that it was there, or the newer row would look new again.
  const kept = isStale ? known!.source!.hash : hash;
  const source: OfferSource = { importId: origin.id, line, hash: kept, ...(isCounted ? { version } : {}) };
  const remember = (offer: OfferState): void => {
    catalog.offers.set(sku, { offer, source });
    plan.offers.set(offer.id, { before: known?.offer ?? null, after: offer, source, sourceBefore: known?.source });
  };
  if (known && (isStale || known.source?.hash === hash)) {
    remember(known.offer);
    return accept(isStale ? 'stale' : 'unchanged');
  }
  const category = catalog.categories.find(row.category);
  if (!category.ok) return category;
  const facts: RowFacts = {
    vendorId: origin.vendorId,
    sku,
    category: category.value.place,
    language: origin.language,
    now: deps.clock.now(),
    nextId: (prefix) => deps.ids.next(prefix),
    slugFor: catalog.slugFor,
  };
  const product = known && catalog.products.get(known.offer.productId);
  const listed = known && product ? mergeRow({ product, offer: known.offer }, row, facts) : listRow(row, facts);
  if (!listed.ok) return listed;
  const { product: nextProduct, offer: nextOffer } = listed.value;
  remember(nextOffer);
  if (nextProduct !== product) {
    const before = plan.products.get(nextProduct.id)?.before ?? product ?? null;
    catalog.products.set(nextProduct.id, nextProduct);
    plan.products.set(nextProduct.id, { before, after: nextProduct, category: category.value });
  }
  if (!known) return accept('created');
  return accept(nextProduct === product && nextOffer === known.offer ? 'unchanged' : 'updated');
}

async function loadCatalog(
  deps: ImportDeps,
  origin: RowOrigin,
  rows: readonly PreparedRow[],
  { session, kept }: Reading,
): Promise<Catalog> {
  const { store } = deps;
  const offers = await findOffersBySku(store, origin.vendorId, [...new Set(rows.map(({ sku }) => sku))], session);
  const known = new Map(
    offers.map((document) => [document.sku, { offer: toOfferState(document), source: document.source }]),
  );
  const changed = rows.filter(({ sku, hash }) => known.get(sku)?.source?.hash !== hash);
  const productIds = changed.flatMap(({ sku }) => known.get(sku)?.offer.productId ?? []);
  const products = productIds.length > 0 ? await findProducts(store, [...new Set(productIds)], session) : [];
  return {
    offers: known,
    products: new Map(products.map((product) => [product.id, product])),
    categories: await rowCategories(
      deps,
      changed.map(({ row }) => row.category),
      { language: origin.language, session, kept },
    ),
    slugFor: await slugFinder(
      deps,
      changed.filter(({ sku }) => !known.has(sku)),
      session,
    ),
  };
}

/** Slugs taken in the store are asked for once per batch; those given out in the batch are remembered. */
async function slugFinder(
  { store }: ImportDeps,
  rows: readonly PreparedRow[],
  session: ClientSession | undefined,
): Promise<RowFacts['slugFor']> {
  const slugs = new Map(rows.map(({ row: { title } }) => [title, slugOf(title, 'product')]));
  const taken = slugs.size > 0 ? await takenSlugs(store, [...new Set(slugs.values())], session) : new Set<string>();
  return (title, id) => {
    const slug = slugs.get(title) ?? slugOf(title, 'product');
    const free = taken.has(slug) ? distinctSlug(slug, id) : slug;
    taken.add(free);
    return free;
  };
}
