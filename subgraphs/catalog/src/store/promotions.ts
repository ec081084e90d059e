import type { PromotionState } from '../domain/promotion.ts';
import { codeKeyOf } from '../domain/promotion-code.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

export interface PromotionDocument extends Omit<PromotionState, 'id'> {
  _id: string;
  /** The code as it is unique and found. */
  codeKey: string;
  /** Confirmed orders that used it. Belongs to events, as stock does on an offer. */
  usageCount: number;
}

/** A promotion as it is read: with how often it was used. */
export interface UsedPromotion extends PromotionState {
  usageCount: number;
}

export function toUsedPromotion({ _id, codeKey: _key, ...state }: PromotionDocument): UsedPromotion {
  return { id: _id, ...state };
}

export async function findPromotions(
  store: CatalogStore,
  ids: readonly string[],
  session?: Session,
): Promise<UsedPromotion[]> {
  const documents = await store.promotions.find({ _id: { $in: [...ids] } }, { session }).toArray();
  return documents.map(toUsedPromotion);
}

/** Index `code`. The keys of `codeKeyOf`. */
export async function findPromotionsByCodeKey(
  store: CatalogStore,
  codeKeys: readonly string[],
  session?: Session,
): Promise<(UsedPromotion & { codeKey: string })[]> {
  const documents = await store.promotions.find({ codeKey: { $in: [...codeKeys] } }, { session }).toArray();
  return documents.map((document) => ({ ...toUsedPromotion(document), codeKey: document.codeKey }));
}

/** Index `byVendor`, newest first. One row more than asked for tells whether there is a next page. */
export async function listVendorPromotions(
  store: CatalogStore,
  query: { vendorId: string; before?: string; limit: number },
): Promise<UsedPromotion[]> {
  const { vendorId, before, limit } = query;
  const documents = await store.promotions
    .find({ vendorId, ...(before === undefined ? {} : { _id: { $lt: before } }) })
    .sort({ _id: -1 })
    .limit(limit + 1)
    .toArray();
  return documents.map(toUsedPromotion);
}

export async function insertPromotion(
  store: CatalogStore,
  { id, ...state }: PromotionState,
  session: Session,
): Promise<void> {
  await store.promotions.insertOne({ _id: id, ...state, codeKey: codeKeyOf(state.code)!, usageCount: 0 }, { session });
}

/** Concurrency: the version that was read is part of the filter; false means that somebody else saved meanwhile. */
export async function savePromotion(
  store: CatalogStore,
  { id, ...state }: PromotionState,
  session: Session,
): Promise<boolean> {
  const result = await store.promotions.updateOne(
    { _id: id, version: state.version - 1 },
    { $set: state },
    { session },
  );
  return result.matchedCount === 1;
}

/** One more confirmed order has used them; in the transaction of the inbox, so once per order. */
export async function countPromotionUses(store: CatalogStore, ids: readonly string[], session: Session): Promise<void> {
  if (ids.length === 0) return;
  await store.promotions.updateMany({ _id: { $in: [...ids] } }, { $inc: { usageCount: 1 } }, { session });
}
