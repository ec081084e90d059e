import { fact } from './fact.ts';

/** Key: the review; sequence: its version. Topics: `vendorReviewFeed:<vendorId>`. */
export interface ReviewChanged {
  reviewId: string;
  /** The vendor that sold what is reviewed. */
  vendorId: string;
  productId: string | null;
  authorId: string;
  rating: number;
  /** PENDING PUBLISHED REJECTED FLAGGED REMOVED */
  status: string;
}

/** The rating of a product or vendor is another now. Key: the product or vendor; sequence grows per key. */
export interface RatingChanged {
  /** `prd_…` or `ven_…`. */
  subjectId: string;
  /** From 0 (none) to 5. */
  average: number;
  count: number;
  /** How many gave one star, two, … five. */
  histogram: number[];
}

export const reviewChanged = fact<ReviewChanged>()('reviews.reviewChanged', 1, {
  reviewId: 'rev_01J0000000000000000000REVW',
  vendorId: 'ven_01J0000000000000000000VEND',
  productId: 'prd_01J0000000000000000000PRDT',
  authorId: 'usr_01J0000000000000000000BUYR',
  rating: 5,
  status: 'PUBLISHED',
});
export const ratingChanged = fact<RatingChanged>()('reviews.ratingChanged', 1, {
  subjectId: 'prd_01J0000000000000000000PRDT',
  average: 4.5,
  count: 2,
  histogram: [0, 0, 0, 1, 1],
});
