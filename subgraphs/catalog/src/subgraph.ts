import { randomUUID } from 'node:crypto';
import { type Clock, type Ids, systemClock } from '@marketgraph/platform/core';
import { folderStore, urlSigner } from '@marketgraph/platform/files';
import { defineSubgraph, type Subgraph } from '@marketgraph/platform/graphql';
import {
  type Consumer,
  createRedisBus,
  type Loop,
  type Relay,
  startConsumer,
  startLoop,
  startRelay,
} from '@marketgraph/platform/messaging';
import { checkMongo, mongoInbox, mongoOutbox, openMongo } from '@marketgraph/platform/mongo';
import { closeRedis, connectRedis, sharedMark } from '@marketgraph/platform/redis';
import { createIds, type SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger, Metrics } from '@marketgraph/platform/telemetry';
import { sharpPictureTools } from './clients/picture-tools.ts';
import { tableOfRates } from './clients/exchange-rates.ts';
import { httpRates } from './clients/http-exchange-rates.ts';
import { accountsOrganizationDirectory } from './clients/organization-directory.ts';
import { accountsVendorDirectory } from './clients/vendor-directory.ts';
import type { CommandDeps } from './commands/command-deps.ts';
import { dropChangedPrices } from './commands/drop-changed-prices.ts';
import { runNextImport } from './commands/import/run-import.ts';
import { categoryProfiles } from './commands/screening/category-profiles.ts';
import { screenProducts } from './commands/screening/screen-products.ts';
import { refreshCategoryProducts } from './commands/refresh-category-products.ts';
import { pictureWork } from './commands/shrink-picture.ts';
import { sweepUploads } from './commands/sweep-uploads.ts';
import { takeExchangeRates } from './commands/take-exchange-rates.ts';
import { tellDueDeals } from './commands/tell-deals.ts';
import type { CatalogConfig } from './config.ts';
import { domainsIn, eventHandlers, togetherHandlers } from './events/in.ts';
import { catalogRoutes } from './files/routes.ts';
import { createCatalogContext } from './graphql/context.ts';
import { catalogSchema } from './schema.ts';
import { catalogStore, prepareCatalog } from './store/catalog-store.ts';
import { listedPrices } from './store/listed-prices.ts';
import { redisPriceCache } from './store/price-cache.ts';
import { findPublishedIds } from './store/products.ts';
import { publishedIds } from './store/published-ids.ts';
import { readTogether } from './store/reads-together.ts';
import { sharedReads } from './store/shared-reads.ts';

export interface CatalogDeps {
  config: CatalogConfig;
  log: Logger;
  peers: SubgraphClient;
  metrics?: Metrics;
  clock?: Clock;
  ids?: Ids;
}

/** How long work nobody nudged for waits at most: an import whose runner died, a category changed elsewhere. */
const WORK_INTERVAL_MS = 1_000;
/** What is swept is hours old: a minute more does not matter. */
const SWEEP_INTERVAL_MS = 60_000;
/** Rates are of a day; how late a new day's may be. */
const RATES_INTERVAL_MS = 10 * 60_000;
/** A price that has to be looked up in MongoDB is there sooner than a Redis that takes longer. */
const PRICE_CACHE_TIMEOUT_MS = 250;
/** Who takes something down waits so long, and searches look as often at most; MongoDB answers sooner than a Redis that takes longer. */
const PUBLISHED_MARK = { key: 'catalog:published', goodForMs: 50, patienceMs: 100 };

export async function createCatalog(deps: CatalogDeps): Promise<Subgraph> {
  const { config, log, peers, metrics, clock = systemClock, ids = createIds() } = deps;
  const database = await openMongo({ url: config.mongodbUrl, applicationName: 'catalog' });
  const closeLater: (() => Promise<unknown>)[] = [() => database.client.close()];
  try {
    await prepareCatalog(database);
    const bus = await createRedisBus({ url: config.redisUrl, log });
    closeLater.unshift(() => bus.close());
    const redis = await connectRedis(config.redisUrl, {
      log,
      name: 'catalog prices',
      options: {
        ...{ commandTimeout: PRICE_CACHE_TIMEOUT_MS, maxRetriesPerRequest: 0, enableOfflineQueue: false },
        // Of one price it is twice as much work, of fifty no less.
        enableAutoPipelining: false,
      },
    });
    closeLater.unshift(() => closeRedis(redis));
    const store = catalogStore(database);
    const holder = randomUUID();
    let isStopping = false;
    let ratesAsOf: Date | undefined;
    metrics?.gauge(
      { name: 'exchange_rates_age_seconds', help: 'Age of the exchange rates that prices are shown by.' },
      () => (ratesAsOf ? (clock.now().getTime() - ratesAsOf.getTime()) / 1_000 : []),
    );
    let relay: Relay | undefined;
    let consumer: Consumer | undefined;
    const files = folderStore(config.filesDir);
    const loops: Partial<
      Record<'imports' | 'categories' | 'uploads' | 'deals' | 'prices' | 'rates' | 'screening', Loop>
    > = {};
    const commandDeps: CommandDeps = {
      store,
      clock,
      ids,
      log,
      vendors: accountsVendorDirectory(peers),
      files,
      pictures: pictureWork(files, sharpPictureTools()),
      organizations: accountsOrganizationDirectory(peers),
      prices: listedPrices({ store, cache: redisPriceCache(redis), clock, log }),
      reads: sharedReads(store, clock),
      published: publishedIds({
        find: readTogether(
          (ids) => findPublishedIds(store, ids),
          (id) => id,
        ),
        mark: sharedMark(redis, PUBLISHED_MARK),
        maxIds: config.publishedIds,
        log,
      }),
      rateSource: config.exchangeRatesUrl ? httpRates(config.exchangeRatesUrl, { clock }) : tableOfRates(),
      signer: urlSigner(config.urlSigningSecret),
      publicUrl: config.publicUrl,
      defaultLanguage: config.defaultLanguage,
      defaultCurrency: config.defaultCurrency,
      nudge: (work) => loops[work]?.nudge(),
    };
    return defineSubgraph({
      name: 'catalog',
      schema: catalogSchema(),
      log,
      routes: catalogRoutes(commandDeps),
      createContext: (base) => createCatalogContext(base, commandDeps),
      checks: { mongodb: () => checkMongo(database), redis: async () => void (await bus.head('catalog')) },
      async start() {
        relay = startRelay({ domain: 'catalog', outbox: mongoOutbox(database, holder), bus, log, metrics });
        consumer = await startConsumer({
          group: 'catalog',
          domains: domainsIn,
          bus,
          inbox: mongoInbox(database),
          handlers: eventHandlers(commandDeps),
          together: togetherHandlers(commandDeps),
          log,
          metrics,
        });
        const runner = { holder, isStopping: () => isStopping };
        const loop = (name: keyof typeof loops, intervalMs: number, run: () => Promise<'idle' | 'busy'>) => {
          loops[name] = startLoop({ name, log, intervalMs, run });
        };
        loop('imports', WORK_INTERVAL_MS, () => runNextImport(commandDeps, runner));
        loop('categories', WORK_INTERVAL_MS, () => refreshCategoryProducts(commandDeps));
        loop('deals', WORK_INTERVAL_MS, () => tellDueDeals(commandDeps));
        const profiles = categoryProfiles(commandDeps);
        loop('screening', WORK_INTERVAL_MS, () => screenProducts(commandDeps, profiles));
        loop('prices', WORK_INTERVAL_MS, () => dropChangedPrices(commandDeps));
        loop('rates', RATES_INTERVAL_MS, async () => {
          ratesAsOf = (await takeExchangeRates(commandDeps))?.asOf;
          return 'idle';
        });
        loop('uploads', SWEEP_INTERVAL_MS, () => sweepUploads(commandDeps));
      },
      async stop() {
        isStopping = true;
        await Promise.all(Object.values(loops).map((loop) => loop.stop()));
        await consumer?.stop();
        await relay?.stop();
        for (const close of closeLater) await close();
      },
    });
  } catch (error) {
    for (const close of closeLater) await close().catch(() => undefined);
    throw error;
  }
}
