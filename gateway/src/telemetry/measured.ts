import type { Documents } from '../limits/documents.ts';
import { RequestError } from '../limits/request-error.ts';
import type { QueryEngine } from '../query/query-engine.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** Counts what is refused before it is run, on whatever transport it came. */
export function countingRefusals(documents: Documents, { rejected }: GatewayMetrics): Documents {
  return {
    prepare(request) {
      try {
        return documents.prepare(request);
      } catch (error) {
        if (error instanceof RequestError) rejected.of(String(error.errors[0]?.extensions['code'])).inc();
        throw error;
      }
    },
    byHash: (hash) => documents.byHash(hash),
  };
}

/** Our answers begin with the errors when there are some. */
const WITH_ERRORS = '{"errors"';

/** Measures queries and mutations from when they are prepared to their answer. */
export function measured(engine: QueryEngine, metrics: GatewayMetrics): QueryEngine {
  const secondsSince = (begin: number) => (performance.now() - begin) / 1_000;
  return {
    async http(operation) {
      const begin = performance.now();
      const answer = await engine.http(operation);
      const outcome = answer.status >= 400 ? 'error' : answer.text.startsWith(WITH_ERRORS) ? 'partial' : 'ok';
      metrics.operation(operation.prepared.operation.operation, outcome, secondsSince(begin));
      return answer;
    },
    async execute(operation, context) {
      const begin = performance.now();
      const result = await engine.execute(operation, context);
      const outcome = result.errors ? (result.data ? 'partial' : 'error') : 'ok';
      metrics.operation(operation.operation.operation, outcome, secondsSince(begin));
      return result;
    },
    warm: (operation) => engine.warm(operation),
    counts: () => engine.counts(),
    stop: () => engine.stop(),
  };
}
