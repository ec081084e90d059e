import type { CollectionSchema } from '../schema/collection-schema.ts';
import { tokenRules } from '../schema/collection-schema.ts';
import type { StoredDocument } from '../schema/document.ts';
import { keptSpans, type TokenRules, type TokenSpan } from '../text/tokens.ts';
import { Columns } from './columns.ts';
import type { Database, SqlValue } from './database.ts';
import { FacetValues } from './facet-values.ts';
import { KeptMatches } from './kept-matches.ts';
import { type IndexRecord, toIndexRecord } from './index-record.ts';
import { columnsOf, type Tables, textColumns } from './tables.ts';
import { TermCounts } from './term-counts.ts';
import { Vectors } from './vectors.ts';

/** One generation of a collection's index: its tables and the small copies of them in memory. */
export class SearchIndex {
  readonly schema: CollectionSchema;
  readonly tables: Tables;
  readonly rules: TokenRules;
  /** The words of a text, by these rules. */
  readonly spansOf: (text: string) => readonly TokenSpan[];
  readonly terms: TermCounts;
  readonly facets: FacetValues;
  readonly vectors: Vectors;
  readonly columns: Columns;
  readonly matches = new KeptMatches();
  readonly #db: Database;
  readonly #insertCols: string;
  readonly #insertFts: string;

  constructor(db: Database, tables: Tables, schema: CollectionSchema) {
    this.#db = db;
    this.schema = schema;
    this.tables = tables;
    this.rules = tokenRules(schema);
    this.spansOf = keptSpans(this.rules);
    this.terms = new TermCounts(db, tables.terms);
    this.facets = new FacetValues(db, tables.facets);
    this.vectors = new Vectors(db, tables.docs, schema.fields);
    this.columns = new Columns(db, tables, schema.fields);
    const columns = ['seq', ...schema.fields.flatMap((field, at) => columnsOf(field, at).map((column) => column.name))];
    this.#insertCols = `INSERT OR REPLACE INTO ${tables.cols} (${columns.join(', ')}) VALUES (${marks(columns.length)})`;
    const texts = ['rowid', ...textColumns(schema.fields)];
    this.#insertFts = `INSERT INTO ${tables.fts} (${texts.join(', ')}) VALUES (${marks(texts.length)})`;
  }

  add(seq: number, document: StoredDocument): void {
    const record = this.#record(document);
    this.#db.run(this.#insertCols, [seq, ...record.cols]);
    this.#addTexts(seq, record);
    this.#addNums(seq, record);
    this.columns.put(seq, record.cols);
    this.vectors.put(seq, document);
  }

  /** A change of price or stock, the usual one, leaves the words alone and writes one narrow row. */
  replace(seq: number, before: StoredDocument, after: StoredDocument): void {
    const old = this.#record(before);
    const record = this.#record(after);
    this.#db.run(this.#insertCols, [seq, ...record.cols]);
    if (JSON.stringify([old.texts, old.strs]) !== JSON.stringify([record.texts, record.strs])) {
      this.#removeTexts(seq, old);
      this.#addTexts(seq, record);
    }
    if (JSON.stringify(old.nums) !== JSON.stringify(record.nums)) {
      this.#removeNums(seq, old);
      this.#addNums(seq, record);
    }
    this.columns.put(seq, record.cols);
    this.vectors.put(seq, after);
  }

  remove(seq: number, document: StoredDocument): void {
    const record = this.#record(document);
    this.#db.run(`DELETE FROM ${this.tables.cols} WHERE seq = ?`, [seq]);
    this.#removeTexts(seq, record);
    this.#removeNums(seq, record);
    this.columns.put(seq, undefined);
    this.vectors.put(seq, undefined);
  }

  /** Ends a transaction: collected word counts become rows. */
  flush(): void {
    this.terms.flush();
  }

  commit(): void {
    this.terms.commit();
    this.columns.commit();
    this.matches.clear();
    this.vectors.commit();
  }

  rollback(): void {
    this.terms.rollback();
    this.columns.rollback();
    this.vectors.rollback();
    this.facets.forget();
  }

  #record(document: StoredDocument): IndexRecord {
    return toIndexRecord({
      document,
      fields: this.schema.fields,
      rules: this.rules,
      facetNumber: (field, value) => this.facets.numberOf(field, value),
    });
  }

  #addTexts(seq: number, record: IndexRecord): void {
    const texts: SqlValue[] = record.texts.map((text) => text.tokens.join(' '));
    this.#db.run(this.#insertFts, [seq, ...texts]);
    for (const text of record.texts) this.terms.count(text.field, text.tokens, 1);
    for (const { field, norm } of record.strs) {
      this.#db.run(`INSERT INTO ${this.tables.strs} (field, norm, seq) VALUES (?, ?, ?)`, [field, norm, seq]);
    }
  }

  #removeTexts(seq: number, record: IndexRecord): void {
    this.#db.run(`DELETE FROM ${this.tables.fts} WHERE rowid = ?`, [seq]);
    for (const text of record.texts) this.terms.count(text.field, text.tokens, -1);
    for (const { field, norm } of record.strs) {
      this.#db.run(`DELETE FROM ${this.tables.strs} WHERE field = ? AND norm = ? AND seq = ?`, [field, norm, seq]);
    }
  }

  #addNums(seq: number, record: IndexRecord): void {
    for (const { field, value } of record.nums) {
      this.#db.run(`INSERT INTO ${this.tables.nums} (field, value, seq) VALUES (?, ?, ?)`, [field, value, seq]);
    }
  }

  #removeNums(seq: number, record: IndexRecord): void {
    for (const { field, value } of record.nums) {
      this.#db.run(`DELETE FROM ${this.tables.nums} WHERE field = ? AND value = ? AND seq = ?`, [field, value, seq]);
    }
  }
}

function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}
