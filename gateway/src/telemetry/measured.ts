import type { OperationDefinitionNode } from 'graphql';
import { isTracing, traced } from '@marketgraph/platform/tracing';
import { SubgraphUnavailableError, type SubgraphTransport } from '@marketgraph/platform/serve';
import type { SubgraphResponse } from '@marketgraph/platform/graphql';
import type { Documents } from '../limits/documents.ts';
import { RequestError } from '../limits/request-error.ts';
import type { GraphContext } from '../query/graph-context.ts';
import type { HttpOperation, OperationOfSocket, QueryEngine } from '../query/query-engine.ts';
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

/** What a client may call its operation is any text; only names on our own list become a label. */
const UNLISTED = 'other';

/** Measures queries and mutations from when they are prepared to their answer. */
export function measured(engine: QueryEngine, metrics: GatewayMetrics, names: ReadonlySet<string>): QueryEngine {
  const nameOf = ({ name }: OperationDefinitionNode) => (name && names.has(name.value) ? name.value : UNLISTED);
  const secondsSince = (begin: number) => (performance.now() - begin) / 1_000;
  const asSpan = <Answer>(definition: OperationDefinitionNode, work: () => Promise<Answer>): Promise<Answer> =>
    isTracing() ? traced(`${definition.operation} ${nameOf(definition)}`, { service: 'gateway' }, work) : work();
  const http = async (operation: HttpOperation) => {
    const begin = performance.now();
    const answer = await engine.http(operation);
    const outcome = answer.status >= 400 ? 'error' : answer.text.startsWith(WITH_ERRORS) ? 'partial' : 'ok';
    const { operation: definition } = operation.prepared;
    metrics.operation(nameOf(definition), definition.operation, outcome, secondsSince(begin));
    return answer;
  };
  const execute = async (operation: OperationOfSocket, context: GraphContext) => {
    const begin = performance.now();
    const result = await engine.execute(operation, context);
    const outcome = result.errors ? (result.data ? 'partial' : 'error') : 'ok';
    metrics.operation(nameOf(operation.operation), operation.operation.operation, outcome, secondsSince(begin));
    return result;
  };
  return {
    http: (operation) => asSpan(operation.prepared.operation, () => http(operation)),
    execute: (operation, context) => asSpan(operation.operation, () => execute(operation, context)),
    warm: (operation) => engine.warm(operation),
    counts: () => engine.counts(),
    stop: () => engine.stop(),
  };
}

/** Measures every call of a subgraph, for queries and for streams alike. */
export function measuredTransport(transport: SubgraphTransport, metrics: GatewayMetrics): SubgraphTransport {
  const timed = async (subgraph: string, call: Promise<SubgraphResponse>): Promise<SubgraphResponse> => {
    const begin = performance.now();
    let outcome = 'failed';
    try {
      const response = await call;
      outcome = response.errors ? 'error' : 'ok';
      return response;
    } catch (error) {
      if (error instanceof SubgraphUnavailableError) outcome = error.reason;
      throw error;
    } finally {
      metrics.subgraphRequest(subgraph, outcome, (performance.now() - begin) / 1_000);
    }
  };
  return {
    get names() {
      return transport.names;
    },
    execute: (name, request) => timed(name, transport.execute(name, request)),
    executeEvent: (name, request) => timed(name, transport.executeEvent(name, request)),
    forward: (name, request, response) => transport.forward(name, request, response),
    readiness: (name) => transport.readiness(name),
    close: () => transport.close(),
  };
}
