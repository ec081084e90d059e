import { type Act, WEIGHTS } from './trend.ts';

/** Interest in a product halves in so many days. */
const HALF_LIFE_DAYS = 30;
/** From here on interest is counted, so that the numbers stay small for a century. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
/** How much a place further down a list adds to what a click says: whoever clicks there has passed by the rest. */
const PER_DOUBLING = 0.25;
const MAX_POSITION = 1_000;

/**
 * What an act says about the taste of one person, now. Later acts weigh more by
 * a growing factor instead of earlier ones less, so that a sum never has to be
 * counted anew.
 */
export function interestIn(act: Act, { position, now }: { position: number | null; now: Date }): number {
  const doublings = position === null || act === 'IMPRESSION' ? 0 : Math.log2(Math.min(position, MAX_POSITION));
  const ageDays = (now.getTime() - EPOCH_MS) / DAY_MS;
  return WEIGHTS[act] * (1 + PER_DOUBLING * doublings) * 2 ** (ageDays / HALF_LIFE_DAYS);
}

/** How far taste may lift a hit: over so many others at most. */
const STRENGTH = 24;

/** Hits in the order of a person's taste: their place counts, and being like what was liked lifts it. */
export function byTaste<T>(hits: readonly T[], likeness: (hit: T) => number): T[] {
  return hits
    .map((hit, at) => ({ hit, rank: at - STRENGTH * Math.max(0, likeness(hit)) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ hit }) => hit);
}
