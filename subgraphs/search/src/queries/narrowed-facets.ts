import type { SearchIndex, SearchRequest } from '../clients/search-index.ts';
import { type FacetCounts, facetField, facetOf, toFacetBy } from '../domain/facets.ts';
import { type Narrowing, NOTHING, toFilterBy } from '../domain/search-filter.ts';

/**
 * Per facet that a search is narrowed by, its values with what each would find in
 * place of those that were chosen: who has chosen one brand wants to see the
 * others. One call for all of them, none when nothing is chosen.
 */
export async function narrowedFacets(
  index: SearchIndex,
  request: Omit<SearchRequest, 'offset' | 'limit'>,
  { facets, filter, currency }: { facets: readonly string[]; filter: Narrowing; currency: string },
): Promise<ReadonlyMap<string, readonly FacetCounts[]>> {
  const chosen = filter.attributes ?? [];
  const narrowed = facets.filter((facet) => chosen.some(({ key }) => facetOf(key) === facet));
  if (narrowed.length === 0 || request.filterBy === NOTHING) return new Map();
  const answers = await index.search(
    narrowed.map((facet) => {
      const attributes = chosen.filter(({ key }) => facetOf(key) !== facet);
      const filterBy = toFilterBy({ ...filter, attributes }, currency);
      const facetBy = toFacetBy([facetField(facet, currency)!]);
      return { ...request, filterBy, facetBy, hasEmbeddings: false, offset: 0, limit: 1 };
    }),
  );
  return new Map(narrowed.map((facet, at) => [facet, answers[at]!.facets]));
}
