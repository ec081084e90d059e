import type { Schema, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { type DocumentNode, GraphQLSchema, Kind } from 'graphql';
import { LRUCache } from 'lru-cache';
import { createExecutor, type Executor } from '../executor/executor.ts';
import type { LiveOperation } from './live-ports.ts';
import { planSubscription, type SubscriptionPlan } from './subscription-plan.ts';

/** What it takes to plan a subscription. */
export interface PlanningSchema {
  /** What clients see. */
  readonly schema: GraphQLSchema;
  readonly api: Schema;
  readonly planner: QueryPlanner;
  readonly executor: Executor;
  /** The schema of a subgraph as the supergraph tells it: without resolvers. */
  ownerSchema(name: string): GraphQLSchema;
}

/** Everything that follows from one supergraph, and the plans that were made with it. */
export interface LiveSchema extends PlanningSchema {
  /** The subgraphs that own a subscription. */
  readonly owners: readonly string[];
  /** Plans are kept; planning is what makes a subscription expensive to begin. */
  planOf(operation: LiveOperation): SubscriptionPlan;
}

export function liveSchema(
  supergraph: Supergraph,
  { cursorArgument, planCacheSize }: { cursorArgument: string; planCacheSize: number },
): LiveSchema {
  const api = supergraph.apiSchema();
  const schema = api.toGraphQLJSSchema();
  const plans = new LRUCache<string, SubscriptionPlan>({ max: planCacheSize });
  const owners = new Map<string, GraphQLSchema>();
  const planning: PlanningSchema = {
    schema,
    api,
    planner: new QueryPlanner(supergraph),
    executor: createExecutor({ supergraph, apiSchema: schema }),
    ownerSchema(name) {
      let schema = owners.get(name);
      if (!schema) {
        const extracted = supergraph.subgraphs().get(name)?.schema;
        if (!extracted) throw new TypeError(`The supergraph has no subgraph ${name}.`);
        // A subgraph need not have queries of its own, and was validated when the supergraph was composed.
        schema = new GraphQLSchema({ ...extracted.toGraphQLJSSchema().toConfig(), assumeValid: true });
        owners.set(name, schema);
      }
      return schema;
    },
  };
  return {
    ...planning,
    owners: supergraph
      .subgraphs()
      .values()
      .filter((subgraph) => subgraph.schema.schemaDefinition.rootType('subscription') !== undefined)
      .map(({ name }) => name),
    planOf(operation) {
      const { document, text } = operation;
      // Of a document with one operation its name tells nothing. No document contains the separator.
      const operationName = hasOneOperation(document) ? undefined : operation.operationName;
      const key = operationName === undefined ? text : `${operationName}\0${text}`;
      let plan = plans.get(key);
      if (!plan) {
        plan = planSubscription(planning, { ...operation, operationName }, cursorArgument);
        plans.set(key, plan);
      }
      return plan;
    },
  };
}

function hasOneOperation({ definitions }: DocumentNode): boolean {
  let operations = 0;
  for (const { kind } of definitions) if (kind === Kind.OPERATION_DEFINITION) operations += 1;
  return operations === 1;
}
