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

/** Longer beginnings are few products' own, which the index finds quickly. */
export const MAX_BEGINNING = 3;

/** The word that somebody has begun to type, as it is looked up; null when it is not one short beginning. */
export function beginningOf(prefix: string): string | null {
  const [word, ...more] = wordsOf(prefix);
  return word !== undefined && more.length === 0 && word.length <= MAX_BEGINNING ? word : null;
}

/**
 * Products by the beginnings of the words they are named with: first those whose
 * title or brand has the word, then those of which only a category has it, both
 * in the order they come in; of one beginning at most `most`.
 */
export function byBeginning<Product extends Named>(
  products: readonly Product[],
  most: number,
): ReadonlyMap<string, readonly Product[]> {
  const byName = new Map<string, Product[]>();
  const byCategory = new Map<string, Product[]>();
  for (const product of products) {
    const own = beginningsOf([product.title, product.brand ?? '']);
    for (const beginning of own) listed(byName, beginning).push(product);
    for (const beginning of beginningsOf(product.categories)) {
      if (!own.has(beginning)) listed(byCategory, beginning).push(product);
    }
  }
  const beginnings = new Set([...byName.keys(), ...byCategory.keys()]);
  return new Map(
    [...beginnings].map((beginning) => [
      beginning,
      [...(byName.get(beginning) ?? []), ...(byCategory.get(beginning) ?? [])].slice(0, most),
    ]),
  );
}

function beginningsOf(texts: readonly string[]): ReadonlySet<string> {
  const beginnings = new Set<string>();
  for (const word of texts.flatMap(wordsOf)) {
    for (let length = 1; length <= Math.min(MAX_BEGINNING, word.length); length += 1) {
      beginnings.add(word.slice(0, length));
    }
  }
  return beginnings;
}

function listed<Value>(lists: Map<string, Value[]>, key: string): Value[] {
  let list = lists.get(key);
  if (!list) lists.set(key, (list = []));
  return list;
}
