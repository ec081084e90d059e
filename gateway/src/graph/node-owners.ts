import type { SubgraphTransport } from '@marketgraph/platform/serve';
import { GraphQLError } from 'graphql';
import type { GraphContext } from '../query/graph-context.ts';
import type { SeenBy } from './graph-subgraph.ts';

const QUERY = 'query($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }';

/**
 * The owner of an entity decides whether it is there for a viewer: a missing
 * one and a forbidden one are both null, also when nothing but the id is asked.
 */
export function askOwners(transport: SubgraphTransport, timeoutMs: number): SeenBy<GraphContext> {
  return async ({ type, owner }, ids, context) => {
    const { viewer, requestId, traceparent, deadlineAt } = context;
    const answer = await transport
      .execute(owner, {
        query: QUERY,
        variables: { representations: ids.map((id) => ({ __typename: type, id })) },
        viewer,
        requestId,
        traceparent,
        deadlineAt: Math.min(deadlineAt, Date.now() + timeoutMs),
      })
      .catch((error: unknown) => {
        throw new GraphQLError(`${owner} is not available at the moment.`, {
          originalError: error instanceof Error ? error : undefined,
          extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: owner, retryable: true },
        });
      });
    const [error] = answer.errors ?? [];
    const entities = answer.data?.['_entities'];
    if (!Array.isArray(entities)) throw error ?? new Error(`${owner} did not answer for ${type}`);
    return new Set(ids.filter((_, at) => entities[at] !== null && entities[at] !== undefined));
  };
}
