import type { FieldNode } from 'graphql';
import type { ResolvedOperation } from '../limits/documents.ts';
import { rootFields } from '../limits/root-fields.ts';

/** The answers, by response key, of an operation's fields that try a code. */
export type CodeGuesses = ReadonlyMap<string, 'promotion' | 'cartPromotionApply'>;

const NONE: CodeGuesses = new Map();

/** Aliases count each; a lookup by id is no guess. */
export function codeGuesses({ document, operation }: ResolvedOperation): CodeGuesses {
  if (operation.operation === 'subscription') return NONE;
  const guesses = rootFields(document, operation.selectionSet).flatMap((field) => {
    const name = field.name.value;
    const isGuess = name === 'cartPromotionApply' || (name === 'promotion' && asksByCode(field));
    return isGuess ? [[field.alias?.value ?? name, name] as const] : [];
  });
  return guesses.length > 0 ? new Map(guesses) : NONE;
}

/** How many of them found what they tried: the promotion is there, or the cart was changed without an error. */
export function countHits(guesses: CodeGuesses, data: unknown): number {
  return [...guesses].filter(([key, field]) => {
    const answer = valueOf(data, key);
    if (field === 'promotion') return answer !== null && answer !== undefined;
    // Who does not ask for the errors is not told, and neither are we.
    const errors = valueOf(answer, 'userErrors');
    return Array.isArray(errors) && errors.length === 0;
  }).length;
}

function asksByCode(field: FieldNode): boolean {
  return field.arguments?.some(({ name }) => name.value === 'code') ?? false;
}

function valueOf(object: unknown, key: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, key) : undefined;
}
