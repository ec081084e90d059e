import DataLoader from 'dataloader';
import { type RatingSummary, summarize } from '../domain/rating.ts';
import { histogramOf } from '../events/out.ts';
import {
  findPurchases,
  findRatings,
  findReviews,
  pagesOfSubjects,
  type ReviewPage,
  reviewsOfLines,
} from '../store/reviews.ts';
import type { PurchaseDocument, ReviewDocument, ReviewsStore } from '../store/reviews-store.ts';

export interface SubjectPage {
  subjectId: string;
  page: ReviewPage;
}

/** One call to the store for all keys of one tick, for the length of one operation. */
export interface Loaders {
  review: DataLoader<string, ReviewDocument | null>;
  rating: DataLoader<string, RatingSummary>;
  reviewsOfLine: DataLoader<string, ReviewDocument[]>;
  purchase: DataLoader<string, PurchaseDocument | null>;
  reviewsOfSubject: DataLoader<SubjectPage, ReviewDocument[], string>;
}

export function createLoaders(store: ReviewsStore): Loaders {
  return {
    review: new DataLoader(async (ids) => {
      const rows = new Map((await findReviews(store, ids)).map((row) => [row._id, row]));
      return ids.map((id) => rows.get(id) ?? null);
    }),
    rating: new DataLoader(async (ids) => {
      const rows = new Map((await findRatings(store, ids)).map((row) => [row._id, row]));
      return ids.map((id) => summarize(histogramOf(rows.get(id) ?? {})));
    }),
    reviewsOfLine: new DataLoader(async (ids) => {
      const rows = Map.groupBy(await reviewsOfLines(store, ids), ({ lineId }) => lineId);
      return ids.map((id) => rows.get(id) ?? []);
    }),
    purchase: new DataLoader(async (ids) => {
      const rows = new Map((await findPurchases(store, ids)).map((row) => [row._id, row]));
      return ids.map((id) => rows.get(id) ?? null);
    }),
    reviewsOfSubject: new DataLoader<SubjectPage, ReviewDocument[], string>(
      async (keys) => {
        // Fields of one list share their arguments, so this is one call in practice.
        const byPage = Map.groupBy(keys, ({ page }) => JSON.stringify(page));
        const found = new Map<string, ReviewDocument[]>();
        for (const [page, group] of byPage) {
          const ids = [...new Set(group.map(({ subjectId }) => subjectId))];
          for (const [id, rows] of await pagesOfSubjects(store, ids, JSON.parse(page) as ReviewPage))
            found.set(`${id}${page}`, rows);
        }
        return keys.map(({ subjectId, page }) => found.get(`${subjectId}${JSON.stringify(page)}`) ?? []);
      },
      { cacheKeyFn: ({ subjectId, page }) => `${subjectId}${JSON.stringify(page)}` },
    ),
  };
}
