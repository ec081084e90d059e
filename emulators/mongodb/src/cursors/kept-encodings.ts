import { type Doc, encodeDocument } from '../bson/value.ts';
import type { StoredRecord } from '../storage/stored-record.ts';

/** What is shown of documents; the same object for the same projection. */
export interface Shape {
  /** Undefined where they are shown whole. What it makes of a document follows from the document alone. */
  project?: (doc: Doc) => Doc;
}

/** Encodings of a record's present document, each for its shape. */
export interface RecordEncodings {
  /** Shape and encoding in turn: most records have one or two. */
  parts: (Shape | Uint8Array)[];
  /** In which round of forgetting they were kept. */
  round: number;
}

/** In bytes, all of it. */
const DEFAULT_BYTES = 16 * 1024 * 1024;
/** In bytes: small encodings share their memory, which is given back as a whole. */
const CHUNK_BYTES = 64 * 1024;
/** In bytes, what else it takes to keep one, about. */
const OVERHEAD_BYTES = 200;

/**
 * Documents as they travel. What is read most is read again and again between two changes, and encoding it costs more than
 * finding it. They stand at the record, which forgets them when it is changed; what nobody has read while half of the
 * memory was filled anew is forgotten, too.
 */
export class KeptEncodings {
  readonly #half: number;
  #round = 0;
  #recent = new Set<StoredRecord>();
  #earlier = new Set<StoredRecord>();
  #bytes = 0;
  #chunk = Buffer.alloc(0);
  #used = 0;

  constructor(maxBytes = DEFAULT_BYTES) {
    this.#half = maxBytes / 2;
  }

  /** The record's present document in this shape. */
  encode(record: StoredRecord, shape: Shape): Uint8Array {
    const { encodings } = record;
    const at = encodings ? encodings.parts.indexOf(shape) : -1;
    if (at >= 0 && encodings!.round === this.#round) return encodings!.parts[at + 1] as Uint8Array;
    const bytes = at >= 0 ? (encodings!.parts[at + 1] as Uint8Array) : encodeShape(record.doc as Doc, shape);
    return bytes.byteLength > CHUNK_BYTES ? bytes : this.#keep(record, shape, bytes);
  }

  #keep(record: StoredRecord, shape: Shape, bytes: Uint8Array): Uint8Array {
    this.#bytes += bytes.byteLength + OVERHEAD_BYTES;
    if (this.#bytes > this.#half) this.#forgetEarlier(bytes.byteLength + OVERHEAD_BYTES);
    if (this.#used + bytes.byteLength > this.#chunk.byteLength) {
      this.#chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
      this.#used = 0;
    }
    const kept = this.#chunk.subarray(this.#used, (this.#used += bytes.byteLength));
    kept.set(bytes);
    if (record.encodings?.round !== this.#round) {
      record.encodings = { parts: [], round: this.#round };
      this.#recent.add(record);
    }
    record.encodings.parts.push(shape, kept);
    return kept;
  }

  #forgetEarlier(bytes: number): void {
    for (const record of this.#earlier) if (record.encodings?.round !== this.#round) record.encodings = undefined;
    this.#earlier = this.#recent;
    this.#recent = new Set();
    this.#round += 1;
    this.#bytes = bytes;
    this.#chunk = Buffer.alloc(0);
    this.#used = 0;
  }
}

export function encodeShape(doc: Doc, { project }: Shape): Uint8Array {
  return encodeDocument(project ? project(doc) : doc);
}
