import type { Database } from './database.ts';

/**
 * The strings facets can show, each under a number, so that a row names its values in a few digits. A copy of the facets
 * table, read when first needed. Values no document holds any more stay until the collection is rebuilt.
 */
export class FacetValues {
  readonly #db: Database;
  readonly #table: string;
  #numbers: Map<string, number>[] | undefined;
  #values: string[] = [];

  constructor(db: Database, table: string) {
    this.#db = db;
    this.#table = table;
  }

  /** The number of a value, given out on first use; part of the caller's transaction. */
  numberOf(field: number, value: string): number {
    const numbers = this.#load();
    const ofField = (numbers[field] ??= new Map());
    const known = ofField.get(value);
    if (known !== undefined) return known;
    const number = this.#values.length;
    this.#db.run(`INSERT INTO ${this.#table} (number, field, value) VALUES (?, ?, ?)`, [number, field, value]);
    ofField.set(value, number);
    this.#values[number] = value;
    return number;
  }

  valueOf(number: number): string {
    this.#load();
    return this.#values[number] ?? '';
  }

  get size(): number {
    this.#load();
    return this.#values.length;
  }

  /** After a rolled-back transaction the copy may know numbers the table does not. */
  forget(): void {
    this.#numbers = undefined;
    this.#values = [];
  }

  #load(): Map<string, number>[] {
    if (this.#numbers !== undefined) return this.#numbers;
    const numbers: Map<string, number>[] = [];
    for (const row of this.#db.all(`SELECT number, field, value FROM ${this.#table} ORDER BY number`)) {
      (numbers[Number(row['field'])] ??= new Map()).set(String(row['value']), Number(row['number']));
      this.#values[Number(row['number'])] = String(row['value']);
    }
    this.#numbers = numbers;
    return numbers;
  }
}
