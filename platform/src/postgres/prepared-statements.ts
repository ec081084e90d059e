import { createHash } from 'node:crypto';
import { arrayOf } from './columns.ts';

/** A statement as the server knows it: parsed once per connection, then sent by its name. */
export interface PreparedStatement {
  /** None for one that is not worth a place among the known. */
  name?: string;
  text: string;
  values: (string | null)[];
}

/** Statements are written in the code, so there are a few hundred; one made of data would fill the server's memory. */
const MAX_NAMES = 1_000;
/** Where a list cannot be sent as one value, a longer one is of a length of its own: it is sent with parameters, and without a name. */
const MAX_NAMED_LIST = 8;

/** A place for a value, with the `in (…)` around it where what stands before is a plain column. */
const PLACE = /(?<=[\w"] )(?<!\bnot )in \(\?\)|\?/g;
/** In place of a length: the whole list is one value, so that lists of all lengths are one statement with one plan. */
const AS_ARRAY = 0;

interface Translation {
  text: string;
  name: string | undefined;
}

/**
 * Turns `?` with its values into what the driver sends apart from each other.
 * Undefined for what only the ORM can write: identifiers (`??`), raw fragments,
 * objects and binary values.
 */
export function statementCompiler(): {
  compile(query: string, parameters: readonly unknown[]): PreparedStatement | undefined;
  /** From now on under other names: what the server has kept does not fit its tables any more. */
  renew(): void;
} {
  const known = new Map<string, Translation>();
  let generation = 0;

  const translate = (query: string, lengths?: readonly number[]): Translation => {
    if (!lengths) return { text: query, name: known.size < MAX_NAMES ? nameOf(query) : undefined };
    let index = 0;
    let position = 0;
    const text = query.replaceAll(PLACE, (place: string) => {
      const length = lengths[index++] ?? 1;
      if (length === AS_ARRAY) return `= any($${(position += 1)})`;
      const places = Array.from({ length }, () => `$${(position += 1)}`).join(', ');
      return place === '?' ? places : `in (${places})`;
    });
    if (index !== lengths.length) throw new RangeError(`${lengths.length} values for ${index} places: ${query}`);
    const isNamed = known.size < MAX_NAMES && lengths.every((length) => length <= MAX_NAMED_LIST);
    return { text, name: isNamed ? nameOf(text) : undefined };
  };

  const named = (query: string, values: (string | null)[], lengths?: readonly number[]): PreparedStatement => {
    const key = lengths?.some((length) => length !== 1) ? `${query}\n${lengths.join()}` : query;
    let translation = known.get(key);
    if (!translation) {
      translation = translate(query, lengths);
      if (translation.name) known.set(key, translation);
    }
    const { text, name } = translation;
    return name ? { name: `${name}${generation}`, text, values } : { text, values };
  };

  return {
    compile(query, parameters) {
      // Nothing to set apart, but worth a name; several statements in one text cannot have one.
      if (parameters.length === 0) return query.includes(';') ? undefined : named(query, []);
      if (query.includes('??') || query.includes('\\?')) return undefined;
      const values: (string | null)[] = [];
      const lengths: number[] = [];
      const places = parameters.some(isLongerList) ? (query.match(PLACE) ?? []) : [];
      for (const [at, parameter] of parameters.entries()) {
        const list = Array.isArray(parameter) ? (parameter as unknown[]) : [parameter];
        // An empty list is written as the ORM writes it.
        if (list.length === 0) return undefined;
        if (isLongerList(parameter) && places[at] !== '?') {
          const array = asArray(list);
          if (array === undefined) return undefined;
          values.push(array);
          lengths.push(AS_ARRAY);
          continue;
        }
        for (const one of list) {
          const value = asText(one);
          if (value === undefined) return undefined;
          values.push(value);
        }
        lengths.push(list.length);
      }
      return named(query, values, lengths);
    },
    renew() {
      generation += 1;
    },
  };
}

function nameOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 20);
}

/** One alone stays a plain comparison, which indexes can be read in order by. */
function isLongerList(parameter: unknown): boolean {
  return Array.isArray(parameter) && parameter.length > 1;
}

/** An array as PostgreSQL reads it. */
function asArray(list: readonly unknown[]): string | undefined {
  const texts: (string | null)[] = [];
  for (const one of list) {
    const text = asText(one);
    if (text === undefined) return undefined;
    texts.push(text);
  }
  return arrayOf(texts);
}

/** As PostgreSQL reads it; instants whatever zone the server is in. Undefined for what has no text of its own. */
function asText(value: unknown): string | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  return value instanceof Date ? value.toISOString() : undefined;
}

/** A table was changed under a statement the server had kept. Nothing happened, and under a new name it works. */
export function isStalePlan(error: unknown): boolean {
  return error instanceof Error && error.message.includes('cached plan must not change result type');
}
