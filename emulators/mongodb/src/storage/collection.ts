import { UUID } from 'bson';
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

/** Keys of one document, one list per index of the collection, in the order of the indexes. */
export type KeysByIndex = string[][];

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
  #indexes: SecondaryIndex[] = [new SecondaryIndex(ID_INDEX)];

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
    return this.#indexes.map((index) => index.keysOf(doc));
  }

  /** Throws when a committed document other than `record` holds one of the unique keys. */
  assertUnique(doc: Doc, keys: KeysByIndex, record?: StoredRecord): void {
    for (const [i, index] of this.#indexes.entries()) {
      if (!index.definition.isUnique) continue;
      if (index.rivalOf(keys[i] as string[], record)) throw duplicateKey(this.namespace, index.definition, doc);
    }
  }

  /** The unfinished transaction that has taken one of these unique keys for itself. */
  ownerOfKeys(id: string, keys: KeysByIndex): object | undefined {
    const owner = this.reservedIds.get(id);
    if (owner) return owner;
    for (const [i, index] of this.#indexes.entries()) {
      const reservation = index.reservationOf(keys[i] as string[]);
      if (reservation) return reservation.owner;
    }
    return undefined;
  }

  add(record: StoredRecord, keys: KeysByIndex): void {
    this.records.set(record.id, record);
    for (const [i, index] of this.#indexes.entries()) index.add(record, keys[i] as string[]);
  }

  reindex(record: StoredRecord, before: KeysByIndex, after: KeysByIndex): void {
    for (const [i, index] of this.#indexes.entries()) {
      const [removed, added] = [before[i] as string[], after[i] as string[]];
      if (removed.length === 1 && added.length === 1 && removed[0] === added[0]) continue;
      index.remove(record, removed);
      index.add(record, added);
    }
  }

  remove(record: StoredRecord, keys: KeysByIndex): void {
    this.records.delete(record.id);
    for (const [i, index] of this.#indexes.entries()) index.remove(record, keys[i] as string[]);
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
