import { UUID } from 'bson';
import { isIdentical } from '../bson/compare.ts';
import { keyString } from '../bson/key-string.ts';
import type { Doc, Maybe } from '../bson/value.ts';
import { ID_INDEX, type IndexDefinition } from '../indexes/definition.ts';
import { duplicateKey, SecondaryIndex } from '../indexes/secondary-index.ts';
import { StoredRecord } from './stored-record.ts';

export interface CollectionIdentity {
  number: number;
  database: string;
  name: string;
  uuid: UUID;
}

/** Keys of one document in the indexes its collection had when they were made. */
export interface KeysByIndex {
  indexes: readonly SecondaryIndex[];
  /** One list per index, in the order of the indexes. */
  lists: readonly (readonly string[])[];
}

const UNTOUCHED: readonly string[] = [];

/** The first parts of the paths on which two versions of a document differ. */
function changedFields(before: Doc, after: Doc): ReadonlySet<string> {
  const changed = new Set<string>();
  for (const field of Object.keys(before)) {
    if (!Object.hasOwn(after, field) || !isIdentical(before[field], after[field])) changed.add(field);
  }
  for (const field of Object.keys(after)) if (!Object.hasOwn(before, field)) changed.add(field);
  return changed;
}

/** Documents and indexes of one collection, committed state only. What is in flight lives with its transaction. */
export class Collection {
  readonly number: number;
  readonly database: string;
  readonly uuid: UUID;
  name: string;
  isDropped = false;
  readonly records = new Map<string, StoredRecord>();
  /** Records that some snapshot sees otherwise than they are now, deleted ones included, by id. */
  readonly superseded = new Map<string, StoredRecord[]>();
  /** Ids inserted by transactions that have not finished. */
  readonly reservedIds = new Map<string, object>();
  #indexes: readonly SecondaryIndex[] = [new SecondaryIndex(ID_INDEX)];

  constructor({ number, database, name, uuid }: CollectionIdentity) {
    this.number = number;
    this.database = database;
    this.name = name;
    this.uuid = uuid;
  }

  get namespace(): string {
    return `${this.database}.${this.name}`;
  }

  get indexes(): readonly SecondaryIndex[] {
    return this.#indexes;
  }

  index(name: string): SecondaryIndex | undefined {
    return this.#indexes.find(({ definition }) => definition.name === name);
  }

  findById(id: Maybe): StoredRecord | undefined {
    return this.records.get(keyString(id));
  }

  keysOf(doc: Doc): KeysByIndex {
    const indexes = this.#indexes;
    const parts = { ascending: new Map<string, string>(), descending: new Map<string, string>() };
    return { indexes, lists: indexes.map((index) => index.keysOf(doc, parts)) };
  }

  /**
   * What is to be checked of a new version before it is written: its keys in unique indexes, and in those whose fields
   * have changed. Most changes are of one or two fields, most collections have many indexes.
   */
  changedKeysOf(before: Doc, after: Doc): KeysByIndex {
    const indexes = this.#indexes;
    const changed = changedFields(before, after);
    const lists = indexes.map((index) =>
      index.definition.isUnique || index.dependsOn(changed) ? index.keysOf(after) : UNTOUCHED,
    );
    return { indexes, lists };
  }

  /** Throws when a committed document other than `record` holds one of the unique keys. */
  assertUnique(doc: Doc, keys: KeysByIndex, record?: StoredRecord): void {
    for (const [i, index] of keys.indexes.entries()) {
      if (!index.definition.isUnique) continue;
      if (index.rivalOf(keys.lists[i]!, record)) throw duplicateKey(this.namespace, index.definition, doc);
    }
  }

  /** The unfinished transaction that has taken one of these unique keys for itself. */
  ownerOfKeys(id: string, keys: KeysByIndex): object | undefined {
    const owner = this.reservedIds.get(id);
    if (owner) return owner;
    for (const [i, index] of keys.indexes.entries()) {
      const reservation = index.reservationOf(keys.lists[i]!);
      if (reservation) return reservation.owner;
    }
    return undefined;
  }

  /** Keys made before an index was added or dropped are made again. */
  add(record: StoredRecord, doc: Doc, keys?: KeysByIndex): void {
    const { lists } = keys?.indexes === this.#indexes ? keys : this.keysOf(doc);
    this.records.set(record.id, record);
    for (const [i, index] of this.#indexes.entries()) index.add(record, lists[i]!);
  }

  reindex(record: StoredRecord, before: Doc, after: Doc): void {
    const changed = changedFields(before, after);
    for (const index of this.#indexes) {
      if (index.dependsOn(changed)) index.move(record, index.keysOf(before), index.keysOf(after));
    }
  }

  remove(record: StoredRecord, doc: Doc): void {
    this.records.delete(record.id);
    for (const index of this.#indexes) index.remove(record, index.keysOf(doc));
  }

  /** Builds the index over what is there; a duplicate leaves the collection as it was. */
  addIndex(definition: IndexDefinition): void {
    const index = new SecondaryIndex(definition);
    for (const record of this.records.values()) {
      const doc = record.doc as Doc;
      const keys = index.keysOf(doc);
      if (definition.isUnique && index.rivalOf(keys, record)) throw duplicateKey(this.namespace, definition, doc);
      index.add(record, keys);
    }
    this.#indexes = [...this.#indexes, index];
  }

  removeIndex(name: string): void {
    this.#indexes = this.#indexes.filter(({ definition }) => definition.name !== name);
  }

  keepForSnapshots(record: StoredRecord): void {
    const kept = this.superseded.get(record.id);
    if (!kept) this.superseded.set(record.id, [record]);
    else if (!kept.includes(record)) kept.push(record);
  }

  /** Forgets versions nobody can see: snapshots at or after `oldest` only need the newest one before it. */
  forgetVersionsBefore(oldest: number): void {
    for (const [id, records] of this.superseded) {
      const needed = records.filter((record) => record.version > oldest);
      for (const record of records) if (record.version <= oldest) record.older = undefined;
      if (needed.length === 0) this.superseded.delete(id);
      else this.superseded.set(id, needed);
    }
  }
}
