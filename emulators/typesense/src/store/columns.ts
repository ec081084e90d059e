import type { Field } from '../schema/field.ts';
import type { Database, SqlValue } from './database.ts';
import { columnsOf, type Tables } from './tables.ts';

const FIRST_CAPACITY = 1024;
/** So many values of lists that changed are kept beside those that hold; then the column is read anew. */
const MAX_WASTE = 100_000;

/**
 * Single columns of `cols` in memory, each read when the first search asks for it: what thousands of found rows are
 * sorted and counted by. They follow with each commit.
 */
export class Columns {
  readonly #db: Database;
  readonly #table: string;
  /** The columns of a row in the order they are written. */
  readonly #names: readonly string[];
  readonly #numbers = new Map<string, NumberColumn>();
  readonly #lists = new Map<string, ListColumn>();
  #pending: { seq: number; cols: readonly SqlValue[] | undefined }[] = [];

  constructor(db: Database, tables: Tables, fields: readonly Field[]) {
    this.#db = db;
    this.#table = tables.cols;
    this.#names = fields.flatMap((field, at) => columnsOf(field, at).map(({ name }) => name));
  }

  /** A row is new, changed or (undefined) gone; takes effect with the commit. */
  put(seq: number, cols: readonly SqlValue[] | undefined): void {
    if (this.#numbers.size + this.#lists.size > 0) this.#pending.push({ seq, cols });
  }

  commit(): void {
    if (this.#pending.length === 0) return;
    for (const [name, column] of [...this.#numbers, ...this.#lists]) {
      const place = this.#names.indexOf(name);
      for (const { seq, cols } of this.#pending) column.set(seq, cols?.[place] ?? null);
    }
    for (const [name, { waste }] of this.#lists) if (waste > MAX_WASTE) this.#lists.delete(name);
    this.#pending = [];
  }

  rollback(): void {
    this.#pending = [];
  }

  /** A column of numbers or truth values. */
  numbers(name: string): NumberColumn {
    return this.#read(name, this.#numbers, () => new NumberColumn());
  }

  /** A column of lists of whole numbers, `3;17;4`. */
  lists(name: string): ListColumn {
    return this.#read(name, this.#lists, () => new ListColumn());
  }

  #read<Column extends NumberColumn | ListColumn>(
    name: string,
    known: Map<string, Column>,
    make: () => Column,
  ): Column {
    let column = known.get(name);
    if (column === undefined) {
      column = make();
      for (const [seq, value] of this.#db.rows(`SELECT seq, ${name} FROM ${this.#table}`)) {
        column.set(Number(seq), value ?? null);
      }
      known.set(name, column);
    }
    return column;
  }
}

/** A number by the number of its document; NaN where there is none. */
export class NumberColumn {
  #values = new Float64Array(FIRST_CAPACITY).fill(Number.NaN);

  at(seq: number): number {
    return this.#values[seq] ?? Number.NaN;
  }

  set(seq: number, value: SqlValue): void {
    if (seq >= this.#values.length) {
      const larger = new Float64Array(Math.max(seq + 1, this.#values.length * 2)).fill(Number.NaN);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[seq] = value === null ? Number.NaN : Number(value);
  }
}

/** A few whole numbers by the number of their document, all in one array. */
export class ListColumn {
  #starts = new Uint32Array(FIRST_CAPACITY);
  #lengths = new Uint32Array(FIRST_CAPACITY);
  #values = new Uint32Array(FIRST_CAPACITY);
  #used = 0;
  /** Values that belong to no document any more. */
  waste = 0;

  /** Adds one to the count of each number in the lists of these documents. */
  tally(seqs: Uint32Array, counts: Uint32Array): void {
    for (const seq of seqs) {
      const start = this.#starts[seq] ?? 0;
      const end = start + (this.#lengths[seq] ?? 0);
      for (let at = start; at < end; at += 1) {
        const number = this.#values[at]!;
        counts[number] = counts[number]! + 1;
      }
    }
  }

  set(seq: number, value: SqlValue): void {
    const numbers = value === null || value === '' ? [] : String(value).split(';').map(Number);
    this.#starts = roomFor(seq + 1, this.#starts);
    this.#lengths = roomFor(seq + 1, this.#lengths);
    this.#values = roomFor(this.#used + numbers.length, this.#values);
    this.waste += this.#lengths[seq]!;
    this.#starts[seq] = this.#used;
    this.#lengths[seq] = numbers.length;
    this.#values.set(numbers, this.#used);
    this.#used += numbers.length;
  }
}

function roomFor(length: number, array: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const larger = new Uint32Array(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
