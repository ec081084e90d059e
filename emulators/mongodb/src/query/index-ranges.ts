import { invertKey, successor } from '../bson/key-string.ts';
import type { IndexField } from '../indexes/definition.ts';
import type { SecondaryIndex } from '../indexes/secondary-index.ts';
import type { KeyRange } from '../indexes/sorted-keys.ts';

/** A place between keys: before or after everything that begins with a key. It can be inverted exactly. */
export interface Bound {
  key: string;
  isAfter: boolean;
}

export interface BoundedRange {
  from: Bound;
  to: Bound;
}

/** What the filter says about one path, in ascending keys. */
export interface FieldBounds {
  /** The path equals one of these. */
  points?: string[];
  /** The path lies within each of these. */
  ranges: BoundedRange[];
}

export interface IndexBounds {
  /** Ascending and disjoint. */
  ranges: KeyRange[];
  /** Leading fields held to a single value. */
  pointFields: number;
  /** Leading fields bounded at all. */
  boundFields: number;
}

/** More combinations of `$in` lists than this are not worth separate ranges. */
const MAX_RANGES = 1_000;

/** Follows the index fields from the left: equalities multiply prefixes, the first range ends the walk. */
export function buildRanges(index: SecondaryIndex, conditions: Map<string, FieldBounds>): IndexBounds {
  let prefixes = [''];
  let pointFields = 0;
  let boundFields = 0;
  let isSingle = true;
  let hasMultikeyBound = false;
  for (const field of index.definition.fields) {
    const condition = conditions.get(field.path);
    // Fields of one array: two conditions may be met by two elements, so only one of these fields bounds the scan.
    const isMultikey = index.multikeyPaths.has(field.path);
    if (condition && isMultikey && hasMultikeyBound) break;
    hasMultikeyBound ||= isMultikey;
    const points = condition?.points;
    if (points && prefixes.length * points.length <= MAX_RANGES) {
      const keys = field.direction === 1 ? points : points.map(invertKey).toReversed();
      prefixes = prefixes.flatMap((prefix) => keys.map((key) => prefix + key));
      boundFields++;
      isSingle &&= points.length === 1;
      if (isSingle) pointFields++;
      continue;
    }
    const range = rangeOf(condition, field, isMultikey);
    if (range) {
      const ranges = prefixes.map((prefix) => ({ from: prefix + range.from, to: prefix + range.to }));
      return { ranges, pointFields, boundFields: boundFields + 1 };
    }
    break;
  }
  return { ranges: prefixes.map((prefix) => ({ from: prefix, to: successor(prefix) })), pointFields, boundFields };
}

/** Where arrays are indexed, two conditions may be met by two elements: only one of them may bound the scan. */
function rangeOf(
  condition: FieldBounds | undefined,
  { direction }: IndexField,
  isMultikey: boolean,
): KeyRange | undefined {
  const ranges = condition?.points ? [spanOf(condition.points)] : (condition?.ranges ?? []);
  const [first, ...others] = ranges;
  if (!first) return undefined;
  let { from, to } = first;
  for (const other of isMultikey ? [] : others) {
    if (edge(other.from) > edge(from)) from = other.from;
    if (edge(other.to) < edge(to)) to = other.to;
  }
  // Conditions that exclude each other leave nothing: the end lies before the start, and no key between them.
  return direction === 1 ? { from: edge(from), to: edge(to) } : { from: edge(inverted(to)), to: edge(inverted(from)) };
}

function spanOf(points: string[]): BoundedRange {
  return {
    from: { key: points[0] ?? '', isAfter: false },
    to: { key: points.at(-1) ?? '', isAfter: points.length > 0 },
  };
}

function edge({ key, isAfter }: Bound): string {
  return isAfter ? successor(key) : key;
}

/** Turned round, what was before everything that begins with the key is after it. */
function inverted({ key, isAfter }: Bound): Bound {
  return { key: invertKey(key), isAfter: !isAfter };
}
