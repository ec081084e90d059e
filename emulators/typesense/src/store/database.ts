import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

export type SqlValue = string | number | null;
export type Row = Record<string, SqlValue>;

// A search builds its SQL from the shape of the request; the shapes repeat, the values are bound.
const MAX_STATEMENTS = 400;

// Half of the main tables of 100,000 products; what is not cached comes from the file system's cache.
const CACHE_KIB = 64 * 1024;

// 16 MB of log before it goes into the file, which waits for the disk: a crowd of products writes that in seconds.
const CHECKPOINT_PAGES = 4_000;

const FORMAT_VERSION = '1';

/** One SQLite file and its prepared statements. Everything is synchronous: one call never sees half of another. */
export class Database {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    try {
      this.#prepareFile(file);
    } catch (cause) {
      this.#db.close();
      throw cause;
    }
  }

  all(sql: string, params: readonly SqlValue[] = []): Row[] {
    return this.#statement(sql).all(...(params as SQLInputValue[])) as Row[];
  }

  /** As `all`, each row as its values in order: thousands of rows of few columns cost less. */
  rows(sql: string, params: readonly SqlValue[] = []): SqlValue[][] {
    return this.#statement(sql, true).all(...(params as SQLInputValue[])) as unknown as SqlValue[][];
  }

  get(sql: string, params: readonly SqlValue[] = []): Row | undefined {
    return this.#statement(sql).get(...(params as SQLInputValue[])) as Row | undefined;
  }

  run(sql: string, params: readonly SqlValue[] = []): number {
    return Number(this.#statement(sql).run(...(params as SQLInputValue[])).changes);
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (cause) {
      this.#db.exec('ROLLBACK');
      throw cause;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #statement(sql: string, asArrays = false): StatementSync {
    const key = asArrays ? `arrays ${sql}` : sql;
    const known = this.#statements.get(key);
    if (known !== undefined) {
      // Which of them was used last matters to nobody before they are many.
      if (this.#statements.size > MAX_STATEMENTS / 2) {
        this.#statements.delete(key);
        this.#statements.set(key, known);
      }
      return known;
    }
    const statement = this.#db.prepare(sql);
    if (asArrays) statement.setReturnArrays(true);
    this.#statements.set(key, statement);
    if (this.#statements.size > MAX_STATEMENTS) {
      const [oldest] = this.#statements.keys();
      if (oldest !== undefined) this.#statements.delete(oldest);
    }
    return statement;
  }

  #prepareFile(file: string): void {
    // The lock keeps a second emulator away from the file. A write is acknowledged after it is in the log of the file
    // system, which outlives the process (kill -9), though not a power cut.
    this.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -${CACHE_KIB};
      CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS collections (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, schema TEXT NOT NULL,
        generation INTEGER NOT NULL, created_at INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS aliases (name TEXT PRIMARY KEY, collection_name TEXT NOT NULL) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS synonym_sets (name TEXT PRIMARY KEY, items TEXT NOT NULL) WITHOUT ROWID;
      CREATE TEMP TABLE matches (seq INTEGER PRIMARY KEY, score INTEGER NOT NULL, bucket INTEGER NOT NULL DEFAULT 0);
      INSERT OR IGNORE INTO meta VALUES ('format', '${FORMAT_VERSION}');
    `);
    const format = this.get("SELECT value FROM meta WHERE key = 'format'")?.['value'];
    if (format !== FORMAT_VERSION) {
      throw new Error(`${file} was written by another version of the emulator (format ${format}). Remove the file.`);
    }
  }
}

/** A piece of SQL with its bound values, in order. */
export type Sql = { text: string; params: SqlValue[] };

export function sql(text: string, ...params: SqlValue[]): Sql {
  return { text, params };
}

export function joinSql(parts: readonly Sql[], separator: string): Sql {
  return { text: parts.map((part) => part.text).join(separator), params: parts.flatMap((part) => part.params) };
}
