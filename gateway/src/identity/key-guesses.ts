import { graphqlError } from '@marketgraph/platform/graphql';
import type { Redis } from '@marketgraph/platform/redis';
import type { Count, Logger } from '@marketgraph/platform/telemetry';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { RequestError } from '../limits/request-error.ts';
import { addressKey } from '../rate/address-key.ts';

export interface KeyGuesses {
  /** Throws a `RequestError` with 429 when so many wrong keys came from this address that no other is looked at. */
  admit(address: string): Promise<void>;
  /** One more wrong key. */
  wrong(address: string): Promise<void>;
}

const WINDOW_S = 60;

/**
 * Wrong API keys of an address, for all gateways: as many a minute as there may be attempts to sign in, and counted apart
 * from them, so that a machine whose key was revoked keeps no people from signing in. Nobody guesses 256 random bits; this
 * spares accounts the questions. Redis away: it is not counted, and accounts knows.
 */
export function keyGuesses(options: { redis: Redis; perAddress: number; refused: Count; log: Logger }): KeyGuesses {
  const { redis, perAddress, refused, log } = options;
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: 'gateway:keys:address',
    points: perAddress,
    duration: WINDOW_S,
  });
  const uncounted = (error: unknown) => {
    log.warn({ err: error }, 'wrong API keys cannot be counted');
    return null;
  };
  return {
    async admit(address) {
      const counted = await limiter.get(addressKey(address)).catch(uncounted);
      if (!counted || counted.consumedPoints < perAddress) return;
      refused.inc();
      throw tooMany(Math.max(Math.ceil(counted.msBeforeNext / 1_000), 1));
    },
    async wrong(address) {
      await limiter.penalty(addressKey(address), 1).catch(uncounted);
    },
  };
}

function tooMany(retryAfterSeconds: number): RequestError {
  const error = graphqlError('RATE_LIMITED', 'Too many wrong API keys. Try again later.', {
    retryAfterSeconds,
    retryable: true,
  });
  return new RequestError([error], 429, { 'retry-after': String(retryAfterSeconds) });
}
