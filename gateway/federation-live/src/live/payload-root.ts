import { type DocumentNode, execute, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { LoggedEvent, StreamRoot, SubgraphResult } from './live-ports.ts';

/**
 * By subscription field: the field's value as an event's payload tells it, the
 * same that the owner would answer to anyone who may listen. Null: ask the owner.
 */
export type PayloadRoots = Readonly<
  Record<string, (event: LoggedEvent, root: StreamRoot) => Record<string, unknown> | null>
>;

export interface PayloadRun {
  /** The owner's schema, as the supergraph tells it: no resolvers. */
  schema: GraphQLSchema;
  /** The primary fetch of the plan. */
  document: DocumentNode;
  fieldName: string;
  variables: Readonly<Record<string, unknown>>;
  value: Record<string, unknown>;
}

interface Told {
  everything: boolean;
}

/**
 * Runs the primary fetch on a payload instead of in the owner. Null when the
 * payload lacks anything that is selected, or does not fit the schema: then
 * only the owner knows.
 */
export function runPayload({ schema, document, fieldName, variables, value }: PayloadRun): SubgraphResult | null {
  const told: Told = { everything: true };
  const result = execute({
    schema,
    document,
    rootValue: { [fieldName]: value },
    variableValues: variables,
    contextValue: told,
    fieldResolver: fromPayload,
  });
  if (result instanceof Promise || !told.everything || result.errors) return null;
  return { data: result.data ?? null };
}

const fromPayload: GraphQLFieldResolver<Record<string, unknown>, Told> = (source, args, told, { fieldName, path }) => {
  // What a field answers for given arguments is known to its owner alone; those of the root chose the event.
  const isTold = Object.hasOwn(source, fieldName) && (path.prev === undefined || Object.keys(args).length === 0);
  const value = isTold ? source[fieldName] : undefined;
  if (value === undefined) told.everything = false;
  return value;
};
