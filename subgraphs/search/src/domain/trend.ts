/** What one act says about interest in a product. A sale weighs per unit; a click from a list is not much. */
export const WEIGHTS = { IMPRESSION: 0.05, CLICK: 1, ADD_TO_CART: 4, PURCHASE: 10 } as const;
export type Act = keyof typeof WEIGHTS;

export type TrendWindow = 'HOUR' | 'DAY' | 'WEEK';

/** A window is counted in small buckets that fall out one by one. */
const BUCKETS: Readonly<Record<TrendWindow, { sizeS: number; count: number }>> = {
  HOUR: { sizeS: 300, count: 12 },
  DAY: { sizeS: 3_600, count: 24 },
  WEEK: { sizeS: 86_400, count: 7 },
};

export interface Bucket {
  key: string;
  /** When it can be forgotten. */
  ttlS: number;
}

const bucketKey = (window: TrendWindow, number: number) => `search:trend:${window}:${number}`;

/** The buckets that something of this moment counts in: one per window. */
export function bucketsNow(now: Date): Bucket[] {
  return (Object.keys(BUCKETS) as TrendWindow[]).map((window) => {
    const { sizeS, count } = BUCKETS[window];
    return { key: bucketKey(window, currentNumber(now, sizeS)), ttlS: sizeS * (count + 1) };
  });
}

/** The buckets of a whole window. */
export function bucketsOf(window: TrendWindow, now: Date): string[] {
  const { sizeS, count } = BUCKETS[window];
  const last = currentNumber(now, sizeS);
  return Array.from({ length: count }, (_, back) => bucketKey(window, last - back));
}

function currentNumber(now: Date, sizeS: number): number {
  return Math.floor(now.getTime() / 1_000 / sizeS);
}
