import type { Clock, Ids } from '@marketgraph/platform/core';
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
import { catalogOfferSource } from './clients/offer-source.ts';
import { sparingCounter } from './clients/sparing-counter.ts';
import { redisStockCounter } from './clients/stock-counter.ts';
import { commandDeps } from './commands/deps.ts';
import { expireReservations } from './commands/end-reservation.ts';
import type { InventoryConfig } from './config.ts';
import { inventoryCounts, watchReservations } from './counts.ts';
import { eventHandlers, repeatable, togetherHandlers } from './events/in.ts';
import type { InventoryContext } from './graphql/context.ts';
import { createLoaders } from './graphql/loaders.ts';
import { inventorySchema } from './schema.ts';
import { Initial } from './store/migrations/001-initial.ts';
import { CheaperReservations } from './store/migrations/006-cheaper-reservations.ts';
import { LinesByReservation } from './store/migrations/008-lines-by-reservation.ts';
import { StaleStock } from './store/migrations/007-stale-stock.ts';
import { OfferVersions } from './store/migrations/005-offer-versions.ts';
import { Returns } from './store/migrations/003-returns.ts';
import { SyncAndDestinations } from './store/migrations/002-sync-and-destinations.ts';
import { Allowances } from './store/migrations/004-allowances.ts';

export interface InventoryDeps {
  config: InventoryConfig;
  log: Logger;
  peers: SubgraphClient;
  metrics?: Metrics;
  clock?: Clock;
  ids?: Ids;
}

/** The counter only makes things faster: it must answer at once or not at all. */
const COUNTER_TIMEOUT_MS = 200;

export async function createInventory(deps: InventoryDeps): Promise<Subgraph> {
  const { config, log, peers, metrics, ids = createIds() } = deps;
  await migrateDatabase({
    ownerUrl: config.migrationDatabaseUrl,
    appUrl: config.databaseUrl,
    migrations: {
      '001-initial': Initial,
      '002-sync-and-destinations': SyncAndDestinations,
      '003-returns': Returns,
      '004-allowances': Allowances,
      '005-offer-versions': OfferVersions,
      '006-cheaper-reservations': CheaperReservations,
      '007-stale-stock': StaleStock,
      '008-lines-by-reservation': LinesByReservation,
    },
    appendOnly: ['stock_movement', 'stock_return', 'stock_return_line'],
    log,
  });
  const orm = await openDatabase({ url: config.databaseUrl, entities: [], log, applicationName: 'inventory', metrics });
  const clock = deps.clock ?? (await databaseClock(orm, log));
  const redis = await connectRedis(config.redisUrl, {
    log,
    name: 'inventory counter',
    options: { commandTimeout: COUNTER_TIMEOUT_MS, maxRetriesPerRequest: 0, enableOfflineQueue: false },
  });
  const counter = sparingCounter(redisStockCounter(redis, log));
  const bus = await createRedisBus({ url: config.redisUrl, log });
  let relay: Relay | undefined;
  let consumer: Consumer | undefined;
  let sweeper: Loop | undefined;
  let watch: Watch | undefined;
  const commands = commandDeps({
    orm,
    ids,
    clock,
    log,
    counts: inventoryCounts(metrics),
    counter,
    offerSource: catalogOfferSource(peers),
    reservationTtlS: config.reservationTtlS,
  });

  return defineSubgraph<InventoryContext>({
    name: 'inventory',
    schema: inventorySchema(),
    log,
    createContext: (base) => withLoaders({ ...base, commands }, () => createLoaders(orm)),
    async start() {
      relay = startRelay({ domain: 'inventory', outbox: postgresOutbox(orm), bus, log, metrics });
      consumer = await startConsumer({
        group: 'inventory',
        domains: ['catalog'],
        bus,
        inbox: postgresInbox(orm),
        handlers: eventHandlers(commands),
        together: togetherHandlers,
        repeatable,
        log,
        metrics,
      });
      sweeper = startLoop({
        name: 'reservation sweeper',
        log,
        intervalMs: config.sweepIntervalMs,
        run: async () => ((await expireReservations(commands)) > 0 ? 'busy' : 'idle'),
      });
      watch = metrics && watchReservations(orm, { metrics, log });
    },
    async stop() {
      await Promise.all([sweeper?.stop(), watch?.stop(), consumer?.stop()]);
      await relay?.stop();
      await bus.close();
      await counter.close();
      await closeRedis(redis);
      await orm.close();
    },
    checks: {
      postgres: () => checkDatabase(orm),
      redis: async () => void (await redis.ping()),
    },
  });
}
