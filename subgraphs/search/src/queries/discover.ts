import type { Redis } from '@marketgraph/platform/redis';
import type { Hit, HitDocument, SearchIndex, SearchRequest } from '../clients/search-index.ts';
import { onlyShown, type ShownProducts } from '../clients/shown-products.ts';
import { withSpare } from '../domain/page-of-hits.ts';
import { anyOf, NOTHING } from '../domain/search-filter.ts';
import { toSortBy } from '../domain/sort-order.ts';
import type { TrendWindow } from '../domain/trend.ts';
import { companionsOf, trendingProducts } from '../store/interest.ts';

/** The most products one of these lists shows. */
export const MAX_LIST = 50;
/** Looked at, because some of them are sold out or in another category. */
const CANDIDATES = 200;
const COMPANION_CANDIDATES = 100;
const POPULAR = toSortBy('POPULARITY', { hasWords: false, currency: '' });

export interface DiscoverDeps {
  redis: Redis;
  index: SearchIndex;
  shown: ShownProducts;
}

export interface Trend {
  productId: string;
  score: number;
}

/** What draws most interest within a window and can be bought; before there is any interest, what sells best. */
export async function trending(
  { redis, index, shown }: DiscoverDeps,
  options: { categoryId: string | null; window: TrendWindow; first: number; now: Date },
): Promise<Trend[]> {
  const { categoryId, window, first, now } = options;
  const category = categoryId ? [anyOf('categoryIds', [categoryId]) ?? NOTHING] : [];
  const candidates = await trendingProducts(redis, window, { now, count: CANDIDATES });
  const [found, popular] = await index.search([
    buyable(
      candidates.map(({ productId }) => productId),
      category,
    ),
    browse(['inStock:=true', ...category], withSpare(first)),
  ]);
  const inStock = new Set(found!.hits.map(({ document }) => document.id));
  const trends = await onlyShown(
    shown,
    candidates.filter(({ productId }) => inStock.has(productId)).slice(0, withSpare(first)),
    ({ productId }) => productId,
  );
  if (trends.length > 0) return trends.slice(0, first);
  const sold = popular!.hits.map(({ document }) => ({ productId: document.id, score: document.popularity }));
  return (await onlyShown(shown, sold, ({ productId }) => productId)).slice(0, first);
}

/** Per product the best sold ones of its own category, itself not among them; one call for all of them. */
export async function relatedProducts(
  { index, shown }: DiscoverDeps,
  productIds: readonly string[],
  first: number,
): Promise<string[][]> {
  const categories = await documentsOf(index, productIds);
  const answers = await index.search(
    productIds.map((id) => {
      const category = categories.get(id)?.categoryIds.at(-1);
      const own = category ? anyOf('categoryIds', [category]) : null;
      return browse(own ? ['inStock:=true', own] : [NOTHING], withSpare(first + 1));
    }),
  );
  const lists = productIds.map((id, at) => idsOf(answers[at]!.hits, id));
  const shownIds = await shown(lists.flat());
  return lists.map((ids) => ids.filter((id) => shownIds.has(id)).slice(0, first));
}

/** Per product what its buyers took with it; what nobody has bought with anything shows what is trending. */
export async function alsoBought(
  deps: DiscoverDeps,
  productIds: readonly string[],
  { first, now }: { first: number; now: Date },
): Promise<string[][]> {
  const companions = await companionsOf(deps.redis, productIds, COMPANION_CANDIDATES);
  const known = await documentsOf(deps.index, [...new Set(companions.flat())], ['inStock:=true']);
  const inStock = companions.map((ids) => ids.filter((id) => known.has(id)).slice(0, withSpare(first)));
  const shownIds = await deps.shown(inStock.flat());
  const lists = inStock.map((ids) => ids.filter((id) => shownIds.has(id)).slice(0, first));
  if (lists.every((list) => list.length > 0)) return lists;
  const trends = await trending(deps, { categoryId: null, window: 'WEEK', first: first + 1, now });
  return lists.map((list, at) => {
    if (list.length > 0) return list;
    return trends.flatMap(({ productId }) => (productId === productIds[at] ? [] : [productId])).slice(0, first);
  });
}

const MAX_PER_REQUEST = 250;

async function documentsOf(
  index: SearchIndex,
  ids: readonly string[],
  more: readonly string[] = [],
): Promise<Map<string, HitDocument>> {
  if (ids.length === 0) return new Map();
  const parts = Array.from({ length: Math.ceil(ids.length / MAX_PER_REQUEST) }, (_, at) =>
    ids.slice(at * MAX_PER_REQUEST, (at + 1) * MAX_PER_REQUEST),
  );
  const answers = await index.search(parts.map((part) => byId(part, more)));
  return new Map(answers.flatMap(({ hits }) => hits.map(({ document }) => [document.id, document] as const)));
}

function buyable(ids: readonly string[], more: readonly string[]): SearchRequest {
  return byId(ids, ['inStock:=true', ...more]);
}

function byId(ids: readonly string[], more: readonly string[]): SearchRequest {
  const filterBy = [anyOf('id', ids) ?? NOTHING, ...more].join(' && ');
  return { words: '', filterBy, offset: 0, limit: Math.max(ids.length, 1) };
}

function browse(clauses: readonly string[], limit: number): SearchRequest {
  return { words: '', filterBy: clauses.join(' && '), sortBy: POPULAR, offset: 0, limit };
}

function idsOf(hits: readonly Hit[], except: string): string[] {
  return hits.flatMap(({ document }) => (document.id === except ? [] : [document.id]));
}
