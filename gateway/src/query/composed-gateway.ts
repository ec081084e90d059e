import type { Logger } from '@marketgraph/platform/telemetry';
import type { DocumentNode, ExecutionResult, OperationDefinitionNode } from 'graphql';
import type { Graph } from './graph.ts';
import type { GraphContext } from './graph-context.ts';
import type { OperationRunner } from './operation-runner.ts';

/** What Apollo Server asks of a gateway: a schema, and who executes. */
export interface ComposedGateway {
  onSchemaLoadOrUpdate(
    callback: (context: { apiSchema: Graph['schema']; coreSupergraphSdl: string }) => void,
  ): () => void;
  load(): Promise<{ schema: Graph['schema']; executor(request: ExecutorRequest): Promise<ExecutionResult> }>;
  stop(): Promise<void>;
}

interface ExecutorRequest {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  request: { variables?: Record<string, unknown> };
  context: GraphContext;
}

/** Our own executor behind that seam. It plans for itself: no second planner, no second copy of the supergraph. */
export function ownGateway(graph: Graph, runner: OperationRunner): ComposedGateway {
  return {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: graph.schema, coreSupergraphSdl: graph.sdl });
      return () => undefined;
    },
    load: async () => ({
      schema: graph.schema,
      executor: ({ document, operation, request, context }) =>
        runner.run({ document, operation }, request.variables ?? {}, context) as Promise<ExecutionResult>,
    }),
    stop: async () => undefined,
  };
}

export function apolloLogger(log: Logger) {
  const at = (level: 'debug' | 'warn' | 'error') => (message: unknown) => {
    const text = String(message);
    // Our data sources go through the transport; addresses are not the composed graph's business.
    log[text.endsWith('is missing a url') ? 'debug' : level](text);
  };
  return { debug: at('debug'), info: at('debug'), warn: at('warn'), error: at('error') };
}
