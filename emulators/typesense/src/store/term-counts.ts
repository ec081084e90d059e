import { Vocabulary } from '../text/vocabulary.ts';
import type { Database } from './database.ts';

/**
 * How many documents hold each word, per field. Writes collect their changes and flush them once per transaction: a
 * hundred documents repeat most of their words. A copy in memory serves the search for similar words.
 */
export class TermCounts {
  readonly #db: Database;
  readonly #table: string;
  readonly #pending = new Map<number, Map<string, number>>();
  readonly #vocabularies = new Map<number, Vocabulary>();

  constructor(db: Database, table: string) {
    this.#db = db;
    this.#table = table;
  }

  count(field: number, tokens: readonly string[], delta: 1 | -1): void {
    let changes = this.#pending.get(field);
    if (changes === undefined) this.#pending.set(field, (changes = new Map()));
    for (const token of new Set(tokens)) changes.set(token, (changes.get(token) ?? 0) + delta);
  }

  /** Writes the collected changes; part of the caller's transaction. */
  flush(): void {
    for (const [field, changes] of this.#pending) {
      for (const [term, delta] of changes) this.#write(field, term, delta);
    }
  }

  /** The transaction is through: the copies in memory follow. */
  commit(): void {
    for (const [field, changes] of this.#pending) {
      const vocabulary = this.vocabulary(field);
      for (const [term, delta] of changes) vocabulary.add(term, delta);
    }
    this.#pending.clear();
  }

  rollback(): void {
    this.#pending.clear();
  }

  /** Reads the table of a collection that was there before this process. */
  load(): void {
    for (const row of this.#db.all(`SELECT field, term, documents FROM ${this.#table}`)) {
      this.vocabulary(Number(row['field'])).add(String(row['term']), Number(row['documents']));
    }
  }

  vocabulary(field: number): Vocabulary {
    let vocabulary = this.#vocabularies.get(field);
    if (vocabulary === undefined) this.#vocabularies.set(field, (vocabulary = new Vocabulary()));
    return vocabulary;
  }

  /** The words that begin with `prefix`, those in most documents first. */
  startingWith(field: number, prefix: string, limit: number): { term: string; documents: number }[] {
    const rows = this.#db.all(
      `SELECT term, documents FROM ${this.#table} WHERE field = ? AND term >= ? AND term < ?
       ORDER BY documents DESC, term LIMIT ?`,
      [field, prefix, `${prefix}\u{10ffff}`, limit],
    );
    return rows.map((row) => ({ term: String(row['term']), documents: Number(row['documents']) }));
  }

  #write(field: number, term: string, delta: number): void {
    if (delta > 0) {
      this.#db.run(
        `INSERT INTO ${this.#table} (field, term, documents) VALUES (?, ?, ?)
         ON CONFLICT (field, term) DO UPDATE SET documents = documents + excluded.documents`,
        [field, term, delta],
      );
    } else if (delta < 0) {
      this.#db.run(`UPDATE ${this.#table} SET documents = documents + ? WHERE field = ? AND term = ?`, [
        delta,
        field,
        term,
      ]);
      this.#db.run(`DELETE FROM ${this.#table} WHERE field = ? AND term = ? AND documents <= 0`, [field, term]);
    }
  }
}
