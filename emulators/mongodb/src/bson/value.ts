import {
  Binary,
  type BSONRegExp,
  type BSONSymbol,
  type Code,
  DBRef,
  type Decimal128,
  deserialize,
  Double,
  Int32,
  type Long,
  type MaxKey,
  type MinKey,
  type ObjectId,
  serialize,
  type Timestamp,
} from 'bson';
import { CommandError, refuse } from '../errors.ts';
import { decodePlain } from './plain-decoder.ts';

/**
 * The value model. Every BSON type keeps its identity, so that a document comes back exactly as it was sent:
 * a plain JavaScript number is an int32 when it is a whole number in the int32 range, otherwise a double; a double that
 * happens to be a whole number in that range is kept in a `Double`; int64 is always a `Long`.
 */
export type Value =
  | null
  | boolean
  | number
  | string
  | Date
  | Long
  | Double
  | Decimal128
  | ObjectId
  | Binary
  | Timestamp
  | BSONRegExp
  | BSONSymbol
  | Code
  | MinKey
  | MaxKey
  | Doc
  | Value[];

/** `undefined` is "no such field", which is not the same as null. */
export type Maybe = Value | undefined;

export interface Doc {
  [field: string]: Value;
}

/** The server's own limits. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
/** Replies and internal documents may be a little larger than what a client may store. */
const MAX_INTERNAL_BYTES = MAX_DOCUMENT_BYTES + 16 * 1024;
const MAX_DEPTH = 180;

const READ_OPTIONS = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

export function isDoc(value: unknown): value is Doc {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The name bson gives its classes, or undefined for plain values. */
export function bsonTypeOf(value: object): string | undefined {
  return (value as { _bsontype?: string })._bsontype;
}

export function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0);
}

/** A number that must be stored as a double even when it is whole. */
export function asDouble(value: number): number | Double {
  return isInt32(value) ? new Double(value) : value;
}

/** Assigns a field by any name, `__proto__` included. */
export function setField(target: Doc, field: string, value: Value): void {
  if (field === '__proto__') {
    Object.defineProperty(target, field, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[field] = value;
  }
}

export function getField(doc: Doc, field: string): Maybe {
  return Object.hasOwn(doc, field) ? doc[field] : undefined;
}

export function decodeDocument(bytes: Uint8Array): Doc {
  return decodePlain(bytes) ?? decodeByLibrary(bytes);
}

/** Every type there is, and what is wrong with bytes that are no document. */
export function decodeByLibrary(bytes: Uint8Array): Doc {
  let raw: unknown;
  try {
    raw = deserialize(bytes, READ_OPTIONS);
  } catch (cause) {
    throw new CommandError('InvalidBSON', `emulator: malformed BSON: ${(cause as Error).message}`, { cause });
  }
  return fromRaw(raw, 0) as Doc;
}

export function encodeDocument(doc: Doc, limit = MAX_INTERNAL_BYTES): Uint8Array {
  const bytes = serialize(doc, { ignoreUndefined: true });
  if (bytes.byteLength > limit) {
    throw new CommandError(
      'BSONObjectTooLarge',
      `object to insert too large. size in bytes: ${bytes.byteLength}, max size: ${limit}`,
    );
  }
  return bytes;
}

/** Documents a client stores obey the 16 MB limit exactly. */
export function encodeStored(doc: Doc): Uint8Array {
  return encodeDocument(doc, MAX_DOCUMENT_BYTES);
}

/** The same of a document that was decoded from `sent` and not changed: these bytes decode to it again. */
export function storedBytes(doc: Doc, sent: Uint8Array | undefined): Uint8Array {
  return sent && sent.byteLength <= MAX_DOCUMENT_BYTES ? sent : encodeStored(doc);
}

/** A deep copy of the containers; the leaves are immutable by convention and are shared. */
export function copyValue<T extends Maybe>(value: T): T {
  if (Array.isArray(value)) return value.map(copyValue) as T;
  if (!isDoc(value)) return value;
  const copy: Doc = {};
  for (const field of Object.keys(value)) setField(copy, field, copyValue(value[field] as Value));
  return copy as T;
}

function fromRaw(raw: unknown, depth: number): Value {
  if (typeof raw !== 'object' || raw === null) {
    if (raw === undefined) throw refuse('the deprecated BSON type undefined', 'BadValue');
    return raw as Value;
  }
  if (depth > MAX_DEPTH) throw new CommandError('Overflow', `emulator: BSON nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(raw)) return raw.map((item) => fromRaw(item, depth + 1));
  if (isDoc(raw)) {
    const doc: Doc = raw;
    for (const field of Object.keys(doc)) {
      // bson decides by this property how to write a value: a client's field of that name would be written as another type.
      if (field === '_bsontype') throw refuse('a field named _bsontype', 'BadValue');
      const before = doc[field];
      const after = fromRaw(before, depth + 1);
      if (before !== after) setField(doc, field, after);
    }
    return doc;
  }
  return fromRawScalar(raw, depth);
}

function fromRawScalar(raw: object, depth: number): Value {
  if (raw instanceof Int32) return raw.value;
  if (raw instanceof Double) return isInt32(raw.value) ? raw : raw.value;
  if (raw instanceof Date) {
    if (Number.isNaN(raw.getTime())) throw refuse('a date outside the years JavaScript can represent', 'BadValue');
    return raw;
  }
  // The bytes are a view of the network buffer; a copy keeps a 48 MB message from living as long as one field of it.
  if (raw instanceof Binary) return raw.sub_type === 4 ? raw : new Binary(Buffer.from(raw.value()), raw.sub_type);
  if (raw instanceof DBRef) {
    const doc: Doc = { $ref: raw.collection, $id: raw.oid };
    if (raw.db !== undefined) doc.$db = raw.db;
    return fromRaw(Object.assign(doc, raw.fields), depth);
  }
  return raw as Value;
}
