import { accept, type Result } from '@marketgraph/platform/core';
import { appendToMongoOutbox, inMongoTransaction, type MongoTransaction } from '@marketgraph/platform/mongo';
import { barChanges, contribution } from '../domain/rating.ts';
import { ratingChangedEvent, reviewChangedEvent } from '../events/out.ts';
import { findReview } from '../store/reviews.ts';
import type { RatingDocument, ReviewDocument } from '../store/reviews-store.ts';
import type { CommandDeps } from './command-deps.ts';

/** What a change may touch; everything else of a review stays what it was. */
export type ReviewChange = Partial<
  Pick<ReviewDocument, 'rating' | 'title' | 'body' | 'status' | 'reply' | 'helpfulCount'>
>;

/**
 * Changes one review, its subject's rating and the events of both in one
 * transaction. Two changes of one review conflict in the store, and the loser
 * is decided anew on what the winner left.
 */
export async function changeReview(
  deps: CommandDeps,
  { id, trace }: { id: string; trace?: string },
  decide: (
    review: ReviewDocument | null,
    transaction: MongoTransaction,
  ) => Promise<Result<ReviewChange>> | Result<ReviewChange>,
): Promise<Result<ReviewDocument>> {
  return await inMongoTransaction(deps.store.database, async (transaction): Promise<Result<ReviewDocument>> => {
    const review = await findReview(deps.store, id, transaction.session);
    const decision = await decide(review, transaction);
    if (!decision.ok) return decision;
    const before = review!;
    const now = deps.clock.now();
    const after = { ...before, ...decision.value, updatedAt: now, version: before.version + 1 };
    await deps.store.reviews.updateOne(
      { _id: id, version: before.version },
      { $set: { ...decision.value, updatedAt: now, version: after.version } },
      { session: transaction.session },
    );
    await tell(deps, transaction, { before, after, trace });
    return accept(after);
  });
}

/** The rating of the subject and the events, for a new review (no `before`) or a changed one. */
export async function tell(
  deps: CommandDeps,
  transaction: MongoTransaction,
  { before, after, trace }: { before: ReviewDocument | null; after: ReviewDocument; trace?: string },
): Promise<void> {
  const changes = barChanges(contribution(before), contribution(after));
  const rating = changes.size > 0 ? await moveBars(deps, transaction, after.subjectId, changes) : null;
  await appendToMongoOutbox(transaction, [reviewChangedEvent(after), ...(rating ? [ratingChangedEvent(rating)] : [])], {
    ids: deps.ids,
    now: deps.clock.now(),
    trace,
  });
}

async function moveBars(
  { store }: CommandDeps,
  { session }: MongoTransaction,
  subjectId: string,
  changes: ReadonlyMap<number, number>,
): Promise<RatingDocument> {
  const bars = Object.fromEntries([...changes].map(([stars, by]) => [`h${stars}`, by]));
  const rating = await store.ratings.findOneAndUpdate(
    { _id: subjectId },
    { $inc: { ...bars, version: 1 } },
    { session, upsert: true, returnDocument: 'after' },
  );
  return rating!;
}
