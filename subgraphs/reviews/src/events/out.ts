import type { NewEvent } from '@marketgraph/platform/messaging';
import {
  ratingChanged,
  type RatingChanged,
  reviewChanged,
  type ReviewChanged,
} from '@marketgraph/schema/events/reviews';
import { type Histogram, summarize } from '../domain/rating.ts';
import type { RatingDocument, ReviewDocument } from '../store/reviews-store.ts';

export function reviewChangedEvent(review: ReviewDocument): NewEvent<ReviewChanged> {
  const { _id: reviewId, vendorId, productId, authorId, rating, status, version } = review;
  return {
    name: reviewChanged.name,
    version: reviewChanged.version,
    key: reviewId,
    sequence: version,
    topics: [`vendorReviewFeed:${vendorId}`],
    payload: {
      reviewId,
      vendorId,
      productId: review.target === 'PRODUCT' ? productId : null,
      authorId,
      rating,
      status,
    },
  };
}

export function ratingChangedEvent(rating: RatingDocument): NewEvent<RatingChanged> {
  const { average, count, histogram } = summarize(histogramOf(rating));
  return {
    name: ratingChanged.name,
    version: ratingChanged.version,
    key: rating._id,
    sequence: rating.version,
    payload: { subjectId: rating._id, average, count, histogram: [...histogram] },
  };
}

export function histogramOf({ h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0 }: Partial<RatingDocument>): Histogram {
  return [h1, h2, h3, h4, h5];
}
