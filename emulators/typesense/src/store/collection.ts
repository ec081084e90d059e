import { badRequest, notFound, ApiError } from '../http/api-error.ts';
import type { CollectionSchema } from '../schema/collection-schema.ts';
import { checkDocument, type DirtyValues, type StoredDocument } from '../schema/document.ts';
import type { Database, Row } from './database.ts';
import { SearchIndex } from './search-index.ts';
import { tablesOf } from './tables.ts';
import { Turns } from './turns.ts';

export type WriteAction = 'create' | 'upsert' | 'update' | 'emplace';

export type WriteRequest = { document: unknown; action: WriteAction; dirtyValues: DirtyValues };

// Bounds what one line of an import can cost; the real server has no such limit.
const MAX_ID_LENGTH = 1_000;

/** A collection that is open: where its tables are and how its documents are written. */
export class Collection {
  readonly id: number;
  readonly name: string;
  readonly createdAt: number;
  readonly turns = new Turns();
  index: SearchIndex;
  generation: number;
  count: number;
  dropped = false;
  readonly #db: Database;
  #nextSeq: number;

  constructor(db: Database, row: Row) {
    this.#db = db;
    this.id = Number(row['id']);
    this.name = String(row['name']);
    this.createdAt = Number(row['created_at']);
    this.generation = Number(row['generation']);
    const tables = tablesOf(this.id, this.generation);
    this.index = new SearchIndex(db, tables, JSON.parse(String(row['schema'])) as CollectionSchema);
    this.index.terms.load();
    const numbers = db.get(`SELECT count(*) AS documents, max(seq) AS last FROM ${tables.docs}`);
    this.count = Number(numbers?.['documents'] ?? 0);
    this.#nextSeq = Number(numbers?.['last'] ?? -1) + 1;
  }

  get schema(): CollectionSchema {
    return this.index.schema;
  }

  /** One transaction of writes. Either all of it happened, here and in the file, or nothing. */
  transaction<T>(work: () => T): T {
    if (this.dropped) throw notFound('Not Found');
    const count = this.count;
    try {
      const result = this.#db.transaction(() => {
        const value = work();
        this.index.flush();
        return value;
      });
      this.index.commit();
      return result;
    } catch (cause) {
      this.count = count;
      this.index.rollback();
      throw cause;
    }
  }

  /**
   * Writes one document; part of the caller's transaction. Everything that can be wrong with the document is found
   * before the first row changes, so a caller may catch an `ApiError` and go on with the next document.
   */
  write(request: WriteRequest): StoredDocument {
    const input = request.document;
    if (typeof input !== 'object' || input === null || Array.isArray(input))
      throw badRequest('Bad JSON: not a properly formed document.');
    const given = input as Record<string, unknown>;
    const id = readId(given, request.action);
    const existing = id === undefined ? undefined : this.find(id);
    if (request.action === 'create' && existing) throw new ApiError(409, `A document with id ${id} already exists.`);
    if (request.action === 'update' && !existing) throw notFound(`Could not find a document with id: ${id}`);
    const partial = existing !== undefined && (request.action === 'update' || request.action === 'emplace');
    const whole = partial ? merge(existing.document, given) : given;
    const checked = checkDocument({ document: whole, fields: this.schema.fields, dirtyValues: request.dirtyValues });
    return existing === undefined ? this.#insert(id, checked) : this.#replace(existing, checked);
  }

  /** Removes one document; part of the caller's transaction. */
  remove(found: { seq: number; document: StoredDocument }): void {
    this.#db.run(`DELETE FROM ${this.index.tables.docs} WHERE seq = ?`, [found.seq]);
    this.index.remove(found.seq, found.document);
    this.count -= 1;
  }

  find(id: string): { seq: number; document: StoredDocument } | undefined {
    const row = this.#db.get(`SELECT seq, body FROM ${this.index.tables.docs} WHERE id = ?`, [id]);
    return row === undefined ? undefined : toFound(row);
  }

  at(seq: number): { seq: number; document: StoredDocument } | undefined {
    const row = this.#db.get(`SELECT seq, body FROM ${this.index.tables.docs} WHERE seq = ?`, [seq]);
    return row === undefined ? undefined : toFound(row);
  }

  /** The documents with these numbers, by number. */
  those(seqs: readonly number[]): Map<number, StoredDocument> {
    const rows = this.#db.all(
      `SELECT d.seq, d.body FROM json_each(?) v CROSS JOIN ${this.index.tables.docs} d ON d.seq = v.value`,
      [JSON.stringify(seqs)],
    );
    return new Map(rows.map(toFound).map(({ seq, document }) => [seq, document]));
  }

  /** The next documents after number `after`, in the order they were added. */
  after(after: number, limit: number): { seq: number; document: StoredDocument }[] {
    return this.#db
      .all(`SELECT seq, body FROM ${this.index.tables.docs} WHERE seq > ? ORDER BY seq LIMIT ?`, [after, limit])
      .map(toFound);
  }

  #insert(id: string | undefined, checked: Record<string, unknown>): StoredDocument {
    let seq = this.#nextSeq;
    // A number given out as id may already be someone's own id.
    while (id === undefined && this.find(String(seq)) !== undefined) seq += 1;
    const document: StoredDocument = { ...checked, id: id ?? String(seq) };
    this.#db.run(`INSERT INTO ${this.index.tables.docs} (seq, id, body) VALUES (?, ?, ?)`, [
      seq,
      document.id,
      JSON.stringify(document),
    ]);
    this.index.add(seq, document);
    this.#nextSeq = seq + 1;
    this.count += 1;
    return document;
  }

  #replace(existing: { seq: number; document: StoredDocument }, checked: Record<string, unknown>): StoredDocument {
    const document: StoredDocument = { ...checked, id: existing.document.id };
    this.#db.run(`UPDATE ${this.index.tables.docs} SET body = ? WHERE seq = ?`, [
      JSON.stringify(document),
      existing.seq,
    ]);
    this.index.replace(existing.seq, existing.document, document);
    return document;
  }
}

function toFound(row: Row): { seq: number; document: StoredDocument } {
  return { seq: Number(row['seq']), document: JSON.parse(String(row['body'])) as StoredDocument };
}

function readId(document: Record<string, unknown>, action: WriteAction): string | undefined {
  const id = document['id'];
  if (id === undefined) {
    if (action === 'update') throw badRequest('For update, the `id` key must be provided.');
    return undefined;
  }
  if (typeof id !== 'string') throw badRequest("Document's `id` field should be a string.");
  if (id === '') throw badRequest('The `id` should not be empty.');
  if (id.length > MAX_ID_LENGTH) throw badRequest(`The \`id\` is longer than ${MAX_ID_LENGTH} characters.`);
  return id;
}

/** An update names what changes; `null` takes a value away. */
function merge(before: StoredDocument, changes: Record<string, unknown>): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...before, ...changes };
  for (const [key, value] of Object.entries(changes)) if (value === null) delete merged[key];
  return merged;
}
