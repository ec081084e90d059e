import { ApolloGateway } from '@apollo/gateway';
import { errorsOf } from '@marketgraph/federation-live';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { DocumentNode, ExecutionResult, OperationDefinitionNode } from 'graphql';
import { dataSourceOver } from './data-source.ts';
import type { FetchSubgraph } from './fetch.ts';
import type { Graph } from './graph.ts';
import type { GraphContext } from './graph-context.ts';
import type { OperationRunner } from './operation-runner.ts';

/** What Apollo Server asks of a gateway: a schema, and who executes. */
export interface ComposedGateway {
  onSchemaLoadOrUpdate(
    callback: (context: { apiSchema: Graph['schema']; coreSupergraphSdl: string }) => void,
  ): () => void;
  load(): Promise<{ schema: Graph['schema']; executor(request: ExecutorRequest): Promise<ExecutionResult> }>;
  stop(): Promise<void>;
}

interface ExecutorRequest {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  request: { variables?: Record<string, unknown> };
  context: GraphContext;
}

/** Our own executor behind that seam. It plans for itself: no second planner, no second copy of the supergraph. */
export function ownGateway(graph: Graph, runner: OperationRunner): ComposedGateway {
  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: graph.schema, coreSupergraphSdl: graph.sdl });
      return () => undefined;
    },
    load: async () => ({
      schema: graph.schema,
      executor: ({ document, operation, request, context }) =>
        runner.run({ document, operation }, request.variables ?? {}, context) as Promise<ExecutionResult>,
    }),
    stop: async () => undefined,
  };
}

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

export function apolloLogger(log: Logger) {
  const at = (level: 'debug' | 'warn' | 'error') => (message: unknown) => {
    const text = String(message);
    // Our data sources go through the transport; addresses are not the composed graph's business.
    log[text.endsWith('is missing a url') ? 'debug' : level](text);
  };
  return { debug: at('debug'), info: at('debug'), warn: at('warn'), error: at('error') };
}
