/** How many published reviews gave one star, two, … five. Everything else follows from it. */
export type Histogram = readonly [number, number, number, number, number];

export const noRatings: Histogram = [0, 0, 0, 0, 0];

export interface RatingSummary {
  /** From 1 to 5 with two decimals; 0 when there is none. */
  average: number;
  count: number;
  histogram: Histogram;
}

export function summarize(histogram: Histogram): RatingSummary {
  const count = histogram.reduce((total, votes) => total + votes, 0);
  const stars = histogram.reduce((total, votes, index) => total + votes * (index + 1), 0);
  return { average: count === 0 ? 0 : Math.round((stars / count) * 100) / 100, count, histogram };
}

/** What one review adds to its subject: its rating when it is published, nothing otherwise. */
export function contribution(review: { status: string; rating: number } | null): number | null {
  return review?.status === 'PUBLISHED' ? review.rating : null;
}

/** The change of each bar when a review that counted as `before` counts as `after`. */
export function barChanges(before: number | null, after: number | null): Map<number, number> {
  const changes = new Map<number, number>();
  if (before === after) return changes;
  if (before !== null) changes.set(before, -1);
  if (after !== null) changes.set(after, 1);
  return changes;
}
