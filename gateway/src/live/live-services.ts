import type { GraphQLDataSource } from '@apollo/gateway';
import type { SubgraphTransport } from '@marketgraph/platform/serve';
import type { LiveServices } from '@marketgraph/federation-live';
import type { GraphContext } from '../query/graph-context.ts';

/** The subgraphs as the subscription runtime calls them: through the transport, as the viewer of the run. */
export function liveServices(
  transport: SubgraphTransport,
  dataSources: Readonly<Record<string, GraphQLDataSource>>,
): LiveServices {
  return {
    dataSources,
    executeEvent: (service, { query, variables, event }, context) => {
      const { viewer, requestId, traceparent, deadlineAt } = context as GraphContext;
      return transport.executeEvent(service, { query, variables, event, viewer, requestId, traceparent, deadlineAt });
    },
  };
}
