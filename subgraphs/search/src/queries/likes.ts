import type { Redis } from '@marketgraph/platform/redis';
import { onlyShown } from '../clients/shown-products.ts';
import { blend } from '../domain/embedding.ts';
import { withSpare } from '../domain/page-of-hits.ts';
import { embeddingOf } from '../domain/product-document.ts';
import { NOTHING, quoted } from '../domain/search-filter.ts';
import { loadProducts } from '../store/source-model.ts';
import { interestsOf, keepLikes, knownLikes } from '../store/taste.ts';
import { type DiscoverDeps, trending } from './discover.ts';

/** The products of most interest say enough about a taste. */
const CONSIDERED = 30;
/** No more than everything that is remembered of a person. */
const MAX_KNOWN = 100;

/** The direction of what somebody was interested in, as `embed` makes them; null without any. */
export async function likesOf(redis: Redis, userId: string): Promise<number[] | null> {
  const known = await knownLikes(redis, userId);
  if (known !== undefined) return known;
  const interests = await interestsOf(redis, userId, CONSIDERED);
  const most = interests[0]?.interest ?? 1;
  const products = await loadProducts(
    redis,
    interests.map(({ productId }) => productId),
  );
  const parts = products.flatMap(({ facts }, at) =>
    facts ? [{ vector: embeddingOf(facts), weight: interests[at]!.interest / most }] : [],
  );
  const likes = parts.length > 0 ? blend(parts) : null;
  await keepLikes(redis, userId, likes);
  return likes;
}

/** What is like that and can be bought, without what they know already; what is trending while there is nothing to go by. */
export async function recommendations(
  deps: DiscoverDeps,
  userId: string,
  { first, now }: { first: number; now: Date },
): Promise<string[]> {
  const likes = await likesOf(deps.redis, userId);
  if (likes === null) {
    const trends = await trending(deps, { categoryId: null, window: 'WEEK', first, now });
    return trends.map(({ productId }) => productId);
  }
  const known = await interestsOf(deps.redis, userId, MAX_KNOWN);
  const without = known.map(({ productId }) => quoted(productId)).join(',');
  const [answer] = await deps.index.search([
    {
      words: '',
      filterBy: without === '' ? NOTHING : `inStock:=true && id:!=[${without}]`,
      vector: { numbers: likes, count: withSpare(first), maxDistance: 1 },
      isPersonal: true,
      offset: 0,
      limit: withSpare(first),
    },
  ]);
  const alike = answer!.hits.map(({ document }) => document.id);
  return (await onlyShown(deps.shown, alike, (id) => id)).slice(0, first);
}
