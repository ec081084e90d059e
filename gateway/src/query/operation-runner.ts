import { operationFromDocument } from '@apollo/federation-internals';
import { type QueryPlan, QueryPlanner } from '@apollo/query-planner';
import { type CompiledPlan, createExecutor, UnsupportedPlanError } from '@marketgraph/federation-live';
import { graphqlError } from '@marketgraph/platform/graphql';
import { type DocumentNode, GraphQLError, getVariableValues, type OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { FetchAhead, FetchSubgraph } from './fetch.ts';
import type { Graph } from './graph.ts';
import type { GraphContext } from './graph-context.ts';

export interface RunnableOperation {
  document: DocumentNode;
  /** Of that document; the same object each time the same document is run. */
  operation: OperationDefinitionNode;
}

export interface OperationResult {
  /** Absent: the operation was not run. */
  data?: object | null;
  errors?: readonly GraphQLError[];
}

/** Runs queries and mutations that have been validated: planned and compiled once, then kept. */
export interface OperationRunner {
  /** Rejects with a GraphQLError when the operation cannot be planned. */
  run(
    operation: RunnableOperation,
    variables: Readonly<Record<string, unknown>>,
    context: GraphContext,
  ): Promise<OperationResult>;
  /** Plans it now, so that its first request does not. */
  warm(operation: RunnableOperation): void;
  counts(): { planned: number; kept: number };
}

const KEPT_PLANS = 1_000;
/** As JSON; a compiled plan is a few times that. */
const KEPT_BYTES = 16 * 1024 * 1024;

export function createOperationRunner(graph: Graph, fetch: FetchSubgraph): OperationRunner {
  const planner = new QueryPlanner(graph.supergraph);
  const executor = createExecutor({ supergraph: graph.supergraph, apiSchema: graph.schema });
  const plans = new LRUCache<OperationDefinitionNode, { compiled: CompiledPlan; bytes: number }>({
    max: KEPT_PLANS,
    maxSize: KEPT_BYTES,
    sizeCalculation: ({ bytes }) => bytes,
  });
  let planned = 0;

  const planOf = ({ document, operation }: RunnableOperation): CompiledPlan => {
    const known = plans.get(operation);
    if (known) return known.compiled;
    const operationName = operation.name?.value;
    try {
      planned += 1;
      const plan: QueryPlan = planner.buildQueryPlan(operationFromDocument(graph.api, document, { operationName }));
      const compiled = executor.compile({ plan, document, operationName });
      plans.set(operation, { compiled, bytes: JSON.stringify(plan).length });
      return compiled;
    } catch (error) {
      throw asRefusal(error);
    }
  };

  return {
    async run(runnable, variables, context) {
      const compiled = planOf(runnable);
      const values = variablesOf(graph, runnable.operation, variables);
      if ('errors' in values) return values;
      return compiled.run({
        variables: values.coerced,
        fetch: (planFetch) => sentAhead(planFetch, context) ?? fetch(planFetch.service, planFetch, context),
      });
    },
    warm: (operation) => void planOf(operation),
    counts: () => ({ planned, kept: plans.size }),
  };
}

function sentAhead(
  { service, query }: { service: string; query: string },
  context: GraphContext,
): FetchAhead['answer'] | undefined {
  const { ahead } = context;
  if (ahead?.service !== service || ahead.query !== query) return undefined;
  context.ahead = undefined;
  return ahead.answer;
}

const NO_VARIABLES = { coerced: {} };

/** Coerced once, here, with the operation's defaults; what does not fit is the client's mistake. */
function variablesOf(
  { schema }: Graph,
  { variableDefinitions }: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): { coerced: Record<string, unknown> } | { errors: GraphQLError[] } {
  if (!variableDefinitions || variableDefinitions.length === 0) return NO_VARIABLES;
  const { coerced, errors } = getVariableValues(schema, variableDefinitions, variables);
  if (coerced) return { coerced };
  return {
    errors: errors.map(
      ({ message, nodes }) => new GraphQLError(message, { nodes, extensions: { code: 'BAD_USER_INPUT' } }),
    ),
  };
}

const BAD_REQUEST = { http: { status: 400 } };

/** What planner and executor do not take is the client's mistake, not ours. */
function asRefusal(error: unknown): unknown {
  if (error instanceof UnsupportedPlanError) return graphqlError('BAD_REQUEST', error.message, BAD_REQUEST);
  // The planner's own limits.
  if (error instanceof Error && error.message.startsWith('Exceeded maximum')) {
    return graphqlError('OPERATION_TOO_COMPLEX', 'The operation cannot be planned.', BAD_REQUEST);
  }
  return error;
}
