import { UUID } from 'bson';
import { decodeDocument, type Doc, encodeDocument } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { type IndexDefinition, parseIndex, toSpec } from '../indexes/definition.ts';
import { Collection } from './collection.ts';
import type { DataFile } from './data-file.ts';

const MAX_NAMESPACE_BYTES = 255;
/** Enough for any product under test; a loop that creates collections is stopped. */
const MAX_COLLECTIONS = 10_000;

/** Which collections exist, with which indexes, in memory and in the file. */
export class Catalog {
  readonly #file: DataFile;
  readonly #databases = new Map<string, Map<string, Collection>>();
  readonly #byNumber = new Map<number, Collection>();
  #nextNumber = 1;

  constructor(file: DataFile) {
    this.#file = file;
    for (const row of file.all('SELECT number, body FROM collections ORDER BY number')) {
      this.#load(row.number as number, decodeDocument(row.body as Uint8Array));
    }
  }

  get databases(): string[] {
    return [...this.#databases.keys()].toSorted();
  }

  collectionsOf(database: string): Collection[] {
    return [...(this.#databases.get(database)?.values() ?? [])];
  }

  all(): Collection[] {
    return [...this.#byNumber.values()];
  }

  find(database: string, name: string): Collection | undefined {
    return this.#databases.get(database)?.get(name);
  }

  byNumber(number: number): Collection | undefined {
    return this.#byNumber.get(number);
  }

  require(database: string, name: string): Collection {
    const collection = this.find(database, name);
    if (!collection) throw new CommandError('NamespaceNotFound', `ns does not exist: ${database}.${name}`);
    return collection;
  }

  create(database: string, name: string): Collection {
    assertNamespace(database, name);
    if (this.#byNumber.size >= MAX_COLLECTIONS) {
      throw new CommandError('BadValue', `emulator: more than ${MAX_COLLECTIONS} collections`);
    }
    const collection = new Collection({ number: this.#nextNumber++, database, name, uuid: new UUID() });
    this.#add(collection);
    this.save(collection);
    return collection;
  }

  drop(collection: Collection): void {
    collection.isDropped = true;
    this.#remove(collection);
    this.#file.write('DELETE FROM collections WHERE number = ?', collection.number);
    this.#file.write('DELETE FROM documents WHERE collection = ?', collection.number);
  }

  rename(collection: Collection, name: string): void {
    assertNamespace(collection.database, name);
    this.#remove(collection);
    collection.name = name;
    this.#add(collection);
    this.save(collection);
  }

  /** Writes the collection's definition; its documents are rows of their own. */
  save(collection: Collection): void {
    const indexes = collection.indexes.slice(1).map(({ definition }) => toSpec(definition));
    const body: Doc = { database: collection.database, name: collection.name, uuid: collection.uuid, indexes };
    this.#file.write(
      'INSERT OR REPLACE INTO collections (number, body) VALUES (?, ?)',
      collection.number,
      encodeDocument(body),
    );
  }

  #load(number: number, body: Doc): void {
    const { database, name, uuid, indexes } = body as unknown as {
      database: string;
      name: string;
      uuid: UUID;
      indexes: Doc[];
    };
    const collection = new Collection({ number, database, name, uuid });
    // The collection is still empty: its documents enter every index as they are read.
    const definitions: IndexDefinition[] = indexes.map(parseIndex);
    for (const definition of definitions) collection.addIndex(definition);
    this.#add(collection);
    this.#nextNumber = number + 1;
  }

  #add(collection: Collection): void {
    let collections = this.#databases.get(collection.database);
    if (!collections) this.#databases.set(collection.database, (collections = new Map()));
    collections.set(collection.name, collection);
    this.#byNumber.set(collection.number, collection);
  }

  #remove(collection: Collection): void {
    const collections = this.#databases.get(collection.database);
    collections?.delete(collection.name);
    if (collections?.size === 0) this.#databases.delete(collection.database);
    this.#byNumber.delete(collection.number);
  }
}

const RESERVED_DATABASES = new Set(['local', 'config']);

export function assertNamespace(database: string, name: string): void {
  if (!/^[^/\\. "$*<>:|?\0]{1,63}$/.test(database)) {
    throw new CommandError('InvalidNamespace', `Invalid database name: '${database}'`);
  }
  if (name === '' || name.includes('\0') || name.startsWith('.') || name.endsWith('.') || name.includes('$')) {
    throw new CommandError('InvalidNamespace', `Invalid collection name: '${name}'`);
  }
  if (Buffer.byteLength(`${database}.${name}`) > MAX_NAMESPACE_BYTES) {
    throw new CommandError(
      'InvalidNamespace',
      `Fully qualified namespace is too long, at most ${MAX_NAMESPACE_BYTES} bytes`,
    );
  }
  if (name.startsWith('system.') || RESERVED_DATABASES.has(database)) {
    throw new CommandError('InvalidNamespace', `emulator: the namespace ${database}.${name} cannot be written`);
  }
}
