import { ConfigurationError, type Environment, refuseInProduction, settingsOf } from '@marketgraph/platform/config';
import type { CodeLimits } from './codes/code-limits.ts';
import { defaultOperationLimits, type OperationLimits } from './limits/operation-limits.ts';
import { type ExecutorName, executors } from './query/executors.ts';
import { defaultOverloadLimits, type OverloadLimits } from './rate/overload.ts';
import { type PersistedMode, persistedModes } from './persisted/persisted-operations.ts';
import type { RateSettings } from './rate/rate-limits.ts';

export interface GatewayConfig {
  host: string;
  /** 0: any free one. */
  port: number;
  /** What browsers call this graph; its origin may open WebSockets. */
  publicUrl: string | undefined;
  /** Other origins whose pages may call the graph. */
  allowedOrigins: readonly string[];
  /** How many proxies in front are ours: so many entries of X-Forwarded-For are believed. */
  trustedProxies: number;
  /** Whether a browser at `/graphql` gets the explorer. */
  explorer: boolean;
  /** Whether `/live` is the shop-floor page. */
  livePage: boolean;
  /** Whether the schema may be asked for. */
  introspection: boolean;
  redisUrl: string;
  /** Seals resume cursors; the same for all gateways of one graph. */
  cursorSecret: string;
  /** Without these the graph is still worth using, so readiness does not wait for them. */
  optionalSubgraphs: readonly string[];
  /** Sign-in attempts per minute: for one account, and from one address. */
  login: { perAccount: number; perAddress: number };
  codes: CodeLimits;
  rates: RateSettings;
  overload: OverloadLimits;
  limits: OperationLimits;
  /** Who runs queries and mutations: our own executor, or the stock one. */
  executor: ExecutorName;
  /** Which operations may be asked for by their hash, and whether any others at all. */
  persisted: PersistedMode;
  http: HttpLimits;
  sockets: SocketLimits;
  timeouts: Timeouts;
  /** What the entity cache may weigh; 0: there is none. */
  entityCacheBytes: number;
}

export interface HttpLimits {
  /** After decompression. */
  maxBodyBytes: number;
  bodyTimeoutMs: number;
  /** From the first moment of a connection, or of its next request, to the end of the headers. */
  headersTimeoutMs: number;
  /** A connection on which nothing moves for so long, while a request or its answer is under way, is cut. */
  stalledMs: number;
}

export interface SocketLimits {
  maxMessageBytes: number;
  operationsPerSocket: number;
  initTimeoutMs: number;
  /** What may be unsent to one client before it is closed as too slow. */
  maxUnsentBytes: number;
  /** What may be unsent to all clients of the process; those furthest behind are closed first. */
  maxUnsentBytesInAll: number;
  /** Messages a client may send within ten seconds. */
  maxMessages: number;
  pingIntervalMs: number;
  /** Open sockets and streams of one process. */
  maxClients: number;
}

export interface Timeouts {
  /** One request, all of its fetches. Nothing moves on its connection meanwhile: less than `stalledMs`. */
  requestMs: number;
  /** One fetch of a query; a mutation's fetch may take the whole request. */
  fetchMs: number;
  /** From not ready to no longer listening: what is in front needs so long to notice. */
  drainDelayMs: number;
  /** Sessions of open sockets are looked at this often, besides the events that tell of changes. */
  sessionCheckMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: 1024 * 1024,
  bodyTimeoutMs: 15_000,
  headersTimeoutMs: 15_000,
  stalledMs: 25_000,
};

export const defaultSocketLimits: SocketLimits = {
  maxMessageBytes: 256 * 1024,
  operationsPerSocket: 100,
  initTimeoutMs: 10_000,
  maxUnsentBytes: 1024 * 1024,
  maxUnsentBytesInAll: 64 * 1024 * 1024,
  maxMessages: 1_000,
  pingIntervalMs: 30_000,
  maxClients: 20_000,
};

export const defaultEntityCacheBytes = 32 * 1024 * 1024;

export const defaultTimeouts: Timeouts = {
  requestMs: 10_000,
  fetchMs: 3_000,
  drainDelayMs: 0,
  // With the half minute a viewer is remembered, who is gone is off the sockets well within a minute.
  sessionCheckMs: 15_000,
};

/** Ten times what a busy storefront makes of one user, and room for an office or a mobile network behind one address. */
export const defaultRates: RateSettings = {
  pointsPerUser: 600_000,
  pointsPerAddress: 300_000,
  requestsPerAddress: 12_000,
  clientsPerAddress: 1_000,
  clientsPerUser: 250,
  subscriptionsPerUser: 500,
  subscriptionsPerAddress: 5_000,
};

/** A process that is told to stop is ended after 15 s. */
const MAX_DRAIN_DELAY_MS = 5_000;
const MIN_SECRET_LENGTH = 16;

export function readGatewayConfig(env: Environment): GatewayConfig {
  refuseInProduction('gateway', env, {
    secrets: ['CURSOR_SECRET'],
    stores: ['REDIS_URL'],
    off: ['EXPLORER', 'INTROSPECTION'],
  });
  const settings = settingsOf('gateway', env);
  const list = (name: string, fallback: string) =>
    (settings.optional(name) ?? fallback)
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
  const isProduction = settings.optional('NODE_ENV') === 'production';
  const cursorSecret = settings.required('CURSOR_SECRET');
  if (cursorSecret.length < MIN_SECRET_LENGTH) {
    throw new ConfigurationError([`GATEWAY_CURSOR_SECRET must be at least ${MIN_SECRET_LENGTH} characters long`]);
  }
  return {
    host: settings.optional('HOST') ?? '127.0.0.1',
    port: settings.integer('PORT', 4_000, { max: 65_535 }),
    publicUrl: settings.optional('PUBLIC_URL'),
    allowedOrigins: list('ALLOWED_ORIGINS', ''),
    trustedProxies: settings.integer('TRUSTED_PROXIES', 0, { max: 10 }),
    explorer: settings.flag('EXPLORER', !isProduction),
    livePage: settings.flag('LIVE_PAGE', true),
    introspection: settings.flag('INTROSPECTION', !isProduction),
    redisUrl: settings.required('REDIS_URL'),
    cursorSecret,
    optionalSubgraphs: list('OPTIONAL_SUBGRAPHS', 'reviews,search'),
    login: {
      perAccount: settings.integer('LOGIN_PER_ACCOUNT', 5, { min: 1 }),
      perAddress: settings.integer('LOGIN_PER_ADDRESS', 20, { min: 1 }),
    },
    codes: {
      perPerson: settings.integer('CODES_PER_PERSON', 10, { min: 1 }),
      perAddress: settings.integer('CODES_PER_ADDRESS', 100, { min: 1 }),
    },
    overload: {
      maxOperations: settings.integer('MAX_OPERATIONS', defaultOverloadLimits.maxOperations, { min: 1 }),
      maxLagMs: settings.integer('MAX_LAG_MS', defaultOverloadLimits.maxLagMs),
    },
    limits: {
      ...defaultOperationLimits,
      maxCost: settings.integer('MAX_OPERATION_COST', defaultOperationLimits.maxCost, { min: 1 }),
    },
    rates: {
      pointsPerUser: settings.integer('RATE_POINTS_PER_MINUTE_USER', defaultRates.pointsPerUser),
      pointsPerAddress: settings.integer('RATE_POINTS_PER_MINUTE_ADDRESS', defaultRates.pointsPerAddress),
      requestsPerAddress: settings.integer('RATE_REQUESTS_PER_MINUTE_ADDRESS', defaultRates.requestsPerAddress),
      clientsPerAddress: settings.integer('CLIENTS_PER_ADDRESS', defaultRates.clientsPerAddress),
      clientsPerUser: settings.integer('CLIENTS_PER_USER', defaultRates.clientsPerUser),
      subscriptionsPerUser: settings.integer('SUBSCRIPTIONS_PER_USER', defaultRates.subscriptionsPerUser),
      subscriptionsPerAddress: settings.integer('SUBSCRIPTIONS_PER_ADDRESS', defaultRates.subscriptionsPerAddress),
    },
    executor: executorName(settings.optional('EXECUTOR') ?? 'own'),
    persisted: persistedMode(settings.optional('PERSISTED') ?? 'apq'),
    http: {
      ...defaultHttpLimits,
      maxBodyBytes: settings.integer('MAX_BODY_BYTES', defaultHttpLimits.maxBodyBytes, { min: 1_024 }),
    },
    sockets: {
      ...defaultSocketLimits,
      operationsPerSocket: settings.integer('OPERATIONS_PER_SOCKET', defaultSocketLimits.operationsPerSocket, {
        min: 1,
      }),
      maxUnsentBytesInAll: settings.integer('MAX_UNSENT_BYTES', defaultSocketLimits.maxUnsentBytesInAll, {
        min: 1024 * 1024,
      }),
      maxClients: settings.integer('MAX_CLIENTS', defaultSocketLimits.maxClients, { min: 1 }),
    },
    timeouts: {
      ...defaultTimeouts,
      requestMs: settings.integer('REQUEST_TIMEOUT_MS', defaultTimeouts.requestMs, { min: 100, max: 20_000 }),
      drainDelayMs: settings.integer('DRAIN_DELAY_MS', defaultTimeouts.drainDelayMs, { max: MAX_DRAIN_DELAY_MS }),
      fetchMs: settings.integer('FETCH_TIMEOUT_MS', defaultTimeouts.fetchMs, { min: 100 }),
    },
    entityCacheBytes: settings.integer('ENTITY_CACHE_BYTES', defaultEntityCacheBytes),
  };
}

function executorName(value: string): ExecutorName {
  const name = executors.find((one) => one === value);
  if (name) return name;
  throw new ConfigurationError([`GATEWAY_EXECUTOR must be one of ${executors.join(', ')}, not "${value}"`]);
}

function persistedMode(value: string): PersistedMode {
  const mode = persistedModes.find((one) => one === value);
  if (mode) return mode;
  throw new ConfigurationError([`GATEWAY_PERSISTED must be one of ${persistedModes.join(', ')}, not "${value}"`]);
}
