import { Binary, BSONRegExp, type Long } from 'bson';
import { compareValues, TYPE_ORDER, typeOrder } from '../bson/compare.ts';
import { isNumeric, toNumber } from '../bson/numeric.ts';
import { toRegExp } from '../bson/regex.ts';
import { typeTest } from '../bson/type-names.ts';
import { type Doc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError, refuse } from '../errors.ts';

export type ValueTest = (value: Maybe) => boolean;

export interface CompiledOperator {
  test: ValueTest;
  /** `$size` looks at the array, most operators at its elements. */
  onWholeArrays?: boolean;
}

type Compile = (operand: Value, beside: Doc) => CompiledOperator;

const compiledHere: Record<string, Compile> = {
  $gt: (operand) => ({ test: rangeTest(operand, (order) => order > 0) }),
  $gte: (operand) => ({ test: rangeTest(operand, (order) => order >= 0, true) }),
  $lt: (operand) => ({ test: rangeTest(operand, (order) => order < 0) }),
  $lte: (operand) => ({ test: rangeTest(operand, (order) => order <= 0, true) }),
  $regex: (operand, beside) => ({ test: regexOperator(operand, beside) }),
  $type: (operand) => ({ test: typeTest(operand) }),
  $mod: (operand) => ({ test: modulo(operand) }),
  $size: (operand) => {
    const size = wholeNumber('$size', operand);
    if (size < 0) throw new CommandError('BadValue', '$size may not be negative');
    return { test: (value) => Array.isArray(value) && value.length === size, onWholeArrays: true };
  },
  $bitsAllSet: (operand) => ({ test: bits(operand, (set, mask) => (set & mask) === mask) }),
  $bitsAnySet: (operand) => ({ test: bits(operand, (set, mask) => (set & mask) !== 0n) }),
  $bitsAllClear: (operand) => ({ test: bits(operand, (set, mask) => (set & mask) === 0n) }),
  $bitsAnyClear: (operand) => ({ test: bits(operand, (set, mask) => (set & mask) !== mask) }),
};

/** Everything allowed as a condition on a field; the rest of the list lives in the matcher. */
export const FIELD_OPERATORS: Record<string, true> = Object.fromEntries(
  [
    ...Object.keys(compiledHere),
    ...['$eq', '$ne', '$in', '$nin', '$not', '$exists', '$elemMatch', '$all', '$options'],
  ].map((name) => [name, true as const]),
);

const REFUSED = new Set(['$near', '$nearSphere', '$geoWithin', '$geoIntersects', '$within', '$jsonSchema']);

export function compileOperator(name: string, operand: Value, beside: Doc): CompiledOperator {
  const compile = Object.hasOwn(compiledHere, name) ? compiledHere[name] : undefined;
  if (compile) return compile(operand, beside);
  if (REFUSED.has(name)) throw refuse(`the query operator ${name}`);
  throw new CommandError('BadValue', `unknown operator: ${name} (emulator)`);
}

/** Ranges stay within one type: `$gt: 5` never finds a string. The two extreme keys are the exception. */
function rangeTest(operand: Value, accepts: (order: number) => boolean, matchesNull = false): ValueTest {
  const order = typeOrder(operand);
  if (order === TYPE_ORDER.null) {
    return (value) => matchesNull && (value === null || value === undefined);
  }
  if (order === TYPE_ORDER.regex) throw new CommandError('BadValue', 'a range cannot be bounded by a regex');
  if (order === TYPE_ORDER.minKey || order === TYPE_ORDER.maxKey) {
    return (value) => value !== undefined && accepts(compareValues(value, operand));
  }
  const isNan = isNumeric(operand) && Number.isNaN(toNumber(operand));
  return (value) => {
    if (typeOrder(value) !== order) return false;
    // NaN is equal to itself and outside every range.
    if (isNumeric(value) && Number.isNaN(toNumber(value)) !== isNan) return false;
    return accepts(compareValues(value, operand));
  };
}

function regexOperator(operand: Value, beside: Doc): ValueTest {
  const options = beside.$options;
  if (options !== undefined && typeof options !== 'string') {
    throw new CommandError('BadValue', '$options has to be a string');
  }
  let regex: RegExp;
  if (operand instanceof BSONRegExp) regex = toRegExp(operand.pattern, options ?? operand.options);
  else if (typeof operand === 'string') regex = toRegExp(operand, options ?? '');
  else throw new CommandError('BadValue', '$regex has to be a string');
  return (value) => typeof value === 'string' && regex.test(value);
}

function modulo(operand: Value): ValueTest {
  if (!Array.isArray(operand) || operand.length !== 2) {
    throw new CommandError('BadValue', 'malformed mod, needs to be an array of two numbers');
  }
  const [divisor, remainder] = operand.map((item) => Math.trunc(anyNumber('$mod', item))) as [number, number];
  if (divisor === 0) throw new CommandError('BadValue', 'divisor cannot be 0');
  return (value) => isNumeric(value) && Math.trunc(toNumber(value)) % divisor === remainder;
}

function bits(operand: Value, accepts: (set: bigint, mask: bigint) => boolean): ValueTest {
  const mask = bitMask(operand);
  return (value) => {
    if (value instanceof Binary) return accepts(bigintOf(value.value()), mask);
    if (!isNumeric(value) || !Number.isInteger(toNumber(value))) return false;
    return accepts(BigInt.asUintN(64, BigInt((value as number | Long).toString())), mask);
  };
}

function bitMask(operand: Value): bigint {
  if (Array.isArray(operand)) {
    return operand.reduce((mask: bigint, bit) => mask | (1n << BigInt(wholeNumber('a bit position', bit))), 0n);
  }
  if (operand instanceof Binary) return bigintOf(operand.value());
  const mask = wholeNumber('a bit mask', operand);
  if (mask < 0) throw new CommandError('BadValue', 'a bit mask may not be negative');
  return BigInt(mask);
}

/** Binary data counts bits from the first byte. */
function bigintOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum: bigint, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function wholeNumber(what: string, operand: Value): number {
  const number = anyNumber(what, operand);
  if (!Number.isSafeInteger(number)) throw new CommandError('BadValue', `${what} needs a whole number`);
  return number;
}

function anyNumber(what: string, operand: Value): number {
  if (!isNumeric(operand)) throw new CommandError('BadValue', `${what} needs a number`);
  return toNumber(operand);
}
