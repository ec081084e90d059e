import type { SubgraphTransport } from '@marketgraph/platform/serve';
import { isTracing, rootFieldOf, SpanKind, traced } from '@marketgraph/platform/tracing';
import type { GraphQLFormattedError } from 'graphql';
import { viewerAt } from '../identity/key-reach.ts';
import type { GraphContext } from './graph-context.ts';

/** One planned fetch. `variables` may be shared with other fetches: nobody changes them. */
export interface SubgraphFetch {
  query: string;
  operationName?: string;
  variables: Record<string, unknown>;
}

export interface SubgraphAnswer {
  data?: object | null;
  errors?: readonly GraphQLFormattedError[];
}

/** One that needs nothing of others, sent before its plan is run. */
export interface FetchAhead {
  service: string;
  /** The text of the plan's fetch. */
  query: string;
  answer: Promise<SubgraphAnswer>;
}

/**
 * How every fetch of a plan reaches its subgraph, whoever executes the plan.
 * What is done on the way (telling who is away, breaking the circuit, keeping
 * entities) is a function from one of these to another.
 */
export type FetchSubgraph = (service: string, request: SubgraphFetch, context: GraphContext) => Promise<SubgraphAnswer>;

export interface TransportFetchOptions {
  transport: SubgraphTransport;
  /** One fetch of a query may take so long; a mutation's may take what is left of the request. */
  fetchTimeoutMs: number;
  /** A mutation of this subgraph has been run, well or not. */
  afterMutation?(service: string, context: GraphContext): void;
}

/** The innermost one: as the viewer, within the deadline. Rejects with `SubgraphUnavailableError`. */
export function transportFetch({ transport, fetchTimeoutMs, afterMutation }: TransportFetchOptions): FetchSubgraph {
  return async (service, { query, operationName, variables }, context) => {
    const { viewer, requestId, traceparent, deadlineAt } = context;
    const mutates = isMutation(query);
    const request = {
      query,
      ...(operationName ? { operationName } : {}),
      variables,
      viewer: viewerAt(service, viewer),
      requestId,
      deadlineAt: mutates ? deadlineAt : Math.min(deadlineAt, Date.now() + fetchTimeoutMs),
    };
    const span = isTracing() ? `fetch ${service} ${rootFieldOf(query)}` : service;
    try {
      return await traced(span, { service: 'gateway', kind: SpanKind.CLIENT }, async (own = traceparent) => {
        return (await transport.execute(service, { ...request, traceparent: own })) as SubgraphAnswer;
      });
    } finally {
      if (mutates) afterMutation?.(service, context);
    }
  };
}

/** The planner prints every operation with its keyword first. */
export function isMutation(query: string): boolean {
  return query.startsWith('mutation');
}
