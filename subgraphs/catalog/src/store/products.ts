import type { Document, Filter, Sort } from 'mongodb';
import { folded, wordsOf } from '../domain/text.ts';
import type { ProductState } from '../domain/product.ts';
import type { ProductStatus } from '../domain/product-status.ts';
import type { CatalogStore, Session } from './catalog-store.ts';
import { projectionTo } from './projection.ts';

export interface ProductDocument extends Omit<ProductState, 'id'> {
  _id: string;
  /** Title of the source language as lists sort it. */
  sortTitle: string;
  /** Lowest price of an active offer in minor units; `NO_PRICE` when there is none, so that it sorts last. */
  sortPrice: number;
  /** Words of title and brand. */
  words: string[];
  /** Counts changes of its offers: see `offers.ts`. */
  offersRevision: number;
  /** Set with every change of it and its prices, until it was screened. */
  toScreen?: true;
}

/** A field that is read only where it is asked for. What is not read is not there. */
export type ProductField =
  | Exclude<keyof ProductDocument, (typeof ALWAYS_READ)[number] | '_id' | 'texts'>
  | `texts.${keyof ProductState['texts'][number]}`;

/** By these is decided who may see a product. */
const ALWAYS_READ = ['status', 'submittedBy'] as const;

export const NO_PRICE = Number.MAX_SAFE_INTEGER;
const MAX_SORT_TITLE = 120;
const MAX_WORDS = 40;

export type ProductSort = { by: 'createdAt' | 'sortTitle' | 'sortPrice'; direction: 1 | -1 };

export interface ProductQuery {
  statuses: readonly ProductStatus[];
  /** The category and everything below it. */
  categoryId?: string;
  vendorId?: string;
  /** All of these words, the last one as a beginning. */
  words?: readonly string[];
  sort: ProductSort;
  /** The sort value and id of the row before. */
  after?: readonly [string | number, string];
  limit: number;
}

export function toProductState(document: ProductDocument): ProductState {
  const {
    _id,
    sortTitle: _title,
    sortPrice: _price,
    words: _words,
    offersRevision: _revision,
    toScreen: _toScreen,
    ...state
  } = document;
  return { id: _id, ...state };
}

/** The fields of a product's own state; what its offers make of it is left as it stands. */
export function productFields(product: ProductState) {
  const { id: _id, ...state } = product;
  const { title } = product.texts[0]!;
  return {
    ...state,
    sortTitle: folded(title).slice(0, MAX_SORT_TITLE),
    words: wordsOf(`${title} ${product.brand ?? ''}`, MAX_WORDS),
    toScreen: true as const,
  };
}

export function newProductDocument(product: ProductState): ProductDocument {
  return { _id: product.id, ...productFields(product), sortPrice: NO_PRICE, offersRevision: 0 };
}

/** One batch, index `_id`. */
export async function findProducts(
  store: CatalogStore,
  ids: readonly string[],
  session?: Session,
  fields?: readonly ProductField[],
): Promise<ProductState[]> {
  const projection = productProjection(fields);
  const documents = await store.products.find({ _id: { $in: [...ids] } }, { session, projection }).toArray();
  return documents.map(toProductState);
}

/** Index `_id`. Which of these everybody may see; nothing but ids leaves the store, and all of them as one list. */
export function findPublishedIds(store: CatalogStore, ids: readonly string[]): Promise<string[]> {
  return store.products.distinct('_id', publishedFilter(ids));
}

export function publishedFilter(ids: readonly string[]): Filter<ProductDocument> {
  return { _id: { $in: [...ids] }, status: 'PUBLISHED' };
}

export async function findProduct(store: CatalogStore, id: string, session?: Session): Promise<ProductState | null> {
  const document = await store.products.findOne({ _id: id }, { session });
  return document && toProductState(document);
}

/** Index `slug`. */
export async function findProductsBySlug(
  store: CatalogStore,
  slugs: readonly string[],
  fields?: readonly ProductField[],
): Promise<ProductState[]> {
  const projection = productProjection(fields, 'slug');
  const documents = await store.products.find({ slug: { $in: [...slugs] } }, { projection }).toArray();
  return documents.map(toProductState);
}

/** Index `slug`. Which of these are taken. */
export async function takenSlugs(
  store: CatalogStore,
  slugs: readonly string[],
  session?: Session,
): Promise<Set<string>> {
  const documents = await store.products
    .find({ slug: { $in: [...slugs] } }, { session, projection: { slug: 1 } })
    .toArray();
  return new Set(documents.map(({ slug }) => slug));
}

/** Index `variant`. */
export async function findProductsByVariant(
  store: CatalogStore,
  variantIds: readonly string[],
  session?: Session,
  fields?: readonly ProductField[],
): Promise<ProductState[]> {
  const projection = productProjection(fields, 'variants');
  const documents = await store.products
    .find({ 'variants.id': { $in: [...variantIds] } }, { session, projection })
    .toArray();
  return documents.map(toProductState);
}

/** Index `upload`. Whether a product shows this file. */
export async function isUploadShown(store: CatalogStore, uploadId: string): Promise<boolean> {
  const found = await store.products.findOne({ 'media.uploadId': uploadId }, { projection: { _id: 1 } });
  return found !== null;
}

/** Index `byCategory`. Products of a category and below it, of any status, by id. */
export async function listProductsBelow(
  store: CatalogStore,
  { categoryId, after, limit }: { categoryId: string; after: string; limit: number },
  session: Session,
): Promise<ProductState[]> {
  const documents = await store.products
    .find({ categoryPath: categoryId, _id: { $gt: after } }, { session })
    .sort({ _id: 1 })
    .limit(limit)
    .toArray();
  return documents.map(toProductState);
}

export async function insertProduct(store: CatalogStore, product: ProductState, session: Session): Promise<void> {
  await store.products.insertOne(newProductDocument(product), { session });
}

/** Concurrency: the version that was read is part of the filter; false means that somebody else saved meanwhile. */
export async function saveProduct(store: CatalogStore, product: ProductState, session: Session): Promise<boolean> {
  const result = await store.products.updateOne(
    { _id: product.id, version: product.version - 1 },
    { $set: productFields(product) },
    { session },
  );
  return result.matchedCount === 1;
}

/** One row more than asked for tells whether there is a next page. Indexes `byStatus…`, `byCategory…`, `byVendor…`, `byWord`. */
export async function listProducts(
  store: CatalogStore,
  query: ProductQuery,
  fields?: readonly ProductField[],
): Promise<ProductDocument[]> {
  return store.products
    .find(productFilter(query), { projection: productProjection(fields, query.sort.by) })
    .sort(productSort(query.sort))
    .limit(query.limit + 1)
    .toArray();
}

export function productFilter({
  statuses,
  categoryId,
  vendorId,
  words = [],
  sort,
  after,
}: ProductQuery): Filter<ProductDocument> {
  const status = statuses.length === 1 ? statuses[0]! : { $in: [...statuses] };
  return {
    ...(categoryId === undefined ? {} : { categoryPath: categoryId }),
    ...(vendorId === undefined ? {} : { submittedBy: vendorId }),
    ...(words.length > 0 ? { words: { $all: words.map(wordPattern) } } : {}),
    status,
    ...(after ? afterRow(sort, after) : {}),
  };
}

/** To these fields and what is always read; `also` is what the reader itself needs. All of it when no fields are named. */
export function productProjection(
  fields: readonly ProductField[] | undefined,
  also?: ProductField,
): Document | undefined {
  return fields && { ...projectionTo(ALWAYS_READ), ...projectionTo(fields), ...(also ? { [also]: 1 } : {}) };
}

export function productSort({ by, direction }: ProductSort): Sort {
  return { [by]: direction, _id: direction };
}

export function cursorOf(document: ProductDocument, { by }: ProductSort): [string | number, string] {
  const value = document[by];
  return [value instanceof Date ? value.getTime() : value, document._id];
}

function afterRow(
  { by, direction }: ProductSort,
  [value, id]: readonly [string | number, string],
): Filter<ProductDocument> {
  const past = direction === 1 ? '$gt' : '$lt';
  const bound = by === 'createdAt' ? new Date(value) : value;
  // The range on the first key lets the index begin where the page before ended.
  return {
    [by]: { [direction === 1 ? '$gte' : '$lte']: bound },
    $or: [{ [by]: { [past]: bound } }, { [by]: bound, _id: { [past]: id } }],
  } as Filter<ProductDocument>;
}

function wordPattern(word: string, index: number, words: readonly string[]): string | RegExp {
  // Words are letters and digits only, so nothing in them means anything to a pattern.
  return index === words.length - 1 ? new RegExp(`^${word}`) : word;
}
