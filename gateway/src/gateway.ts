import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, systemClock } from '@marketgraph/platform/core';
import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { closeRedis, connectRedis, type Redis } from '@marketgraph/platform/redis';
import { listen, type RunningServer, subgraphClient, type SubgraphTransport } from '@marketgraph/platform/serve';
import { createHttpMetrics, type Logger, type Metrics } from '@marketgraph/platform/telemetry';
import { guardingCodes } from './codes/code-limits.ts';
import { createEntityCache, type EntityCache } from './cache/entity-cache.ts';
import { unaffectedSubgraphs } from './cache/own-changes.ts';
import type { GatewayConfig } from './config.ts';
import { createLiveGraph, type LiveGraph } from '@marketgraph/federation-live';
import { coalescedFields } from './graph/gateway-directives.ts';
import { GRAPH_SUBGRAPH } from './graph/graph-subgraph.ts';
import { createExplorer } from './http/explorer.ts';
import { createHealth } from './http/health.ts';
import { createLivePage } from './http/live-page.ts';
import { createPublicServer } from './http/public-server.ts';
import { readSampleOperations } from './http/sample-operations.ts';
import { accessTokenVerifier } from './identity/access-token.ts';
import { apiKeys } from './identity/api-keys.ts';
import { createIdentity } from './identity/identity.ts';
import { keyGuesses } from './identity/key-guesses.ts';
import { principals } from './identity/principals.ts';
import { revokedSessions } from './identity/revoked-sessions.ts';
import { signingKeys } from './identity/signing-keys.ts';
import { createHttpStreams } from './live/http-streams.ts';
import { createOperations } from './live/operations.ts';
import { createSessionWatch } from './live/session-watch.ts';
import { createSocketServer } from './live/socket-server.ts';
import { liveServices, runTraced } from './live/live-services.ts';
import { payloadRoots } from './live/payload-roots.ts';
import { principalFacts } from './live/principal-facts.ts';
import { UnsentBytes } from './live/unsent-bytes.ts';
import { createLoginLimits } from './login/login-limits.ts';
import type { GraphContext } from './query/graph-context.ts';
import { type Circuit, createCircuitBreakers } from './query/circuit-breaker.ts';
import { transportFetch } from './query/fetch.ts';
import { type Graph, readGraph } from './query/graph.ts';
import { graphVersions } from './query/graph-versions.ts';
import { graphVersion } from './query/graph-version.ts';
import { publicError } from './limits/public-error.ts';
import { type ListedOperation, readListedOperations } from './persisted/manifest.ts';
import { operationList } from './persisted/operation-list.ts';
import { persistedOperations } from './persisted/persisted-operations.ts';
import { warmUp } from './persisted/warm-up.ts';
import { limitSessions } from './rate/limit-sessions.ts';
import { eventLoopLag, shedding } from './rate/overload.ts';
import { createRateLimits } from './rate/rate-limits.ts';
import { createGatewayMetrics } from './telemetry/gateway-metrics.ts';
import { countingRefusals, measured, measuredTransport } from './telemetry/measured.ts';
import { operationsFolder, readSupergraph } from './supergraph-file.ts';

export { graphSubgraphSdl, GRAPH_SUBGRAPH } from './graph/graph-subgraph.ts';
export type { GatewayConfig } from './config.ts';

export interface Gateway {
  /** Opens the public port. */
  listen(): Promise<{ port: number; url: string }>;
  /**
   * Goes on with another supergraph: what is in progress ends on the one before, streams that are valid in the new one
   * go on. Rejects, and nothing has changed, when it is no supergraph.
   */
  reload(supergraphSdl: string): Promise<void>;
  /** Not ready, then nothing new, then what is in progress ends, then the rest. Safe to call twice. */
  stop(): Promise<void>;
  counts(): ReturnType<LiveGraph['counts']> & {
    sockets: number;
    streams: number;
    /** Said to clients that have not read it yet. */
    unsentBytes: number;
    /** Of the subgraphs that have been asked. */
    circuits: Readonly<Record<string, Circuit>>;
    /** Of queries and mutations. */
    plans: { planned: number; kept: number };
    entityCache: ReturnType<EntityCache['counts']>;
  };
}

export interface GatewayDeps {
  config: GatewayConfig;
  transport: SubgraphTransport;
  log: Logger;
  clock?: Clock;
  /** By default the one that is checked in. */
  supergraphSdl?: string;
  /** The operations of our own clients; by default those that are checked in. */
  listedOperations?: readonly ListedOperation[];
  /** Where it is counted what the gateway does; by default nobody sees it. */
  metrics?: Metrics;
}

const REDIS_TIMEOUT_MS = 1_000;

export async function createGateway(deps: GatewayDeps): Promise<Gateway> {
  const { config, log } = deps;
  const connections = await connect(config, log);
  try {
    return await assemble(deps, connections);
  } catch (error) {
    await connections.close();
    throw error;
  }
}

interface Connections {
  redis: Redis;
  bus: EventBus;
  close(): Promise<void>;
}

async function connect(config: GatewayConfig, log: Logger): Promise<Connections> {
  // Commands of this connection fail at once while Redis is away: what asks it knows what to do without.
  const redis = await connectRedis(config.redisUrl, {
    log,
    name: 'gateway',
    options: {
      ...{ maxRetriesPerRequest: 0, enableOfflineQueue: false, commandTimeout: REDIS_TIMEOUT_MS },
      // A request asks for one thing at a time: a pipeline costs twice what the command in it does.
      enableAutoPipelining: false,
    },
  });
  const bus = await createRedisBus({ url: config.redisUrl, log }).catch(async (error: unknown) => {
    await closeRedis(redis);
    throw error;
  });
  return {
    redis,
    bus,
    async close() {
      await bus.close();
      await closeRedis(redis);
    },
  };
}

/** On average of half a second. Timeouts are seconds long, so it takes many such moments to make one. */
const LATE_MS = 100;

async function assemble(deps: GatewayDeps, connections: Connections): Promise<Gateway> {
  const { config, log, clock = systemClock } = deps;
  const { redis, bus } = connections;
  const graph = readGraph(deps.supergraphSdl ?? (await readSupergraph()));
  const metrics = createGatewayMetrics(deps.metrics);
  const transport = measuredTransport(deps.transport, metrics);

  const peers = subgraphClient(transport, 'gateway');
  const { perAddress } = config.login;
  const guesses = keyGuesses({ redis, perAddress, refused: metrics.rateLimited.of('keys'), log });
  const identity = createIdentity({
    verify: accessTokenVerifier(signingKeys(peers, clock), clock),
    principals: principals(peers, log),
    keys: apiKeys({ peers, guesses, clock, log }),
    revoked: revokedSessions(redis, log),
    log,
  });
  const sessions = createSessionWatch(identity, { checkMs: config.timeouts.sessionCheckMs, log });
  const logins = createLoginLimits({ redis, ...config.login, log, refused: metrics.rateLimited.of('login') });
  const rates = createRateLimits({ redis, settings: config.rates, clock, log, metrics });

  // From the wire outwards; each layer sees what the ones before it let through.
  const overTransport = transportFetch({
    transport,
    fetchTimeoutMs: config.timeouts.fetchMs,
    afterMutation(service, { viewer }) {
      if (service === 'accounts' && viewer.kind === 'user') identity.forget(viewer.userId);
    },
  });
  const lag = eventLoopLag();
  const circuits = createCircuitBreakers({ log, isLate: () => lag.lagMs() > LATE_MS });
  metrics.gauge('circuit_breaker_state', () => circuits.levels());
  const cache = createEntityCache({
    supergraph: graph.supergraph,
    maxBytes: config.entityCacheBytes,
    unaffected: unaffectedSubgraphs,
    isCurrent: () => live.isCurrent(),
    metrics,
  });
  const list = operationList(deps.listedOperations ?? (await readListedOperations()));
  const listedNames = new Set(list.texts.map(({ name }) => name));
  const persisted = persistedOperations(config.persisted, list);
  const versionOf = (one: Graph) =>
    graphVersion(one, {
      executor: config.executor,
      limits: config.limits,
      persisted,
      introspection: config.introspection,
      beforeOperation: ({ prepared, variables }, context) => logins.check(prepared, variables, context.address),
      fetch: circuits.around(overTransport),
      cached: (fetch) => cache.over(fetch),
      answers: cache.answers,
      log,
    });
  const versions = graphVersions(await versionOf(graph), { retireMs: 2 * config.timeouts.requestMs });
  const documents = countingRefusals(versions.documents, metrics);
  const codes = { redis, log, refused: metrics.rateLimited.of('codes') };
  const engine = guardingCodes(
    shedding(measured(versions.engine, metrics, listedNames), config.overload, { lag, metrics }),
    config.codes,
    codes,
  );

  const tellOfPrincipals = principalFacts({ identity, sessions, recheck: (concerns) => live.recheck(concerns), log });
  let coalesced = coalescedFields(graph.supergraph);
  const live = createLiveGraph({
    supergraph: graph.supergraph,
    // Streams tell what has just happened: what they select is read anew.
    services: liveServices(transport, versions.fetch),
    coalesces: (fieldName) => coalesced.has(fieldName),
    payloadRoots,
    aroundRun: runTraced,
    log: bus,
    logger: log,
    cursorSecret: config.cursorSecret,
    domains: domainsOf(graph),
    now: () => clock.now(),
    formatError: (error, context) => publicError(error.toJSON(), (context as GraphContext).requestId),
    onEvent(event) {
      cache.onEvent(event);
      tellOfPrincipals(event);
    },
  });
  const operations = createOperations({
    documents,
    engine,
    live,
    identity,
    rates,
    timeoutMs: config.timeouts.requestMs,
    log,
  });
  const unsent = new UnsentBytes(config.sockets);
  const streams = createHttpStreams({ operations, sessions, rates, limits: config.sockets, unsent, log });
  const sockets = createSocketServer({
    operations,
    identity,
    sessions: limitSessions(sessions, rates),
    limits: config.sockets,
    unsent,
    closed: metrics.socketsClosed,
    log,
  });
  metrics.gauge('graphql_ws_connections', () => sockets.count());
  metrics.gauge('graphql_ws_subscriptions', () => live.counts().subscribers);
  metrics.gauge('graphql_ws_buffered_bytes', () => unsent.total);
  const publicServer = createPublicServer({
    config,
    transport,
    documents,
    engine,
    identity,
    rates,
    streams,
    limits: config.http,
    sockets,
    health: createHealth({
      transport,
      subgraphs: () => domainsOf(versions.graph()),
      optional: config.optionalSubgraphs,
      pingRedis: () => redis.ping(),
    }),
    explorer: config.explorer ? createExplorer(() => readSampleOperations(operationsFolder())) : null,
    livePage: config.livePage ? createLivePage() : null,
    ...(deps.metrics ? { requests: createHttpMetrics(deps.metrics, 'gateway') } : {}),
    log,
  });
  await live.start();
  await warmUp(list, { documents, engine, live, log });

  let reloading: Promise<void> = Promise.resolve();
  const reload = async (supergraphSdl: string): Promise<void> => {
    if (supergraphSdl === versions.graph().sdl) return;
    const next = await versionOf(readGraph(supergraphSdl));
    await warmUp(list, { ...next, log });
    const { supergraph } = next.graph;
    const strangers = domainsOf(next.graph).filter((name) => !transport.names.includes(name));
    if (strangers.length > 0) log.warn({ subgraphs: strangers }, 'no address of these subgraphs: restart with theirs');
    try {
      await live.replaceSupergraph(supergraph, domainsOf(next.graph));
    } catch (error) {
      await next.engine.stop();
      throw error;
    }
    cache.replaceSupergraph(supergraph);
    coalesced = coalescedFields(supergraph);
    versions.replace(next);
    await warmUp(list, { documents, engine, live, log });
    log.info({ subgraphs: next.graph.subgraphs }, 'supergraph replaced');
  };

  let running: RunningServer | undefined;
  const stop = async (): Promise<void> => {
    publicServer.drain();
    if (running && config.timeouts.drainDelayMs > 0) await pause(config.timeouts.drainDelayMs);
    const closed = running?.stop();
    sockets.stop();
    streams.stop();
    await closed;
    sessions.stop();
    cache.stop();
    await live.stop();
    await engine.stop();
    await connections.close();
  };
  let stopped: Promise<void> | undefined;

  return {
    async listen() {
      running = await listen(publicServer.server, { host: config.host, port: config.port });
      return { port: running.port, url: running.url };
    },
    reload(supergraphSdl) {
      const reloaded = reloading.then(() => reload(supergraphSdl));
      reloading = reloaded.catch(() => undefined);
      return reloaded;
    },
    stop: () => (stopped ??= stop()),
    counts: () => ({
      ...live.counts(),
      sockets: sockets.count(),
      streams: streams.count(),
      unsentBytes: unsent.total,
      circuits: circuits.states(),
      plans: engine.counts(),
      entityCache: cache.counts(),
    }),
  };
}

/** The subgraphs that are services of their own, each a domain of events. */
function domainsOf({ subgraphs }: Graph): string[] {
  return subgraphs.filter((name) => name !== GRAPH_SUBGRAPH);
}
