import { monitorEventLoopDelay } from 'node:perf_hooks';
import { graphqlError } from '@marketgraph/platform/graphql';
import { RequestError } from '../limits/request-error.ts';
import type { QueryEngine } from '../query/query-engine.ts';
import type { GatewayMetrics } from '../telemetry/gateway-metrics.ts';

export interface OverloadLimits {
  /** Queries and mutations in progress at the same time, of this process. */
  maxOperations: number;
  /** How late the process may be with its work, on average of half a second; 0: however late. */
  maxLagMs: number;
}

export const defaultOverloadLimits: OverloadLimits = { maxOperations: 1_000, maxLagMs: 500 };

/** Of all places so many are open to queries: whoever buys finds one when those who browse take all of theirs. */
const SHARE_OF_QUERIES = 0.75;
const LAG_WINDOW_MS = 500;
/** The ticks between two that are late count too: with fewer of them one pause, such as that of a start, would be taken for a process that cannot keep up. */
const LAG_RESOLUTION_MS = 20;
const RETRY_AFTER_S = '1';

/** How late the event loop is, looked at twice a second. */
export interface LagMeter {
  lagMs(): number;
  stop(): void;
}

export function eventLoopLag(): LagMeter {
  const delays = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delays.enable();
  let lagMs = 0;
  const timer = setInterval(() => {
    // What it measures is the time between two ticks, so the wait that was asked for is in it.
    lagMs = Number.isNaN(delays.mean) ? 0 : Math.max(delays.mean / 1e6 - LAG_RESOLUTION_MS, 0);
    delays.reset();
  }, LAG_WINDOW_MS);
  timer.unref();
  return {
    lagMs: () => lagMs,
    stop() {
      clearInterval(timer);
      delays.disable();
    },
  };
}

/**
 * Turns operations away while there is more to do than can be done, so that what
 * is done is done in time. Turning away costs little, and mutations come last.
 */
export function shedding(
  engine: QueryEngine,
  { maxOperations, maxLagMs }: OverloadLimits,
  { lag, metrics }: { lag: LagMeter; metrics: Pick<GatewayMetrics, 'rateLimited'> },
): QueryEngine {
  const turnedAway = metrics.rateLimited.of('overload');
  const queries = Math.max(Math.floor(maxOperations * SHARE_OF_QUERIES), 1);
  let running = 0;

  const admitted = async <T>(type: string, run: () => Promise<T>): Promise<T> => {
    const isQuery = type === 'query';
    if (running >= (isQuery ? queries : maxOperations) || (isQuery && maxLagMs > 0 && lag.lagMs() > maxLagMs)) {
      turnedAway.inc();
      throw busy();
    }
    running += 1;
    try {
      return await run();
    } finally {
      running -= 1;
    }
  };

  return {
    ...engine,
    http: (operation) => admitted(operation.prepared.operation.operation, () => engine.http(operation)),
    execute: (operation, context) => admitted(operation.operation.operation, () => engine.execute(operation, context)),
    async stop() {
      lag.stop();
      await engine.stop();
    },
  };
}

/** Not a 5xx: nothing is broken, and a balancer that took this gateway out would leave the crowd to the others. */
function busy(): RequestError {
  const error = graphqlError('RATE_LIMITED', 'There is too much to do at the moment. Try again.', { retryable: true });
  return new RequestError([error], 429, { 'retry-after': RETRY_AFTER_S });
}
