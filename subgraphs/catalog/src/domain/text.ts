import { accept, isAscii } from '@marketgraph/platform/core';
import { type Outcome, refuse } from './outcome.ts';

// Line breaks and tabs are text; the other control characters never are.
// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Trimmed text of a bounded length, counted in characters a reader sees as units of storage. */
export function checkedText(
  value: string,
  { max, min = 1, field, what }: { max: number; min?: number; field: readonly (string | number)[]; what: string },
): Outcome<string> {
  const text = value.trim();
  if (text.length < min) return refuse('INVALID', `${what} is empty.`, field);
  if (text.length > max) return refuse('INVALID', `${what} is longer than ${max} characters.`, field);
  if (CONTROL.test(text) || !text.isWellFormed()) {
    return refuse('INVALID', `${what} holds characters that are not text.`, field);
  }
  return accept(text);
}

/** The words of a text as they are stored and asked for: lower case, without accents, each once. */
export function wordsOf(text: string, max: number): string[] {
  const plain = folded(text);
  const words = plain.match(isAscii(plain) ? /[a-z0-9]+/g : /[\p{L}\p{N}]+/gu) ?? [];
  return [...new Set(words.map((word) => word.slice(0, 40)))].slice(0, max);
}

/** White space that is not one blank. */
const IRREGULAR_SPACE = /\s\s|[^\S ]/;

/** Two texts that read the same fold to the same: for sorting and for finding a name again. */
export function folded(text: string): string {
  const plain = isAscii(text) ? text : text.normalize('NFKD').replace(/\p{M}/gu, '');
  const lower = plain.toLowerCase();
  return (IRREGULAR_SPACE.test(lower) ? lower.replace(/\s+/g, ' ') : lower).trim();
}
