import { type RootField, rootFieldsOf } from '@marketgraph/platform/graphql';
import { SubgraphUnavailableError } from '@marketgraph/platform/serve';
import type { Logger } from '@marketgraph/platform/telemetry';
import { GraphQLError } from 'graphql';
import type { FetchSubgraph } from './fetch.ts';

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
      const fields = rootFieldsOf({ ...request, isIdempotent: (name) => idempotent.has(name) });
      const missing =
        fields.length > 0 ? fields.map((field) => unavailableField(error, field)) : [unavailableError(error)];
      return { data: null, errors: missing };
    }
  };
}

function unavailableField(error: SubgraphUnavailableError, { responseName, mayRepeat }: RootField): GraphQLError {
  // The executor turns `_entities, 0` into the place of the first entity.
  const path = responseName === '_entities' ? [responseName, 0] : [responseName];
  return unavailableError(error, { path, mayRepeat });
}

/** The error a client sees for each field that is missing now. */
export function unavailableError(
  { subgraph, reason, wasSent }: SubgraphUnavailableError,
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
        retryable: mayRepeat || !wasSent,
      },
    },
  );
}
