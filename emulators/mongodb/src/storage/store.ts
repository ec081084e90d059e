import { keyString } from '../bson/key-string.ts';
import { decodeDocument, type Doc, encodeStored } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { IndexDefinition } from '../indexes/definition.ts';
import { Catalog } from './catalog.ts';
import type { Collection, KeysByIndex } from './collection.ts';
import { DataFile } from './data-file.ts';
import { EventLog, type EventOrigin, type NewEvent } from './event-log.ts';
import { StoredRecord } from './stored-record.ts';

/** The final state of one document in a commit. */
export interface CommittedWrite {
  collection: Collection;
  /** The committed record it changes; absent for a new document. */
  record?: StoredRecord;
  /** `null` removes the document. */
  doc: Doc | null;
  bytes?: Uint8Array;
  /** Of a new document, when they are known already. */
  keys?: KeysByIndex;
}

/** The committed state of everything, in memory and in the file. Every change is one synchronous call of `commit`. */
export class Store {
  readonly file: DataFile;
  readonly catalog: Catalog;
  readonly events: EventLog;
  /** Raised by every commit: what a snapshot remembers. */
  #version = 1;
  #nextRecord = 1;
  /** Versions that running transactions read at. */
  readonly #snapshots = new Map<object, number>();
  readonly #withOldVersions = new Set<Collection>();

  constructor(path: string) {
    this.file = new DataFile(path);
    this.catalog = new Catalog(this.file);
    this.events = new EventLog(this.file);
    this.#load();
  }

  get version(): number {
    return this.#version;
  }

  openSnapshot(reader: object): number {
    this.#snapshots.set(reader, this.#version);
    return this.#version;
  }

  closeSnapshot(reader: object): void {
    if (!this.#snapshots.delete(reader)) return;
    const oldest = Math.min(this.#version, ...this.#snapshots.values());
    for (const collection of this.#withOldVersions) {
      collection.forgetVersionsBefore(oldest);
      if (collection.superseded.size === 0) this.#withOldVersions.delete(collection);
    }
  }

  /** Finds the collection, or creates it: writing is how collections come to be. */
  collectionFor(database: string, name: string): Collection {
    return this.catalog.find(database, name) ?? this.catalog.create(database, name);
  }

  /** All writes at one version and in one SQLite transaction; the caller has made sure they are allowed. */
  commit(writes: Iterable<CommittedWrite>, events: NewEvent[], origin?: EventOrigin): void {
    const version = ++this.#version;
    for (const write of writes) this.#apply(write, version);
    for (const event of events) this.events.append(event, origin);
  }

  /** Resolves when everything committed so far is in the file. */
  durable(): Promise<void> {
    return this.file.durable();
  }

  createIndex(collection: Collection, definition: IndexDefinition): void {
    collection.addIndex(definition);
    this.catalog.save(collection);
  }

  dropIndex(collection: Collection, name: string): void {
    collection.removeIndex(name);
    this.catalog.save(collection);
  }

  dropCollection(collection: Collection): void {
    this.catalog.drop(collection);
    this.#withOldVersions.delete(collection);
    this.events.append({ kind: 'drop', database: collection.database, collection: collection.name });
  }

  close(): void {
    this.file.close();
  }

  #apply({ collection, record, doc, bytes, keys }: CommittedWrite, version: number): void {
    if (!record) {
      if (doc) this.#insert(collection, doc, { version, bytes, keys });
      return;
    }
    const before = record.doc;
    if (!before) throw new CommandError('InternalError', 'emulator: a deleted record was written to');
    if (this.#snapshots.size > 0) {
      record.older = { doc: before, version: record.version, older: record.older };
      collection.keepForSnapshots(record);
      this.#withOldVersions.add(collection);
    }
    if (doc) {
      collection.reindex(record, before, doc);
      this.file.write('UPDATE documents SET body = ? WHERE number = ?', bytes ?? encodeStored(doc), record.number);
    } else {
      collection.remove(record, before);
      this.file.write('DELETE FROM documents WHERE number = ?', record.number);
    }
    record.doc = doc;
    record.encodings = undefined;
    record.version = version;
  }

  #insert(
    collection: Collection,
    doc: Doc,
    { version, bytes, keys }: { version: number } & Pick<CommittedWrite, 'bytes' | 'keys'>,
  ): void {
    const record = new StoredRecord({ id: keyString(doc._id), number: this.#nextRecord++, doc, version });
    collection.add(record, doc, keys);
    if (this.#snapshots.size > 0) {
      // Older snapshots must not see it; the overlay of superseded records is where they look.
      collection.keepForSnapshots(record);
      this.#withOldVersions.add(collection);
    }
    this.file.write(
      'INSERT INTO documents (number, collection, body) VALUES (?, ?, ?)',
      record.number,
      collection.number,
      bytes ?? encodeStored(doc),
    );
  }

  #load(): void {
    for (const row of this.file.all('SELECT number, collection, body FROM documents ORDER BY number')) {
      const collection = this.catalog.byNumber(row.collection as number);
      if (!collection) continue;
      const doc = decodeDocument(row.body as Uint8Array);
      const number = row.number as number;
      collection.add(new StoredRecord({ id: keyString(doc._id), number, doc, version: this.#version }), doc);
      this.#nextRecord = number + 1;
    }
  }
}
