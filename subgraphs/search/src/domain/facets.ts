import { FACET_FIELDS } from './search-filter.ts';

export interface FacetCounts {
  field_name: string;
  counts: readonly { value: string; count: number }[];
}

export interface Facet {
  key: string;
  buckets: { value: string; count: number }[];
}

export const MAX_FACETS = 20;
/** How many values of one facet a buyer is shown. */
const MAX_BUCKETS = 50;
const ATTRIBUTE_PREFIX = 'attributes.';

/** Where one price class ends and the next begins, in minor units. */
const PRICE_STEPS = [0, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000];

/** The index's field behind a facet, or null when there is no such facet. */
export function facetField(key: string, currency: string): string | null {
  const field = FACET_FIELDS.get(key);
  if (field) return field;
  if (key === 'rating') return 'stars';
  if (key === 'inStock') return 'inStock';
  if (key === 'price') return `price_${currency}`;
  return key.startsWith(ATTRIBUTE_PREFIX) && key.length > ATTRIBUTE_PREFIX.length ? 'attributes' : null;
}

/** The facet that has the values which a filter names by this key. */
export function facetOf(key: string): string {
  return FACET_FIELDS.has(key) ? key : `${ATTRIBUTE_PREFIX}${key}`;
}

/** `facet_by` for these fields; prices are counted in classes. */
export function toFacetBy(fields: readonly string[]): string {
  return [...new Set(fields)]
    .map((field) => (field.startsWith('price_') ? `${field}(${priceClasses()})` : field))
    .join(',');
}

export function toFacet(key: string, currency: string, counts: readonly FacetCounts[]): Facet {
  const field = facetField(key, currency);
  const all = counts.find((facet) => facet.field_name === field)?.counts ?? [];
  return { key, buckets: bucketsOf(key, all).slice(0, MAX_BUCKETS) };
}

function bucketsOf(key: string, counts: FacetCounts['counts']): Facet['buckets'] {
  if (key === 'rating') return atLeast(counts);
  if (key === 'price') {
    const order = priceLabels();
    return counts
      .map(({ value, count }) => ({ value: order.get(value) ?? value, count }))
      .filter(({ count }) => count > 0)
      .toSorted((a, b) => Number.parseInt(a.value, 10) - Number.parseInt(b.value, 10));
  }
  if (key.startsWith(ATTRIBUTE_PREFIX)) {
    const prefix = `${key.slice(ATTRIBUTE_PREFIX.length)}=`;
    return counts
      .filter(({ value }) => value.startsWith(prefix))
      .map(({ value, count }) => ({ value: value.slice(prefix.length), count }));
  }
  return counts.map(({ value, count }) => ({ value, count }));
}

/** "4 and more" counts the fives too, as the filter `ratingMin` does. */
function atLeast(counts: FacetCounts['counts']): Facet['buckets'] {
  return [4, 3, 2, 1]
    .map((stars) => ({
      value: String(stars),
      count: counts.filter(({ value }) => Number(value) >= stars).reduce((sum, { count }) => sum + count, 0),
    }))
    .filter(({ count }) => count > 0);
}

// Labels are plain names to the index and become `from-to` for the buyer.
function priceClasses(): string {
  return PRICE_STEPS.map((from, at) => `p${at}:[${from},${PRICE_STEPS[at + 1] ?? ''}]`).join(', ');
}

function priceLabels(): Map<string, string> {
  return new Map(PRICE_STEPS.map((from, at) => [`p${at}`, `${from}-${PRICE_STEPS[at + 1] ?? ''}`]));
}
