import { Decimal128 } from 'bson';

/** A Decimal128 taken apart: `coefficient * 10^exponent`, or one of the special values. */
export type Decimal =
  | { kind: 'finite'; coefficient: bigint; exponent: number }
  | { kind: 'infinite'; negative: boolean }
  | { kind: 'nan' };

const MAX_DIGITS = 34;
const NAN: Decimal = { kind: 'nan' };

export function parseDecimal(value: Decimal128): Decimal {
  return parseDecimalText(value.toString());
}

export function parseDecimalText(text: string): Decimal {
  if (text === 'NaN') return NAN;
  if (text.endsWith('Infinity')) return { kind: 'infinite', negative: text.startsWith('-') };
  const [mantissa = '0', power = '0'] = text.split(/e/i);
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return finite(BigInt(whole + fraction), Number(power) - fraction.length);
}

/** Every double has an exact decimal expansion; comparisons need it, not a rounded one. */
export function decimalFromDouble(value: number): Decimal {
  if (Number.isNaN(value)) return NAN;
  if (!Number.isFinite(value)) return { kind: 'infinite', negative: value < 0 };
  let scaled = value;
  let halvings = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    halvings++;
  }
  // value = scaled / 2^n = scaled * 5^n / 10^n
  return finite(BigInt(scaled) * 5n ** BigInt(halvings), -halvings);
}

/** What the server makes of a double when it does decimal arithmetic with it: 15 significant digits. */
export function roundedDecimalFromDouble(value: number): Decimal {
  return Number.isFinite(value) ? parseDecimalText(value.toPrecision(15)) : decimalFromDouble(value);
}

export function addDecimals(left: Decimal, right: Decimal): Decimal {
  if (left.kind === 'nan' || right.kind === 'nan') return NAN;
  if (left.kind === 'infinite') {
    return right.kind === 'infinite' && right.negative !== left.negative ? NAN : left;
  }
  if (right.kind === 'infinite') return right;
  const exponent = Math.min(left.exponent, right.exponent);
  return finite(scaleTo(left, exponent) + scaleTo(right, exponent), exponent);
}

export function negateDecimal(value: Decimal): Decimal {
  if (value.kind === 'finite') return finite(-value.coefficient, value.exponent);
  return value.kind === 'infinite' ? { kind: 'infinite', negative: !value.negative } : value;
}

export function multiplyDecimals(left: Decimal, right: Decimal): Decimal {
  if (left.kind === 'nan' || right.kind === 'nan') return NAN;
  if (left.kind === 'finite' && right.kind === 'finite') {
    return finite(left.coefficient * right.coefficient, left.exponent + right.exponent);
  }
  if (signOf(left) === 0 || signOf(right) === 0) return NAN;
  return { kind: 'infinite', negative: signOf(left) !== signOf(right) };
}

/** Correctly rounded to 34 digits; the caller refuses a zero divisor. */
export function divideDecimals(left: Decimal, right: Decimal): Decimal {
  if (left.kind === 'nan' || right.kind === 'nan') return NAN;
  if (left.kind === 'infinite') {
    return right.kind === 'infinite' ? NAN : { kind: 'infinite', negative: left.negative !== signOf(right) < 0 };
  }
  if (right.kind === 'infinite') return finite(0n, 0);
  const ideal = left.exponent - right.exponent;
  // Two digits more than kept, and a sticky one, so that the rounding sees whether anything was cut off.
  const shift = Math.max(0, MAX_DIGITS + 3 + digitsOf(right.coefficient) - digitsOf(left.coefficient));
  const dividend = left.coefficient * 10n ** BigInt(shift);
  const quotient = dividend / right.coefficient;
  const isExact = dividend % right.coefficient === 0n;
  if (!isExact) {
    const sticky = dividend < 0n !== right.coefficient < 0n ? -1n : 1n;
    return finite(quotient * 10n + sticky, ideal - shift - 1);
  }
  let coefficient = quotient;
  let exponent = ideal - shift;
  while (exponent < ideal && coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  return finite(coefficient, exponent);
}

/** NaN sorts below every number, as in the server's order. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  if (left.kind === 'nan' || right.kind === 'nan') return Number(right.kind === 'nan') - Number(left.kind === 'nan');
  if (left.kind === 'infinite' || right.kind === 'infinite') return infinityRank(left) - infinityRank(right);
  const bySign = signOf(left) - signOf(right);
  if (bySign !== 0) return Math.sign(bySign);
  if (left.coefficient === 0n) return 0;
  // Magnitudes first: 1E+6000 must not be written out to be compared with 1.
  const leftMagnitude = digitsOf(left.coefficient) + left.exponent;
  const rightMagnitude = digitsOf(right.coefficient) + right.exponent;
  if (leftMagnitude !== rightMagnitude) return Math.sign(leftMagnitude - rightMagnitude) * signOf(left);
  const exponent = Math.min(left.exponent, right.exponent);
  const difference = scaleTo(left, exponent) - scaleTo(right, exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

export function toDecimal128(value: Decimal): Decimal128 {
  if (value.kind === 'nan') return Decimal128.fromString('NaN');
  if (value.kind === 'infinite') return Decimal128.fromString(value.negative ? '-Infinity' : 'Infinity');
  const { coefficient, exponent } = roundToDigits(value.coefficient, value.exponent);
  return Decimal128.fromString(`${coefficient}E${exponent}`);
}

export function signOf(value: Decimal): number {
  if (value.kind === 'infinite') return value.negative ? -1 : 1;
  if (value.kind === 'nan') return 0;
  return value.coefficient < 0n ? -1 : value.coefficient > 0n ? 1 : 0;
}

function finite(coefficient: bigint, exponent: number): Decimal {
  return { kind: 'finite', coefficient, exponent };
}

function infinityRank(value: Decimal): number {
  return value.kind === 'infinite' ? (value.negative ? -1 : 1) : 0;
}

function digitsOf(coefficient: bigint): number {
  return (coefficient < 0n ? -coefficient : coefficient).toString().length;
}

function scaleTo(value: { coefficient: bigint; exponent: number }, exponent: number): bigint {
  return value.coefficient * 10n ** BigInt(value.exponent - exponent);
}

/** Half to even, the rounding of IEEE 754 decimals. */
function roundToDigits(coefficient: bigint, exponent: number): { coefficient: bigint; exponent: number } {
  const excess = digitsOf(coefficient) - MAX_DIGITS;
  if (excess <= 0) return { coefficient, exponent };
  const unit = 10n ** BigInt(excess);
  const isNegative = coefficient < 0n;
  const magnitude = isNegative ? -coefficient : coefficient;
  let kept = magnitude / unit;
  const twiceRest = (magnitude % unit) * 2n;
  if (twiceRest > unit || (twiceRest === unit && kept % 2n === 1n)) kept += 1n;
  return roundToDigits(isNegative ? -kept : kept, exponent + excess);
}
