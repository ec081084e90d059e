import { Decimal128, Long } from 'bson';
import { divideDecimals, parseDecimalText, signOf, toDecimal128 } from '../bson/decimal.ts';
import {
  add,
  fromWhole,
  isNumeric,
  kindOf,
  multiply,
  type Numeric,
  subtract,
  toDecimal,
  toNumber,
} from '../bson/numeric.ts';
import { typeName } from '../bson/type-names.ts';
import { asDouble, type Maybe } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { between, fixed, type OperatorTable, variadic } from './evaluate.ts';
import { isNullish } from './truth.ts';

export const arithmeticOperators: OperatorTable = {
  $add: variadic(addAll),
  $subtract: fixed('$subtract', 2, subtractTwo),
  $multiply: variadic((values) => {
    if (values.some(isNullish)) return null;
    return values.reduce<Numeric>((product, value) => multiply(product, numeric('$multiply', value)), 1);
  }),
  $divide: fixed('$divide', 2, (left, right) => {
    if (isNullish(left) || isNullish(right)) return null;
    return divide(numeric('$divide', left), numeric('$divide', right));
  }),
  $mod: fixed('$mod', 2, (left, right) => {
    if (isNullish(left) || isNullish(right)) return null;
    return remainder(numeric('$mod', left), numeric('$mod', right));
  }),
  $abs: unary('$abs', (value) => (toNumber(value) < 0 ? subtract(0, value) : value)),
  $ceil: unary('$ceil', (value) => rounded('$ceil', value, Math.ceil)),
  $floor: unary('$floor', (value) => rounded('$floor', value, Math.floor)),
  $round: between('$round', 1, 2, (value, place) => roundTo('$round', value, place)),
  $trunc: between('$trunc', 1, 2, (value, place) => roundTo('$trunc', value, place)),
  $pow: fixed('$pow', 2, (base, exponent) => {
    if (isNullish(base) || isNullish(exponent)) return null;
    return power(numeric('$pow', base), numeric('$pow', exponent));
  }),
  $sqrt: unary('$sqrt', (value) => double('$sqrt', value, Math.sqrt, (x) => x >= 0 || Number.isNaN(x))),
  $exp: unary('$exp', (value) => double('$exp', value, Math.exp)),
  $ln: unary('$ln', (value) => double('$ln', value, Math.log, isPositive)),
  $log10: unary('$log10', (value) => double('$log10', value, Math.log10, isPositive)),
  $log: fixed('$log', 2, (value, base) => {
    if (isNullish(value) || isNullish(base)) return null;
    const logarithm = Math.log(toNumber(numeric('$log', value)));
    return asDouble(logarithm / Math.log(toNumber(numeric('$log', base))));
  }),
  $bitAnd: bitwise('$bitAnd', -1n, (left, right) => left & right),
  $bitOr: bitwise('$bitOr', 0n, (left, right) => left | right),
  $bitXor: bitwise('$bitXor', 0n, (left, right) => left ^ right),
  $bitNot: unary('$bitNot', (value) => wholeLike(value, ~BigInt(whole('$bitNot', value).toString()))),
  $rand: () => () => asDouble(Math.random()),
};

export function divide(left: Numeric, right: Numeric): Numeric {
  if (toNumber(right) === 0) throw new CommandError('BadValue', "can't $divide by zero");
  if (left instanceof Decimal128 || right instanceof Decimal128) {
    return toDecimal128(divideDecimals(toDecimal(left), toDecimal(right)));
  }
  return asDouble(toNumber(left) / toNumber(right));
}

function addAll(values: Maybe[]): Maybe {
  let sum: Numeric = 0;
  let hasDate = false;
  for (const value of values) {
    if (isNullish(value)) return null;
    if (value instanceof Date) {
      if (hasDate) throw new CommandError('BadValue', 'only one date allowed in an $add expression');
      hasDate = true;
      sum = add(sum, Long.fromNumber(value.getTime()));
    } else {
      sum = add(sum, numeric('$add', value));
    }
  }
  return hasDate ? new Date(Math.round(toNumber(sum))) : sum;
}

function subtractTwo(left: Maybe, right: Maybe): Maybe {
  if (isNullish(left) || isNullish(right)) return null;
  if (left instanceof Date) {
    if (right instanceof Date) return Long.fromNumber(left.getTime() - right.getTime());
    return new Date(left.getTime() - Math.round(toNumber(numeric('$subtract', right))));
  }
  return subtract(numeric('$subtract', left), numeric('$subtract', right));
}

function remainder(left: Numeric, right: Numeric): Numeric {
  if (toNumber(right) === 0) throw new CommandError('BadValue', "can't $mod by zero");
  if (left instanceof Decimal128 || right instanceof Decimal128) {
    throw new CommandError('NotImplemented', 'emulator: $mod of Decimal128 is not supported');
  }
  const kinds = [kindOf(left), kindOf(right)];
  if (kinds.includes('double')) return asDouble(toNumber(left) % toNumber(right));
  // Adding zero turns the -0 of JavaScript's remainder into the whole number it stands for.
  if (!kinds.includes('long')) return (toNumber(left) % toNumber(right)) + 0;
  const result = BigInt(left.toString()) % BigInt(right.toString());
  return Long.fromBigInt(result);
}

function power(base: Numeric, exponent: Numeric): Numeric {
  if (base instanceof Decimal128 || exponent instanceof Decimal128) {
    throw new CommandError('NotImplemented', 'emulator: $pow of Decimal128 is not supported');
  }
  const result = toNumber(base) ** toNumber(exponent);
  const isWhole = kindOf(base) !== 'double' && kindOf(exponent) !== 'double' && Number.isSafeInteger(result);
  return isWhole ? fromWhole(result) : asDouble(result);
}

function rounded(name: string, value: Numeric, round: (value: number) => number): Numeric {
  if (value instanceof Decimal128)
    throw new CommandError('NotImplemented', `emulator: ${name} of Decimal128 is not supported`);
  return kindOf(value) === 'double' ? asDouble(round(toNumber(value))) : value;
}

/** Works on the decimal digits: scaling a double by a power of ten would round before we do. */
function roundTo(name: '$round' | '$trunc', value: Maybe, place: Maybe): Maybe {
  if (isNullish(value)) return null;
  const number = numeric(name, value);
  const digits = place === undefined ? 0 : toNumber(numeric(name, place));
  if (!Number.isInteger(digits) || digits < -20 || digits > 100) {
    throw new CommandError(
      'BadValue',
      `cannot apply ${name} with precision value ${digits} value must be in [-20, 100]`,
    );
  }
  if (!Number.isFinite(toNumber(number))) return number;
  const exact = kindOf(number) === 'double' ? parseDecimalText(String(toNumber(number))) : toDecimal(number);
  if (exact.kind !== 'finite' || -exact.exponent <= digits) return number;
  const unit = 10n ** BigInt(-exact.exponent - digits);
  let kept = exact.coefficient / unit;
  const twiceRest = (exact.coefficient % unit) * 2n;
  const magnitude = twiceRest < 0n ? -twiceRest : twiceRest;
  const roundsAway = magnitude > unit || (magnitude === unit && kept % 2n !== 0n);
  if (name === '$round' && roundsAway) kept += BigInt(signOf(exact));
  const result = { kind: 'finite', coefficient: kept, exponent: -digits } as const;
  switch (kindOf(number)) {
    case 'decimal':
      return toDecimal128(result);
    case 'double':
      return asDouble(Number(`${kept}e${-digits}`));
    default:
      return wholeLike(number, kept * 10n ** BigInt(-digits));
  }
}

function wholeLike(example: Numeric, result: bigint): Numeric {
  return example instanceof Long ? Long.fromBigInt(result) : fromWhole(result);
}

function double(
  name: string,
  value: Numeric,
  compute: (value: number) => number,
  isAllowed: (value: number) => boolean = () => true,
): Numeric {
  const number = toNumber(value);
  if (!isAllowed(number)) throw new CommandError('BadValue', `${name}'s argument is out of range: ${number}`);
  return asDouble(compute(number));
}

function isPositive(value: number): boolean {
  return value > 0 || Number.isNaN(value);
}

function unary(name: string, compute: (value: Numeric) => Maybe) {
  return fixed(name, 1, (value) => (isNullish(value) ? null : compute(numeric(name, value))));
}

function bitwise(name: string, initial: bigint, combine: (left: bigint, right: bigint) => bigint) {
  return variadic((values) => {
    if (values.some(isNullish)) return null;
    const numbers = values.map((value) => whole(name, value));
    const result = numbers.reduce<bigint>((sum, value) => combine(sum, BigInt(value.toString())), initial);
    return numbers.some((value) => value instanceof Long) ? Long.fromBigInt(result) : fromWhole(result);
  });
}

function whole(name: string, value: Maybe): number | Long {
  const number = numeric(name, value);
  if (kindOf(number) === 'int' || number instanceof Long) return number as number | Long;
  throw new CommandError('TypeMismatch', `${name} only supports int and long operands, not ${typeName(value)}`);
}

export function numeric(name: string, value: Maybe): Numeric {
  if (isNumeric(value)) return value;
  throw new CommandError('TypeMismatch', `${name} only supports numeric types, not ${typeName(value)}`);
}
