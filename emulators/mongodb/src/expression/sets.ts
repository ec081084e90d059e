import { keyString } from '../bson/key-string.ts';
import type { Maybe, Value } from '../bson/value.ts';
import { arrayOf } from './arrays.ts';
import { fixed, type OperatorTable, variadic } from './evaluate.ts';
import { isNullish, isTruthy } from './truth.ts';

export const setOperators: OperatorTable = {
  $setUnion: variadic((sets) => {
    if (sets.some(isNullish)) return null;
    return [...byKey(sets.flatMap((set) => arrayOf('$setUnion', set))).values()];
  }),
  $setIntersection: variadic((sets) => {
    if (sets.some(isNullish)) return null;
    const [first, ...others] = sets.map((set) => byKey(arrayOf('$setIntersection', set)));
    if (!first) return [];
    return [...first].filter(([key]) => others.every((other) => other.has(key))).map(([, value]) => value);
  }),
  $setDifference: fixed('$setDifference', 2, (left, right) => {
    if (isNullish(left) || isNullish(right)) return null;
    const removed = byKey(arrayOf('$setDifference', right));
    return [...byKey(arrayOf('$setDifference', left))].filter(([key]) => !removed.has(key)).map(([, value]) => value);
  }),
  $setEquals: variadic((sets) => {
    const [first, ...others] = sets.map((set) => keysOf('$setEquals', set));
    return others.every((other) => other.size === first?.size && [...other].every((key) => first.has(key)));
  }),
  $setIsSubset: fixed('$setIsSubset', 2, (left, right) => {
    const whole = keysOf('$setIsSubset', right);
    return [...keysOf('$setIsSubset', left)].every((key) => whole.has(key));
  }),
  $anyElementTrue: fixed('$anyElementTrue', 1, (set) => arrayOf('$anyElementTrue', set).some(isTruthy)),
  $allElementsTrue: fixed('$allElementsTrue', 1, (set) => arrayOf('$allElementsTrue', set).every(isTruthy)),
};

/** Distinct values, each as it was first seen. */
export function byKey(values: Value[]): Map<string, Value> {
  const distinct = new Map<string, Value>();
  for (const value of values) {
    const key = keyString(value);
    if (!distinct.has(key)) distinct.set(key, value);
  }
  return distinct;
}

function keysOf(name: string, set: Maybe): Set<string> {
  return new Set(arrayOf(name, set).map(keyString));
}
