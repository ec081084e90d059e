import { type DocumentNode, type FieldNode, Kind, type OperationDefinitionNode, parse } from 'graphql';

/** A field at the top of an operation. */
export interface RootField {
  /** What it is called in the answer. */
  responseName: string;
  name: string;
  /**
   * Whether it may be asked again though the first call may have been run: it is read, it has an idempotency key, or the
   * mutation says of itself that a second time has no further effect (`@idempotent`).
   */
  mayRepeat: boolean;
}

export interface RepeatableOptions {
  query: string;
  operationName?: string | undefined;
  variables?: Readonly<Record<string, unknown>> | undefined;
  /** Whether the mutation of this name says `@idempotent`. */
  isIdempotent(name: string): boolean;
}

/** The fields at the top of an operation; those in fragments are not told. Throws for what cannot be parsed. */
export function rootFieldsOf({
  query,
  operationName,
  variables = {},
  isIdempotent,
}: RepeatableOptions): readonly RootField[] {
  const operation = operationOf(parse(query, { noLocation: true }), operationName);
  const isRead = operation?.operation !== 'mutation';
  return (operation?.selectionSet.selections ?? []).flatMap((field) => {
    if (field.kind !== Kind.FIELD) return [];
    const name = field.name.value;
    const mayRepeat = isRead || hasKey(field, variables) || isIdempotent(name);
    return [{ responseName: field.alias?.value ?? name, name, mayRepeat }];
  });
}

function operationOf({ definitions }: DocumentNode, name?: string): OperationDefinitionNode | undefined {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return operations.find((operation) => operation.name?.value === name) ?? operations[0];
}

function hasKey({ arguments: given = [] }: FieldNode, variables: Readonly<Record<string, unknown>>): boolean {
  const key = given.find((argument) => argument.name.value === 'idempotencyKey')?.value;
  return key?.kind === Kind.VARIABLE ? variables[key.name.value] != null : key?.kind === Kind.STRING;
}
