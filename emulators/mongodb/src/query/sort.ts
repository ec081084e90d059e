import { compareValues } from '../bson/compare.ts';
import { isNumeric, toNumber } from '../bson/numeric.ts';
import { splitPath, visitPath } from '../bson/paths.ts';
import { type Doc, isDoc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';

export interface SortField {
  path: string;
  parts: string[];
  direction: 1 | -1;
}

/** The server's limit on fields of one sort. */
const MAX_SORT_FIELDS = 32;

export interface CompiledSort {
  fields: SortField[];
  compare(left: Doc, right: Doc): number;
}

export function parseSort(spec: Doc): SortField[] {
  const fields = Object.entries(spec).map(([path, order]) => ({
    path,
    parts: splitPath(path),
    direction: directionOf(order),
  }));
  if (fields.length > MAX_SORT_FIELDS)
    throw new CommandError('BadValue', `too many sort fields, at most ${MAX_SORT_FIELDS}`);
  if (fields.some(({ path }) => path.startsWith('$')))
    throw new CommandError('BadValue', 'a sort field may not begin with $');
  return fields;
}

export function compileSort(spec: Doc): CompiledSort {
  const fields = parseSort(spec);
  return {
    fields,
    compare: (left, right) => {
      for (const field of fields) {
        const order = compareValues(sortValue(left, field), sortValue(right, field)) * field.direction;
        if (order !== 0) return order;
      }
      return 0;
    },
  };
}

/**
 * Sorts by values computed once per document, stable. With a limit only that many are kept in reach, so that the first
 * page of a large result does not sort all of it.
 */
export function sortDocs<T>(items: Iterable<T>, docOf: (item: T) => Doc, spec: Doc, limit = Infinity): T[] {
  const fields = parseSort(spec);
  const compare = (left: Keyed<T>, right: Keyed<T>) => {
    for (let i = 0; i < fields.length; i++) {
      const order = compareValues(left.values[i], right.values[i]) * (fields[i] as SortField).direction;
      if (order !== 0) return order;
    }
    return 0;
  };
  const reach = limit === Infinity ? Infinity : Math.max(limit * 2, limit + 1000);
  let keyed: Keyed<T>[] = [];
  for (const item of items) {
    const doc = docOf(item);
    keyed.push({ item, values: fields.map((field) => sortValue(doc, field)) });
    if (keyed.length >= reach) keyed = keyed.sort(compare).slice(0, limit);
  }
  keyed.sort(compare);
  return (limit < keyed.length ? keyed.slice(0, limit) : keyed).map(({ item }) => item);
}

interface Keyed<T> {
  item: T;
  values: Maybe[];
}

/** Arrays sort by their smallest element ascending and their largest descending; missing sorts as null. */
function sortValue(doc: Doc, { parts, direction }: SortField): Maybe {
  let best: Maybe;
  let isFound = false;
  const consider = (value: Maybe) => {
    if (!isFound || compareValues(value, best) * direction < 0) best = value;
    isFound = true;
    return false;
  };
  visitPath(doc, parts, 0, (value) => {
    if (!Array.isArray(value)) return consider(value === undefined ? null : value);
    // An empty array sorts below null: that is what "missing" means to the comparison.
    if (value.length === 0) return consider(undefined);
    for (const item of value) consider(item);
    return false;
  });
  return isFound ? best : null;
}

function directionOf(order: Value): 1 | -1 {
  if (isDoc(order) && '$meta' in order) throw refuse('a sort by $meta');
  if (isNumeric(order)) {
    const number = toNumber(order);
    if (number === 1 || number === -1) return number;
  }
  throw new CommandError('BadValue', 'a sort direction must be 1 or -1');
}
