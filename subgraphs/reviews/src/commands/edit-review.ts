import { accept, reject, type Result } from '@marketgraph/platform/core';
import { isMemberOf, type UserViewer } from '@marketgraph/platform/graphql';
import { cleanText, moderate, type ModerationDecision, needsModerator, type ReviewText } from '../domain/review.ts';
import { findReview } from '../store/reviews.ts';
import type { ReviewDocument } from '../store/reviews-store.ts';
import { changeReview, type ReviewChange } from './change-review.ts';
import type { CommandDeps } from './command-deps.ts';

const notFound = () => reject('NOT_FOUND', 'There is no such review.', { field: ['id'] });
const MAX_REPLY = 2_000;

interface Edit {
  id: string;
  trace?: string;
}

/** The author's own words, anew: they go through the same rules as the first ones. */
export function updateReview(
  deps: CommandDeps,
  { author, ...edit }: Edit & { author: UserViewer } & Partial<ReviewText>,
): Promise<Result<ReviewDocument>> {
  return changeReview(deps, edit, (review): Result<ReviewChange> => {
    if (!review || review.authorId !== author.userId || review.status === 'REMOVED') return notFound();
    const text = cleanText({
      rating: edit.rating ?? review.rating,
      title: edit.title === undefined ? review.title : edit.title,
      body: edit.body === undefined ? review.body : edit.body,
    });
    if (!text.ok) return text;
    return accept({ ...text.value, status: needsModerator(text.value) ? 'PENDING' : 'PUBLISHED' });
  });
}

/** Gone for everybody; the line stays reviewed, so that nobody votes twice by deleting. */
export function deleteReview(
  deps: CommandDeps,
  { author, ...edit }: Edit & { author: UserViewer },
): Promise<Result<ReviewDocument>> {
  return changeReview(deps, edit, (review) =>
    review && review.authorId === author.userId && review.status !== 'REMOVED'
      ? accept({ status: 'REMOVED' as const, title: null, body: null })
      : notFound(),
  );
}

export function moderateReview(
  deps: CommandDeps,
  { decision, ...edit }: Edit & { decision: ModerationDecision },
): Promise<Result<ReviewDocument>> {
  return changeReview(deps, edit, (review): Result<ReviewChange> => {
    if (!review) return notFound();
    const status = moderate(review.status, decision);
    return status.ok ? accept({ status: status.value }) : status;
  });
}

export function replyToReview(
  deps: CommandDeps,
  { viewer, body, ...edit }: Edit & { viewer: UserViewer; body: string },
): Promise<Result<ReviewDocument>> {
  return changeReview(deps, edit, (review): Result<ReviewChange> => {
    if (!review || review.status !== 'PUBLISHED') return notFound();
    if (!isMemberOf(viewer, review.vendorId)) {
      return reject('FORBIDDEN', 'Only who sold this may reply.', { field: ['id'] });
    }
    const text = cleanText({ rating: 5, title: null, body });
    if (!text.ok || !text.value.body || text.value.body.length > MAX_REPLY) {
      return reject('INVALID', `A reply has 1 to ${MAX_REPLY} characters.`, { field: ['body'] });
    }
    return accept({ reply: text.value.body });
  });
}

/** One vote per user and review; voting again changes the vote, never adds one. */
export async function voteOnReview(
  deps: CommandDeps,
  { viewer, helpful, ...edit }: Edit & { viewer: UserViewer; helpful: boolean },
): Promise<Result<ReviewDocument>> {
  const known = await findReview(deps.store, edit.id);
  if (known?.authorId === viewer.userId)
    return reject('FORBIDDEN', 'Nobody votes on their own review.', { field: ['id'] });
  return changeReview(deps, edit, async (review, { session }): Promise<Result<ReviewChange>> => {
    if (!review || review.status !== 'PUBLISHED') return notFound();
    const before = await deps.store.votes.findOneAndUpdate(
      { _id: `${review._id}:${viewer.userId}` },
      { $set: { reviewId: review._id, helpful } },
      { session, upsert: true, returnDocument: 'before' },
    );
    const by = Number(helpful) - Number(before?.helpful ?? false);
    return accept({ helpfulCount: review.helpfulCount + by });
  });
}
