import { type DocumentNode, type FieldNode, type OperationDefinitionNode, valueFromASTUntyped } from 'graphql';
import { rootFields } from '../limits/root-fields.ts';

/** Fields that try a secret or make an account. */
const COUNTED = new Set(['login', 'register', 'refreshSession', 'passwordReset', 'passwordResetRequest']);

/** One entry per attempt in the operation: the account it is about as far as it names one, or null. */
export function loginAttempts(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Record<string, unknown>,
): (string | null)[] {
  if (operation.operation !== 'mutation') return [];
  return rootFields(document, operation.selectionSet)
    .filter(({ name }) => COUNTED.has(name.value))
    .map((field) => accountOf(field, variables));
}

function accountOf(field: FieldNode, variables: Record<string, unknown>): string | null {
  const values = Object.fromEntries(
    (field.arguments ?? []).map(({ name, value }) => [name.value, valueFromASTUntyped(value, variables)]),
  );
  const input = values['input'];
  const email = values['email'] ?? (typeof input === 'object' && input !== null ? Reflect.get(input, 'email') : null);
  return typeof email === 'string' ? email.normalize('NFKC').trim().toLowerCase() : null;
}
