const FIRST_MS = 250;
/** Nobody who watches a screen waits longer than this for the next attempt. */
const LONGEST_MS = 10_000;

/** Twice as long after each failure, and never the same for a thousand pages that were cut off together. */
export function retryDelayMs(failures: number, random: () => number = Math.random): number {
  const ceiling = Math.min(FIRST_MS * 2 ** Math.min(failures, 16), LONGEST_MS);
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
