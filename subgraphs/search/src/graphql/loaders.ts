import DataLoader from 'dataloader';
import type { RequestContext } from '@marketgraph/platform/graphql';
import { type ShownProducts, shownProducts } from '../clients/shown-products.ts';
import type { CommandDeps } from '../commands/deps.ts';
import { alsoBought, relatedProducts } from '../queries/discover.ts';

export interface ListKey {
  productId: string;
  first: number;
}

/** What fields of one operation ask for, gathered: lists of other products, and which products are shown. */
export interface Loaders {
  related: DataLoader<ListKey, string[], string>;
  alsoBought: DataLoader<ListKey, string[], string>;
  shown: ShownProducts;
}

export function createLoaders(
  { redis, index, clock, peers }: CommandDeps,
  request: Pick<RequestContext, 'log' | 'requestId'>,
): Loaders {
  const shown = shownProducts(peers, request);
  const deps = { redis, index, shown };
  const lists = (find: (ids: readonly string[], first: number) => Promise<string[][]>) =>
    new DataLoader<ListKey, string[], string>(
      async (keys) => {
        // An operation may ask for lists of several lengths; the longest holds the shorter ones.
        const longest = Math.max(...keys.map(({ first }) => first));
        const found = await find(
          keys.map(({ productId }) => productId),
          longest,
        );
        return keys.map(({ first }, at) => found[at]!.slice(0, first));
      },
      { cacheKeyFn: ({ productId, first }) => `${first}:${productId}`, maxBatchSize: 100 },
    );
  return {
    related: lists((ids, first) => relatedProducts(deps, ids, first)),
    alsoBought: lists((ids, first) => alsoBought(deps, ids, { first, now: clock.now() })),
    shown,
  };
}
