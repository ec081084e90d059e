import { GraphQLError, type GraphQLErrorOptions } from 'graphql';
import type { PlanRun, ServiceFetcher } from './executor.ts';
import type { JsonObject } from './json-object.ts';

/** One run of a plan: the merged answers so far and what went wrong. */
export interface Run {
  readonly variables: JsonObject;
  readonly fetch: ServiceFetcher;
  readonly root: JsonObject;
  readonly errors: GraphQLError[];
  /** Where nulls are explained by an error that is told already; `@` stands for any index. */
  readonly explained: (readonly (string | number)[])[];
}

/** More errors than these tell a client nothing new. */
export const MAX_ERRORS = 1_000;

export function startRun({ variables, fetch }: PlanRun): Run {
  return { variables, fetch, root: {}, errors: [], explained: [] };
}

/**
 * Adds an error unless there are too many already. It has no stack of its own:
 * that would only show the way through this executor, at a price that counts
 * when each of hundreds of objects lacks a field.
 */
export function addError(run: Run, message: string, options: GraphQLErrorOptions): void {
  if (run.errors.length >= MAX_ERRORS) return;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    run.errors.push(new GraphQLError(message, options));
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
