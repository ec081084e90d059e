import type { Money } from '@marketgraph/platform/core';
import type { ProductState } from '../domain/product.ts';
import type { ProfiledProduct } from '../domain/screening/category-profile.ts';
import type { Twin } from '../domain/screening/screen-listing.ts';
import type { CatalogStore } from './catalog-store.ts';
import { type ProductDocument, toProductState } from './products.ts';

/** What titles are compared by: of every product that is in the shop or waits for it. */
export interface TitlePrintDocument {
  _id: string;
  vendorId: string;
  bands: string[];
}

/** A product as it was read, with what tells whether it is still so. */
export interface UnscreenedProduct {
  product: ProductState;
  words: string[];
  revision: Pick<ProductDocument, 'version' | 'offersRevision'>;
}

/** Index `toScreen`. Those made first in front. */
export async function findUnscreened(store: CatalogStore, limit: number): Promise<UnscreenedProduct[]> {
  const documents = await store.products.find({ toScreen: true }).sort({ _id: 1 }).limit(limit).toArray();
  return documents.map((document) => {
    const { words, version, offersRevision } = document;
    return { product: toProductState(document), words, revision: { version, offersRevision } };
  });
}

/** Index `open`. Whether a feed is being taken over. */
export async function isImporting(store: CatalogStore, since: Date): Promise<boolean> {
  const found = await store.imports.findOne({ isOpen: true, createdAt: { $gt: since } }, { projection: { _id: 1 } });
  return found !== null;
}

/** Concurrency: what was changed since it was read keeps its mark, and is screened again. */
export async function markScreened(store: CatalogStore, screened: readonly UnscreenedProduct[]): Promise<void> {
  await store.products.bulkWrite(
    screened.map(({ product, revision }) => ({
      updateOne: { filter: { _id: product.id, ...revision }, update: { $unset: { toScreen: '' } } },
    })),
    { ordered: false },
  );
}

export async function saveTitlePrints(store: CatalogStore, prints: readonly TitlePrintDocument[]): Promise<void> {
  if (prints.length === 0) return;
  await store.titlePrints.bulkWrite(
    prints.map(({ _id, ...print }) =>
      print.bands.length > 0
        ? { replaceOne: { filter: { _id }, replacement: print, upsert: true } }
        : { deleteOne: { filter: { _id } } },
    ),
    { ordered: false },
  );
}

/** More candidates than this for one batch are templates, and the oldest are as good as the rest. */
const MAX_CANDIDATES = 500;

/** Index `byBand`. Ids and bands of other vendors' products that share a band, oldest first. */
export async function findSharingBands(
  store: CatalogStore,
  vendorId: string,
  bands: readonly string[],
): Promise<TitlePrintDocument[]> {
  if (bands.length === 0) return [];
  return store.titlePrints
    .find({ bands: { $in: [...bands] }, vendorId: { $ne: vendorId } })
    .sort({ _id: 1 })
    .limit(MAX_CANDIDATES)
    .toArray();
}

export async function findTitles(store: CatalogStore, ids: readonly string[]): Promise<Twin[]> {
  if (ids.length === 0) return [];
  const documents = await store.products
    .find({ _id: { $in: [...ids] } }, { projection: { 'texts.title': 1 } })
    .toArray();
  return documents.map(({ _id, texts }) => ({ id: _id, title: texts[0]!.title }));
}

/** Index `byCategoryNewest` and `byProduct`. The newest of a category and below it, as a profile is made of. */
export async function sampleCategory(
  store: CatalogStore,
  categoryId: string,
  limit: number,
): Promise<ProfiledProduct[]> {
  const products = await store.products
    .find({ categoryPath: categoryId, status: 'PUBLISHED' }, { projection: { words: 1 } })
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit)
    .toArray();
  const prices = new Map<string, Money[]>();
  const offers = store.offers
    .find(
      { productId: { $in: products.map(({ _id }) => _id) }, status: 'ACTIVE' },
      { projection: { productId: 1, price: 1 } },
    )
    .limit(2 * limit);
  for await (const { productId, price } of offers) {
    prices.set(productId, [...(prices.get(productId) ?? []), price]);
  }
  return products.map(({ _id, words }) => ({ words, prices: prices.get(_id) ?? [] }));
}

/** Indexes `jumped` and `byVendor`. */
export async function countPriceJumps(
  store: CatalogStore,
  vendorId: string,
  since: Date,
): Promise<{ jumped: number; offers: number }> {
  const jumped = await store.offers.countDocuments({ vendorId, jumpedAt: { $gt: since } });
  return { jumped, offers: jumped > 0 ? await store.offers.countDocuments({ vendorId, status: 'ACTIVE' }) : 0 };
}
