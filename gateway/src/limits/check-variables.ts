import type { GraphQLError } from 'graphql';
import { graphqlError } from '@marketgraph/platform/graphql';

const MAX_DEPTH = 32;
const MAX_VALUES = 20_000;

/** Variables are walked by recursion later; here by a loop, so that none is nested deeper than that can take. */
export function checkVariables(variables: Readonly<Record<string, unknown>>): GraphQLError | null {
  let values = 0;
  let level: unknown[] = [variables];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH)
      return graphqlError('OPERATION_TOO_COMPLEX', `Variables are nested deeper than ${MAX_DEPTH}.`);
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) return unstorable();
      if (value === null || typeof value !== 'object') continue;
      const inner = Object.values(value);
      values += inner.length;
      if (values > MAX_VALUES)
        return graphqlError('OPERATION_TOO_COMPLEX', `Variables have more than ${MAX_VALUES} values.`);
      for (const one of inner) next.push(one);
    }
    level = next;
  }
  return null;
}

/** PostgreSQL stores no U+0000 and no half of a surrogate pair; refused here once, no service has to think of it. */
export function unstorable(): GraphQLError {
  return graphqlError('BAD_USER_INPUT', 'Text must be Unicode without the character U+0000.');
}
