import { randomUUID } from 'node:crypto';
import { type Clock, type Ids, systemClock } from '@marketgraph/platform/core';
import { defineSubgraph, type Subgraph, withLoaders } from '@marketgraph/platform/graphql';
import { type Consumer, createRedisBus, type Relay, startConsumer, startRelay } from '@marketgraph/platform/messaging';
import { checkMongo, mongoInbox, mongoOutbox, openMongo } from '@marketgraph/platform/mongo';
import { createIds, type SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger, Metrics } from '@marketgraph/platform/telemetry';
import type { CommandDeps } from './commands/command-deps.ts';
import type { ReviewsConfig } from './config.ts';
import { handlersFor } from './events/in.ts';
import type { ReviewsContext } from './graphql/context.ts';
import { createLoaders } from './graphql/loaders.ts';
import { reviewsSchema } from './schema.ts';
import { prepareReviews, reviewsStore } from './store/reviews-store.ts';

export interface ReviewsDeps {
  config: ReviewsConfig;
  log: Logger;
  peers: SubgraphClient;
  metrics?: Metrics;
  clock?: Clock;
  ids?: Ids;
}

export async function createReviews(deps: ReviewsDeps): Promise<Subgraph> {
  const { config, log, metrics, clock = systemClock, ids = createIds() } = deps;
  const database = await openMongo({ url: config.mongodbUrl, applicationName: 'reviews' });
  const store = reviewsStore(database);
  await prepareReviews(store);
  const bus = await createRedisBus({ url: config.redisUrl, log });
  let relay: Relay | undefined;
  let consumer: Consumer | undefined;
  const commands: CommandDeps = { store, clock, ids };

  return defineSubgraph<ReviewsContext>({
    name: 'reviews',
    schema: reviewsSchema(),
    log,
    createContext: (base) => withLoaders({ ...base, commands }, () => createLoaders(store)),
    checks: { mongodb: () => checkMongo(database), redis: async () => void (await bus.head('reviews')) },
    async start() {
      relay = startRelay({ domain: 'reviews', outbox: mongoOutbox(database, randomUUID()), bus, log, metrics });
      consumer = await startConsumer({
        group: 'reviews',
        domains: ['orders'],
        bus,
        inbox: mongoInbox(database),
        handlers: handlersFor(store),
        log,
        metrics,
      });
    },
    async stop() {
      await consumer?.stop();
      await relay?.stop();
      await bus.close();
      await database.client.close();
    },
  });
}
