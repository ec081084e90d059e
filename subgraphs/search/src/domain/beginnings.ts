import { wordsOf } from './corrected-query.ts';

/** What a product can be suggested by. */
export interface Named {
  id: string;
  title: string;
  brand?: string | undefined;
  /** From the top of the tree downwards, as are their ids. */
  categories: readonly string[];
  categoryIds: readonly string[];
}

/** Products with their words, each with a space before and behind it. */
type Shelf<Product> = readonly { product: Product; names: string; categories: string }[];

export function shelfOf<Product extends Named>(products: readonly Product[]): Shelf<Product> {
  return products.map((product) => ({
    product,
    names: spaced([product.title, product.brand ?? '']),
    categories: spaced(product.categories),
  }));
}

/**
 * Of the products that have what somebody types, the last word as a beginning,
 * `count`: first those whose title or brand has all of it, then those of which a
 * category has some, both in the order of the shelf. Null when fewer have it.
 */
export function begunOn<Product>(shelf: Shelf<Product>, typed: string, count: number): Product[] | null {
  const words = wordsOf(typed);
  if (words.length === 0) return null;
  const wanted = words.map((word, at) => (at === words.length - 1 ? ` ${word}` : ` ${word} `));
  const named: Product[] = [];
  const sorted: Product[] = [];
  for (const { product, names, categories } of shelf) {
    if (wanted.every((word) => names.includes(word))) {
      if (named.push(product) === count) return named;
    } else if (wanted.every((word) => names.includes(word) || categories.includes(word))) sorted.push(product);
  }
  return named.length + sorted.length < count ? null : [...named, ...sorted].slice(0, count);
}

function spaced(texts: readonly string[]): string {
  return ` ${texts.flatMap(wordsOf).join(' ')} `;
}
