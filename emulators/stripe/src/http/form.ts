import { invalidRequest } from '../api-error.ts';

/** A decoded form value: text, or a hash when the key had brackets. Lists are hashes with numbers as keys. */
export type FormValue = string | FormHash;
export interface FormHash {
  [key: string]: FormValue;
}

/** More than any request of the supported API needs; a form beyond it is refused, not read slowly. */
const MAX_PAIRS = 1_000;
const MAX_DEPTH = 6;

const unnameable = new Set(['__proto__', 'constructor', 'prototype']);

export function decodeForm(text: string): FormHash {
  const root: FormHash = Object.create(null);
  let pairs = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    if (++pairs > MAX_PAIRS) throw invalidRequest(`A request may have at most ${MAX_PAIRS} parameters.`);
    place(root, pathOf(name), value, name);
  }
  return root;
}

/** `a[b][]` → ['a', 'b', '']. */
function pathOf(name: string): string[] {
  const open = name.indexOf('[');
  const head = open === -1 ? name : name.slice(0, open);
  const tail = open === -1 ? '' : name.slice(open);
  if (head === '' || head.includes(']') || !/^(\[[^[\]]*\])*$/.test(tail)) throw malformed(name);
  const path = [head, ...[...tail.matchAll(/\[([^[\]]*)\]/g)].map((match) => match[1]!)];
  if (path.length > MAX_DEPTH || path.some((part) => unnameable.has(part))) throw malformed(name);
  return path;
}

function place(root: FormHash, path: string[], value: string, name: string): void {
  let hash = root;
  path.forEach((part, depth) => {
    const key = part === '' ? String(Object.keys(hash).length) : part;
    if (depth === path.length - 1) {
      if (typeof hash[key] === 'object') throw malformed(name);
      hash[key] = value;
      return;
    }
    const next = (hash[key] ??= Object.create(null) as FormHash);
    if (typeof next === 'string') throw malformed(name);
    hash = next;
  });
}

function malformed(name: string) {
  return invalidRequest(`Invalid parameter name: ${name.slice(0, 100)}`, { param: name.slice(0, 100) });
}

/** One text for one meaning, whatever the order of the pairs: what an idempotency key is compared by. */
export function canonicalForm(value: FormValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  const keys = Object.keys(value).toSorted();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalForm(value[key]!)}`).join(',')}}`;
}
