import { randomUUID } from 'node:crypto';
import diagnostics from 'node:diagnostics_channel';
import type { Clock } from '@marketgraph/platform/core';
import { anonymous, type Subgraph, type Viewer } from '@marketgraph/platform/graphql';
import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { closeRedis, connectRedis, type Redis } from '@marketgraph/platform/redis';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import { silentLog as log, testIds, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import type { SearchConfig } from '../src/config.ts';
import { DOMAINS, GROUP } from '../src/queries/index-status.ts';
import { lagMs } from '../src/store/index-status.ts';
import { createSearch } from '../src/subgraph.ts';
import { fakeSources, type FakeSources } from './fake-sources.ts';

export const ids = testIds();

export interface Shop {
  stores: Stores;
  config: SearchConfig;
  subgraph: Subgraph;
  /** The other services: what they answer, and the events they send. */
  sources: FakeSources;
  bus: EventBus;
  redis: Redis;
  ask<Data>(query: string, variables?: Record<string, unknown>, viewer?: Viewer): Promise<Data>;
  /** Another process of the same service on the same stores. */
  another(peers?: SubgraphClient): Promise<Subgraph>;
  stop(): Promise<void>;
}

export async function openShop({ clock }: { clock?: Clock } = {}): Promise<Shop> {
  const stores = await startTestStores({ only: ['redis', 'typesense'] });
  try {
    const config: SearchConfig = {
      redisUrl: stores.redis.search,
      typesenseUrl: stores.typesense.url,
      typesenseApiKey: stores.typesense.apiKey,
      defaultCurrency: 'EUR',
      leaseMs: 500,
      claimAfterMs: 300,
      answerCacheBytes: 4 * 1024 * 1024,
    };
    const bus = await createRedisBus({ url: stores.redis.admin, log });
    const redis = await connectRedis(stores.redis.search, { log, name: 'test' });
    const sources = fakeSources(bus);
    const subgraph = await createSearch({ config, log, peers: sources.peers, clock });
    await subgraph.start();
    return {
      stores,
      config,
      subgraph,
      sources,
      bus,
      redis,
      ask: (query, variables = {}, viewer = anonymous) => askOf(subgraph, query, variables, viewer),
      another: (peers = sources.peers) => createSearch({ config, log, peers }),
      async stop() {
        await subgraph.stop();
        await bus.close();
        await closeRedis(redis);
        await stores.stop();
      },
    };
  } catch (error) {
    await stores.stop();
    throw error;
  }
}

export async function askOf<Data>(
  subgraph: Subgraph,
  query: string,
  variables: Record<string, unknown>,
  viewer: Viewer = anonymous,
): Promise<Data> {
  const result = await subgraph.execute({ query, variables, viewer, requestId: randomUUID() });
  const [error] = result.errors ?? [];
  if (error) throw Object.assign(new Error(error.message), { code: error.extensions['code'] });
  return JSON.parse(JSON.stringify(result.data)) as Data;
}

export interface Found {
  totalCount: number;
  correctedQuery: string | null;
  indexVersion: string;
  suppressedOutOfStock: number;
  facets: { key: string; buckets: { value: string; count: number }[] }[];
  edges: {
    cursor: string;
    node: { id: string };
    matchedOffer: { id: string } | null;
    highlights: { field: string; snippet: string }[];
    score: number | null;
  }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; endCursor: string | null };
}

export const SEARCH = `query($query: String, $filter: SearchFilter, $facets: [String!], $sort: SearchSort, $first: Int,
  $after: String, $buyer: BuyerContext) {
  searchProducts(query: $query, filter: $filter, facets: $facets, sort: $sort, first: $first, after: $after, buyer: $buyer) {
    totalCount correctedQuery indexVersion suppressedOutOfStock facets { key buckets { value count } }
    edges { cursor node { id } matchedOffer { id } highlights { field snippet } score }
    pageInfo { hasNextPage hasPreviousPage endCursor } } }`;

export async function search(shop: Pick<Shop, 'ask'>, variables: Record<string, unknown> = {}): Promise<Found> {
  return (await shop.ask<{ searchProducts: Found }>(SEARCH, variables)).searchProducts;
}

/** Resolves when so many products are found, and nothing waits that is not in the index yet: a product is there before the last of its offers. */
export function indexed(
  shop: Pick<Shop, 'ask' | 'redis'>,
  count: number,
  variables: Record<string, unknown> = {},
): Promise<unknown> {
  return until(
    async () => {
      const { totalCount, indexVersion: version } = await search(shop, variables);
      return totalCount === count && (await lagMs(shop.redis, { version, domains: DOMAINS, group: GROUP })) === 0;
    },
    { what: `${count} products in the index` },
  );
}

export async function foundIds(shop: Pick<Shop, 'ask'>, variables: Record<string, unknown> = {}): Promise<string[]> {
  return (await search(shop, variables)).edges.map(({ node }) => node.id);
}

/** How often the index is asked for the time of some work. */
export async function searchRequests(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const onRequest = (message: unknown) => {
    const { request } = message as { request: { path: string } };
    if (request.path.startsWith('/multi_search')) count += 1;
  };
  diagnostics.subscribe('undici:request:create', onRequest);
  try {
    await work();
  } finally {
    diagnostics.unsubscribe('undici:request:create', onRequest);
  }
  return count;
}
