import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import { SubgraphUnavailableError, type SubgraphTransport } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import { GraphQLError, Kind, parse } from 'graphql';
import type { GraphContext } from './graph-context.ts';

export interface SubgraphDataSourceOptions {
  name: string;
  transport: SubgraphTransport;
  log: Logger;
  fetchTimeoutMs: number;
  /** A mutation of this subgraph has been run, well or not. */
  afterMutation?(name: string, context: GraphContext): void;
}

type Answer = Awaited<ReturnType<GraphQLDataSource['process']>>;

/** One subgraph as the query planner's executor sees it: any transport, the request's deadline, the viewer. */
export function subgraphDataSource(options: SubgraphDataSourceOptions): GraphQLDataSource<GraphContext> {
  const { name, transport, log, fetchTimeoutMs, afterMutation } = options;
  return {
    async process({ request, context }: GraphQLDataSourceProcessOptions<GraphContext>): Promise<Answer> {
      const { viewer, requestId, traceparent, deadlineAt } = context as GraphContext;
      const query = request.query ?? '';
      const isMutation = query.startsWith('mutation');
      try {
        const answer = await transport.execute(name, {
          query,
          ...(request.operationName ? { operationName: request.operationName } : {}),
          variables: request.variables ?? {},
          viewer,
          requestId,
          traceparent,
          deadlineAt: isMutation ? deadlineAt : Math.min(deadlineAt, Date.now() + fetchTimeoutMs),
        });
        return answer as Answer;
      } catch (error) {
        if (!(error instanceof SubgraphUnavailableError)) throw error;
        log.warn({ err: error, subgraph: name, requestId }, 'subgraph unavailable');
        return { data: null, errors: unavailableErrors(error, query) } as Answer;
      } finally {
        if (isMutation) afterMutation?.(name, context as GraphContext);
      }
    },
  };
}

/** One error per field that is missing now, so that clients see where. */
function unavailableErrors(error: SubgraphUnavailableError, query: string): GraphQLError[] {
  return pathsOf(query).map(
    (path) =>
      new GraphQLError(`${error.subgraph} is not available at the moment.`, {
        path,
        extensions: {
          code: 'SUBGRAPH_UNAVAILABLE',
          service: error.subgraph,
          reason: error.reason,
          retryable: !query.startsWith('mutation') || error.reason === 'unreachable',
        },
      }),
  );
}

function pathsOf(query: string): (string | number)[][] {
  const [operation] = parse(query, { noLocation: true }).definitions;
  const selections = operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
  const names = selections.flatMap((selection) =>
    selection.kind === Kind.FIELD ? [selection.alias?.value ?? selection.name.value] : [],
  );
  // The executor turns `_entities, 0` into the place of the first entity.
  return names.length > 0 ? names.map((field) => (field === '_entities' ? [field, 0] : [field])) : [[]];
}
