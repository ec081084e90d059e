import type { Document, Filter } from 'mongodb';
import { type Listing, MAX_LISTINGS_TOLD, type OfferState } from '../domain/offer.ts';
import type { StockBand } from '../domain/stock-band.ts';
import type { CatalogStore, Session } from './catalog-store.ts';
import { NO_PRICE } from './products.ts';
import { projectionTo } from './projection.ts';

export interface OfferDocument extends Omit<OfferState, 'id'> {
  _id: string;
  /** Sequence of the last `inventory.stockChanged` that was taken in. */
  stockSequence: number;
  /** The last feed row that spoke of this offer; absent when it was listed by hand. */
  source?: OfferSource;
}

export interface OfferSource {
  importId: string;
  line: number;
  /** Of the row's content: the same row again changes nothing. */
  hash: string;
  /** The highest `sourceVersion` a row of this offer had; absent when none had one. */
  version?: number;
}

/** A field that is read only where it is asked for. What is not read is not there. */
export type OfferField = Exclude<keyof OfferDocument, (typeof ALWAYS_READ)[number] | '_id'>;

/** By these is decided who may see an offer, and which of several is shown first. */
const ALWAYS_READ = ['vendorId', 'productId', 'variantId', 'status', 'price', 'stock'] as const;

/** To these fields and what is always read; all of it when none are named. */
export function offerProjection(fields: readonly OfferField[] | undefined): Document | undefined {
  return fields && { ...projectionTo(ALWAYS_READ), ...projectionTo(fields) };
}

/** More vendors than this on one product are not shown. */
export const MAX_OFFERS_PER_PRODUCT = 1_000;

export function toOfferState({ _id, stockSequence: _sequence, source: _source, ...state }: OfferDocument): OfferState {
  return { id: _id, ...state };
}

export async function findOffers(
  store: CatalogStore,
  ids: readonly string[],
  session?: Session,
  fields?: readonly OfferField[],
): Promise<OfferState[]> {
  const projection = offerProjection(fields);
  const documents = await store.offers.find({ _id: { $in: [...ids] } }, { session, projection }).toArray();
  return documents.map(toOfferState);
}

export async function findOffer(store: CatalogStore, id: string, session?: Session): Promise<OfferState | null> {
  const document = await store.offers.findOne({ _id: id }, { session });
  return document && toOfferState(document);
}

/** Index `vendorSku`. */
export async function findOffersBySku(
  store: CatalogStore,
  vendorId: string,
  skus: readonly string[],
  session?: Session,
): Promise<OfferDocument[]> {
  // All in the first answer: of a feed that comes again each of them is found.
  return store.offers.find({ vendorId, sku: { $in: [...skus] } }, { session, batchSize: skus.length + 1 }).toArray();
}

/** Index `byProduct`. Every offer that is not archived, of all the products at once. */
export async function findOffersOfProducts(
  store: CatalogStore,
  productIds: readonly string[],
  session?: Session,
  fields?: readonly OfferField[],
): Promise<OfferState[]> {
  const projection = offerProjection(fields);
  const documents = await store.offers
    .find({ productId: { $in: [...productIds] }, status: { $ne: 'ARCHIVED' } }, { session, projection })
    .limit(MAX_OFFERS_PER_PRODUCT * productIds.length)
    .toArray();
  return documents.map(toOfferState);
}

/** Index `byVendor`. One row more than asked for tells whether there is a next page. */
export async function listVendorOffers(
  store: CatalogStore,
  query: { vendorId: string; onlyActive: boolean; after?: string; limit: number },
  fields?: readonly OfferField[],
): Promise<OfferState[]> {
  const filter: Filter<OfferDocument> = {
    vendorId: query.vendorId,
    ...(query.onlyActive ? { status: 'ACTIVE' } : {}),
    ...(query.after === undefined ? {} : { _id: { $gt: query.after } }),
  };
  const documents = await store.offers
    .find(filter, { projection: offerProjection(fields) })
    .sort({ _id: 1 })
    .limit(query.limit + 1)
    .toArray();
  return documents.map(toOfferState);
}

export async function insertOffer(store: CatalogStore, offer: OfferState, session: Session): Promise<void> {
  await store.offers.insertOne(newOfferDocument(offer), { session });
}

export function newOfferDocument({ id, ...state }: OfferState, source?: OfferSource): OfferDocument {
  return { _id: id, ...state, stockSequence: 0, ...(source ? { source } : {}) };
}

/** What a command may change; stock belongs to events, see `saveStockBand`, and the revision to `insertDeal`. */
export function offerFields({
  id: _id,
  stock: _stock,
  dealsRevision: _revision,
  ...state
}: OfferState): Omit<OfferState, 'id' | 'stock' | 'dealsRevision'> {
  return state;
}

/** Concurrency: the version that was read is part of the filter; false means that somebody else saved meanwhile. */
export async function saveOffer(store: CatalogStore, offer: OfferState, session: Session): Promise<boolean> {
  const result = await store.offers.updateOne(
    { _id: offer.id, version: offer.version - 1 },
    { $set: offerFields(offer) },
    { session },
  );
  return result.matchedCount === 1;
}

/**
 * Concurrency: a sequence already passed is a late or repeated event and changes nothing.
 * Resolves to the listing when its band is another than before.
 */
export async function saveStockBand(
  store: CatalogStore,
  { offerId, band, sequence }: SequencedBand,
  session: Session,
): Promise<Listing | null> {
  const before = await store.offers.findOneAndUpdate(
    { _id: offerId, stockSequence: { $lt: sequence } },
    { $set: { stock: band, stockSequence: sequence } },
    { session, returnDocument: 'before', projection: { ...LISTING, stock: 1 } },
  );
  return before && before.stock !== band ? toListing(before) : null;
}

export interface SequencedBand {
  offerId: string;
  band: StockBand;
  sequence: number;
}

/** The same for many, as if one after the other. Resolves to each change of a band, with its listing. */
export async function saveStockBands(
  store: CatalogStore,
  bands: readonly SequencedBand[],
  session: Session,
): Promise<(SequencedBand & { listing: Listing })[]> {
  const documents = await store.offers
    .find(
      { _id: { $in: [...new Set(bands.map(({ offerId }) => offerId))] } },
      { session, projection: { ...LISTING, stock: 1, stockSequence: 1 } },
    )
    .toArray();
  const known = new Map(documents.map((document) => [document._id, document]));
  const changed: (SequencedBand & { listing: Listing })[] = [];
  const news = new Set<(typeof documents)[number]>();
  for (const one of bands) {
    const document = known.get(one.offerId);
    if (!document || one.sequence <= document.stockSequence) continue;
    if (one.band !== document.stock) changed.push({ ...one, listing: toListing(document) });
    document.stock = one.band;
    document.stockSequence = one.sequence;
    news.add(document);
  }
  if (news.size > 0) {
    const updates = [...news].map(({ _id, stock, stockSequence }) => ({
      updateOne: { filter: { _id }, update: { $set: { stock, stockSequence } } },
    }));
    await store.offers.bulkWrite(updates, { session, ordered: false });
  }
  return changed;
}

const LISTING = { productId: 1, variantId: 1 };

function toListing({ _id, productId, variantId }: Pick<OfferDocument, '_id' | 'productId' | 'variantId'>): Listing {
  return { id: _id, productId, variantId };
}

/** Indexes `byVendor`, `byProduct`. One more than can be told says that there are more. */
export async function listingsToTell(
  store: CatalogStore,
  of: { vendorId: string } | { productId: string },
  session: Session,
): Promise<Listing[]> {
  const documents = await store.offers
    .find({ ...of, status: { $ne: 'ARCHIVED' } }, { session, projection: LISTING })
    .sort({ _id: 1 })
    .limit(MAX_LISTINGS_TOLD + 1)
    .toArray();
  return documents.map(toListing);
}

/**
 * Brings the price a product sorts by up to date after a change of its offers.
 * The revision is counted up even when the price stays: two transactions that
 * change two offers of one product then collide, and the second looks again
 * instead of writing a minimum that is no longer true.
 */
export async function refreshSortPrices(
  store: CatalogStore,
  productIds: readonly string[],
  session: Session,
): Promise<void> {
  if (productIds.length === 0) return;
  const prices = new Map(productIds.map((id) => [id, NO_PRICE]));
  const offers = store.offers.find(
    { productId: { $in: [...productIds] }, status: 'ACTIVE' },
    { session, projection: { productId: 1, price: 1 } },
  );
  for await (const { productId, price } of offers) {
    prices.set(productId, Math.min(prices.get(productId)!, price.amount));
  }
  await store.products.bulkWrite(
    [...prices].map(([_id, sortPrice]) => ({
      updateOne: { filter: { _id }, update: { $set: { sortPrice, toScreen: true }, $inc: { offersRevision: 1 } } },
    })),
    { session },
  );
}
