import DataLoader from 'dataloader';
import type { CommandDeps } from '../commands/deps.ts';
import { alsoBought, relatedProducts } from '../queries/discover.ts';

export interface ListKey {
  productId: string;
  first: number;
}

/** Lists of other products, for all products of one operation together. */
export interface Loaders {
  related: DataLoader<ListKey, string[], string>;
  alsoBought: DataLoader<ListKey, string[], string>;
}

export function createLoaders({ redis, index, clock }: CommandDeps): Loaders {
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
    related: lists((ids, first) => relatedProducts({ redis, index }, ids, first)),
    alsoBought: lists((ids, first) => alsoBought({ redis, index }, ids, { first, now: clock.now() })),
  };
}
