import { buildOperationContext } from '@apollo/gateway';
import { operationFromDocument, type Schema, type Supergraph } from '@apollo/federation-internals';
import type { FetchNode, QueryPlan, QueryPlanner } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  GraphQLID,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
  visit,
} from 'graphql';
import { refused } from './live-error.ts';

/** The service that stands in the plan for the event itself. */
export const EVENT_SERVICE = '@event';

/** A subscription as far as it does not depend on variables or callers: worth caching. */
export interface SubscriptionPlan {
  document: DocumentNode;
  operation: OperationDefinitionNode;
  field: GraphQLField<unknown, unknown>;
  fieldNode: FieldNode;
  /** The subgraph that owns the field; its name is also the domain of its events. */
  owner: string;
  primary: FetchNode;
  /** The primary fetch, answered by the event, then what other subgraphs add. */
  plan: QueryPlan;
  operationContext: ReturnType<typeof buildOperationContext>;
  /** The argument that names what is watched: the first of type ID or [ID!]. */
  keyArgument: { name: string; isList: boolean } | null;
  /** The variable that carries the cursor and nothing else; it does not tell two subscriptions apart. */
  cursorVariable: string | null;
}

export interface PlannerSchemas {
  supergraph: Supergraph;
  api: Schema;
  schema: GraphQLSchema;
  planner: QueryPlanner;
  cursorArgument: string;
}

/** Plans a subscription that has been validated; what the planner cannot take is the client's mistake. */
export function planSubscription(
  schemas: PlannerSchemas,
  document: DocumentNode,
  operationName: string | undefined,
): SubscriptionPlan {
  const { api, schema, planner, cursorArgument } = schemas;
  const operationContext = buildOperationContext({ schema, operationDocument: document, operationName });
  const operation = operationContext.operation;
  const fieldNode = rootFieldOf(operation, document);
  const field = schema.getSubscriptionType()?.getFields()[fieldNode.name.value];
  if (!field) refused('BAD_REQUEST', 'This subscription does not exist.');
  const node = buildPlan(planner, api, document, operationName).node;
  if (node?.kind !== 'Subscription') refused('BAD_REQUEST', 'This subscription cannot be planned.');
  const { primary, rest } = node;
  const event: FetchNode = { ...primary, serviceName: EVENT_SERVICE };
  return {
    document,
    operation,
    field,
    fieldNode,
    owner: primary.serviceName,
    primary,
    plan: { kind: 'QueryPlan', node: { kind: 'Sequence', nodes: rest ? [event, rest] : [event] } },
    operationContext,
    keyArgument: keyArgumentOf(field.args),
    cursorVariable: cursorVariableOf(operation, document, fieldNode, cursorArgument),
  };
}

function buildPlan(planner: QueryPlanner, api: Schema, document: DocumentNode, operationName: string | undefined) {
  try {
    return planner.buildQueryPlan(operationFromDocument(api, document, { operationName }));
  } catch {
    // E.g. a condition on the root field: valid GraphQL 16, no plan.
    return refused('BAD_REQUEST', 'This subscription cannot be planned.');
  }
}

function rootFieldOf(operation: OperationDefinitionNode, document: DocumentNode): FieldNode {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  // Validation has seen to it that there is one field and no cycle.
  let [selection] = operation.selectionSet.selections;
  while (selection && selection.kind !== Kind.FIELD) {
    const holder = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    selection = holder?.selectionSet.selections[0];
  }
  if (!selection) refused('BAD_REQUEST', 'A subscription selects one field.');
  if (selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')) {
    refused('BAD_REQUEST', 'The field of a subscription cannot be conditional.');
  }
  return selection;
}

function keyArgumentOf(args: readonly GraphQLArgument[]): SubscriptionPlan['keyArgument'] {
  const argument = args.find(({ type }) => getNamedType(type) === GraphQLID);
  if (!argument) return null;
  const type = isNonNullType(argument.type) ? argument.type.ofType : argument.type;
  return { name: argument.name, isList: isListType(type) };
}

function cursorVariableOf(
  operation: OperationDefinitionNode,
  document: DocumentNode,
  fieldNode: FieldNode,
  cursorArgument: string,
): string | null {
  const value = fieldNode.arguments?.find(({ name }) => name.value === cursorArgument)?.value;
  if (value?.kind !== Kind.VARIABLE) return null;
  const name = value.name.value;
  if (!operation.variableDefinitions?.some(({ variable }) => variable.name.value === name)) return null;
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable(variable) {
      if (variable.name.value === name) uses += 1;
    },
  });
  return uses === 1 ? name : null;
}
