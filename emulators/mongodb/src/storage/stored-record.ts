import type { Doc } from '../bson/value.ts';
import type { RecordEncodings } from '../cursors/kept-encodings.ts';

/** What a document was before, for the snapshots that still see it. */
export interface OlderVersion {
  doc: Doc | null;
  version: number;
  older?: OlderVersion;
}

/** One document: its committed state, the versions before it that somebody may still read, and who is changing it. */
export class StoredRecord implements OlderVersion {
  /** The document's `_id` as a key string. */
  readonly id: string;
  /** Unique in the file and ascending: insertion order is the order of these numbers. */
  readonly number: number;
  /** `null` once deleted. */
  doc: Doc | null;
  /** The commit that wrote this state. */
  version: number;
  older?: OlderVersion;
  /** The transaction that wrote to it and has not finished. */
  lockedBy?: object;
  /** Of the committed state. */
  encodings?: RecordEncodings;

  constructor({ id, number, doc, version }: { id: string; number: number; doc: Doc; version: number }) {
    this.id = id;
    this.number = number;
    this.doc = doc;
    this.version = version;
  }

  /** Lets a record stand where a read yields "a document and the record behind it". */
  get record(): StoredRecord {
    return this;
  }

  /** The state a snapshot sees: the newest version not younger than it; null when there was none. */
  docAt(snapshot: number): Doc | null {
    if (this.version <= snapshot) return this.doc;
    let version = this.older;
    while (version && version.version > snapshot) version = version.older;
    return version?.doc ?? null;
  }
}
