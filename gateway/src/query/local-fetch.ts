import { type DocumentNode, execute, type GraphQLSchema, parse } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { FetchSubgraph, SubgraphAnswer } from './fetch.ts';

const CACHED_DOCUMENTS = 500;

/** Sends the fetches of one service to a schema of this process, all others on. */
export function withLocalSubgraph(service: string, schema: GraphQLSchema, others: FetchSubgraph): FetchSubgraph {
  const documents = new LRUCache<string, DocumentNode>({ max: CACHED_DOCUMENTS });
  return async (name, request, context) => {
    if (name !== service) return others(name, request, context);
    let document = documents.get(request.query);
    if (!document) {
      document = parse(request.query, { noLocation: true });
      documents.set(request.query, document);
    }
    const { operationName, variables } = request;
    const result = await execute({
      schema,
      document,
      operationName,
      variableValues: variables,
      contextValue: context,
    });
    return result as SubgraphAnswer;
  };
}
