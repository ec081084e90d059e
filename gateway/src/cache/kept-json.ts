/** A JSON value that nobody can change, and what is known of it. */
export interface KeptJson {
  value: unknown;
  /** About what it takes in memory. */
  bytes: number;
  /** The ids in it. */
  ids: Set<string>;
}

const BYTES_PER_VALUE = 16;
const MAX_ID_LENGTH = 100;

/**
 * Copies a value and freezes the copy through and through, so that the one copy
 * can be handed to any number of requests. On the way it is weighed, and the
 * ids in it are picked up.
 */
export function keep(value: unknown, idNames: ReadonlySet<string>): KeptJson {
  const kept: KeptJson = { value: undefined, bytes: 0, ids: new Set() };
  kept.value = frozen(value, idNames, kept);
  return kept;
}

function frozen(value: unknown, idNames: ReadonlySet<string>, kept: KeptJson): unknown {
  kept.bytes += BYTES_PER_VALUE;
  if (typeof value === 'string') kept.bytes += value.length * 2;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => frozen(item, idNames, kept)));
  const copy: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    kept.bytes += name.length;
    if (idNames.has(name) && isIdLike(inner)) kept.ids.add(inner);
    copy.push([name, frozen(inner, idNames, kept)]);
  }
  // Not by assignment: a name may be `__proto__`.
  return Object.freeze(Object.fromEntries(copy));
}

/** For who writes into what it is given: the value itself, copied wherever it is kept. */
export function writable<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Object.isFrozen(value)) return structuredClone(value);
  if (Array.isArray(value)) return value.map(writable) as T;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, writable(inner)])) as T;
}

/** All short strings of a value: whatever in it may be an id. Null when there are more than can be looked at. */
export function idLikes(value: unknown, max: number): Set<string> | null {
  const found = new Set<string>();
  const waiting: unknown[] = [value];
  let looked = 0;
  while (waiting.length > 0) {
    if ((looked += 1) > max * 10 || found.size > max) return null;
    const next = waiting.pop();
    if (isIdLike(next)) found.add(next);
    else if (typeof next === 'object' && next !== null) {
      for (const inner of Object.values(next)) waiting.push(inner);
    }
  }
  return found.size > max ? null : found;
}

export function isIdLike(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_ID_LENGTH && !value.includes(' ');
}
