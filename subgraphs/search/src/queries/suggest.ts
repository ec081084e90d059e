import { badUserInput } from '@marketgraph/platform/graphql';
import type { SearchIndex } from '../clients/search-index.ts';
import { onlyShown } from '../clients/shown-products.ts';
import type { Named } from '../domain/beginnings.ts';
import { plainWords } from '../domain/search-filter.ts';
import { frequentQueries } from '../store/asked.ts';
import type { BestSold } from './best-sold.ts';
import type { DiscoverDeps } from './discover.ts';

export interface Suggested {
  text: string;
  productId: string | null;
  categoryId: string | null;
}

const MAX_PREFIX_LENGTH = 100;
export const MAX_SUGGESTIONS = 20;
/** More than are shown, because several products may say the same. */
const LOOK_AT = 3;

/** As many of what others ask stand before what there is. */
const MAX_ASKED = 3;

/**
 * What a buyer may be about to type: what many ask that begins so, brands and
 * categories that do, then titles of products.
 */
export async function suggest(
  { index, redis, shown, bestSold }: DiscoverDeps & { bestSold: BestSold },
  prefix: string,
  { first, now }: { first: number; now: Date },
): Promise<Suggested[]> {
  if (prefix.length > MAX_PREFIX_LENGTH) throw badUserInput(`prefix is longer than ${MAX_PREFIX_LENGTH} characters.`);
  if (first < 1 || first > MAX_SUGGESTIONS) throw badUserInput(`first must be from 1 to ${MAX_SUGGESTIONS}.`);
  const words = plainWords(prefix);
  if (words === '') return [];
  const asking = frequentQueries(redis, words.toLowerCase(), { now, count: MAX_ASKED });
  const [asked, products] = await Promise.all([asking, begun({ index, bestSold }, words, first * LOOK_AT)]);
  const frequent = asked.map((text) => ({ text, productId: null, categoryId: null }));
  const short: Suggested[] = [];
  const titles: Suggested[] = [];
  for (const { id, title, brand, categories, categoryIds } of await onlyShown(
    shown,
    products,
    (product) => product.id,
  )) {
    if (brand && beginsWith(brand, words)) short.push({ text: brand, productId: null, categoryId: null });
    for (const [at, name] of categories.entries()) {
      if (beginsWith(name, words)) short.push({ text: name, productId: null, categoryId: categoryIds[at]! });
    }
    titles.push({ text: title, productId: id, categoryId: null });
  }
  const byText = new Map<string, Suggested>();
  for (const suggestion of [...frequent, ...short, ...titles]) {
    const key = suggestion.text.toLowerCase();
    if (!byText.has(key)) byText.set(key, suggestion);
  }
  return [...byText.values()].slice(0, first);
}

/** Products that have the words, the last one as a beginning. */
async function begun(
  { index, bestSold }: { index: SearchIndex; bestSold: BestSold },
  words: string,
  limit: number,
): Promise<readonly Named[]> {
  const soldBest = await bestSold(words, limit);
  if (soldBest) return soldBest;
  const fields: [string, number][] = [
    ['title', 4],
    ['brand', 4],
    ['categories', 1],
  ];
  const sortBy = '_text_match:desc,popularity:desc';
  // With two slips nearly every beginning is that of something.
  const [answer] = await index.search([{ words, filterBy: '', sortBy, offset: 0, limit, fields, maxTypos: 1 }]);
  return answer!.hits.map(({ document }) => document);
}

function beginsWith(text: string, words: string): boolean {
  return text.toLowerCase().startsWith(words.toLowerCase());
}
