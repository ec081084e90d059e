import { SubgraphUnavailableError } from '@marketgraph/platform/serve';
import type { FetchSubgraph } from '../query/fetch.ts';
import type { GraphContext } from '../query/graph-context.ts';
import { unavailableError } from '../query/tell-unavailable.ts';
import type { SeenBy } from './graph-subgraph.ts';

const QUERY = 'query($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }';

/**
 * The owner of an entity decides whether it is there for a viewer: a missing
 * one and a forbidden one are both null, also when nothing but the id is asked.
 */
export function askOwners(fetch: FetchSubgraph): SeenBy<GraphContext> {
  return async ({ type, owner }, ids, context) => {
    const representations = ids.map((id) => ({ __typename: type, id }));
    const answer = await fetch(owner, { query: QUERY, variables: { representations } }, context).catch(
      (error: unknown) => {
        throw error instanceof SubgraphUnavailableError ? unavailableError(error) : error;
      },
    );
    const [error] = answer.errors ?? [];
    const entities: unknown = answer.data && Reflect.get(answer.data, '_entities');
    if (!Array.isArray(entities)) throw error ?? new Error(`${owner} did not answer for ${type}`);
    return new Set(ids.filter((_, at) => entities[at] !== null && entities[at] !== undefined));
  };
}
