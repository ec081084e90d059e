import type { ListedPrice } from '../domain/offer-price.ts';
import { type Audience, MAX_OPEN_LISTS, type PriceListEntry, type PriceListState } from '../domain/price-list.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

/** A list without its entries. */
export type PriceListHead = Omit<PriceListState, 'entries'>;

export interface PriceListDocument extends Omit<PriceListHead, 'id'> {
  _id: string;
  /** Whose cached prices the last change has made wrong, and since when; absent once they are dropped. */
  staleOffers?: string[];
  staleSince?: Date;
}

/** One tier of one offer, with what a look-up has to know of its list. */
export interface PriceListEntryDocument extends ListedPrice {
  _id: string;
  offerId: string;
}

export interface OfferListedPrice extends ListedPrice {
  offerId: string;
}

/** Where a page of entries begins: behind this one. */
export type EntryPosition = Pick<PriceListEntry, 'offerId' | 'minQuantity'>;

export async function findPriceLists(
  store: CatalogStore,
  ids: readonly string[],
  session?: Session,
): Promise<PriceListHead[]> {
  return (await store.priceLists.find({ _id: { $in: [...ids] } }, { session }).toArray()).map(toHead);
}

/** Whether the vendor has as many lists for this audience as it may, this one left aside. Index `byAudience`. */
export async function hasAllOpenLists(
  store: CatalogStore,
  { id, vendorId, audience }: Pick<PriceListHead, 'id' | 'vendorId' | 'audience'>,
  now: Date,
  session: Session,
): Promise<boolean> {
  const open = await store.priceLists
    .find(
      { vendorId, audience, _id: { $ne: id }, $or: [{ validUntil: null }, { validUntil: { $gt: now } }] },
      { session, projection: { _id: 1 }, limit: MAX_OPEN_LISTS },
    )
    .toArray();
  return open.length === MAX_OPEN_LISTS;
}

/**
 * Index `byAudienceOffer`. What the lists say that are for these audiences, of
 * all the offers in one call; those that are over are left out. How many there
 * can be of one offer is limited where lists are made.
 */
export async function findListedPrices(
  store: CatalogStore,
  { audiences, offerIds }: { audiences: readonly Audience[]; offerIds: readonly string[] },
  now: Date,
): Promise<OfferListedPrice[]> {
  const documents = await store.priceListEntries.find(listedPricesFilter({ audiences, offerIds }, now)).toArray();
  return documents.map(({ _id, ...entry }) => entry);
}

export function listedPricesFilter(
  { audiences, offerIds }: { audiences: readonly Audience[]; offerIds: readonly string[] },
  now: Date,
) {
  return {
    audience: { $in: [...audiences] },
    offerId: { $in: [...offerIds] },
    $or: [{ validUntil: null }, { validUntil: { $gt: now } }],
  };
}

/** Index `byList`. One row more than asked for tells whether there is a next page. */
export async function listEntries(
  store: CatalogStore,
  query: { priceListId: string; after?: EntryPosition; limit: number },
): Promise<PriceListEntry[]> {
  const documents = await store.priceListEntries
    .find(entriesFilter(query))
    .sort({ offerId: 1, minQuantity: 1 })
    .limit(query.limit + 1)
    .toArray();
  return documents.map(toEntry);
}

export function entriesFilter({ priceListId, after }: { priceListId: string; after?: EntryPosition }) {
  return after ? { priceListId, ...positionFilter(after) } : { priceListId };
}

function positionFilter({ offerId, minQuantity }: EntryPosition) {
  return { $or: [{ offerId: { $gt: offerId } }, { offerId, minQuantity: { $gt: minQuantity } }] };
}

/** The same page of entries of several lists in one call. */
export async function entriesOfLists(
  store: CatalogStore,
  ids: readonly string[],
  page: { after?: EntryPosition; limit: number },
): Promise<Map<string, PriceListEntry[]>> {
  if (ids.length === 1) return new Map([[ids[0]!, await listEntries(store, { ...page, priceListId: ids[0]! })]]);
  const { after, limit } = page;
  const found = await store.priceLists
    .aggregate<{ _id: string; page: PriceListEntryDocument[] }>([
      { $match: { _id: { $in: [...ids] } } },
      {
        $lookup: {
          from: 'priceListEntries',
          localField: '_id',
          foreignField: 'priceListId',
          pipeline: [
            { $match: after ? positionFilter(after) : {} },
            { $sort: { offerId: 1, minQuantity: 1 } },
            { $limit: limit + 1 },
          ],
          as: 'page',
        },
      },
      { $project: { page: 1 } },
    ])
    .toArray();
  return new Map(found.map((list) => [list._id, list.page.map(toEntry)]));
}

/** Index `byVendor` or `byOrganization`, newest first; the same page of several owners in one call. */
export async function pagesOfPriceLists(
  store: CatalogStore,
  query: { of: 'vendorId' | 'buyerOrganizationId'; ids: readonly string[]; before?: string; limit: number },
): Promise<Map<string, PriceListHead[]>> {
  const { of, ids, limit } = query;
  if (ids.length === 1) {
    const documents = await store.priceLists
      .find(priceListsFilter(query))
      .sort({ _id: -1 })
      .limit(limit + 1)
      .toArray();
    return new Map([[ids[0]!, documents.map(toHead)]]);
  }
  const found = await store.priceLists
    .aggregate<{ _id: string; page: PriceListDocument[] }>([
      { $match: priceListsFilter(query) },
      { $sort: { _id: -1 } },
      { $group: { _id: `$${of}`, page: { $push: '$$ROOT' } } },
      { $project: { page: { $slice: ['$page', limit + 1] } } },
    ])
    .toArray();
  return new Map(found.map((owner) => [owner._id, owner.page.map(toHead)]));
}

export function priceListsFilter({
  of,
  ids,
  before,
}: {
  of: 'vendorId' | 'buyerOrganizationId';
  ids: readonly string[];
  before?: string;
}) {
  const owners = ids.length === 1 ? ids[0]! : { $in: [...ids] };
  return { [of]: owners, ...(before === undefined ? {} : { _id: { $lt: before } }) };
}

/** Index `byList`. Offers in the list, and those that were and whose prices are still to be dropped. */
export async function offersToDrop(store: CatalogStore, priceListId: string, session: Session): Promise<string[]> {
  const listed = await store.priceListEntries.distinct('offerId', { priceListId }, { session });
  const before = await store.priceLists.findOne({ _id: priceListId }, { session, projection: { staleOffers: 1 } });
  return [...listed, ...(before?.staleOffers ?? [])];
}

/**
 * Concurrency: the version that was read is part of the filter, so of two who
 * put one list anew the second collides here, before it touches an entry.
 * False means that somebody else saved meanwhile.
 */
export async function savePriceList(
  store: CatalogStore,
  { id, entries, ...head }: PriceListState,
  { staleOffers }: { staleOffers: string[] },
  session: Session,
): Promise<boolean> {
  const stale = { staleOffers, staleSince: head.updatedAt };
  if (head.version === 1) await store.priceLists.insertOne({ _id: id, ...head, ...stale }, { session });
  else {
    const saved = await store.priceLists.updateOne(
      { _id: id, version: head.version - 1 },
      { $set: { ...head, ...stale } },
      { session },
    );
    if (saved.matchedCount !== 1) return false;
    await store.priceListEntries.deleteMany({ priceListId: id }, { session });
  }
  if (entries.length === 0) return true;
  const { audience, validFrom, validUntil } = head;
  await store.priceListEntries.insertMany(
    entries.map((entry) => ({
      _id: `${id}:${entry.offerId}:${entry.minQuantity}`,
      priceListId: id,
      audience,
      ...entry,
      validFrom,
      validUntil,
    })),
    { session },
  );
  return true;
}

/** Index `stale`. Lists that were changed without anybody having dropped what was kept of their offers. */
export async function listsToDrop(
  store: CatalogStore,
  now: Date,
  limit: number,
): Promise<{ id: string; version: number; staleOffers: string[] }[]> {
  const documents = await store.priceLists
    .find({ staleSince: { $lte: now } }, { projection: { version: 1, staleOffers: 1 } })
    .sort({ staleSince: 1 })
    .limit(limit)
    .toArray();
  return documents.map(({ _id, version, staleOffers = [] }) => ({ id: _id, version, staleOffers }));
}

/** Unless the list was changed again since: that change has its own offers to drop. */
export async function markDropped(
  store: CatalogStore,
  { id, version }: { id: string; version: number },
): Promise<void> {
  await store.priceLists.updateOne({ _id: id, version }, { $unset: { staleOffers: '', staleSince: '' } });
}

export function toHead({ _id, staleOffers: _stale, staleSince: _since, ...head }: PriceListDocument): PriceListHead {
  return { id: _id, ...head };
}

export function toEntry({ offerId, minQuantity, maxQuantity, unitPrice }: PriceListEntryDocument): PriceListEntry {
  return { offerId, minQuantity, maxQuantity, unitPrice };
}
