import { ApolloGateway } from '@apollo/gateway';
import { errorsOf } from '@marketgraph/federation-live';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import { apolloLogger, type ComposedGateway } from './composed-gateway.ts';
import { dataSourceOver } from './data-source.ts';
import type { FetchSubgraph } from './fetch.ts';
import type { Graph } from './graph.ts';

/** The stock gateway with its stock executor, to compare with and to fall back on. */
export function stockGateway(graph: Graph, fetch: FetchSubgraph, log: Logger): ComposedGateway {
  // The gateway would report anonymous usage to its vendor over the network.
  process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';
  const gateway = new CompletingGateway({
    supergraphSdl: graph.sdl,
    buildService: ({ name }) => dataSourceOver(fetch, name),
    logger: apolloLogger(log),
    debug: false,
    __exposeQueryPlanExperimental: false,
    validateSupergraph: false,
  });
  // Typed for the server interface of an older major; the structure is the same.
  return gateway as unknown as ComposedGateway;
}

/** Turns what the stock executor only hints at into errors of the result. */
class CompletingGateway extends ApolloGateway {
  override async load(loadOptions?: Parameters<ApolloGateway['load']>[0]): ReturnType<ApolloGateway['load']> {
    const loaded = await super.load(loadOptions);
    return {
      ...loaded,
      executor: async (request) => {
        const result = await loaded.executor(request).catch(refuseOversized);
        const errors = errorsOf(result);
        return { ...('data' in result ? { data: result.data } : {}), ...(errors.length > 0 ? { errors } : {}) };
      },
    };
  }
}

/** The planner's own limit is the client's mistake, not ours. */
function refuseOversized(error: unknown): never {
  if (error instanceof Error && error.message.startsWith('Exceeded maximum')) {
    throw graphqlError('OPERATION_TOO_COMPLEX', 'The operation cannot be planned.', { http: { status: 400 } });
  }
  throw error;
}
