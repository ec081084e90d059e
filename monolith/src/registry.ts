import type { Environment } from '@marketgraph/platform/config';
import type { Clock, Ids } from '@marketgraph/platform/core';
import type { Subgraph, SubgraphSchema } from '@marketgraph/platform/graphql';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger, Metrics } from '@marketgraph/platform/telemetry';

export interface SubgraphDeps {
  log: Logger;
  peers: SubgraphClient;
  metrics?: Metrics;
  clock?: Clock;
  ids?: Ids;
}

export interface RegisteredSubgraph {
  readonly name: string;
  /** The contract, without a store. */
  schema(): Promise<SubgraphSchema>;
  /** Brings its modules in, so that `create` need not. */
  load(): Promise<unknown>;
  /** Connected to its stores, not yet started. */
  create(env: Environment, deps: SubgraphDeps): Promise<Subgraph>;
}

/** The seven domains. This file alone imports subgraphs; what is not asked for is not loaded. */
export const registry: readonly RegisteredSubgraph[] = [
  {
    name: 'accounts',
    schema: async () => (await import('@marketgraph/accounts/schema')).accountsSchema(),
    load: () => import('@marketgraph/accounts'),
    async create(env, deps) {
      const { createAccounts } = await import('@marketgraph/accounts');
      const { readAccountsConfig } = await import('@marketgraph/accounts/config');
      return createAccounts({ config: readAccountsConfig(env), ...deps });
    },
  },
  {
    name: 'catalog',
    schema: async () => (await import('@marketgraph/catalog/schema')).catalogSchema(),
    load: () => import('@marketgraph/catalog'),
    async create(env, deps) {
      const { createCatalog } = await import('@marketgraph/catalog');
      const { readCatalogConfig } = await import('@marketgraph/catalog/config');
      return createCatalog({ config: readCatalogConfig(env), ...deps });
    },
  },
  {
    name: 'inventory',
    schema: async () => (await import('@marketgraph/inventory/schema')).inventorySchema(),
    load: () => import('@marketgraph/inventory'),
    async create(env, deps) {
      const { createInventory } = await import('@marketgraph/inventory');
      const { readInventoryConfig } = await import('@marketgraph/inventory/config');
      return createInventory({ config: readInventoryConfig(env), ...deps });
    },
  },
  {
    name: 'orders',
    schema: async () => (await import('@marketgraph/orders/schema')).ordersSchema(),
    load: () => import('@marketgraph/orders'),
    async create(env, deps) {
      const { createOrders } = await import('@marketgraph/orders');
      const { readOrdersConfig } = await import('@marketgraph/orders/config');
      return createOrders({ config: readOrdersConfig(env), ...deps });
    },
  },
  {
    name: 'payments',
    schema: async () => (await import('@marketgraph/payments/schema')).paymentsSchema(),
    load: () => import('@marketgraph/payments'),
    async create(env, deps) {
      const { createPayments } = await import('@marketgraph/payments');
      const { readPaymentsConfig } = await import('@marketgraph/payments/config');
      return createPayments({ config: readPaymentsConfig(env), ...deps });
    },
  },
  {
    name: 'reviews',
    schema: async () => (await import('@marketgraph/reviews/schema')).reviewsSchema(),
    load: () => import('@marketgraph/reviews'),
    async create(env, deps) {
      const { createReviews } = await import('@marketgraph/reviews');
      const { readReviewsConfig } = await import('@marketgraph/reviews/config');
      return createReviews({ config: readReviewsConfig(env), ...deps });
    },
  },
  {
    name: 'search',
    schema: async () => (await import('@marketgraph/search/schema')).searchSchema(),
    load: () => import('@marketgraph/search'),
    async create(env, deps) {
      const { createSearch } = await import('@marketgraph/search');
      const { readSearchConfig } = await import('@marketgraph/search/config');
      return createSearch({ config: readSearchConfig(env), ...deps });
    },
  },
];

export const subgraphNames: readonly string[] = registry.map(({ name }) => name);
