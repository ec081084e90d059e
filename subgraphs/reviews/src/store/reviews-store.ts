import { type MongoDatabase, prepareMongoMessaging } from '@marketgraph/platform/mongo';
import type { ClientSession, Collection } from 'mongodb';
import type { ReviewStatus, ReviewTarget } from '../domain/review.ts';

export interface ReviewDocument {
  _id: string;
  lineId: string;
  target: ReviewTarget;
  /** `prd_…` or `ven_…`: what the rating counts for. */
  subjectId: string;
  productId: string;
  /** Who sold it. */
  vendorId: string;
  authorId: string;
  rating: number;
  title: string | null;
  body: string | null;
  status: ReviewStatus;
  helpfulCount: number;
  reply: string | null;
  /** The submitter's idempotency key. */
  submitKey: string | null;
  createdAt: Date;
  updatedAt: Date;
  version: number;
}

/** A delivered line: what may be reviewed, and by whom. */
export interface PurchaseDocument {
  _id: string;
  buyerId: string;
  vendorId: string;
  productId: string;
  deliveredAt: Date;
}

/** h1 to h5: how many published reviews gave so many stars. */
export interface RatingDocument {
  _id: string;
  h1: number;
  h2: number;
  h3: number;
  h4: number;
  h5: number;
  version: number;
}

export interface VoteDocument {
  _id: string;
  reviewId: string;
  helpful: boolean;
}

export interface ReviewsStore {
  database: MongoDatabase;
  reviews: Collection<ReviewDocument>;
  purchases: Collection<PurchaseDocument>;
  ratings: Collection<RatingDocument>;
  votes: Collection<VoteDocument>;
}

/** Absent outside a transaction. */
export type Session = ClientSession | undefined;

export function reviewsStore(database: MongoDatabase): ReviewsStore {
  const { db } = database;
  return {
    database,
    reviews: db.collection('reviews'),
    purchases: db.collection('purchases'),
    ratings: db.collection('ratings'),
    votes: db.collection('votes'),
  };
}

/** Every list query names the index it relies on. Ids grow with time, so they order a list by themselves. */
export async function prepareReviews(store: ReviewsStore): Promise<void> {
  await prepareMongoMessaging(store.database);
  await store.reviews.createIndexes([
    { name: 'oncePerLine', key: { lineId: 1, target: 1 }, unique: true },
    { name: 'bySubject', key: { subjectId: 1, status: 1, _id: -1 } },
    { name: 'byAuthor', key: { authorId: 1, _id: -1 } },
    { name: 'byStatus', key: { status: 1, _id: 1 } },
    { name: 'byVendor', key: { vendorId: 1, status: 1, _id: -1 } },
  ]);
}
