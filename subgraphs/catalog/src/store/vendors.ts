import type { VendorState } from '../domain/vendor.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

/** Two producers write here, each guarded by its own sequence: accounts the facts, reviews the rating. */
export interface VendorDocument extends Omit<VendorState, 'id'> {
  _id: string;
  sequence: number;
  ratingSequence: number;
}

export async function findVendors(
  store: CatalogStore,
  ids: readonly string[],
  session?: Session,
): Promise<VendorState[]> {
  const documents = await store.vendors.find({ _id: { $in: [...ids] } }, { session }).toArray();
  return documents.map(({ _id, sequence: _s, ratingSequence: _r, ...state }) => ({ id: _id, ...state }));
}

/** What decides whether a vendor's offers are for sale, and which of them comes first. */
export type VendorStanding = Pick<VendorState, 'id' | 'status' | 'rating'>;

const STANDING = { status: 1, rating: 1 } as const;

/** One batch, index `_id`. */
export async function findVendorStandings(store: CatalogStore, ids: readonly string[]): Promise<VendorStanding[]> {
  const documents = await store.vendors.find({ _id: { $in: [...ids] } }, { projection: STANDING }).toArray();
  return documents.map(({ _id, status, rating }) => ({ id: _id, status, rating }));
}

/** Concurrency: an older sequence than the stored one is a late event, changes nothing and resolves to null; else to what was there. */
export async function saveVendor(
  store: CatalogStore,
  { id, status, kycStatus }: Omit<VendorState, 'rating'>,
  sequence: number,
  session: Session,
): Promise<VendorDocument | null> {
  await ensureVendor(store, id, session);
  return store.vendors.findOneAndUpdate(
    { _id: id, sequence: { $lt: sequence } },
    { $set: { status, kycStatus, sequence } },
    { session, returnDocument: 'before' },
  );
}

/** Concurrency: as `saveVendor`. */
export async function saveVendorRating(
  store: CatalogStore,
  { vendorId, rating, sequence }: { vendorId: string; rating: VendorState['rating']; sequence: number },
  session: Session,
): Promise<VendorDocument | null> {
  await ensureVendor(store, vendorId, session);
  return store.vendors.findOneAndUpdate(
    { _id: vendorId, ratingSequence: { $lt: sequence } },
    { $set: { rating, ratingSequence: sequence } },
    { session, returnDocument: 'before' },
  );
}

/** Events of two producers have no order between them: whoever is first makes the row. */
async function ensureVendor(store: CatalogStore, id: string, session: Session): Promise<void> {
  await store.vendors.updateOne(
    { _id: id },
    {
      $setOnInsert: {
        status: 'UNKNOWN',
        kycStatus: 'UNKNOWN',
        rating: { average: 0, count: 0 },
        sequence: 0,
        ratingSequence: 0,
      },
    },
    { upsert: true, session },
  );
}
