import type { Filter } from 'mongodb';
import type { PurchaseDocument, RatingDocument, ReviewDocument, ReviewsStore, Session } from './reviews-store.ts';

export interface ReviewPage {
  limit: number;
  /** Reviews older than this one. */
  before?: string;
  rating?: number;
}

export const findReviews = (store: ReviewsStore, ids: readonly string[]): Promise<ReviewDocument[]> =>
  store.reviews.find({ _id: { $in: [...ids] } }).toArray();

export const findReview = (store: ReviewsStore, id: string, session?: Session): Promise<ReviewDocument | null> =>
  store.reviews.findOne({ _id: id }, { session });

/** On oncePerLine. */
export const reviewsOfLines = (store: ReviewsStore, lineIds: readonly string[]): Promise<ReviewDocument[]> =>
  store.reviews.find({ lineId: { $in: [...lineIds] } }).toArray();

/** The newest published of each subject: one statement for a page of subjects, on bySubject. */
export async function pagesOfSubjects(
  store: ReviewsStore,
  subjectIds: readonly string[],
  page: ReviewPage,
): Promise<Map<string, ReviewDocument[]>> {
  const filter: Filter<ReviewDocument> = {
    subjectId: subjectIds.length === 1 ? subjectIds[0]! : { $in: [...subjectIds] },
    status: 'PUBLISHED',
    ...(page.before ? { _id: { $lt: page.before } } : {}),
    ...(page.rating ? { rating: page.rating } : {}),
  };
  if (subjectIds.length === 1) {
    const rows = await store.reviews.find(filter).sort({ _id: -1 }).limit(page.limit).toArray();
    return new Map([[subjectIds[0]!, rows]]);
  }
  const groups = await store.reviews
    .aggregate<{ _id: string; rows: ReviewDocument[] }>([
      { $match: filter },
      { $sort: { _id: -1 } },
      { $group: { _id: '$subjectId', rows: { $push: '$$ROOT' } } },
      { $project: { rows: { $slice: ['$rows', page.limit] } } },
    ])
    .toArray();
  return new Map(groups.map(({ _id, rows }) => [_id, rows]));
}

/** On byAuthor; whoever is not the author or a moderator gets the published ones. */
export const reviewsOfAuthor = (
  store: ReviewsStore,
  authorId: string,
  page: ReviewPage & { onlyPublished: boolean },
): Promise<ReviewDocument[]> =>
  store.reviews
    .find({
      authorId,
      ...(page.onlyPublished ? { status: 'PUBLISHED' } : {}),
      ...(page.before ? { _id: { $lt: page.before } } : {}),
    })
    .sort({ _id: -1 })
    .limit(page.limit)
    .toArray();

/** Oldest first: who has waited longest is looked at next. On byStatus. */
export const pendingReviews = (
  store: ReviewsStore,
  { limit, after }: { limit: number; after?: string },
): Promise<ReviewDocument[]> =>
  store.reviews
    .find({ status: 'PENDING', ...(after ? { _id: { $gt: after } } : {}) })
    .sort({ _id: 1 })
    .limit(limit)
    .toArray();

/** On byVendor. */
export const newestOfVendor = (store: ReviewsStore, vendorId: string): Promise<ReviewDocument | null> =>
  store.reviews.findOne({ vendorId, status: 'PUBLISHED' }, { sort: { _id: -1 } });

export const findPurchases = (store: ReviewsStore, lineIds: readonly string[]): Promise<PurchaseDocument[]> =>
  store.purchases.find({ _id: { $in: [...lineIds] } }).toArray();

export const findRatings = (store: ReviewsStore, subjectIds: readonly string[]): Promise<RatingDocument[]> =>
  store.ratings.find({ _id: { $in: [...subjectIds] } }).toArray();
