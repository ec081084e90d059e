import { SubgraphUnavailableError } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import { GraphQLError, Kind, parse } from 'graphql';
import { type FetchSubgraph, isMutation } from './fetch.ts';

/** A subgraph that cannot be reached costs its own fields: null, and an error that says which one is missing. */
export function tellUnavailable(fetch: FetchSubgraph, log: Logger): FetchSubgraph {
  return async (service, request, context) => {
    try {
      return await fetch(service, request, context);
    } catch (error) {
      if (!(error instanceof SubgraphUnavailableError)) throw error;
      log.warn({ err: error, subgraph: service, requestId: context.requestId }, 'subgraph unavailable');
      return { data: null, errors: unavailableErrors(error, request.query) };
    }
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
          retryable: !isMutation(query) || error.reason === 'unreachable',
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
