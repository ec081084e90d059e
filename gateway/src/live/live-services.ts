import type { AroundRun, LiveServices } from '@marketgraph/federation-live';
import type { SubgraphTransport } from '@marketgraph/platform/serve';
import { isTracing, rootFieldOf, SpanKind, traced } from '@marketgraph/platform/tracing';
import { viewerAt } from '../identity/key-reach.ts';
import type { FetchSubgraph } from '../query/fetch.ts';
import type { GraphContext } from '../query/graph-context.ts';

/** The subgraphs as the subscription runtime calls them: as the viewer of the run, by the same way as queries. */
export function liveServices(transport: SubgraphTransport, fetch: FetchSubgraph): LiveServices {
  return {
    fetch: (service, request, context) => fetch(service, request, context as GraphContext),
    executeEvent: (service, { query, variables, event }, context) => {
      const { requestId, traceparent, deadlineAt, ...asked } = context as GraphContext;
      const viewer = viewerAt(service, asked.viewer);
      const span = isTracing() ? `event ${service} ${rootFieldOf(query)}` : service;
      return traced(span, { service: 'gateway', kind: SpanKind.CLIENT }, (own = traceparent) =>
        transport.executeEvent(service, { query, variables, event, viewer, requestId, traceparent: own, deadlineAt }),
      );
    },
  };
}

/** What an event tells to those who listen belongs to the trace of what caused it. */
export const runTraced: AroundRun = ({ event, fieldName }, work) =>
  isTracing()
    ? traced(`stream ${fieldName}`, { service: 'gateway', kind: SpanKind.CONSUMER, parent: event.envelope.trace }, work)
    : work();
