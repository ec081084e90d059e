import { graphqlError, type Viewer } from '@marketgraph/platform/graphql';
import type { Redis } from '@marketgraph/platform/redis';
import type { Count, Logger } from '@marketgraph/platform/telemetry';
import { RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { ResolvedOperation } from '../limits/documents.ts';
import { RequestError } from '../limits/request-error.ts';
import type { QueryEngine } from '../query/query-engine.ts';
import { addressKey } from '../rate/address-key.ts';
import { codeGuesses, countHits } from './code-guesses.ts';

export interface CodeLimits {
  /** Codes somebody may try in a minute without success; of who is not signed in, all of one address together. */
  perPerson: number;
  /** The same of all of one address together, also of those who are signed in. */
  perAddress: number;
}

const WINDOW_S = 60;

/**
 * Slows down who tries codes. Every try is counted before it runs, so that many
 * at once are no way round, and what led to something is given back. Shared by
 * all gateways. Redis away: no code can be tried.
 */
export function guardingCodes(
  engine: QueryEngine,
  { perPerson, perAddress }: CodeLimits,
  { redis, log, refused }: { redis: Redis; log: Logger; refused: Count },
): QueryEngine {
  const limiter = (name: string, points: number) =>
    new RateLimiterRedis({ storeClient: redis, keyPrefix: `gateway:codes:${name}`, points, duration: WINDOW_S });
  const persons = limiter('person', perPerson);
  const addresses = limiter('address', perAddress);

  const guarded = async <T>(
    prepared: ResolvedOperation,
    { viewer, address }: { viewer: Viewer; address: string },
    { run, dataOf }: { run: () => Promise<T>; dataOf: (answer: T) => unknown },
  ): Promise<T> => {
    const guesses = codeGuesses(prepared);
    if (guesses.size === 0) return await run();
    const person = viewer.kind === 'user' ? viewer.userId : addressKey(address);
    try {
      await persons.consume(person, guesses.size);
      await addresses.consume(addressKey(address), guesses.size);
    } catch (reason) {
      if (!(reason instanceof RateLimiterRes)) throw cannotCount(reason);
      refused.inc();
      throw tooMany(Math.max(Math.ceil(reason.msBeforeNext / 1_000), 1));
    }
    const answer = await run();
    const hits = countHits(guesses, dataOf(answer));
    if (hits > 0) {
      const givenBack = Promise.all([persons.reward(person, hits), addresses.reward(addressKey(address), hits)]);
      await givenBack.catch((error: unknown) => log.warn({ err: error }, 'codes that were found stay counted'));
    }
    return answer;
  };

  const cannotCount = (reason: unknown) => {
    log.error({ err: reason }, 'tried codes cannot be counted');
    const message = 'Codes cannot be tried at the moment.';
    return new RequestError(
      [graphqlError('SUBGRAPH_UNAVAILABLE', message, { service: 'gateway', retryable: true })],
      503,
      { 'retry-after': '5' },
    );
  };

  return {
    ...engine,
    http: (operation) =>
      guarded(operation.prepared, operation.context, {
        run: () => engine.http(operation),
        dataOf: ({ text }) => (JSON.parse(text) as { data?: unknown }).data,
      }),
    execute: (operation, context) =>
      guarded(operation, context, { run: () => engine.execute(operation, context), dataOf: ({ data }) => data }),
  };
}

function tooMany(retryAfterSeconds: number): RequestError {
  const error = graphqlError('RATE_LIMITED', 'Too many codes were tried. Try again later.', {
    retryAfterSeconds,
    retryable: true,
  });
  return new RequestError([error], 429, { 'retry-after': String(retryAfterSeconds) });
}
