import { type Clock, type Ids, systemClock } from '@marketgraph/platform/core';
import { defineSubgraph, type Subgraph } from '@marketgraph/platform/graphql';
import { type Consumer, createRedisBus, type Loop, startConsumer, startLoop } from '@marketgraph/platform/messaging';
import { closeRedis, connectRedis } from '@marketgraph/platform/redis';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { Logger, Metrics } from '@marketgraph/platform/telemetry';
import { tracedPort } from '@marketgraph/platform/tracing';
import { keptIndex } from './clients/kept-index.ts';
import { typesenseIndex } from './clients/search-index.ts';
import type { CommandDeps } from './commands/deps.ts';
import { startQueryCount } from './commands/count-query.ts';
import { prepareIndex } from './commands/prepare-index.ts';
import { indexerRounds } from './commands/indexer-rounds.ts';
import type { SearchConfig } from './config.ts';
import { handlers, repeatable, togetherHandlers } from './events/in.ts';
import type { SearchContext } from './graphql/context.ts';
import { createLoaders } from './graphql/loaders.ts';
import { bestSold } from './queries/best-sold.ts';
import { DOMAINS, GROUP } from './queries/index-status.ts';
import { searchSchema } from './schema.ts';
import { redisLease } from './store/lease.ts';
import { redisInbox } from './store/redis-inbox.ts';
import { redisWriteMark } from './store/write-mark.ts';

export interface SearchDeps {
  config: SearchConfig;
  log: Logger;
  peers: SubgraphClient;
  metrics?: Metrics;
  clock?: Clock;
  ids?: Ids;
}

const INDEX_REQUESTS = {
  name: 'search_index_requests_total',
  help: 'Questions to the index, by what became of them: kept, asked, shared or bypass.',
  labels: ['outcome'],
};
/** Without an answer by then Redis is away: a search says so, and a stop does not wait for it. */
const REDIS_TIMEOUT_MS = 2_000;
/** How long a change waits at most when the event was handled by another process than the one that indexes. */
const INDEXER_INTERVAL_MS = 200;

export async function createSearch(deps: SearchDeps): Promise<Subgraph> {
  const { config, log, peers, metrics, clock = systemClock } = deps;
  const redis = await connectRedis(config.redisUrl, {
    log,
    name: 'search',
    options: { commandTimeout: REDIS_TIMEOUT_MS },
  });
  const bus = await createRedisBus({ url: config.redisUrl, log, claimAfterMs: config.claimAfterMs });
  const mark = redisWriteMark(redis);
  // What happened to the index while no process of this service ran is not known.
  await mark.renew();
  const index = keptIndex(
    tracedPort('typesense', typesenseIndex({ url: config.typesenseUrl, apiKey: config.typesenseApiKey })),
    { mark, maxBytes: config.answerCacheBytes, requests: metrics?.counter(INDEX_REQUESTS) },
  );
  let consumer: Consumer | undefined;
  let indexer: Loop | undefined;
  const lease = redisLease(redis, config.leaseMs);
  const nudge = () => indexer?.nudge();
  const commands: CommandDeps = {
    redis,
    index,
    peers,
    clock,
    log,
    lease,
    asked: startQueryCount({ redis, clock, log }),
    defaultCurrency: config.defaultCurrency,
    nudge,
  };
  const sold = bestSold(commands);
  await prepareIndex(commands);

  return defineSubgraph<SearchContext>({
    name: 'search',
    schema: searchSchema(),
    log,
    createContext: (base) => ({ ...base, commands, bestSold: sold, loaders: createLoaders(commands, base) }),
    async start() {
      indexer = startLoop({
        name: 'search indexer',
        log,
        intervalMs: INDEXER_INTERVAL_MS,
        run: indexerRounds(commands),
      });
      const inbox = redisInbox(redis, nudge);
      consumer = await startConsumer({
        group: GROUP,
        domains: DOMAINS,
        bus,
        inbox,
        handlers,
        together: togetherHandlers,
        repeatable,
        log,
        metrics,
      });
    },
    async stop() {
      await consumer?.stop();
      await indexer?.stop();
      await commands.asked.stop();
      // Left behind, it ends by itself.
      await lease.release().catch((error: unknown) => log.warn({ err: error }, 'lease not given back'));
      await bus.close();
      await closeRedis(redis);
    },
    checks: { redis: async () => void (await redis.ping()), typesense: () => index.ping() },
  });
}
