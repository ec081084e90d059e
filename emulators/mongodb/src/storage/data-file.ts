import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** Raised with every change of the tables; a file of another version is refused, not guessed at. */
const FORMAT = 1;

const TABLES = `
  CREATE TABLE collections (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
  CREATE TABLE documents (number INTEGER PRIMARY KEY, collection INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE TABLE events (sequence INTEGER PRIMARY KEY, head BLOB NOT NULL, document BLOB);
  CREATE TABLE sessions (id TEXT PRIMARY KEY, last_used INTEGER NOT NULL, body BLOB NOT NULL);
  CREATE TABLE users (username TEXT PRIMARY KEY, body BLOB NOT NULL);
`;

export class DataFileError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DataFileError';
  }
}

interface Batch {
  durable: Promise<void>;
  settle: { resolve(): void; reject(error: unknown): void };
}

/**
 * The SQLite file behind the documents in memory. Everything written in one turn of the event loop becomes one SQLite
 * transaction: a commit of several documents is never half there, and many small writes share one commit.
 */
export class DataFile {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #batch: Batch | undefined;
  #failure: Error | undefined;
  #onCommitted: () => void = () => {};

  constructor(path: string) {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
    this.#database = openDatabase(path);
  }

  /** Set once the file could not be written: memory is then ahead of it, and nothing more may be acknowledged. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  all(sql: string): Iterable<Record<string, unknown>> {
    return this.#database.prepare(sql).iterate() as Iterable<Record<string, unknown>>;
  }

  write(sql: string, ...values: SQLInputValue[]): void {
    this.#openBatch();
    try {
      this.#statement(sql).run(...values);
    } catch (cause) {
      throw this.#fail(cause);
    }
  }

  /** Called after each commit, when all that was written so far is in the file. */
  onCommitted(listener: () => void): void {
    this.#onCommitted = listener;
  }

  /** Resolves when everything written so far has been committed. */
  durable(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return this.#batch?.durable ?? Promise.resolve();
  }

  close(): void {
    if (!this.#failure) this.#commit();
    this.#statements.clear();
    this.#database.close();
  }

  #openBatch(): void {
    if (this.#failure) throw this.#failure;
    if (this.#batch) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Somebody may write without waiting; the failure still reaches whoever writes next.
    promise.catch(() => {});
    this.#batch = { durable: promise, settle: { resolve, reject } };
    this.#database.exec('BEGIN');
    setImmediate(() => {
      try {
        this.#commit();
      } catch {
        // Already told to those who wait for this batch.
      }
    });
  }

  #commit(): void {
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = undefined;
    try {
      this.#database.exec('COMMIT');
      batch.settle.resolve();
      this.#onCommitted();
    } catch (cause) {
      const failure = this.#fail(cause);
      batch.settle.reject(failure);
      throw failure;
    }
  }

  #fail(cause: unknown): Error {
    this.#failure ??= new DataFileError(`the data file cannot be written: ${(cause as Error).message}`, { cause });
    this.#batch?.settle.reject(this.#failure);
    return this.#failure;
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** 16 MB of log before it goes into the file, which waits for the disk: a feed of thousands of rows writes that in seconds. */
const CHECKPOINT_PAGES = 4_000;

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // One process owns the file; a second one is told so instead of seeing documents change under its memory.
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    const format = (database.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
    if (format === 0) database.exec(`BEGIN IMMEDIATE; ${TABLES} PRAGMA user_version = ${FORMAT}; COMMIT`);
    else if (format !== FORMAT) {
      throw new DataFileError(`${path} is a data file of format ${format}, this emulator reads format ${FORMAT}`);
    }
    return database;
  } catch (cause) {
    database?.close();
    if (cause instanceof DataFileError) throw cause;
    const isBusy = /locked|busy/i.test((cause as Error).message);
    const message = isBusy
      ? `${path} is in use by another process`
      : `${path} cannot be opened: ${(cause as Error).message}`;
    throw new DataFileError(message, { cause });
  }
}
