import { Double } from 'bson';
import { type Doc, isInt32, type Value } from './value.ts';

/**
 * Reads a document of plain values, which is what nearly all of them are, in a third of the library's time: names that were
 * seen before are not made again, and numbers are no objects on their way. Undefined for whatever else there may be,
 * mistakes included, which is left to the library.
 */
export function decodePlain(bytes: Uint8Array): Doc | undefined {
  const reader = new PlainReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const doc = reader.document(0);
  return reader.at === bytes.byteLength ? doc : undefined;
}

const TYPE = { double: 1, string: 2, document: 3, array: 4, boolean: 8, date: 9, null: 10, int32: 16 } as const;
/** Smaller than the limit of the others: what is deeper is as rare as a mistake. */
const MAX_DEPTH = 100;
/** What a Date can be, to both sides of the epoch. */
const MAX_DATE_MS = 8_640_000_000_000_000;
const NOT_UTF8 = '\ufffd';
/** To the library these are more than names: a prototype, the type of a value, a reference. */
const SPECIAL_NAMES = new Set(['__proto__', '_bsontype', '$ref']);

class PlainReader {
  at = 0;
  readonly #buffer: Buffer;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  document(depth: number): Doc | undefined {
    const end = this.#begin(depth);
    if (end === undefined) return undefined;
    const doc: Doc = {};
    for (let type = this.#byte(); type !== 0; type = this.#byte()) {
      const name = this.#name();
      const value = this.#value(type, depth);
      if (value === undefined || name === undefined || SPECIAL_NAMES.has(name)) return undefined;
      doc[name] = value;
    }
    return this.at === end ? doc : undefined;
  }

  #array(depth: number): Value[] | undefined {
    const end = this.#begin(depth);
    if (end === undefined) return undefined;
    const items: Value[] = [];
    for (let type = this.#byte(); type !== 0; type = this.#byte()) {
      // The place is told by the order; what stands there as a name is read over.
      const nameEnd = this.#buffer.indexOf(0, this.at);
      if (nameEnd < 0) return undefined;
      this.at = nameEnd + 1;
      const value = this.#value(type, depth);
      if (value === undefined) return undefined;
      items.push(value);
    }
    return this.at === end ? items : undefined;
  }

  /** Reads the size; the answer is where it ends. */
  #begin(depth: number): number | undefined {
    const end = this.at + this.#int32();
    if (depth > MAX_DEPTH || end > this.#buffer.length) return undefined;
    return end >= this.at + 1 ? end : undefined;
  }

  #value(type: number, depth: number): Value | undefined {
    switch (type) {
      case TYPE.string:
        return this.#string();
      case TYPE.int32:
        return this.at + 4 <= this.#buffer.length ? this.#int32() : undefined;
      case TYPE.document:
        return this.document(depth + 1);
      case TYPE.array:
        return this.#array(depth + 1);
      case TYPE.null:
        return null;
      case TYPE.boolean:
        return this.#boolean();
      case TYPE.date:
        return this.#date();
      case TYPE.double:
        return this.#double();
      default:
        return undefined;
    }
  }

  #string(): string | undefined {
    const begin = this.at + 4;
    const end = begin + this.#int32() - 1;
    if (end < begin || this.#buffer[end] !== 0) return undefined;
    this.at = end + 1;
    const text = this.#buffer.toString('utf8', begin, end);
    return text.includes(NOT_UTF8) ? undefined : text;
  }

  #boolean(): boolean | undefined {
    const byte = this.#byte();
    return byte === 0 || byte === 1 ? byte === 1 : undefined;
  }

  #date(): Date | undefined {
    if (this.at + 8 > this.#buffer.length) return undefined;
    const low = this.#int32() >>> 0;
    const ms = this.#int32() * 2 ** 32 + low;
    return Math.abs(ms) <= MAX_DATE_MS ? new Date(ms) : undefined;
  }

  #double(): Value | undefined {
    if (this.at + 8 > this.#buffer.length) return undefined;
    const number = this.#buffer.readDoubleLE(this.at);
    this.at += 8;
    return isInt32(number) ? new Double(number) : number;
  }

  /** Of ASCII: the others are rare. */
  #name(): string | undefined {
    const buffer = this.#buffer;
    const begin = this.at;
    let hash = 0;
    let at = begin;
    for (let byte = buffer[at]; byte !== 0; byte = buffer[at]) {
      if (byte === undefined || byte > 0x7f) return undefined;
      hash = (Math.imul(hash, 31) + byte) | 0;
      at += 1;
    }
    this.at = at + 1;
    const place = hash & (KNOWN_NAMES - 1);
    const known = knownNames[place];
    if (known !== undefined && isAt(buffer, begin, at, known)) return known;
    const name = buffer.toString('latin1', begin, at);
    if (name.length <= MAX_KNOWN_LENGTH) knownNames[place] = name;
    return name;
  }

  #byte(): number {
    const byte = this.#buffer[this.at];
    this.at += 1;
    // Beyond the end there is no type of this number, and no end of a document.
    return byte ?? NOTHING;
  }

  #int32(): number {
    const buffer = this.#buffer;
    const at = this.at;
    this.at = at + 4;
    return buffer[at]! | (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24);
  }
}

const NOTHING = 0xff;

/** Names by a hash of them, the last of each: a client's names are few, and nobody can make these more. A power of two. */
const KNOWN_NAMES = 1_024;
const MAX_KNOWN_LENGTH = 40;
const knownNames: (string | undefined)[] = Array.from({ length: KNOWN_NAMES });

function isAt(buffer: Buffer, begin: number, end: number, name: string): boolean {
  if (end - begin !== name.length) return false;
  for (let i = 0; i < name.length; i += 1) if (buffer[begin + i] !== name.charCodeAt(i)) return false;
  return true;
}
