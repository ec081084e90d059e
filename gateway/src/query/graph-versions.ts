import type { DocumentNode } from 'graphql';
import type { Documents } from '../limits/documents.ts';
import type { FetchSubgraph } from './fetch.ts';
import type { Graph } from './graph.ts';
import type { QueryEngine } from './query-engine.ts';

/** All that depends on the composed graph and is used by requests. */
export interface GraphVersion {
  graph: Graph;
  documents: Documents;
  engine: QueryEngine;
  fetch: FetchSubgraph;
}

export interface GraphVersions {
  /** The graph of now. */
  graph(): Graph;
  /** Prepares with the graph of now. */
  documents: Documents;
  /** Runs each operation with the graph it was prepared with. */
  engine: QueryEngine;
  fetch: FetchSubgraph;
  /** From now on this one; what was prepared with the one before ends with it. */
  replace(next: GraphVersion): void;
}

/**
 * The graph can change while requests are in progress: a document that was
 * validated against one graph is planned and run in no other.
 */
export function graphVersions(first: GraphVersion, options: { retireMs: number }): GraphVersions {
  let current = first;
  const retired = new Map<GraphVersion, NodeJS.Timeout>();
  const owners = new WeakMap<DocumentNode, GraphVersion>();
  const ownerOf = ({ document }: { document: DocumentNode }): GraphVersion => owners.get(document) ?? current;

  const retire = (version: GraphVersion): void => {
    // By then every request that was prepared with it has met its deadline.
    const timer = setTimeout(() => {
      retired.delete(version);
      void version.engine.stop();
    }, options.retireMs);
    retired.set(version, timer.unref());
  };

  return {
    graph: () => current.graph,
    documents: {
      prepare(request) {
        const prepared = current.documents.prepare(request);
        if (!owners.has(prepared.document)) owners.set(prepared.document, current);
        return prepared;
      },
      byHash: (hash) => current.documents.byHash(hash),
    },
    engine: {
      http: (operation) => ownerOf(operation.prepared).engine.http(operation),
      execute: (operation, context) => ownerOf(operation).engine.execute(operation, context),
      warm: (operation) => ownerOf(operation).engine.warm(operation),
      counts: () => current.engine.counts(),
      async stop() {
        for (const timer of retired.values()) clearTimeout(timer);
        await Promise.all([...retired.keys(), current].map((version) => version.engine.stop()));
        retired.clear();
      },
    },
    fetch: (service, request, context) => current.fetch(service, request, context),
    replace(next) {
      retire(current);
      current = next;
    },
  };
}
