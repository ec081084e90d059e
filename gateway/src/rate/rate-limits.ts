import type { Clock } from '@marketgraph/platform/core';
import { graphqlError, isActing, principalOf, type Viewer } from '@marketgraph/platform/graphql';
import type { Redis } from '@marketgraph/platform/redis';
import type { Logger } from '@marketgraph/platform/telemetry';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { RequestError } from '../limits/request-error.ts';
import type { GatewayMetrics } from '../telemetry/gateway-metrics.ts';
import { addressKey } from './address-key.ts';
import { type Places, countedPlaces } from './places.ts';
import { createSharedBudget, type Refusal, type SharedBudget } from './shared-budget.ts';

export interface RateSettings {
  /** Points of operations a signed-in user, or an API key, may spend in a minute; 0 is no limit, here and below. */
  pointsPerUser: number;
  /** The same of all anonymous callers of one address. */
  pointsPerAddress: number;
  /** Requests and handshakes of one address in a minute, whatever they are. */
  requestsPerAddress: number;
  /** Open sockets and streams, of this process. */
  clientsPerAddress: number;
  clientsPerUser: number;
  /** Running subscriptions, of this process. */
  subscriptionsPerUser: number;
  /** The same of all anonymous callers of one address. */
  subscriptionsPerAddress: number;
}

/**
 * Tells clients that ask too much to come back later, by throwing a `RequestError` with 429. What it
 * returns has to be waited for when it is a promise; mostly it is not.
 */
export interface RateLimits {
  /** Something arrived from this address. */
  countRequest(address: string): void | Promise<void>;
  /** An operation is about to run. */
  spend(viewer: Viewer, address: string, points: number): void | Promise<void>;
  /** One more socket or stream of this address; the result gives its place back. */
  enterAddress(address: string): () => void;
  /** The same of this user or API key; anonymous callers are counted by their address alone. */
  enterUser(viewer: Viewer): () => void;
  /** One more subscription. */
  enterSubscription(viewer: Viewer, address: string): () => void;
}

export type RateRule = 'points' | 'requests' | 'clients' | 'subscriptions';

const WINDOW_S = 60;

export function createRateLimits(options: {
  redis: Redis;
  settings: RateSettings;
  clock: Clock;
  log: Logger;
  metrics: GatewayMetrics;
}): RateLimits {
  const { redis, settings, clock, log, metrics } = options;

  const budget = (name: string, points: number): SharedBudget | null => {
    if (points === 0) return null;
    const limiter = new RateLimiterRedis({
      storeClient: redis,
      keyPrefix: `gateway:rate:${name}`,
      points,
      duration: WINDOW_S,
    });
    return createSharedBudget({
      points,
      add: (key, more) => limiter.penalty(key, more),
      now: () => clock.now().getTime(),
      onAway: (error) => log.warn({ err: error, name }, 'rates cannot be counted: everything is let through'),
    });
  };
  const places = (perKey: number) => countedPlaces(perKey === 0 ? Infinity : perKey);

  const perUser = budget('user', settings.pointsPerUser);
  const perAddress = budget('address', settings.pointsPerAddress);
  const requests = budget('requests', settings.requestsPerAddress);
  const clientsOfAddress = places(settings.clientsPerAddress);
  const clientsOfUser = places(settings.clientsPerUser);
  const subscriptionsOfUser = places(settings.subscriptionsPerUser);
  const subscriptionsOfAddress = places(settings.subscriptionsPerAddress);

  const refuse = (rule: RateRule, message: string, { limit, retryAfterMs }: Refusal): never => {
    metrics.rateLimited.of(rule).inc();
    throw tooMany(message, limit, Math.max(Math.ceil(retryAfterMs / 1_000), 1));
  };

  const take = (
    rule: 'points' | 'requests',
    from: SharedBudget | null,
    key: string,
    points: number,
    message: string,
  ): void | Promise<void> => {
    const taken = from?.take(key, points) ?? null;
    if (taken === null) return undefined;
    if (!(taken instanceof Promise)) return refuse(rule, message, taken);
    return taken.then((refusal) => (refusal ? refuse(rule, message, refusal) : undefined));
  };

  const enter = (rule: 'clients' | 'subscriptions', among: Places, key: string, limit: number): (() => void) =>
    among.enter(key) ??
    refuse(rule, `Too many ${WORDS[rule]} are open: close one first.`, { limit, retryAfterMs: PLACE_RETRY_MS });

  return {
    countRequest: (address) =>
      take('requests', requests, addressKey(address), 1, 'Too many requests from your address. Try again later.'),
    spend(viewer, address, points) {
      const message = `Your operations of this minute cost too much. Ask for less, or try again later.`;
      return isActing(viewer)
        ? take('points', perUser, principalOf(viewer), points, message)
        : take('points', perAddress, addressKey(address), points, message);
    },
    enterAddress: (address) => enter('clients', clientsOfAddress, addressKey(address), settings.clientsPerAddress),
    enterUser: (viewer) =>
      isActing(viewer)
        ? enter('clients', clientsOfUser, principalOf(viewer), settings.clientsPerUser)
        : () => undefined,
    enterSubscription: (viewer, address) =>
      isActing(viewer)
        ? enter('subscriptions', subscriptionsOfUser, principalOf(viewer), settings.subscriptionsPerUser)
        : enter('subscriptions', subscriptionsOfAddress, addressKey(address), settings.subscriptionsPerAddress),
  };
}

const WORDS = { clients: 'sockets and streams', subscriptions: 'subscriptions' } as const;
/** Nobody knows when a place becomes free. */
const PLACE_RETRY_MS = 10_000;

function tooMany(message: string, limit: number, retryAfterSeconds: number): RequestError {
  const error = graphqlError('RATE_LIMITED', message, { retryAfterSeconds, retryable: true });
  const seconds = String(retryAfterSeconds);
  return new RequestError([error], 429, {
    'retry-after': seconds,
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': '0',
    'ratelimit-reset': seconds,
  });
}
