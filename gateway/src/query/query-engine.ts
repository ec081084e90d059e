import { ApolloGateway, type GraphQLDataSource } from '@apollo/gateway';
import { ApolloServer, type ApolloServerPlugin, HeaderMap, type HTTPGraphQLResponse } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { DocumentNode, ExecutionResult, GraphQLFormattedError } from 'graphql';
import { errorsOf } from '@marketgraph/federation-live';
import type { Documents, PreparedOperation, ResolvedOperation } from '../limits/documents.ts';
import { isPublic, publicError } from '../limits/public-error.ts';
import type { GraphContext } from './graph-context.ts';

export interface QueryEngine {
  /** One HTTP request whose operation has been prepared. */
  http(request: {
    method: string;
    search: string;
    headers: NodeJS.Dict<string | string[]>;
    body: unknown;
    context: GraphContext;
  }): Promise<HTTPGraphQLResponse>;
  /** One query or mutation of a socket or a stream. */
  execute(
    operation: PreparedOperation & { operationName?: string; variables?: Record<string, unknown> },
    context: GraphContext,
  ): Promise<ExecutionResult>;
  stop(): Promise<void>;
}

export interface QueryEngineOptions {
  supergraphSdl: string;
  /** Where each subgraph's fetches go, by its name. */
  dataSourceOf(name: string): GraphQLDataSource;
  documents: Documents;
  introspection: boolean;
  maxTokens: number;
  log: Logger;
  /** Runs when the operation is known and before it is planned; a thrown GraphQLError is the answer. */
  beforeOperation(
    operation: { prepared: ResolvedOperation; variables: Record<string, unknown> },
    context: GraphContext,
  ): Promise<void>;
}

/** Queries and mutations: Apollo Server in front of the stock gateway, on documents that passed our own door. */
export async function createQueryEngine(options: QueryEngineOptions): Promise<QueryEngine> {
  const { documents, introspection, maxTokens, log } = options;
  const logger = apolloLogger(log);
  // The gateway would report anonymous usage to its vendor over the network.
  process.env['APOLLO_TELEMETRY_DISABLED'] = 'true';
  const gateway = new CompletingGateway({
    supergraphSdl: options.supergraphSdl,
    buildService: ({ name }) => options.dataSourceOf(name),
    logger,
    debug: false,
    __exposeQueryPlanExperimental: false,
    validateSupergraph: false,
  });
  const server = new ApolloServer<GraphContext>({
    // Typed for the server interface of an older major; the structure is the same.
    gateway: gateway as never,
    introspection,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: true,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens },
    documentStore: preparedDocuments(documents),
    nodeEnv: 'production',
    logger,
    plugins: [ApolloServerPluginLandingPageDisabled(), lifecycle(options)],
  });
  await server.start();

  return {
    http({ method, search, headers, body, context }) {
      const map = new HeaderMap();
      for (const [name, value] of Object.entries(headers)) {
        if (value !== undefined) map.set(name, Array.isArray(value) ? value.join(', ') : value);
      }
      return server.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method, search, headers: map, body },
        context: async () => context,
      });
    },
    async execute({ text, operationName, variables }, context) {
      const response = await server.executeOperation(
        { query: text, ...(operationName ? { operationName } : {}), variables: variables ?? {} },
        { contextValue: context },
      );
      if (response.body.kind !== 'single') throw new Error('Incremental delivery is not offered.');
      const { data, errors, extensions } = response.body.singleResult;
      return {
        ...(errors ? { errors: errors as ExecutionResult['errors'] } : {}),
        ...(data === undefined ? {} : { data }),
        ...(extensions ? { extensions } : {}),
      };
    },
    stop: () => server.stop(),
  };
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

/** Apollo Server finds the documents that were prepared, and neither parses nor validates them again. */
function preparedDocuments(documents: Documents) {
  return {
    get: async (key: string): Promise<DocumentNode | undefined> => documents.byHash(key.slice(-64)),
    set: async (): Promise<void> => undefined,
    delete: async (): Promise<boolean> => false,
  };
}

function lifecycle({ log, beforeOperation }: QueryEngineOptions): ApolloServerPlugin<GraphContext> {
  return {
    async requestDidStart({ contextValue }) {
      const { requestId } = contextValue;
      return {
        async didResolveOperation({ document, operation, source, request }) {
          if (!operation) return;
          const prepared = { document, operation, text: source };
          await beforeOperation({ prepared, variables: request.variables ?? {} }, contextValue);
        },
        async didEncounterErrors({ errors, operationName }) {
          for (const error of errors) {
            // Masked by a subgraph: logged there, under the same request id.
            if (isPublic(error) || error.extensions['requestId'] !== undefined) continue;
            log.error({ err: error.originalError ?? error, requestId, operationName }, 'operation failed');
          }
        },
        async willSendResponse({ response }) {
          if (response.body.kind !== 'single') return;
          const { singleResult } = response.body;
          if (!singleResult.errors) return;
          singleResult.errors = singleResult.errors.map((error: GraphQLFormattedError) =>
            publicError(error, requestId),
          );
        },
      };
    },
  };
}

function apolloLogger(log: Logger) {
  const at = (level: 'debug' | 'warn' | 'error') => (message: unknown) => {
    const text = String(message);
    // Our data sources go through the transport; addresses are not the composed graph's business.
    log[text.endsWith('is missing a url') ? 'debug' : level](text);
  };
  return { debug: at('debug'), info: at('debug'), warn: at('warn'), error: at('error') };
}
