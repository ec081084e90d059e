import { type DocumentNode, type FieldNode, Kind, type OperationDefinitionNode, parse } from 'graphql';

/** A field at the top of an operation. */
export interface RootField {
  /** What it is called in the answer. */
  responseName: string;
  name: string;
  /**
   * Whether it may be asked again though the first call may have been run: it is read, it has an idempotency key, it
   * changes what is at the version it names (`expectedVersion`), which is another one afterwards, or the mutation says of
   * itself that a second time has no further effect (`@idempotent`).
   */
  mayRepeat: boolean;
}

/** With one of these a mutation takes effect at most once. */
const ONCE = ['idempotencyKey', 'expectedVersion'];

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
    const mayRepeat = isRead || ONCE.some((argument) => isGiven(field, argument, variables)) || isIdempotent(name);
    return [{ responseName: field.alias?.value ?? name, name, mayRepeat }];
  });
}

function operationOf({ definitions }: DocumentNode, name?: string): OperationDefinitionNode | undefined {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return operations.find((operation) => operation.name?.value === name) ?? operations[0];
}

function isGiven(
  { arguments: given = [] }: FieldNode,
  name: string,
  variables: RepeatableOptions['variables'],
): boolean {
  const value = given.find((argument) => argument.name.value === name)?.value;
  if (value?.kind === Kind.VARIABLE) return variables?.[value.name.value] != null;
  return value !== undefined && value.kind !== Kind.NULL;
}
