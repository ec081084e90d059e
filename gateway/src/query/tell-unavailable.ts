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
      // That a circuit opened has been said once; not again for everything that meets it.
      const level = error.reason === 'circuit-open' ? 'debug' : 'warn';
      log[level]({ err: error, subgraph: service, requestId: context.requestId }, 'subgraph unavailable');
      const mutates = isMutation(request.query);
      return { data: null, errors: pathsOf(request.query).map((path) => unavailableError(error, { path, mutates })) };
    }
  };
}

/** The error a client sees for each field that is missing now. */
export function unavailableError(
  { subgraph, reason }: SubgraphUnavailableError,
  options: { path?: readonly (string | number)[]; mutates?: boolean } = {},
): GraphQLError {
  return new GraphQLError(
    reason === 'timeout' ? `${subgraph} did not answer in time.` : `${subgraph} is not available at the moment.`,
    {
      path: options.path,
      extensions: {
        code: reason === 'timeout' ? 'SUBGRAPH_TIMEOUT' : 'SUBGRAPH_UNAVAILABLE',
        service: subgraph,
        reason,
        // A mutation that was sent may have been run, though nobody heard of it.
        retryable: !options.mutates || NOT_SENT.has(reason),
      },
    },
  );
}

const NOT_SENT = new Set<SubgraphUnavailableError['reason']>(['unreachable', 'circuit-open']);

function pathsOf(query: string): (string | number)[][] {
  const [operation] = parse(query, { noLocation: true }).definitions;
  const selections = operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
  const names = selections.flatMap((selection) =>
    selection.kind === Kind.FIELD ? [selection.alias?.value ?? selection.name.value] : [],
  );
  // The executor turns `_entities, 0` into the place of the first entity.
  return names.length > 0 ? names.map((field) => (field === '_entities' ? [field, 0] : [field])) : [[]];
}
