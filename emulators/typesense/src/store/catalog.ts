import { ApiError, badRequest, notFound } from '../http/api-error.ts';
import { type CollectionSchema, parseCollectionSchema } from '../schema/collection-schema.ts';
import { Collection } from './collection.ts';
import { Database } from './database.ts';
import { createDocs, createIndex, dropOrphans, tablesOf } from './tables.ts';
import { breathe } from './turns.ts';

export type SynonymItem = {
  id: string;
  synonyms: string[];
  root?: string;
};

export type SynonymSet = { name: string; items: SynonymItem[] };

const MAX_COLLECTIONS = 1_000;
const MAX_ALIASES = 1_000;

/** What the server holds: collections, aliases and synonym sets, in memory and in the file. */
export class Catalog {
  readonly db: Database;
  readonly #collections = new Map<string, Collection>();
  readonly #aliases = new Map<string, string>();
  readonly #synonymSets = new Map<string, SynonymSet>();

  constructor(file: string) {
    this.db = new Database(file);
    for (const row of this.db.all('SELECT * FROM collections ORDER BY id')) {
      const collection = new Collection(this.db, row);
      this.#collections.set(collection.name, collection);
    }
    dropOrphans(
      this.db,
      [...this.#collections.values()].map((collection) => collection.index.tables),
    );
    for (const row of this.db.all('SELECT name, collection_name FROM aliases')) {
      this.#aliases.set(String(row['name']), String(row['collection_name']));
    }
    for (const row of this.db.all('SELECT name, items FROM synonym_sets')) {
      const name = String(row['name']);
      this.#synonymSets.set(name, { name, items: JSON.parse(String(row['items'])) as SynonymItem[] });
    }
  }

  close(): void {
    this.db.close();
  }

  /** Newest first, as the real server lists them. */
  collections(): Collection[] {
    return [...this.#collections.values()].toReversed();
  }

  /** A collection by its name or by an alias. Searches resolve the name once, so a swap is seen whole or not at all. */
  collection(name: string): Collection {
    const collection = this.#collections.get(this.#aliases.get(name) ?? name);
    if (collection === undefined) throw notFound('Not Found');
    return collection;
  }

  createCollection(input: unknown): Collection {
    const schema = parseCollectionSchema(input);
    if (this.#collections.has(schema.name) || this.#aliases.has(schema.name)) {
      throw new ApiError(409, `A collection with name \`${schema.name}\` already exists.`);
    }
    if (this.#collections.size >= MAX_COLLECTIONS)
      throw badRequest(`There are already ${MAX_COLLECTIONS} collections.`);
    const row = this.db.transaction(() => {
      this.db.run('INSERT INTO collections (name, schema, generation, created_at) VALUES (?, ?, 1, ?)', [
        schema.name,
        JSON.stringify(schema),
        Math.floor(Date.now() / 1_000),
      ]);
      const created = this.db.get('SELECT * FROM collections WHERE name = ?', [schema.name]);
      const tables = tablesOf(Number(created?.['id']), 1);
      createDocs(this.db, tables);
      createIndex(this.db, tables, schema);
      return created;
    });
    if (row === undefined) throw new Error('a collection disappeared while it was created');
    const collection = new Collection(this.db, row);
    this.#collections.set(collection.name, collection);
    return collection;
  }

  /**
   * Called in the collection's turn: no import is half-way through. The collection is gone at once; its tables follow one
   * by one, since freeing a large one takes a while. What a killed process leaves of them is removed at the next start.
   */
  async dropCollection(collection: Collection): Promise<void> {
    this.db.run('DELETE FROM collections WHERE id = ?', [collection.id]);
    collection.dropped = true;
    this.#collections.delete(collection.name);
    await this.dropTables(Object.values(collection.index.tables));
  }

  async dropTables(tables: readonly string[]): Promise<void> {
    for (const table of tables) {
      await breathe();
      this.db.exec(`DROP TABLE IF EXISTS ${table}`);
    }
  }

  saveSchema(collection: Collection, schema: CollectionSchema, generation: number): void {
    this.db.run('UPDATE collections SET schema = ?, generation = ? WHERE id = ?', [
      JSON.stringify(schema),
      generation,
      collection.id,
    ]);
  }

  aliases(): { name: string; collection_name: string }[] {
    return [...this.#aliases].map(([name, collection_name]) => ({ name, collection_name }));
  }

  alias(name: string): { name: string; collection_name: string } {
    const target = this.#aliases.get(name);
    if (target === undefined) throw notFound('Not Found');
    return { name, collection_name: target };
  }

  setAlias(name: string, collectionName: string): void {
    if (this.#collections.has(name))
      throw new ApiError(409, `Name \`${name}\` conflicts with an existing collection name.`);
    if (!this.#aliases.has(name) && this.#aliases.size >= MAX_ALIASES)
      throw badRequest(`There are already ${MAX_ALIASES} aliases.`);
    this.db.run('INSERT OR REPLACE INTO aliases (name, collection_name) VALUES (?, ?)', [name, collectionName]);
    this.#aliases.set(name, collectionName);
  }

  dropAlias(name: string): void {
    this.db.run('DELETE FROM aliases WHERE name = ?', [name]);
    this.#aliases.delete(name);
  }

  synonymSets(): SynonymSet[] {
    return [...this.#synonymSets.values()];
  }

  synonymSet(name: string): SynonymSet {
    const set = this.#synonymSets.get(name);
    if (set === undefined) throw notFound('Synonym index not found');
    return set;
  }

  saveSynonymSet(set: SynonymSet): void {
    this.db.run('INSERT OR REPLACE INTO synonym_sets (name, items) VALUES (?, ?)', [
      set.name,
      JSON.stringify(set.items),
    ]);
    this.#synonymSets.set(set.name, set);
  }

  dropSynonymSet(name: string): void {
    this.db.run('DELETE FROM synonym_sets WHERE name = ?', [name]);
    this.#synonymSets.delete(name);
  }
}
