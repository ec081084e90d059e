import { createHash } from 'node:crypto';
import { operationFromDocument } from '@apollo/federation-internals';
import type { FetchNode } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLArgument,
  type GraphQLField,
  GraphQLID,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  visit,
} from 'graphql';
import type { CompiledPlan } from '../executor/executor.ts';
import { refused } from './live-error.ts';
import type { LiveOperation } from './live-ports.ts';
import type { PlanningSchema } from './live-schema.ts';

/** The service that stands in the plan for the event itself. */
export const EVENT_SERVICE = '@event';

/** A subscription as far as it does not depend on variables or callers: worth caching. */
export interface SubscriptionPlan {
  /** The same for the same document and operation name, whatever the schema. */
  key: string;
  /** What clients see; two plans of one schema have the same. */
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  field: GraphQLField<unknown, unknown>;
  fieldNode: FieldNode;
  /** The subgraph that owns the field; its name is also the domain of its events. */
  owner: string;
  ownerSchema: () => GraphQLSchema;
  primary: FetchNode;
  primaryDocument: DocumentNode;
  /** The primary fetch, answered by the event, then what other subgraphs add. */
  compiled: CompiledPlan;
  /** The argument that names what is watched: the first of type ID or [ID!]. */
  keyArgument: string | null;
  /** The variable that carries the cursor and nothing else; it does not tell two subscriptions apart. */
  cursorVariable: string | null;
}

/** Plans a subscription that has been validated; what the planner cannot take is the client's mistake. */
export function planSubscription(
  planning: PlanningSchema,
  { document, text, operationName }: LiveOperation,
  cursorArgument: string,
): SubscriptionPlan {
  const { schema, executor } = planning;
  const operation = operationOf(document, operationName);
  const fieldNode = rootFieldOf(operation, document);
  const field = schema.getSubscriptionType()?.getFields()[fieldNode.name.value];
  if (!field) refused('BAD_REQUEST', 'This subscription does not exist.');
  const plan = buildPlan(planning, document, operationName);
  const { node } = plan;
  if (node?.kind !== 'Subscription') refused('BAD_REQUEST', 'This subscription cannot be planned.');
  const { primary } = node;
  return {
    key: createHash('sha256')
      .update(JSON.stringify([text, operationName ?? null]))
      .digest('base64url'),
    schema,
    operation,
    field,
    fieldNode,
    owner: primary.serviceName,
    ownerSchema: () => planning.ownerSchema(primary.serviceName),
    primary,
    primaryDocument: parse(primary.operation, { noLocation: true }),
    compiled: executor.compile({ plan, document, operationName }),
    keyArgument: keyArgumentOf(field.args),
    cursorVariable: cursorVariableOf(operation, document, fieldNode, cursorArgument),
  };
}

function buildPlan({ planner, api }: PlanningSchema, document: DocumentNode, operationName: string | undefined) {
  try {
    return planner.buildQueryPlan(operationFromDocument(api, document, { operationName }));
  } catch {
    // E.g. a condition on the root field: valid GraphQL 16, no plan.
    return refused('BAD_REQUEST', 'This subscription cannot be planned.');
  }
}

function operationOf(document: DocumentNode, operationName: string | undefined): OperationDefinitionNode {
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const [operation, another] = operationName
    ? operations.filter(({ name }) => name?.value === operationName)
    : operations;
  if (!operation || another) refused('BAD_REQUEST', 'Say which operation of the document is meant.');
  return operation;
}

function rootFieldOf(operation: OperationDefinitionNode, document: DocumentNode): FieldNode {
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  );
  // Validation has seen to it that there is no cycle, and should have to it that there is one field.
  let [selection, another] = operation.selectionSet.selections;
  while (selection && !another && selection.kind !== Kind.FIELD) {
    const holder = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    [selection, another] = holder?.selectionSet.selections ?? [];
  }
  if (another || selection?.kind !== Kind.FIELD) refused('BAD_REQUEST', 'A subscription selects one field.');
  if (selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')) {
    refused('BAD_REQUEST', 'The field of a subscription cannot be conditional.');
  }
  return selection;
}

function keyArgumentOf(args: readonly GraphQLArgument[]): string | null {
  return args.find(({ type }) => getNamedType(type) === GraphQLID)?.name ?? null;
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
