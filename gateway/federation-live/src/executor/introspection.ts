import { executeSync, Kind, type OperationDefinitionNode, OperationTypeNode, visit } from 'graphql';
import type { CollectedField } from './collect-fields.ts';
import type { OperationParts } from './operation.ts';
import type { Run } from './run.ts';

/** Answers `__schema` or `__type` from the schema that clients see. */
export function introspect({ schema, operation, fragments }: OperationParts, field: CollectedField, run: Run): unknown {
  const selected: OperationDefinitionNode = {
    kind: Kind.OPERATION_DEFINITION,
    operation: OperationTypeNode.QUERY,
    selectionSet: { kind: Kind.SELECTION_SET, selections: field.nodes },
  };
  const used = new Set<string>();
  const note = { Variable: ({ name }: { name: { value: string } }) => void used.add(name.value) };
  visit(selected, note);
  for (const fragment of fragments.values()) visit(fragment, note);
  const { data, errors } = executeSync({
    schema,
    document: {
      kind: Kind.DOCUMENT,
      definitions: [
        {
          ...selected,
          variableDefinitions: operation.variableDefinitions?.filter(({ variable }) => used.has(variable.name.value)),
        },
        ...fragments.values(),
      ],
    },
    rootValue: {},
    variableValues: run.variables,
  });
  run.errors.push(...(errors ?? []));
  return data?.[field.name] ?? null;
}
