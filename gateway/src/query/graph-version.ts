import type { KeptAnswers } from '../cache/kept-answers.ts';
import type { Logger } from '@marketgraph/platform/telemetry';
import { GRAPH_SUBGRAPH, graphSubgraphSchema } from '../graph/graph-subgraph.ts';
import { apiScopesOf, idempotentMutations } from '../graph/gateway-directives.ts';
import { askOwners } from '../graph/node-owners.ts';
import { createDocuments } from '../limits/documents.ts';
import type { OperationLimits } from '../limits/operation-limits.ts';
import type { PersistedOperations } from '../persisted/persisted-operations.ts';
import type { ExecutorName } from './executors.ts';
import type { FetchSubgraph } from './fetch.ts';
import type { Graph } from './graph.ts';
import type { GraphVersion } from './graph-versions.ts';
import { withLocalSubgraph } from './local-fetch.ts';
import { type BeforeOperation, createQueryEngine } from './query-engine.ts';
import { tellUnavailable } from './tell-unavailable.ts';

export interface VersionParts {
  executor: ExecutorName;
  limits: OperationLimits;
  persisted: PersistedOperations;
  introspection: boolean;
  beforeOperation: BeforeOperation;
  /** Rejects when a subgraph cannot be reached. */
  fetch: FetchSubgraph;
  /** The same for queries, which may be answered by what is kept. */
  cached(fetch: FetchSubgraph): FetchSubgraph;
  answers: KeptAnswers;
  log: Logger;
}

/** From a composed graph to all that runs operations on it. */
export async function graphVersion(graph: Graph, parts: VersionParts): Promise<GraphVersion> {
  const { executor, limits, persisted, introspection, beforeOperation, log } = parts;
  const node = graphSubgraphSchema(typesOf(graph), askOwners(parts.fetch));
  const told = tellUnavailable(parts.fetch, { log, idempotent: idempotentMutations(graph.supergraph) });
  const fetch = withLocalSubgraph(GRAPH_SUBGRAPH, node, told);
  const apiScopes = apiScopesOf(graph.supergraph);
  const documents = createDocuments({ schema: graph.schema, limits, introspection, persisted, apiScopes });
  const engine = await createQueryEngine({
    graph,
    executor,
    fetch: parts.cached(fetch),
    answers: parts.answers,
    documents,
    introspection,
    maxTokens: limits.maxTokens,
    log,
    beforeOperation,
  });
  return { graph, documents, engine, fetch };
}

/** The types of the gateway's own subgraph. */
function typesOf({ supergraph }: Graph): ReadonlySet<string> {
  const own = supergraph.subgraphs().get(GRAPH_SUBGRAPH);
  return new Set(own?.schema.types().map(({ name }) => name));
}
