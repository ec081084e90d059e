import { Decimal128, Double, Long, Timestamp } from 'bson';
import { CommandError } from '../errors.ts';
import {
  addDecimals,
  compareDecimals,
  type Decimal,
  decimalFromDouble,
  multiplyDecimals,
  negateDecimal,
  parseDecimal,
  parseDecimalText,
  roundedDecimalFromDouble,
  toDecimal128,
} from './decimal.ts';
import { asDouble, isInt32, type Maybe } from './value.ts';

/** The four numeric types and the server's rules for mixing them: decimal over double over long over int. */
export type Numeric = number | Double | Long | Decimal128;
export type NumericKind = 'int' | 'long' | 'double' | 'decimal';

/** An update refuses an overflowing int64; an expression carries on as a double. */
export type OnOverflow = 'refuse' | 'double';

export function isNumeric(value: Maybe): value is Numeric {
  return typeof value === 'number' || value instanceof Double || isLong(value) || value instanceof Decimal128;
}

/** A timestamp is 64 bits wide too, and a subclass of Long, but it is not a number. */
export function isLong(value: Maybe): value is Long {
  return value instanceof Long && !(value instanceof Timestamp);
}

export function kindOf(value: Numeric): NumericKind {
  if (typeof value === 'number') return isInt32(value) ? 'int' : 'double';
  if (value instanceof Double) return 'double';
  return value instanceof Long ? 'long' : 'decimal';
}

/** The nearest double; exact for everything but large longs and decimals. */
export function toNumber(value: Numeric): number {
  if (typeof value === 'number') return value;
  if (value instanceof Double) return value.value;
  return value instanceof Long ? value.toNumber() : Number(value.toString());
}

export function toDecimal(value: Numeric): Decimal {
  if (value instanceof Decimal128) return parseDecimal(value);
  if (value instanceof Long) return parseDecimalText(value.toString());
  return decimalFromDouble(toNumber(value));
}

export function add(left: Numeric, right: Numeric, onOverflow: OnOverflow = 'double'): Numeric {
  if (isSmall(left) && isSmall(right)) return fromWhole(left + right);
  return combine(left, right, onOverflow, {
    double: (a, b) => a + b,
    whole: (a, b) => a + b,
    decimal: addDecimals,
  });
}

export function subtract(left: Numeric, right: Numeric, onOverflow: OnOverflow = 'double'): Numeric {
  if (isSmall(left) && isSmall(right)) return fromWhole(left - right);
  return combine(left, right, onOverflow, {
    double: (a, b) => a - b,
    whole: (a, b) => a - b,
    decimal: (a, b) => addDecimals(a, negateDecimal(b)),
  });
}

export function multiply(left: Numeric, right: Numeric, onOverflow: OnOverflow = 'double'): Numeric {
  return combine(left, right, onOverflow, {
    double: (a, b) => a * b,
    whole: (a, b) => a * b,
    decimal: multiplyDecimals,
  });
}

/** Total order by value, NaN first. Types do not matter: int 1, long 1, double 1 and decimal 1 are equal. */
export function compareNumeric(left: Numeric, right: Numeric): number {
  if (!(left instanceof Long || left instanceof Decimal128 || right instanceof Long || right instanceof Decimal128)) {
    return compareDoubles(toNumber(left), toNumber(right));
  }
  if (left instanceof Long && right instanceof Long) return left.compare(right);
  const [a, b] = [asSafeNumber(left), asSafeNumber(right)];
  if (a !== undefined && b !== undefined) return compareDoubles(a, b);
  return compareDecimals(toDecimal(left), toDecimal(right));
}

/** An int when it fits, else a long: how whole results are typed. */
export function fromWhole(value: number | bigint): number | Long {
  const small = Number(value);
  return isInt32(small) ? small : Long.fromBigInt(BigInt(value));
}

interface Operation {
  double(left: number, right: number): number;
  whole(left: bigint, right: bigint): bigint;
  decimal(left: Decimal, right: Decimal): Decimal;
}

function combine(left: Numeric, right: Numeric, onOverflow: OnOverflow, operation: Operation): Numeric {
  const kinds = [kindOf(left), kindOf(right)];
  if (kinds.includes('decimal'))
    return toDecimal128(operation.decimal(arithmeticDecimal(left), arithmeticDecimal(right)));
  if (kinds.includes('double')) return asDouble(operation.double(toNumber(left), toNumber(right)));
  const result = operation.whole(BigInt(left.toString()), BigInt(right.toString()));
  if (result !== BigInt.asIntN(64, result)) {
    if (onOverflow === 'double') return asDouble(Number(result));
    throw new CommandError('BadValue', 'Failed to apply an arithmetic update: the result does not fit in 64 bits');
  }
  return kinds.includes('long') ? Long.fromBigInt(result) : fromWhole(result);
}

function arithmeticDecimal(value: Numeric): Decimal {
  return kindOf(value) === 'double' ? roundedDecimalFromDouble(toNumber(value)) : toDecimal(value);
}

function asSafeNumber(value: Numeric): number | undefined {
  if (value instanceof Decimal128) return undefined;
  const number = toNumber(value);
  return value instanceof Long && !Number.isSafeInteger(number) ? undefined : number;
}

function isSmall(value: Numeric): value is number {
  return typeof value === 'number' && isInt32(value);
}

function compareDoubles(left: number, right: number): number {
  if (left < right) return -1;
  if (left > right) return 1;
  if (left === right) return 0;
  return Number(Number.isNaN(right)) - Number(Number.isNaN(left));
}
