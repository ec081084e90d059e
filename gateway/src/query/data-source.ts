import type { GraphQLDataSource, GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import { writable } from '../cache/kept-json.ts';
import type { FetchSubgraph } from './fetch.ts';
import type { GraphContext } from './graph-context.ts';

type Answer = Awaited<ReturnType<GraphQLDataSource['process']>>;

/** One subgraph as the stock executor sees it. */
export function dataSourceOver(fetch: FetchSubgraph, service: string): GraphQLDataSource<GraphContext> {
  return {
    async process({ request, context }: GraphQLDataSourceProcessOptions<GraphContext>): Promise<Answer> {
      const { query = '', operationName, variables = {} } = request;
      const { data, errors } = await fetch(service, { query, operationName, variables }, context as GraphContext);
      // That executor writes into what it is given. Errors may be as they came off a wire; it reads message, path and
      // extensions alone.
      return { ...(data === undefined ? {} : { data: writable(data) }), ...(errors ? { errors } : {}) } as Answer;
    },
  };
}
