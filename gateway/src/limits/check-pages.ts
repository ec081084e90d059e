import type { GraphQLError } from 'graphql';
import { badUserInput } from '@marketgraph/platform/graphql';
import type { PageArgument, Variables } from './operation-cost.ts';

/** Page sizes are looked at with their variables: a limit that only reads literals is no limit. */
export function checkPages(
  pages: readonly PageArgument[],
  variables: Variables,
  maxPageSize: number,
): GraphQLError | null {
  for (const { name, sizeOf } of pages) {
    const size = sizeOf(variables);
    if (size !== undefined && (size < 0 || size > maxPageSize)) {
      return badUserInput(`"${name}" is from 0 to ${maxPageSize}.`);
    }
  }
  return null;
}
