import { randomUUID } from 'node:crypto';
import { print, type DocumentNode, type GraphQLError } from 'graphql';
import type { Viewer } from '../graphql/viewer.ts';
import { activeTraceparent, isTracing, rootFieldOf, SpanKind, traced } from '../tracing/tracing.ts';
import { SubgraphUnavailableError, type SubgraphTransport } from './transport.ts';

/** Calls another subgraph as this service. For commands that must know now; whatever can wait travels as an event. */
export interface SubgraphClient {
  /** Resolves to `data`. Rejects with `SubgraphUnavailableError` or `SubgraphCallError`. */
  call<Data>(
    subgraph: string,
    operation: string | DocumentNode,
    variables?: Record<string, unknown>,
    options?: { viewer?: Viewer; requestId?: string; traceparent?: string; timeoutMs?: number },
  ): Promise<Data>;
}

/** The other side answered, and said no. */
export class SubgraphCallError extends Error {
  constructor(
    readonly subgraph: string,
    readonly errors: readonly GraphQLError[],
  ) {
    super(`${subgraph}: ${errors.map((error) => error.message).join('; ')}`);
    this.name = 'SubgraphCallError';
  }
}

const DEFAULT_TIMEOUT_MS = 3_000;

export function subgraphClient(transport: SubgraphTransport, service: string): SubgraphClient {
  return {
    async call<Data>(
      subgraph: string,
      operation: string | DocumentNode,
      variables: Record<string, unknown> = {},
      { viewer, requestId, traceparent, timeoutMs = DEFAULT_TIMEOUT_MS }: Parameters<SubgraphClient['call']>[3] = {},
    ): Promise<Data> {
      const query = typeof operation === 'string' ? operation : print(operation);
      // Nearer than what the caller was told is what it is at work on.
      const parent = activeTraceparent() === undefined ? traceparent : undefined;
      const span = isTracing() ? `call ${subgraph} ${rootFieldOf(query)}` : subgraph;
      const response = await traced(span, { service, kind: SpanKind.CLIENT, parent }, (traceparent) =>
        transport.execute(subgraph, {
          query,
          variables,
          viewer: viewer ?? { kind: 'service', service },
          requestId: requestId ?? randomUUID(),
          traceparent,
          deadlineAt: Date.now() + timeoutMs,
        }),
      );
      if (response.errors && response.errors.length > 0) throw new SubgraphCallError(subgraph, response.errors);
      if (!response.data) throw new SubgraphUnavailableError(subgraph, 'refused');
      return response.data as Data;
    },
  };
}
