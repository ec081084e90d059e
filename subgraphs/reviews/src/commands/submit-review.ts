import { accept, reject, type Result } from '@marketgraph/platform/core';
import { isMemberOf, type UserViewer } from '@marketgraph/platform/graphql';
import { inMongoTransaction } from '@marketgraph/platform/mongo';
import { cleanText, needsModerator, type ReviewTarget, type ReviewText } from '../domain/review.ts';
import type { ReviewDocument } from '../store/reviews-store.ts';
import { tell } from './change-review.ts';
import type { CommandDeps } from './command-deps.ts';

export interface SubmitReview extends ReviewText {
  author: UserViewer;
  orderLineId: string;
  target: ReviewTarget;
  idempotencyKey: string | null;
  trace?: string;
}

const DUPLICATE_KEY = 11_000;

/** One review per delivered line and target, by who bought it. The unique index decides between two at once. */
export async function submitReview(deps: CommandDeps, command: SubmitReview): Promise<Result<ReviewDocument>> {
  const text = cleanText(command);
  if (!text.ok) return text;
  const { store, ids, clock } = deps;
  const { author, orderLineId: lineId, target, idempotencyKey } = command;
  const purchase = await store.purchases.findOne({ _id: lineId });
  // Not delivered, not yours, not there: nobody learns which.
  if (!purchase || purchase.buyerId !== author.userId) {
    return reject('NOT_PURCHASED', 'Only what you bought and received can be reviewed.', { field: ['orderLineId'] });
  }
  if (isMemberOf(author, purchase.vendorId)) {
    return reject('FORBIDDEN', 'A vendor does not review its own sales.', { field: ['orderLineId'] });
  }
  const now = clock.now();
  const review: ReviewDocument = {
    _id: ids.next('rev'),
    lineId,
    target,
    subjectId: target === 'PRODUCT' ? purchase.productId : purchase.vendorId,
    productId: purchase.productId,
    vendorId: purchase.vendorId,
    authorId: author.userId,
    ...text.value,
    status: needsModerator(text.value) ? 'PENDING' : 'PUBLISHED',
    helpfulCount: 0,
    reply: null,
    submitKey: idempotencyKey,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
  try {
    await inMongoTransaction(store.database, async (transaction) => {
      await store.reviews.insertOne(review, { session: transaction.session });
      await tell(deps, transaction, { before: null, after: review, trace: command.trace });
    });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === DUPLICATE_KEY)) throw error;
    return again(deps, command);
  }
  return accept(review);
}

/** The same request once more gets the same answer; another one is told that there is a review. */
async function again(
  { store }: CommandDeps,
  { orderLineId, target, idempotencyKey, rating }: SubmitReview,
): Promise<Result<ReviewDocument>> {
  const known = await store.reviews.findOne({ lineId: orderLineId, target });
  if (known && idempotencyKey && known.submitKey === idempotencyKey) {
    return known.rating === rating
      ? accept(known)
      : reject('IDEMPOTENCY_KEY_REUSED', 'This key was used with another input.');
  }
  return reject('CONFLICT', 'There is a review of this already: change that one.', { field: ['orderLineId'] });
}
