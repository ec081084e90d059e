import { compareValues, isEqual } from '../bson/compare.ts';
import { isNumeric, toNumber } from '../bson/numeric.ts';
import { typeName } from '../bson/type-names.ts';
import { isDoc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileSort } from '../query/sort.ts';
import {
  between,
  type Evaluate,
  fixed,
  named,
  namedOperands,
  type OperatorTable,
  variadic,
  withVariables,
} from './evaluate.ts';
import { isNullish, isTruthy } from './truth.ts';

/** A `$range` longer than this would be a memory bomb, not an answer. */
const MAX_RANGE = 1_000_000;

export const arrayOperators: OperatorTable = {
  $isArray: fixed('$isArray', 1, (value) => Array.isArray(value)),
  $size: fixed('$size', 1, (value) => {
    if (!Array.isArray(value)) {
      throw new CommandError('BadValue', `The argument to $size must be an array, but was of type: ${typeName(value)}`);
    }
    return value.length;
  }),
  $arrayElemAt: fixed('$arrayElemAt', 2, (array, index) => {
    if (isNullish(array) || isNullish(index)) return null;
    return arrayOf('$arrayElemAt', array).at(whole('$arrayElemAt', index));
  }),
  $first: fixed('$first', 1, (array) => (isNullish(array) ? null : arrayOf('$first', array)[0])),
  $last: fixed('$last', 1, (array) => (isNullish(array) ? null : arrayOf('$last', array).at(-1))),
  $in: fixed('$in', 2, (item, array) => arrayOf('$in', array).some((each) => isEqual(each, item))),
  $concatArrays: variadic((arrays) => {
    if (arrays.some(isNullish)) return null;
    return arrays.flatMap((array) => arrayOf('$concatArrays', array));
  }),
  $reverseArray: fixed('$reverseArray', 1, (array) =>
    isNullish(array) ? null : arrayOf('$reverseArray', array).toReversed(),
  ),
  $slice: between('$slice', 2, 3, slice),
  $indexOfArray: between('$indexOfArray', 2, 4, (array, item, from = 0, to = undefined) => {
    if (isNullish(array)) return null;
    const end = to === undefined ? undefined : whole('$indexOfArray', to);
    const start = whole('$indexOfArray', from);
    const found = arrayOf('$indexOfArray', array)
      .slice(start, end)
      .findIndex((each) => isEqual(each, item));
    return found < 0 ? -1 : found + start;
  }),
  $range: between('$range', 2, 3, (start, end, step = 1) => {
    const [from, to, by] = [start, end, step].map((value) => whole('$range', value)) as [number, number, number];
    if (by === 0) throw new CommandError('BadValue', '$range requires a non-zero step value');
    const length = Math.max(0, Math.ceil((to - from) / by));
    if (length > MAX_RANGE) throw new CommandError('BadValue', `emulator: $range of more than ${MAX_RANGE} items`);
    return Array.from({ length }, (_, i) => from + i * by);
  }),
  $map: (operand, compile) => {
    const parts = namedOperands('$map', operand, { required: ['input', 'in'], optional: ['as'] });
    const input = compile(parts.input as Value);
    const body = compile(parts.in as Value);
    const name = variableName('$map', parts.as);
    return (scope) => {
      const items = input(scope);
      if (isNullish(items)) return null;
      return arrayOf('$map', items).map((item) => body(withVariables(scope, { [name]: item })) ?? null);
    };
  },
  $filter: (operand, compile) => {
    const parts = namedOperands('$filter', operand, { required: ['input', 'cond'], optional: ['as', 'limit'] });
    const input = compile(parts.input as Value);
    const condition = compile(parts.cond as Value);
    const limit: Evaluate = parts.limit === undefined ? () => undefined : compile(parts.limit);
    const name = variableName('$filter', parts.as);
    return (scope) => {
      const items = input(scope);
      if (isNullish(items)) return null;
      const most = limit(scope);
      const kept = arrayOf('$filter', items).filter((item) =>
        isTruthy(condition(withVariables(scope, { [name]: item }))),
      );
      return isNullish(most) ? kept : kept.slice(0, whole('$filter', most));
    };
  },
  $reduce: (operand, compile) => {
    const parts = namedOperands('$reduce', operand, { required: ['input', 'initialValue', 'in'] });
    const [input, initial, body] = [parts.input, parts.initialValue, parts.in].map((part) =>
      compile(part as Value),
    ) as [Evaluate, Evaluate, Evaluate];
    return (scope) => {
      const items = input(scope);
      if (isNullish(items)) return null;
      return arrayOf('$reduce', items).reduce<Maybe>(
        (value, item) => body(withVariables(scope, { value, this: item })),
        initial(scope),
      );
    };
  },
  $zip: named('$zip', { required: ['inputs'], optional: ['useLongestLength', 'defaults'] }, zip),
  $sortArray: (operand, compile) => {
    const parts = namedOperands('$sortArray', operand, { required: ['input', 'sortBy'] });
    const input = compile(parts.input as Value);
    const compare = comparatorOf(parts.sortBy as Value);
    return (scope) => {
      const items = input(scope);
      return isNullish(items) ? null : arrayOf('$sortArray', items).toSorted(compare);
    };
  },
  $firstN: named('$firstN', { required: ['n', 'input'] }, ({ n, input }) =>
    arrayOf('$firstN', input).slice(0, count('$firstN', n)),
  ),
  $lastN: named('$lastN', { required: ['n', 'input'] }, ({ n, input }) =>
    arrayOf('$lastN', input).slice(-count('$lastN', n)),
  ),
  $maxN: named('$maxN', { required: ['n', 'input'] }, ({ n, input }) =>
    presentOf('$maxN', input)
      .toSorted((a, b) => compareValues(b, a))
      .slice(0, count('$maxN', n)),
  ),
  $minN: named('$minN', { required: ['n', 'input'] }, ({ n, input }) =>
    presentOf('$minN', input).toSorted(compareValues).slice(0, count('$minN', n)),
  ),
};

/** `sortBy` of `$sortArray` and `$push`: 1 or -1 for whole elements, or a sort specification for their fields. */
export function comparatorOf(sortBy: Value): (left: Value, right: Value) => number {
  if (isNumeric(sortBy) && Math.abs(toNumber(sortBy)) === 1) {
    const direction = toNumber(sortBy);
    return (left, right) => compareValues(left, right) * direction;
  }
  if (!isDoc(sortBy) || Object.keys(sortBy).length === 0) {
    throw new CommandError('BadValue', 'a sort by must be 1, -1 or an object of fields');
  }
  const { compare } = compileSort(sortBy);
  return (left, right) => compare(isDoc(left) ? left : {}, isDoc(right) ? right : {});
}

function slice(array: Maybe, first: Maybe, second: Maybe): Maybe {
  if (isNullish(array) || isNullish(first)) return null;
  const items = arrayOf('$slice', array);
  const start = whole('$slice', first);
  if (second === undefined) return start >= 0 ? items.slice(0, start) : items.slice(start);
  if (second === null) return null;
  const length = whole('$slice', second);
  if (length <= 0) throw new CommandError('BadValue', 'Third argument to $slice must be positive');
  const from = start < 0 ? Math.max(0, items.length + start) : start;
  return items.slice(from, from + length);
}

function zip({ inputs, useLongestLength, defaults }: Record<string, Maybe>): Maybe {
  const lists = arrayOf('$zip', inputs);
  if (lists.some(isNullish)) return null;
  const arrays = lists.map((list) => arrayOf('$zip', list));
  const lengths = arrays.map((array) => array.length);
  const length = useLongestLength === true ? Math.max(0, ...lengths) : Math.min(...lengths);
  const fill = isNullish(defaults) ? [] : arrayOf('$zip', defaults);
  return Array.from({ length }, (_, i) => arrays.map((array, j) => array[i] ?? fill[j] ?? null));
}

function variableName(operator: string, name: Maybe): string {
  if (name === undefined) return 'this';
  if (typeof name === 'string' && /^[a-z\u0080-\uffff]/.test(name)) return name;
  throw new CommandError('FailedToParse', `'${String(name)}' is not a valid variable name in ${operator}`);
}

function presentOf(name: string, value: Maybe): Value[] {
  return arrayOf(name, value).filter((item) => item !== null);
}

export function arrayOf(name: string, value: Maybe): Value[] {
  if (Array.isArray(value)) return value;
  throw new CommandError('BadValue', `${name} requires an array, found: ${typeName(value)}`);
}

function count(name: string, value: Maybe): number {
  const number = whole(name, value);
  if (number <= 0) throw new CommandError('BadValue', `${name}: 'n' must be greater than 0`);
  return number;
}

export function whole(name: string, value: Maybe): number {
  if (isNumeric(value) && Number.isSafeInteger(toNumber(value))) return toNumber(value);
  throw new CommandError('BadValue', `${name} requires a whole number, found: ${String(value)}`);
}
