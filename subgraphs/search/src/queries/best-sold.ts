import type { Clock } from '@marketgraph/platform/core';
import type { SearchIndex } from '../clients/search-index.ts';
import { begunOn, type Named, shelfOf } from '../domain/beginnings.ts';

/** Of the best sold products `count` that have what somebody types; null when fewer do. */
export type BestSold = (typed: string, count: number) => Promise<readonly Named[] | null>;

/** Of these; what few of them have, few of all have. */
const CONSIDERED = 2_000;
/** How long what sells best, and its names, are good for. */
const KEPT_MS = 10_000;
/** And for how long at most, while the index does not say it anew. */
const STALE_MS = 60_000;

/**
 * A few letters say little of what is meant, and a great part of the index begins
 * so: it would be looked through for a list that popularity orders anyway. So it
 * is asked for what sells best, once for everybody, and only what too few of
 * these have is looked for in the whole index, which has few of it as well.
 * Whoever shows these asks the catalog whether they may be shown.
 */
export function bestSold({ index, clock }: { index: Pick<SearchIndex, 'bestSold'>; clock: Clock }): BestSold {
  let kept: { at: number; shelf: ReturnType<typeof shelfOf<Named>> } | undefined;
  let asked: Promise<void> | undefined;
  const ask = async (at: number): Promise<void> => {
    kept = { at, shelf: shelfOf(await index.bestSold(CONSIDERED)) };
  };
  return async (typed, count) => {
    const now = clock.now().getTime();
    const age = now - (kept?.at ?? -Infinity);
    if (age >= KEPT_MS) {
      const asking = (asked ??= ask(now).finally(() => (asked = undefined)));
      // Of a large index it takes a while. Who has something to show does not wait for it.
      if (age >= STALE_MS) await asking;
      else asking.catch(() => undefined);
    }
    return begunOn(kept!.shelf, typed, count);
  };
}
