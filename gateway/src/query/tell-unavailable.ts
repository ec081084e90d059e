import { SubgraphUnavailableError } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import { GraphQLError, Kind, parse } from 'graphql';
import { type FetchSubgraph, isMutation, type SubgraphFetch } from './fetch.ts';

export interface TellUnavailableOptions {
  log: Logger;
  /** Mutations that may be asked again without a key, by the names of their fields. */
  idempotent: ReadonlySet<string>;
}

/** A subgraph that cannot be reached costs its own fields: null, and an error that says which one is missing. */
export function tellUnavailable(fetch: FetchSubgraph, { log, idempotent }: TellUnavailableOptions): FetchSubgraph {
  return async (service, request, context) => {
    try {
      return await fetch(service, request, context);
    } catch (error) {
      if (!(error instanceof SubgraphUnavailableError)) throw error;
      // That a circuit opened has been said once; not again for everything that meets it.
      const level = error.reason === 'circuit-open' ? 'debug' : 'warn';
      log[level]({ err: error, subgraph: service, requestId: context.requestId }, 'subgraph unavailable');
      const mutates = isMutation(request.query);
      const errors = rootFieldsOf(request).map(({ path, name, hasKey }) =>
        unavailableError(error, { path, mayRepeat: !mutates || hasKey || idempotent.has(name) }),
      );
      return { data: null, errors };
    }
  };
}

/** The error a client sees for each field that is missing now. */
export function unavailableError(
  { subgraph, reason }: SubgraphUnavailableError,
  { path, mayRepeat = true }: { path?: readonly (string | number)[]; mayRepeat?: boolean } = {},
): GraphQLError {
  return new GraphQLError(
    reason === 'timeout' ? `${subgraph} did not answer in time.` : `${subgraph} is not available at the moment.`,
    {
      path,
      extensions: {
        code: reason === 'timeout' ? 'SUBGRAPH_TIMEOUT' : 'SUBGRAPH_UNAVAILABLE',
        service: subgraph,
        reason,
        // A mutation that was sent may have been run, though nobody heard of it: again only where that has no further effect.
        retryable: mayRepeat || NOT_SENT.has(reason),
      },
    },
  );
}

const NOT_SENT = new Set<SubgraphUnavailableError['reason']>(['unreachable', 'circuit-open']);

interface RootField {
  path: (string | number)[];
  /** Of the field, whatever it is called in the answer. */
  name: string;
  /** Asked again with the same key it has the same effect, and once. */
  hasKey: boolean;
}

function rootFieldsOf({ query, variables }: SubgraphFetch): RootField[] {
  const [operation] = parse(query, { noLocation: true }).definitions;
  const selections = operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
  const fields = selections.filter((selection) => selection.kind === Kind.FIELD);
  if (fields.length === 0) return [{ path: [], name: '', hasKey: false }];
  return fields.map(({ alias, name, arguments: given = [] }) => {
    const field = alias?.value ?? name.value;
    const key = given.find((argument) => argument.name.value === 'idempotencyKey')?.value;
    return {
      // The executor turns `_entities, 0` into the place of the first entity.
      path: field === '_entities' ? [field, 0] : [field],
      name: name.value,
      hasKey: key?.kind === Kind.VARIABLE ? variables[key.name.value] != null : key?.kind === Kind.STRING,
    };
  });
}
