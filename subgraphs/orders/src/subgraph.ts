import { type Clock, type Ids, oneByOne, singleFlight } from '@marketgraph/platform/core';
import { defineSubgraph, type Subgraph, withLoaders } from '@marketgraph/platform/graphql';
import {
  type Consumer,
  createRedisBus,
  type Loop,
  type Relay,
  startConsumer,
  startLoop,
  startRelay,
  type Watch,
} from '@marketgraph/platform/messaging';
import {
  checkDatabase,
  databaseClock,
  migrateDatabase,
  openDatabase,
  postgresInbox,
  postgresOutbox,
} from '@marketgraph/platform/postgres';
import { closeRedis, connectRedis } from '@marketgraph/platform/redis';
import { createIds, type SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger, Metrics } from '@marketgraph/platform/telemetry';
import { localCarrier } from './clients/carrier.ts';
import { accountsOverPeers } from './clients/accounts.ts';
import { catalogOfRequest, catalogOverPeers } from './clients/catalog.ts';
import { inventoryOverPeers } from './clients/inventory.ts';
import { paymentsOverPeers } from './clients/payments.ts';
import { backUpCarts } from './commands/back-up-carts.ts';
import { sweepGiveBacks } from './commands/give-back.ts';
import { reachedCheckouts } from './commands/reached-checkouts.ts';
import { createBackground, type Services } from './commands/services.ts';
import { forgetParkedReports, sweepCheckouts } from './commands/sweep-checkouts.ts';
import { sweepReturns } from './commands/sweep-returns.ts';
import type { OrdersConfig } from './config.ts';
import { ordersCounts, watchCheckouts } from './counts.ts';
import { ruleTableTaxRates } from './domain/tax.ts';
import { concerns, eventHandlers, isNews } from './events/in.ts';
import type { OrdersContext } from './graphql/context.ts';
import { createLoaders } from './graphql/loaders.ts';
import { ordersSchema } from './schema.ts';
import { redisCarts } from './store/carts.ts';
import { APPEND_ONLY, migrations } from './store/migrations/migrations.ts';

export type { OrdersConfig } from './config.ts';

/** What is under way when the service stops gets this long; the rest is resumed by whoever starts next. */
const DRAIN_MS = 5_000;
/** Less than a buyer's patience, and many times what Redis takes. */
const CARTS_TIMEOUT_MS = 2_000;

export interface OrdersDeps {
  config: OrdersConfig;
  log: Logger;
  peers: SubgraphClient;
  metrics?: Metrics;
  clock?: Clock;
  ids?: Ids;
}

export async function createOrders(deps: OrdersDeps): Promise<Subgraph> {
  const { config, log, peers, metrics, ids = createIds() } = deps;
  const { databaseUrl: url, migrationDatabaseUrl: ownerUrl, redisUrl } = config;
  await migrateDatabase({ ownerUrl, appUrl: url, migrations, appendOnly: APPEND_ONLY, log });
  const orm = await openDatabase({ url, entities: [], log, applicationName: 'orders', metrics });
  const clock = deps.clock ?? (await databaseClock(orm, log));
  // A buyer is told at once that carts cannot be had: a command that waits for Redis would outlive whoever gave it.
  const redis = await connectRedis(redisUrl, {
    log,
    name: 'orders carts',
    options: {
      commandTimeout: CARTS_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
    },
  });
  const bus = await createRedisBus({ url: redisUrl, log });

  let running: { relay: Relay; sweeper: Loop; backups: Loop; watch?: Watch; consumer: Consumer } | undefined;
  const services: Services = {
    orm,
    carts: redisCarts(redis),
    bus,
    accounts: accountsOverPeers(peers),
    catalog: catalogOverPeers(peers),
    inventory: inventoryOverPeers(peers),
    payments: paymentsOverPeers(peers),
    carrier: localCarrier,
    taxes: ruleTableTaxRates,
    ids,
    clock,
    log,
    counts: ordersCounts(metrics),
    settings: { reservationTtlS: config.reservationTtlS, answerWithinMs: config.answerWithinMs },
    nudgeSweeper: () => running?.sweeper.nudge(),
    starting: singleFlight(),
    driving: oneByOne(),
    reached: reachedCheckouts(),
    background: createBackground(log),
  };

  return defineSubgraph<OrdersContext>({
    name: 'orders',
    schema: ordersSchema(),
    log,
    createContext(base) {
      const ofRequest = { ...services, catalog: catalogOfRequest(services.catalog) };
      return withLoaders({ ...base, services: ofRequest }, () => createLoaders(ofRequest, base.viewer));
    },
    checks: {
      postgres: () => checkDatabase(orm),
      redis: async () => {
        await redis.ping();
      },
    },

    async start() {
      const relay = startRelay({ domain: 'orders', outbox: postgresOutbox(orm), bus, log, metrics });
      const sweeper = startLoop({
        name: 'checkout sweeper',
        log,
        intervalMs: config.sweepIntervalMs,
        async run() {
          const [checkouts, giveBacks] = [await sweepCheckouts(services), await sweepGiveBacks(services)];
          return checkouts === 'busy' || giveBacks === 'busy' ? 'busy' : 'idle';
        },
      });
      const backups = startLoop({
        name: 'cart backup',
        log,
        intervalMs: config.cartBackupIntervalMs,
        async run() {
          await forgetParkedReports(services);
          await sweepReturns(services);
          return await backUpCarts(services);
        },
      });
      const consumer = await startConsumer({
        group: 'orders',
        domains: ['payments', 'inventory'],
        bus,
        inbox: postgresInbox(orm),
        handlers: eventHandlers(services),
        concerns,
        isNews: isNews(services),
        log,
        metrics,
      });
      const watch = metrics && watchCheckouts(orm, { metrics, log });
      running = { relay, sweeper, backups, watch, consumer };
    },

    async stop() {
      await running?.consumer.stop();
      await Promise.all([running?.sweeper.stop(), running?.backups.stop(), running?.watch?.stop()]);
      await services.background.drain(DRAIN_MS);
      await running?.relay.stop();
      await bus.close();
      await closeRedis(redis);
      await orm.close();
    },
  });
}
