import { createHash } from 'node:crypto';
import type { Redis } from '@marketgraph/platform/redis';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { Count, Logger } from '@marketgraph/platform/telemetry';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { loginAttempts } from './login-attempts.ts';
import type { ResolvedOperation } from '../limits/documents.ts';
import { addressKey } from '../rate/address-key.ts';

export interface LoginLimits {
  /** Counts the sign-in attempts of an operation; throws when there were too many. Aliases count each. */
  check(prepared: ResolvedOperation, variables: Record<string, unknown>, address: string): Promise<void>;
}

const WINDOW_S = 60;

/** Shared by all gateways, so that another instance is not another try. Redis away: nobody signs in. */
export function createLoginLimits(options: {
  redis: Redis;
  perAccount: number;
  perAddress: number;
  log: Logger;
  /** How often it turned somebody away. */
  refused: Count;
}): LoginLimits {
  const { redis, perAccount, perAddress, log, refused } = options;
  const limiter = (name: string, points: number) =>
    new RateLimiterRedis({ storeClient: redis, keyPrefix: `gateway:login:${name}`, points, duration: WINDOW_S });
  const accounts = limiter('account', perAccount);
  const addresses = limiter('address', perAddress);

  return {
    async check({ document, operation }, variables, address) {
      const attempts = loginAttempts(document, operation, variables);
      if (attempts.length === 0) return;
      const byAccount = Map.groupBy(
        attempts.filter((attempt) => attempt !== null),
        (account) => account,
      );
      try {
        await addresses.consume(addressKey(address), attempts.length);
        for (const [account, tries] of byAccount) await accounts.consume(hashed(account), tries.length);
      } catch (reason) {
        if (reason instanceof RateLimiterRes) refused.inc();
        if (reason instanceof RateLimiterRes) throw tooMany(Math.max(Math.ceil(reason.msBeforeNext / 1_000), 1));
        log.error({ err: reason }, 'sign-in attempts cannot be counted');
        throw graphqlError('SUBGRAPH_UNAVAILABLE', 'Signing in is not possible at the moment.', {
          service: 'gateway',
          retryable: true,
          http: { status: 503, headers: new Map([['retry-after', '5']]) },
        });
      }
    },
  };
}

function tooMany(retryAfterSeconds: number) {
  return graphqlError('RATE_LIMITED', 'Too many attempts. Try again later.', {
    retryAfterSeconds,
    retryable: true,
    http: { status: 429, headers: new Map([['retry-after', String(retryAfterSeconds)]]) },
  });
}

/** An e-mail address is nobody's business, not even as a key in Redis. */
function hashed(account: string): string {
  return createHash('sha256').update(account).digest('base64url').slice(0, 32);
}
