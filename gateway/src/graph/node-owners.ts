import { SubgraphUnavailableError } from '@marketgraph/platform/serve';
import { GraphQLError } from 'graphql';
import type { FetchSubgraph } from '../query/fetch.ts';
import type { GraphContext } from '../query/graph-context.ts';
import { unavailableError } from '../query/tell-unavailable.ts';
import type { SeenBy } from './graph-subgraph.ts';

const QUERY = 'query($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }';

/** Answers of an owner that has looked. */
const SAYS_NO: ReadonlySet<unknown> = new Set(['UNAUTHENTICATED', 'FORBIDDEN', 'BAD_USER_INPUT']);

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
    const entities: unknown = answer.data && Reflect.get(answer.data, '_entities');
    const failure = answer.errors?.find(({ extensions }) => !SAYS_NO.has(extensions?.['code']));
    // An owner that could not look has not said that there is nothing.
    if (failure) throw new GraphQLError(failure.message, { extensions: failure.extensions ?? {} });
    if (!Array.isArray(entities)) throw new Error(`${owner} did not answer for ${type}`);
    return new Set(ids.filter((_, at) => entities[at] !== null && entities[at] !== undefined));
  };
}
