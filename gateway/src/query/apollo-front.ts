import { ApolloServer, type ApolloServerPlugin, HeaderMap } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { DocumentNode, ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Documents } from '../limits/documents.ts';
import { isPublic, publicError } from '../limits/public-error.ts';
import { apolloLogger, type ComposedGateway } from './composed-gateway.ts';
import type { GraphContext } from './graph-context.ts';
import type { BeforeOperation, HttpAnswer, HttpOperation, OperationOfSocket } from './query-engine.ts';

export interface ApolloFrontOptions {
  gateway: ComposedGateway;
  documents: Documents;
  introspection: boolean;
  maxTokens: number;
  log: Logger;
  beforeOperation: BeforeOperation;
}

export interface ApolloFront {
  http(operation: HttpOperation): Promise<HttpAnswer>;
  execute(operation: OperationOfSocket, context: GraphContext): Promise<ExecutionResult>;
  stop(): Promise<void>;
}

/** Apollo Server, on documents that passed our own door. */
export async function startApolloFront(options: ApolloFrontOptions): Promise<ApolloFront> {
  const { gateway, documents, introspection, maxTokens, log } = options;
  const server = new ApolloServer<GraphContext>({
    // Typed for the request contexts of its own plugins; of these ours reads what `ComposedGateway` names.
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
    logger: apolloLogger(log),
    plugins: [ApolloServerPluginLandingPageDisabled(), lifecycle(options)],
  });
  await server.start();

  return {
    async http({ method, search, headers, body, context }) {
      const answer = await server.executeHTTPGraphQLRequest({
        httpGraphQLRequest: { method, search, headers: headerMap(headers), body },
        context: async () => context,
      });
      if (answer.body.kind !== 'complete') throw new Error('Incremental delivery is not offered.');
      return {
        status: answer.status ?? 200,
        headers: Object.fromEntries(answer.headers),
        text: answer.body.string,
      };
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

/** The server behind this needs no secrets; it looks at types and preflights only. */
function headerMap(headers: NodeJS.Dict<string | string[]>): HeaderMap {
  const map = new HeaderMap();
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || name === 'authorization' || name === 'cookie') continue;
    map.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return map;
}

/** Apollo Server finds the documents that were prepared, and neither parses nor validates them again. */
function preparedDocuments(documents: Documents) {
  return {
    get: async (key: string): Promise<DocumentNode | undefined> => documents.byHash(key.slice(-64)),
    set: async (): Promise<void> => undefined,
    delete: async (): Promise<boolean> => false,
  };
}

function lifecycle({ log, beforeOperation }: ApolloFrontOptions): ApolloServerPlugin<GraphContext> {
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
