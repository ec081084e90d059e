import { EVERYWHERE } from './product-document.ts';

/** What a buyer narrows a search by. */
export interface Narrowing {
  categoryIds?: readonly string[] | null;
  vendorIds?: readonly string[] | null;
  priceMin?: number | null;
  priceMax?: number | null;
  ratingMin?: number | null;
  inStockOnly?: boolean | null;
  primeEligible?: boolean | null;
  /** The country it must be shipped to. */
  shipTo?: string | null;
  attributes?: readonly { key: string; anyOf: readonly string[] }[] | null;
}

/** Facets that are fields of their own; any other key (a buyer's text) is one of the product's attributes. */
export const FACET_FIELDS: ReadonlyMap<string, string> = new Map([
  ['brand', 'brand'],
  ['category', 'categoryPaths'],
  ['vendor', 'vendorIds'],
]);

/**
 * A value as a literal of the filter language. Backticks make everything inside
 * literal and cannot be escaped, so the value must not have one, nor a backslash
 * before the closing one; the index knows words only, so without them the value
 * means the same.
 */
export function quoted(value: string): string {
  return `\`${value.replaceAll(/[`\\]/g, ' ').replaceAll(/\s+/g, ' ').trim()}\``;
}

/** `field:=[…]` or null when there is nothing to ask for. */
export function anyOf(field: string, values: readonly string[]): string | null {
  const literals = values.map(quoted).filter((literal) => literal !== '``');
  return literals.length > 0 ? `${field}:=[${literals.join(',')}]` : null;
}

/** No document has this id: a filter that can match nothing. */
export const NOTHING = 'id:=`-`';

/** The whole filter in the index's language. `currency` is the one that prices are meant in. */
export function toFilterBy(narrowing: Narrowing, currency: string): string {
  const { categoryIds, vendorIds, priceMin, priceMax, ratingMin, attributes } = narrowing;
  const inStockOnly = narrowing.inStockOnly ?? true;
  const clauses: string[] = [];
  const add = (field: string, values: readonly string[] | null | undefined) => {
    if (values) clauses.push(anyOf(field, values) ?? NOTHING);
  };
  if (inStockOnly) clauses.push('inStock:=true');
  add('categoryIds', categoryIds);
  add(inStockOnly ? 'stockedVendorIds' : 'vendorIds', vendorIds);
  if (typeof narrowing.primeEligible === 'boolean') clauses.push(`prime:=${narrowing.primeEligible}`);
  if (narrowing.shipTo) clauses.push(`shipsTo:=[${quoted(narrowing.shipTo)},${quoted(EVERYWHERE)}]`);
  if (ratingMin) clauses.push(`rating:>=${ratingMin}`);
  if (priceMin !== null && priceMin !== undefined) clauses.push(`prices_${currency}:>=${priceMin}`);
  if (priceMax !== null && priceMax !== undefined) clauses.push(`prices_${currency}:<=${priceMax}`);
  if (typeof priceMin === 'number' && typeof priceMax === 'number') {
    // Both on one offer, not one bound on each of two.
    clauses.splice(-2, 2, `prices_${currency}:[${priceMin}..${priceMax}]`);
  }
  for (const { key, anyOf: values } of attributes ?? []) {
    const field = FACET_FIELDS.get(key);
    if (field) add(field, values);
    else
      add(
        'attributes',
        values.map((value) => `${key}=${value}`),
      );
  }
  return clauses.join(' && ');
}

const MIN_PLURAL = 5;

/**
 * Words whose last one, which the index takes for a beginning, is without the
 * ending of a plural: `phones` finds a phone too. A beginning of what was asked
 * for, it finds all that this would.
 */
export function withoutPlural(words: string): string {
  const last = /[^\s]+$/.exec(words)?.[0] ?? '';
  const ending = last.length < MIN_PLURAL || !/^[\p{L}-]+$/u.test(last) ? undefined : endingOf(last.toLowerCase());
  return ending ? words.slice(0, -ending.length) : words;
}

/** Of words that end like `lenses` or `glass` there is no telling. */
function endingOf(word: string): string | undefined {
  if (/.{5}ies$/.test(word)) return 'ies';
  if (/(ss|x|ch|sh)es$/.test(word)) return 'es';
  return /[^suiax]s$/.test(word) && !/ies$/.test(word) ? 's' : undefined;
}

/** The words of a buyer without the query language: no exclusions, no phrases, no "everything". */
export function plainWords(query: string): string {
  return query
    .normalize('NFC')
    .replaceAll(/["*]/g, ' ')
    .split(/\s+/)
    .map((word) => word.replace(/^-+/, ''))
    .filter((word) => word !== '')
    .join(' ');
}
