import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  valueFromASTUntyped,
} from 'graphql';

/** Fields that try a secret or make an account. */
const COUNTED = new Set(['login', 'register', 'refreshSession', 'passwordReset', 'passwordResetRequest']);
/** Validation has refused fragments that spread themselves; this only guards the stack. */
const MAX_DEPTH = 100;

/** One entry per attempt in the operation: the account it is about as far as it names one, or null. */
export function loginAttempts(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): (string | null)[] {
  if (operation.operation !== 'mutation') return [];
  return rootFields(document, operation.selectionSet, 0)
    .filter(({ name }) => COUNTED.has(name.value))
    .map((field) => accountOf(field, variables));
}

function rootFields(document: DocumentNode, set: SelectionSetNode, depth: number): FieldNode[] {
  if (depth > MAX_DEPTH) return [];
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFields(document, selection.selectionSet, depth + 1);
    const fragment = document.definitions.find(
      (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === selection.name.value,
    );
    return fragment && 'selectionSet' in fragment ? rootFields(document, fragment.selectionSet, depth + 1) : [];
  });
}

function accountOf(field: FieldNode, variables: Record<string, unknown>): string | null {
  const values = Object.fromEntries(
    (field.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]),
  );
  const input = values['input'];
  const email = values['email'] ?? (typeof input === 'object' && input !== null ? Reflect.get(input, 'email') : null);
  return typeof email === 'string' ? email.normalize('NFKC').trim().toLowerCase() : null;
}
