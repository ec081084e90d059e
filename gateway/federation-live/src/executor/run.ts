import type { GraphQLError } from 'graphql';
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

/** Adds an error unless there are too many already. */
export function addError(run: Run, error: GraphQLError): void {
  if (run.errors.length < MAX_ERRORS) run.errors.push(error);
}
