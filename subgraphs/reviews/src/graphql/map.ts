import type { Rejection, Result } from '@marketgraph/platform/core';
import { hasRole, type Viewer } from '@marketgraph/platform/graphql';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import type { ReviewDocument } from '../store/reviews-store.ts';
import type { Review, ReviewPayload, ReviewStatusEnum } from './review.type.ts';
import type { UserError } from './shared.type.ts';

/** Published ones are for everybody; others for their author and those who moderate. */
export function isVisibleTo(viewer: Viewer, { status, authorId }: ReviewDocument): boolean {
  if (status === 'PUBLISHED' || isModerator(viewer)) return true;
  return status !== 'REMOVED' && viewer.kind === 'user' && viewer.userId === authorId;
}

export function isModerator(viewer: Viewer): boolean {
  return hasRole(viewer, 'MODERATOR', 'OPERATOR');
}

export function toReview(document: ReviewDocument, viewer: Viewer): Review {
  const { _id: id, target, productId, vendorId, authorId, lineId, rating, title, body, status } = document;
  const isAuthor = viewer.kind === 'user' && viewer.userId === authorId;
  const review: Review = {
    id,
    product: target === 'PRODUCT' ? { id: productId } : null,
    vendor: { id: vendorId },
    author: { id: authorId },
    orderLine: isAuthor ? { id: lineId } : null,
    rating,
    title,
    body,
    status: status as ReviewStatusEnum,
    isVerifiedPurchase: true,
    helpfulCount: document.helpfulCount,
    reply: document.reply,
    createdAt: document.createdAt,
    updatedAt: document.updatedAt,
  };
  return Object.assign(review, { __typename: 'Review' });
}

export function toPayload(result: Result<ReviewDocument>, viewer: Viewer): ReviewPayload {
  return result.ok
    ? { review: toReview(result.value, viewer), userErrors: [] }
    : { review: null, userErrors: [toUserError(result.rejection)] };
}

function toUserError({ code, message, field }: Rejection): UserError {
  const error: UserError = { code: UserErrorCode[code as keyof typeof UserErrorCode], message, field: field ?? null };
  return Object.assign(error, { __typename: 'BasicUserError' });
}
