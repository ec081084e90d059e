import {
  type Binary,
  type BSONRegExp,
  type BSONSymbol,
  type Code,
  Decimal128,
  Long,
  type ObjectId,
  type Timestamp,
} from 'bson';
import { refuse } from '../errors.ts';
import { codePointRank, TYPE_ORDER, typeOrder } from './compare.ts';
import { compareDecimals, type Decimal, decimalFromDouble } from './decimal.ts';
import { type Numeric, toDecimal, toNumber } from './numeric.ts';
import type { Doc, Maybe, Value } from './value.ts';

/**
 * Values as strings whose plain `<` order is the server's value order, and which are equal exactly when the values
 * are. An index is then a sorted list of strings, and grouping is a Map.
 */
export function keyString(value: Maybe): string {
  const order = typeOrder(value);
  return String.fromCharCode(order) + body(value, order);
}

/** The first string above everything that begins with the given one. */
export function successor(prefix: string): string {
  for (let end = prefix.length; end > 0; end--) {
    const unit = prefix.charCodeAt(end - 1);
    if (unit < 0xffff) return prefix.slice(0, end - 1) + String.fromCharCode(unit + 1);
  }
  // No key begins with this unit: it is no type, neither straight nor inverted.
  return '\uffff';
}

/** Reverses the order, for descending index fields. */
export function invertKey(key: string): string {
  const units: number[] = [];
  for (let i = 0; i < key.length; i++) units.push(0xffff - key.charCodeAt(i));
  return fromUnits(units);
}

function body(value: Maybe, order: number): string {
  switch (order) {
    case TYPE_ORDER.number:
      return numberBody(value as Numeric);
    case TYPE_ORDER.string:
      return textBody(typeof value === 'string' ? value : (value as BSONSymbol).value);
    case TYPE_ORDER.object:
      return objectBody(value as Doc);
    case TYPE_ORDER.array:
      return (value as Value[]).map(keyString).join('') + '\0';
    case TYPE_ORDER.binary:
      return binaryBody(value as Binary);
    case TYPE_ORDER.objectId:
      return bytesBody((value as ObjectId).id);
    case TYPE_ORDER.boolean:
      return value === true ? '\u0001' : '\0';
    case TYPE_ORDER.date:
      return doubleBody((value as Date).getTime());
    case TYPE_ORDER.timestamp:
      return wordBody((value as Timestamp).t) + wordBody((value as Timestamp).i);
    case TYPE_ORDER.regex:
      return textBody((value as BSONRegExp).pattern) + textBody((value as BSONRegExp).options);
    case TYPE_ORDER.code:
      return textBody((value as Code).code);
    default:
      return '';
  }
}

/** Fields compare by type, then name, then value, and the shorter document comes first. */
function objectBody(doc: Doc): string {
  let key = '';
  for (const field of Object.keys(doc)) {
    const value = doc[field];
    const order = typeOrder(value);
    key += String.fromCharCode(order) + textBody(field) + body(value, order);
  }
  return key + '\0';
}

// Only the characters that need care: the terminator, and those whose UTF-16 order is not code point order.
// oxlint-disable-next-line no-control-regex
const SPECIAL = /[\0\ud800-\uffff]/;

function textBody(text: string): string {
  if (!SPECIAL.test(text)) return text + '\0\0';
  let key = '';
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    key += unit === 0 ? '\0\u0001' : String.fromCharCode(codePointRank(unit));
  }
  return key + '\0\0';
}

function binaryBody(value: Binary): string {
  return wordBody(value.position) + String.fromCharCode(value.sub_type) + fromUnits([...value.value()]);
}

function bytesBody(bytes: Uint8Array): string {
  const units: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) units.push(((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0));
  return fromUnits(units);
}

function wordBody(value: number): string {
  return String.fromCharCode((value >>> 16) & 0xffff, value & 0xffff);
}

const floats = new Float64Array(1);
const words = new Uint32Array(floats.buffer);

/** The IEEE bits, flipped so that they sort: negative numbers reversed, positive ones above them. NaN is the smallest. */
function doubleBody(value: number): string {
  if (Number.isNaN(value)) return '\0\0\0\0';
  floats[0] = value === 0 ? 0 : value;
  let [low = 0, high = 0] = words;
  if (high >>> 31 === 1) {
    low = ~low;
    high = ~high;
  } else {
    high ^= 0x80000000;
  }
  return wordBody(high >>> 0) + wordBody(low >>> 0);
}

const EXACT = '\0';

function numberBody(value: Numeric): string {
  if (value instanceof Decimal128 || (value instanceof Long && !Number.isSafeInteger(value.toNumber()))) {
    return wideNumberBody(toDecimal(value), toNumber(value));
  }
  return doubleBody(toNumber(value)) + EXACT;
}

/** Beyond this decimals underflow the doubles the keys are built on. */
const SMALLEST_INDEXED = 1e-290;
const FRACTION_BITS = 80;

/** A number no double equals: the double below it, then how far it is from there in parts of the gap to the next. */
function wideNumberBody(exact: Decimal, nearest: number): string {
  if (exact.kind !== 'finite') return doubleBody(nearest) + EXACT;
  const isTiny = exact.coefficient !== 0n && Math.abs(nearest) < SMALLEST_INDEXED;
  if (isTiny || !Number.isFinite(nearest))
    throw refuse('a Decimal128 beyond the range of doubles in a key', 'BadValue');
  const floor = compareDecimals(decimalFromDouble(nearest), exact) > 0 ? neighbour(nearest, -1) : nearest;
  const below = decimalFromDouble(floor);
  if (compareDecimals(below, exact) === 0) return doubleBody(floor) + EXACT;
  const above = decimalFromDouble(neighbour(floor, 1));
  const exponent = Math.min(exponentOf(below), exponentOf(above), exact.exponent);
  const [from, to, at] = [below, above, exact].map((d) => coefficientAt(d, exponent)) as [bigint, bigint, bigint];
  const fraction = ((at - from) << BigInt(FRACTION_BITS)) / (to - from);
  const units = Array.from({ length: FRACTION_BITS / 16 }, (_, i) =>
    Number((fraction >> BigInt(FRACTION_BITS - 16 * (i + 1))) & 0xffffn),
  );
  return doubleBody(floor) + '\u0001' + fromUnits(units);
}

function neighbour(value: number, step: 1 | -1): number {
  const bits = new BigInt64Array(1);
  const double = new Float64Array(bits.buffer);
  double[0] = value === 0 ? Number.MIN_VALUE * step : value;
  if (value !== 0) bits[0] = (bits[0] ?? 0n) + BigInt(value > 0 ? step : -step);
  return double[0];
}

function exponentOf(value: Decimal): number {
  return value.kind === 'finite' ? value.exponent : 0;
}

function coefficientAt(value: Decimal, exponent: number): bigint {
  return value.kind === 'finite' ? value.coefficient * 10n ** BigInt(value.exponent - exponent) : 0n;
}

const CHUNK = 4096;

function fromUnits(units: number[]): string {
  if (units.length <= CHUNK) return String.fromCharCode(...units);
  let text = '';
  for (let i = 0; i < units.length; i += CHUNK) text += String.fromCharCode(...units.slice(i, i + CHUNK));
  return text;
}
