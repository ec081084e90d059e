import { type Schema, Supergraph } from '@apollo/federation-internals';
import type { GraphQLSchema } from 'graphql';
import { assertEnforced } from '../graph/enforced-directives.ts';

/** One composed graph, read once for everybody who plans or validates with it. */
export interface Graph {
  sdl: string;
  supergraph: Supergraph;
  api: Schema;
  /** What clients see. */
  schema: GraphQLSchema;
  /** The names of its subgraphs. */
  subgraphs: readonly string[];
}

/** Throws when it is not a supergraph, or one that relies on what is not enforced here. */
export function readGraph(sdl: string): Graph {
  const supergraph = Supergraph.build(sdl, { supportedFeatures: null, validateSupergraph: false });
  assertEnforced(supergraph);
  const api = supergraph.apiSchema();
  return { sdl, supergraph, api, schema: api.toGraphQLJSSchema(), subgraphs: supergraph.subgraphs().names() };
}
