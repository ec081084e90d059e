import { type DealState, MAX_DEAL_MS, nextChangeAt } from '../domain/deal.ts';
import type { CatalogStore, Session } from './catalog-store.ts';

export interface DealDocument extends Omit<DealState, 'id'> {
  _id: string;
  /** Of the last `inventory.allowanceChanged` that was taken in. */
  slotsSequence: number;
  /** When the clock makes it something else; absent when it will not. */
  dueAt?: Date;
}

function toDealState({ _id, slotsSequence: _sequence, dueAt: _due, ...state }: DealDocument): DealState {
  return { id: _id, ...state };
}

export async function findDeals(store: CatalogStore, ids: readonly string[], session?: Session): Promise<DealState[]> {
  return (await store.deals.find({ _id: { $in: [...ids] } }, { session }).toArray()).map(toDealState);
}

/** Index `byOffer`. Those that have neither ended nor been called off; they are limited where they are made. */
export async function dealsAhead(
  store: CatalogStore,
  { offerId, now }: { offerId: string; now: Date },
  session: Session,
): Promise<DealState[]> {
  const documents = await store.deals.find({ offerId, endsAt: { $gt: now }, isCanceled: false }, { session }).toArray();
  return documents.map(toDealState);
}

/** Index `byOffer`. What runs now, one per offer at most: deals of one offer do not overlap. */
export async function dealsRunning(store: CatalogStore, offerIds: readonly string[], now: Date): Promise<DealState[]> {
  const documents = await store.deals
    .find({ offerId: { $in: [...offerIds] }, endsAt: { $gt: now }, startsAt: { $lte: now }, isCanceled: false })
    .toArray();
  return documents.map(toDealState);
}

/** Index `byEnd`. All that run now, those that end first in front; one more than asked for tells of a next page. */
export async function listRunningDeals(
  store: CatalogStore,
  { now, after, limit }: { now: Date; after?: { endsAt: Date; id: string }; limit: number },
): Promise<DealState[]> {
  const behind = after
    ? { $or: [{ endsAt: { $gt: after.endsAt } }, { endsAt: after.endsAt, _id: { $gt: after.id } }] }
    : {};
  const documents = await store.deals
    .find({
      endsAt: { $gt: now, $lte: new Date(now.getTime() + MAX_DEAL_MS) },
      startsAt: { $lte: now },
      isCanceled: false,
      ...behind,
    })
    .sort({ endsAt: 1, _id: 1 })
    .limit(limit + 1)
    .toArray();
  return documents.map(toDealState);
}

/** Index `due`. What the clock has made something else, longest ago first. */
export async function dueDeals(store: CatalogStore, now: Date, limit: number): Promise<string[]> {
  const documents = await store.deals
    .find({ dueAt: { $lte: now } }, { projection: { _id: 1 } })
    .sort({ dueAt: 1 })
    .limit(limit)
    .toArray();
  return documents.map(({ _id }) => _id);
}

/**
 * Concurrency: two deals of one offer are two documents, which would not see
 * each other. So scheduling counts up the offer's revision: two at once
 * collide there, and the second looks again.
 */
export async function insertDeal(store: CatalogStore, deal: DealState, now: Date, session: Session): Promise<void> {
  await store.offers.updateOne({ _id: deal.offerId }, { $inc: { dealsRevision: 1 } }, { session });
  const { id, ...state } = deal;
  const dueAt = nextChangeAt(deal, now);
  await store.deals.insertOne({ _id: id, ...state, slotsSequence: 0, ...(dueAt ? { dueAt } : {}) }, { session });
}

/** Concurrency: the version that was read is part of the filter; a write conflict makes the transaction run again. */
export async function saveDeal(store: CatalogStore, deal: DealState, now: Date, session: Session): Promise<boolean> {
  const { told, isCanceled, version } = deal;
  const dueAt = nextChangeAt(deal, now);
  const result = await store.deals.updateOne(
    { _id: deal.id, version: version - 1 },
    { $set: { told, isCanceled, version, ...(dueAt ? { dueAt } : {}) }, ...(dueAt ? {} : { $unset: { dueAt: '' } }) },
    { session },
  );
  return result.matchedCount === 1;
}

/** Concurrency: a sequence already passed is a late or repeated event and changes nothing; then null. */
export async function saveSlots(
  store: CatalogStore,
  { dealId, slotsFree, sequence }: { dealId: string; slotsFree: number; sequence: number },
  session: Session,
): Promise<DealState | null> {
  const document = await store.deals.findOneAndUpdate(
    { _id: dealId, slotsSequence: { $lt: sequence } },
    { $set: { slotsFree, slotsSequence: sequence } },
    { session, returnDocument: 'after' },
  );
  return document && toDealState(document);
}
