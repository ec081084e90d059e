import type { Clock } from '@marketgraph/platform/core';
import type { SearchIndex } from '../clients/search-index.ts';
import { beginningOf, byBeginning, type Named } from '../domain/beginnings.ts';

/** The best sold products of which a word begins so, `count` of them; null when fewer do, or it is no short beginning. */
export type BestSold = (prefix: string, count: number) => Promise<readonly Named[] | null>;

/** Of these; what begins like few of them begins like few of all. */
const CONSIDERED = 1_000;
/** How long what sells best, and its names, are good for. */
const KEPT_MS = 10_000;

/**
 * The first letters of a word say nothing yet of what is meant, and a great part
 * of the index begins so: it would be looked through for a list that popularity
 * orders anyway. So it is asked for what sells best, once for everybody, and only
 * what too few of these begin with is looked for in the whole index, which has
 * few of it as well. Whoever shows these asks the catalog whether they may be shown.
 */
export function bestSold(
  { index, clock }: { index: Pick<SearchIndex, 'bestSold'>; clock: Clock },
  most: number,
): BestSold {
  let kept: { until: number; products: Promise<ReadonlyMap<string, readonly Named[]>> } | undefined;
  return async (prefix, count) => {
    const beginning = beginningOf(prefix);
    if (beginning === null) return null;
    const now = clock.now().getTime();
    if (!kept || kept.until <= now) {
      const products = index.bestSold(CONSIDERED).then((found) => byBeginning(found, most));
      const asked = { until: now + KEPT_MS, products };
      kept = asked;
      // The next one asks again.
      products.catch(() => (kept = kept === asked ? undefined : kept));
    }
    const found = (await kept.products).get(beginning) ?? [];
    return found.length >= count ? found.slice(0, count) : null;
  };
}
