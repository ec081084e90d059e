import type { Money } from '@marketgraph/platform/core';

/** What a profile is made of: words of title and brand, and what it costs. */
export interface ProfiledProduct {
  words: readonly string[];
  prices: readonly Money[];
}

/** What is usual in a category and below it. */
export interface CategoryProfile {
  id: string;
  name: string;
  size: number;
  /** In how many products each word stands. */
  words: ReadonlyMap<string, number>;
  /** Natural logarithms of the prices in minor units, by currency. */
  spreads: ReadonlyMap<string, Spread>;
}

export interface Spread {
  count: number;
  median: number;
  /** Of a normal distribution with this median deviation: robust against what it is to find. */
  deviation: number;
}

export function profileOf(
  category: { id: string; name: string },
  products: readonly ProfiledProduct[],
): CategoryProfile {
  const words = new Map<string, number>();
  const prices = new Map<string, number[]>();
  for (const product of products) {
    for (const word of new Set(product.words)) words.set(word, (words.get(word) ?? 0) + 1);
    for (const { amount, currencyCode } of product.prices) {
      prices.set(currencyCode, [...(prices.get(currencyCode) ?? []), Math.log(amount)]);
    }
  }
  const spreads = new Map([...prices].map(([currency, logs]) => [currency, spreadOf(logs)]));
  return { ...category, size: products.length, words, spreads };
}

function spreadOf(values: readonly number[]): Spread {
  const median = medianOf(values);
  const deviation = 1.4826 * medianOf(values.map((value) => Math.abs(value - median)));
  return { count: values.length, median, deviation };
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Of smaller categories nobody knows what is usual in them. */
const MIN_OWN_SIZE = 10;
const MIN_RIVAL_SIZE = 20;
/** One word alone, however rare, may be a name. */
const MIN_TELLING_WORDS = 3;
const TELLING = Math.log(4);
const MAX_WORD_WEIGHT = 4;

/**
 * Naive Bayes over the words of a title: how many times likelier (as a natural
 * logarithm) they are in `rival` than in the product's own category. The
 * product itself is taken out of its own category first, or it would vouch for
 * itself. Zero where either is too small to say.
 */
export function rivalOdds(words: readonly string[], own: CategoryProfile, rival: CategoryProfile): number {
  if (own.size < MIN_OWN_SIZE || rival.size < MIN_RIVAL_SIZE) return 0;
  let odds = 0;
  let telling = 0;
  for (const word of words) {
    const inOwn = Math.max(0, (own.words.get(word) ?? 0) - 1);
    const inRival = rival.words.get(word) ?? 0;
    if (inOwn + inRival < 2) continue;
    const weight = Math.log((inRival + 0.5) / (rival.size + 1)) - Math.log((inOwn + 0.5) / own.size);
    odds += Math.max(-MAX_WORD_WEIGHT, Math.min(MAX_WORD_WEIGHT, weight));
    if (weight > TELLING) telling += 1;
  }
  return telling >= MIN_TELLING_WORDS ? odds : 0;
}
