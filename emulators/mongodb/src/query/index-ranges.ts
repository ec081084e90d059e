import { AFTER, invertKey } from '../bson/key-string.ts';
import type { IndexField } from '../indexes/definition.ts';
import type { SecondaryIndex } from '../indexes/secondary-index.ts';
import type { KeyRange } from '../indexes/sorted-keys.ts';

/** What the filter says about one path, in ascending keys. */
export interface FieldBounds {
  /** The path equals one of these. */
  points?: string[];
  /** The path lies within each of these. */
  ranges: KeyRange[];
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
  return { ranges: prefixes.map((prefix) => ({ from: prefix, to: prefix + AFTER })), pointFields, boundFields };
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
    if (other.from > from) from = other.from;
    if (other.to < to) to = other.to;
  }
  // Conditions that exclude each other: an empty range, which no document lies in.
  if (to < from) to = from;
  return direction === 1 ? { from, to } : { from: invertUpper(to), to: invertUpper(from) };
}

function spanOf(points: string[]): KeyRange {
  return { from: points[0] ?? '', to: (points.at(-1) ?? '') + AFTER };
}

/**
 * The inverse of a bound. `k` excludes what is below k and `k + AFTER` excludes what begins with k; inverted,
 * everything that begins with k must stay on the same side, so the two forms change places.
 */
function invertUpper(bound: string): string {
  return bound.endsWith(AFTER) ? invertKey(bound.slice(0, -1)) : invertKey(bound) + AFTER;
}
