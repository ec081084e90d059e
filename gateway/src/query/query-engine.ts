import type { IncomingHttpHeaders } from 'node:http';
import type { KeptAnswers } from '../cache/kept-answers.ts';
import type { Logger } from '@marketgraph/platform/telemetry';
import type { ExecutionResult } from 'graphql';
import type { Documents, PreparedOperation, ResolvedOperation } from '../limits/documents.ts';
import { startApolloFront } from './apollo-front.ts';
import { ownGateway } from './composed-gateway.ts';
import { directFront, plainContentType } from './direct-front.ts';
import type { ExecutorName } from './executors.ts';
import type { FetchSubgraph } from './fetch.ts';
import type { Graph } from './graph.ts';
import type { GraphContext } from './graph-context.ts';
import { createOperationRunner, type RunnableOperation } from './operation-runner.ts';

/** One HTTP request whose operation has been prepared. */
export interface HttpOperation {
  method: string;
  search: string;
  headers: IncomingHttpHeaders;
  body: unknown;
  prepared: PreparedOperation;
  variables?: Readonly<Record<string, unknown>> | null | undefined;
  context: GraphContext;
}

export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
}

/** One query or mutation of a socket or a stream. */
export interface OperationOfSocket extends PreparedOperation {
  operationName?: string | undefined;
  variables?: Record<string, unknown>;
}

/** Runs before an operation is executed, so not for a query whose answer is kept; a thrown GraphQLError is the answer. */
export type BeforeOperation = (
  operation: { prepared: ResolvedOperation; variables: Readonly<Record<string, unknown>> },
  context: GraphContext,
) => Promise<void> | undefined;

export interface QueryEngine {
  http(operation: HttpOperation): Promise<HttpAnswer>;
  execute(operation: OperationOfSocket, context: GraphContext): Promise<ExecutionResult>;
  /** Plans an operation before it is asked for. */
  warm(operation: RunnableOperation): void;
  /** Operations planned since the start, and plans that are kept. */
  counts(): { planned: number; kept: number };
  stop(): Promise<void>;
}

export interface QueryEngineOptions {
  graph: Graph;
  executor: ExecutorName;
  fetch: FetchSubgraph;
  documents: Documents;
  introspection: boolean;
  maxTokens: number;
  log: Logger;
  beforeOperation: BeforeOperation;
  answers: KeptAnswers;
}

/**
 * Queries and mutations, on documents that passed our own door: straight to
 * our executor where nothing has to be negotiated, else through Apollo Server.
 */
export async function createQueryEngine(options: QueryEngineOptions): Promise<QueryEngine> {
  const { graph, executor, fetch, log, beforeOperation, answers } = options;
  if (executor === 'stock') {
    // Loaded only here: nothing else needs that package, which takes as long to load and as much memory as all others of the gateway.
    const { stockGateway } = await import('./stock-gateway.ts');
    const apollo = await startApolloFront({ ...options, gateway: stockGateway(graph, fetch, log) });
    return { ...apollo, warm: () => undefined, counts: () => ({ planned: 0, kept: 0 }) };
  }
  const runner = createOperationRunner(graph, fetch);
  const apollo = await startApolloFront({ ...options, gateway: ownGateway(graph, runner) });
  const direct = directFront({ runner, fetch, beforeOperation, answers, log });
  return {
    http(operation) {
      const contentType = operation.method === 'POST' ? plainContentType(operation.headers.accept) : undefined;
      if (contentType === undefined) return apollo.http(operation);
      const { prepared, variables, context } = operation;
      return direct.answer({ ...prepared, variables }, context, contentType);
    },
    execute: (operation, context) => direct.execute(operation, context),
    warm: (operation) => runner.warm(operation),
    counts: () => runner.counts(),
    stop: () => apollo.stop(),
  };
}
