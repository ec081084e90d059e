/** A hit of the index of one region. */
export interface RegionalHit {
  region: string;
  productId: string;
}

/**
 * The answers of the indexes of several regions as one list of at most `first`:
 * by turns the best of each, the buyer's own region first, since scores of
 * different indexes cannot be compared. A product that several regions have is
 * shown once, for the region that is named first.
 */
export function mergedRegions<Hit extends RegionalHit>(
  answers: readonly { region: string; hits: readonly Hit[] }[],
  { home, first }: { home: string; first: number },
): Hit[] {
  const lists = answers
    .toSorted((a, b) => Number(b.region === home) - Number(a.region === home))
    .map(({ hits }) => hits);
  const longest = Math.max(0, ...lists.map((hits) => hits.length));
  const merged = new Map<string, Hit>();
  for (let rank = 0; rank < longest && merged.size < first; rank += 1) {
    for (const hits of lists) {
      const hit = hits[rank];
      if (hit && !merged.has(hit.productId) && merged.size < first) merged.set(hit.productId, hit);
    }
  }
  return [...merged.values()];
}
