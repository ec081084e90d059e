import type { Supergraph } from '@apollo/federation-internals';
import type { PlanNode, QueryPlan } from '@apollo/query-planner';
import { type DocumentNode, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { type CompiledOperation, compileOperation } from './operation.ts';
import { compileSteps } from './plan-step.ts';
import { supergraphTypes } from './supergraph-types.ts';
import { startRun } from './run.ts';

/** One fetch of a plan. `service` is `@event` for the root of a subscription. */
export interface ServiceFetch {
  service: string;
  /** The same string object for every run of a plan: cheap to key caches with. */
  query: string;
  operationName?: string;
  variables: Record<string, unknown>;
}

export interface ServiceAnswer {
  data?: object | null;
  errors?: readonly GraphQLFormattedError[];
}

/** Sends one fetch. The executor never changes what it answers, so answers may be shared and frozen. */
export type ServiceFetcher = (fetch: ServiceFetch) => Promise<ServiceAnswer>;

export interface PlanRun {
  /** Coerced, defaults included. */
  variables: Record<string, unknown>;
  fetch: ServiceFetcher;
}

export interface PlanResult {
  data: object | null;
  errors?: GraphQLError[];
}

/** A plan made ready to run: keep it as long as the plan. Holds nothing of a run. */
export interface CompiledPlan {
  /** Never rejects on account of a service: what fails is an error of the result. */
  run(run: PlanRun): Promise<PlanResult>;
}

export interface CompileOptions {
  plan: QueryPlan;
  /** Has been validated against the API schema. */
  document: DocumentNode;
  operationName?: string | undefined;
}

export interface Executor {
  /** Throws `UnsupportedPlanError` for `@defer`, `@fromContext` and reserved names. */
  compile(options: CompileOptions): CompiledPlan;
}

export interface ExecutorOptions {
  supergraph: Supergraph;
  /** What clients see; built from the supergraph when it is not given. */
  apiSchema?: GraphQLSchema | undefined;
}

/** The service that stands for the event in the plan of a subscription. */
const EVENT = '@event';

/**
 * Runs the stock planner's plans. All that follows from plan and operation is
 * worked out once, in `compile`; a run walks closures over the answers.
 */
export function createExecutor({ supergraph, apiSchema }: ExecutorOptions): Executor {
  const schema = apiSchema ?? supergraph.apiSchema().toGraphQLJSSchema();
  const types = supergraphTypes(supergraph.schema);
  return {
    compile({ plan, document, operationName }) {
      const operation = compileOperation({ schema, document, operationName });
      const node = planNodeOf(plan);
      const step = node ? compileSteps({ node, types }) : null;
      return {
        async run({ variables, fetch }) {
          const refusal = refusalOf(operation, variables);
          if (refusal) return { data: null, errors: [refusal] };
          const run = startRun({ variables, fetch });
          if (step) await step(run);
          const data = operation.project(run);
          return run.errors.length > 0 ? { data, errors: run.errors } : { data };
        },
      };
    },
  };
}

function planNodeOf({ node }: QueryPlan): PlanNode | undefined {
  if (node?.kind !== 'Subscription') return node;
  const event: PlanNode = { ...node.primary, serviceName: EVENT };
  return node.rest ? { kind: 'Sequence', nodes: [event, node.rest] } : event;
}

/** Coerced variables are never refused here; a caller that forgot to coerce gets an error instead of wrong data. */
function refusalOf({ conditionVariables }: CompiledOperation, variables: Record<string, unknown>): GraphQLError | null {
  for (const name of conditionVariables) {
    if (typeof variables[name] !== 'boolean') {
      return new GraphQLError(`Variable "$${name}" decides on @skip or @include and must be a Boolean.`, {
        extensions: { code: 'BAD_USER_INPUT' },
      });
    }
  }
  return null;
}
