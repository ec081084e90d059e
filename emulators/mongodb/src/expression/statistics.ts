import { compareValues } from '../bson/compare.ts';
import { add, isNumeric, type Numeric, toNumber } from '../bson/numeric.ts';
import { asDouble, type Maybe, type Value } from '../bson/value.ts';
import { divide } from './arithmetic.ts';
import { isNullish } from './truth.ts';

/** What is not a number does not count, neither in sums nor in averages. */
export function sum(values: Iterable<Maybe>): Numeric {
  let total: Numeric = 0;
  for (const value of values) if (isNumeric(value)) total = add(total, value);
  return total;
}

export function average(values: Iterable<Maybe>): Value {
  let total: Numeric = 0;
  let count = 0;
  for (const value of values) {
    if (!isNumeric(value)) continue;
    total = add(total, value);
    count++;
  }
  return count === 0 ? null : divide(total, count);
}

/** The largest (1) or smallest (-1) value that is neither null nor missing. */
export function extreme(values: Iterable<Maybe>, direction: 1 | -1): Value {
  let best: Maybe;
  for (const value of values) {
    if (isNullish(value)) continue;
    if (best === undefined || compareValues(value, best) * direction > 0) best = value;
  }
  return best ?? null;
}

export function standardDeviation(values: Iterable<Maybe>, of: 'population' | 'sample'): Value {
  const numbers = [...values].filter(isNumeric).map(toNumber);
  const divisor = of === 'population' ? numbers.length : numbers.length - 1;
  if (divisor <= 0) return null;
  const mean = numbers.reduce((total, value) => total + value, 0) / numbers.length;
  const squares = numbers.reduce((total, value) => total + (value - mean) ** 2, 0);
  return asDouble(Math.sqrt(squares / divisor));
}
