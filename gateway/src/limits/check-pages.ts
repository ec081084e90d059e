import {
  type DocumentNode,
  type GraphQLError,
  Kind,
  type OperationDefinitionNode,
  type ValueNode,
  visit,
} from 'graphql';
import { badUserInput } from '@marketgraph/platform/graphql';

const PAGE_ARGUMENTS = new Set(['first', 'last']);

/** Page sizes are looked at with their variables: a limit that only reads literals is no limit. */
export function checkPages(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
  maxPageSize: number,
): GraphQLError | null {
  const defaults = new Map(
    operation.variableDefinitions?.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]),
  );
  const sizeOf = (value: ValueNode | undefined): unknown => {
    if (value?.kind === Kind.INT) return Number(value.value);
    if (value?.kind !== Kind.VARIABLE) return undefined;
    const name = value.name.value;
    return Object.hasOwn(variables, name) ? variables[name] : sizeOf(defaults.get(name));
  };
  let error: GraphQLError | null = null;
  visit(document, {
    Field(field) {
      for (const argument of field.arguments ?? []) {
        if (!PAGE_ARGUMENTS.has(argument.name.value)) continue;
        const size = sizeOf(argument.value);
        if (typeof size === 'number' && (size < 0 || size > maxPageSize)) {
          error ??= badUserInput(`"${argument.name.value}" is from 0 to ${maxPageSize}.`);
        }
      }
    },
  });
  return error;
}
