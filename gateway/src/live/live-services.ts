import type { GraphQLDataSource } from '@apollo/gateway';
import type { LiveServices } from '@marketgraph/federation-live';
import type { SubgraphTransport } from '@marketgraph/platform/serve';
import { dataSourceOver } from '../query/data-source.ts';
import type { FetchSubgraph } from '../query/fetch.ts';
import type { GraphContext } from '../query/graph-context.ts';

/** The subgraphs as the subscription runtime calls them: as the viewer of the run, by the same way as queries. */
export function liveServices(
  transport: SubgraphTransport,
  fetch: FetchSubgraph,
  services: readonly string[],
): LiveServices {
  return {
    dataSources: Object.fromEntries(
      services.map((name): [string, GraphQLDataSource] => [name, dataSourceOver(fetch, name)]),
    ),
    executeEvent: (service, { query, variables, event }, context) => {
      const { viewer, requestId, traceparent, deadlineAt } = context as GraphContext;
      return transport.executeEvent(service, { query, variables, event, viewer, requestId, traceparent, deadlineAt });
    },
  };
}
