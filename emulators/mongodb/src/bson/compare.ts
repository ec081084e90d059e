import { type Binary, type BSONRegExp, type BSONSymbol, type Code, type ObjectId, type Timestamp } from 'bson';
import { compareNumeric, kindOf, type Numeric } from './numeric.ts';
import { bsonTypeOf, type Doc, isDoc, type Maybe, type Value } from './value.ts';

/** Position of each type in the server's order; numbers share one place, strings and symbols too. */
export const TYPE_ORDER = {
  minKey: 1,
  missing: 3,
  null: 5,
  number: 10,
  string: 15,
  object: 20,
  array: 25,
  binary: 30,
  objectId: 35,
  boolean: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  code: 60,
  maxKey: 127,
} as const;

const BSON_CLASS_ORDER: Record<string, number> = {
  Long: TYPE_ORDER.number,
  Double: TYPE_ORDER.number,
  Int32: TYPE_ORDER.number,
  Decimal128: TYPE_ORDER.number,
  ObjectId: TYPE_ORDER.objectId,
  Binary: TYPE_ORDER.binary,
  Timestamp: TYPE_ORDER.timestamp,
  BSONRegExp: TYPE_ORDER.regex,
  BSONSymbol: TYPE_ORDER.string,
  Code: TYPE_ORDER.code,
  MinKey: TYPE_ORDER.minKey,
  MaxKey: TYPE_ORDER.maxKey,
};

export function typeOrder(value: Maybe): number {
  switch (typeof value) {
    case 'number':
      return TYPE_ORDER.number;
    case 'string':
      return TYPE_ORDER.string;
    case 'boolean':
      return TYPE_ORDER.boolean;
    case 'undefined':
      return TYPE_ORDER.missing;
    default:
      return value === null ? TYPE_ORDER.null : objectOrder(value as object);
  }
}

function objectOrder(value: object): number {
  if (Array.isArray(value)) return TYPE_ORDER.array;
  if (value instanceof Date) return TYPE_ORDER.date;
  if (isDoc(value)) return TYPE_ORDER.object;
  return BSON_CLASS_ORDER[bsonTypeOf(value) ?? ''] ?? TYPE_ORDER.object;
}

/** The server's total order over all values. */
export function compareValues(left: Maybe, right: Maybe): number {
  if (left === right) return 0;
  const order = typeOrder(left);
  const byType = order - typeOrder(right);
  if (byType !== 0) return byType < 0 ? -1 : 1;
  switch (order) {
    case TYPE_ORDER.number:
      return compareNumeric(left as Numeric, right as Numeric);
    case TYPE_ORDER.string:
      return compareStrings(textOf(left), textOf(right));
    case TYPE_ORDER.object:
      return compareDocs(left as Doc, right as Doc);
    case TYPE_ORDER.array:
      return compareArrays(left as Value[], right as Value[]);
    case TYPE_ORDER.binary:
      return compareBinary(left as Binary, right as Binary);
    case TYPE_ORDER.objectId:
      return Math.sign(Buffer.compare((left as ObjectId).id, (right as ObjectId).id));
    case TYPE_ORDER.boolean:
      return Number(left) - Number(right);
    case TYPE_ORDER.date:
      return Math.sign((left as Date).getTime() - (right as Date).getTime());
    case TYPE_ORDER.timestamp:
      return (left as Timestamp).compare(right as Timestamp);
    case TYPE_ORDER.regex:
      return compareRegex(left as BSONRegExp, right as BSONRegExp);
    case TYPE_ORDER.code:
      return compareStrings((left as Code).code, (right as Code).code);
    default:
      return 0;
  }
}

export function isEqual(left: Maybe, right: Maybe): boolean {
  return compareValues(left, right) === 0;
}

/** Equal to the last bit, numeric types and field order included: the test for "this update changed nothing". */
export function isIdentical(left: Maybe, right: Maybe): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, i) => isIdentical(item, right[i]));
  }
  if (isDoc(left) && isDoc(right)) {
    const fields = Object.keys(left);
    const others = Object.keys(right);
    return fields.length === others.length && fields.every((f, i) => f === others[i] && isIdentical(left[f], right[f]));
  }
  if (compareValues(left, right) !== 0) return false;
  if (typeOrder(left) !== TYPE_ORDER.number) return true;
  const [a, b] = [left as Numeric, right as Numeric];
  return kindOf(a) === kindOf(b) && a.toString() === b.toString();
}

/**
 * By code point, which is the order of the UTF-8 bytes. JavaScript compares UTF-16 units, and those differ
 * where a surrogate pair meets a character above the surrogates.
 */
export function compareStrings(left: string, right: string): number {
  if (left === right) return 0;
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const a = left.charCodeAt(i);
    const b = right.charCodeAt(i);
    if (a !== b) return codePointRank(a) < codePointRank(b) ? -1 : 1;
  }
  return left.length < right.length ? -1 : 1;
}

/** Moves surrogates above the other UTF-16 units, keeping everything else in place. */
export function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function compareDocs(left: Doc, right: Doc): number {
  const fields = Object.keys(left);
  const others = Object.keys(right);
  const length = Math.min(fields.length, others.length);
  for (let i = 0; i < length; i++) {
    const [a, b] = [fields[i] as string, others[i] as string];
    const byType = typeOrder(left[a]) - typeOrder(right[b]);
    if (byType !== 0) return Math.sign(byType);
    const order = compareStrings(a, b) || compareValues(left[a], right[b]);
    if (order !== 0) return order;
  }
  return Math.sign(fields.length - others.length);
}

function compareArrays(left: Value[], right: Value[]): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const order = compareValues(left[i], right[i]);
    if (order !== 0) return order;
  }
  return Math.sign(left.length - right.length);
}

function compareBinary(left: Binary, right: Binary): number {
  if (left.position !== right.position) return Math.sign(left.position - right.position);
  if (left.sub_type !== right.sub_type) return Math.sign(left.sub_type - right.sub_type);
  return Math.sign(Buffer.compare(left.value(), right.value()));
}

function compareRegex(left: BSONRegExp, right: BSONRegExp): number {
  return compareStrings(left.pattern, right.pattern) || compareStrings(left.options, right.options);
}

function textOf(value: Maybe): string {
  return typeof value === 'string' ? value : (value as BSONSymbol).value;
}
