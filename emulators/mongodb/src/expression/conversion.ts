import { Binary, Decimal128, Double, Long, ObjectId, UUID } from 'bson';
import { parseDecimalText, roundedDecimalFromDouble, toDecimal128 } from '../bson/decimal.ts';
import { isNumeric, kindOf, type Numeric, toNumber } from '../bson/numeric.ts';
import { typeName, typeNameFor } from '../bson/type-names.ts';
import { asDouble, isInt32, type Maybe, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { type Evaluate, fixed, namedOperands, type OperatorTable } from './evaluate.ts';
import { isNullish, isTruthy } from './truth.ts';

type Convert = (value: Value) => Value;

const CONVERSIONS: Record<string, Convert> = {
  string: toText,
  bool: isTruthy,
  int: (value) => {
    const whole = Number(toBigInt(value, 'int'));
    if (!isInt32(whole)) throw cannot(value, 'int', 'overflow');
    return whole;
  },
  long: (value) => {
    const whole = toBigInt(value, 'long');
    if (BigInt.asIntN(64, whole) !== whole) throw cannot(value, 'long', 'overflow');
    return Long.fromBigInt(whole);
  },
  double: (value) => asDouble(toDoubleNumber(value)),
  decimal: toDecimalValue,
  date: toDate,
  objectId: toObjectId,
};

export const conversionOperators: OperatorTable = {
  $type: fixed('$type', 1, typeName),
  $isNumber: fixed('$isNumber', 1, isNumeric),
  $toString: shorthand('$toString', 'string'),
  $toBool: shorthand('$toBool', 'bool'),
  $toInt: shorthand('$toInt', 'int'),
  $toLong: shorthand('$toLong', 'long'),
  $toDouble: shorthand('$toDouble', 'double'),
  $toDecimal: shorthand('$toDecimal', 'decimal'),
  $toDate: shorthand('$toDate', 'date'),
  $toObjectId: shorthand('$toObjectId', 'objectId'),
  $convert: (operand, compile) => {
    const parts = namedOperands('$convert', operand, { required: ['input', 'to'], optional: ['onError', 'onNull'] });
    const [input, to] = [compile(parts.input as Value), compile(parts.to as Value)];
    const onNull: Evaluate = parts.onNull === undefined ? () => null : compile(parts.onNull);
    const onError = parts.onError === undefined ? undefined : compile(parts.onError);
    return (scope) => {
      const value = input(scope);
      const target = to(scope);
      if (isNullish(target)) return null;
      const convert = conversionTo(target);
      if (isNullish(value)) return onNull(scope);
      try {
        return convert(value);
      } catch (error) {
        if (onError && error instanceof CommandError) return onError(scope);
        throw error;
      }
    };
  },
};

export function toText(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (isNumeric(value)) return value instanceof Double ? String(value.value) : value.toString();
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof UUID) return value.toString();
  if (value instanceof Binary) return Buffer.from(value.value()).toString('base64');
  throw cannot(value, 'string', 'no such conversion');
}

function shorthand(name: string, type: string) {
  const convert = conversionTo(type);
  return fixed(name, 1, (value: Maybe) => (isNullish(value) ? null : convert(value)));
}

function conversionTo(target: Value): Convert {
  const type = typeNameFor(target);
  const convert = Object.hasOwn(CONVERSIONS, type) ? CONVERSIONS[type] : undefined;
  if (!convert) throw new CommandError('BadValue', `emulator: $convert to ${type} is not supported`);
  return convert;
}

function toBigInt(value: Value, type: 'int' | 'long'): bigint {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (value instanceof Date && type === 'long') return BigInt(value.getTime());
  if (typeof value === 'string') {
    if (!/^[+-]?\d+$/.test(value)) throw cannot(value, type, 'failed to parse number');
    return BigInt(value.replace(/^\+/, ''));
  }
  if (!isNumeric(value)) throw cannot(value, type, 'no such conversion');
  if (value instanceof Long || kindOf(value) === 'int') return BigInt(value.toString());
  const truncated = Math.trunc(toNumber(value));
  if (!Number.isFinite(truncated)) throw cannot(value, type, 'not a finite number');
  return value instanceof Decimal128 ? wholePartOf(value) : BigInt(truncated);
}

function wholePartOf(value: Decimal128): bigint {
  const parsed = parseDecimalText(value.toString());
  if (parsed.kind !== 'finite' || parsed.exponent > 40) throw cannot(value, 'long', 'overflow');
  const scale = 10n ** BigInt(Math.abs(parsed.exponent));
  return parsed.exponent < 0 ? parsed.coefficient / scale : parsed.coefficient * scale;
}

function toDoubleNumber(value: Value): number {
  if (typeof value === 'boolean') return Number(value);
  if (value instanceof Date) return value.getTime();
  if (isNumeric(value)) return toNumber(value);
  if (typeof value === 'string' && value.trim() === value && value !== '' && !/^0x/i.test(value)) {
    const number = Number(value);
    if (!Number.isNaN(number) || value === 'NaN') return number;
  }
  throw cannot(value, 'double', 'failed to parse number');
}

function toDecimalValue(value: Value): Decimal128 {
  if (value instanceof Decimal128) return value;
  if (value instanceof Date) return Decimal128.fromString(String(value.getTime()));
  if (typeof value === 'boolean') return Decimal128.fromString(value ? '1' : '0');
  if (isNumeric(value)) return kindOf(value) === 'double' ? fromDouble(value) : Decimal128.fromString(value.toString());
  if (typeof value === 'string') {
    try {
      return Decimal128.fromString(value);
    } catch (cause) {
      throw new CommandError('BadValue', `Failed to parse number '${value}' in $convert`, { cause });
    }
  }
  throw cannot(value, 'decimal', 'no such conversion');
}

function fromDouble(value: Numeric): Decimal128 {
  return toDecimal128(roundedDecimalFromDouble(toNumber(value)));
}

function toDate(value: Value): Date {
  if (value instanceof Date) return value;
  if (value instanceof ObjectId) return value.getTimestamp();
  const date =
    typeof value === 'string'
      ? new Date(value)
      : isNumeric(value) && kindOf(value) !== 'int'
        ? new Date(toNumber(value))
        : undefined;
  if (date === undefined || Number.isNaN(date.getTime())) throw cannot(value, 'date', 'no such conversion');
  return date;
}

function toObjectId(value: Value): ObjectId {
  if (value instanceof ObjectId) return value;
  if (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value);
  throw cannot(value, 'objectId', 'not 24 hexadecimal digits');
}

function cannot(value: Value, type: string, why: string): CommandError {
  return new CommandError('BadValue', `Unsupported conversion from ${typeName(value)} to ${type} in $convert: ${why}`);
}
