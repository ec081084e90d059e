import type { StatementSync } from 'node:sqlite';
import { DatabaseSync } from 'node:sqlite';

const tables = `
CREATE TABLE objects (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  type TEXT NOT NULL,
  created INTEGER NOT NULL,
  searchable_ms INTEGER NOT NULL,
  body TEXT NOT NULL,
  hidden TEXT NOT NULL
);
CREATE INDEX objects_by_type ON objects (account, type, seq);
CREATE INDEX objects_by_intent ON objects (account, type, json_extract(body, '$.payment_intent'), seq)
  WHERE json_extract(body, '$.payment_intent') IS NOT NULL;
CREATE INDEX objects_by_charge ON objects (account, type, json_extract(body, '$.charge'), seq)
  WHERE json_extract(body, '$.charge') IS NOT NULL;
CREATE INDEX objects_by_customer ON objects (account, type, json_extract(body, '$.customer'), seq)
  WHERE json_extract(body, '$.customer') IS NOT NULL;
CREATE INDEX objects_by_group ON objects (account, type, json_extract(body, '$.transfer_group'), seq)
  WHERE json_extract(body, '$.transfer_group') IS NOT NULL;
CREATE INDEX objects_by_source ON objects (account, type, json_extract(body, '$.source_transaction'), seq)
  WHERE json_extract(body, '$.source_transaction') IS NOT NULL;
CREATE INDEX objects_by_transfer ON objects (account, type, json_extract(body, '$.transfer'), seq)
  WHERE json_extract(body, '$.transfer') IS NOT NULL;

CREATE TABLE funds (
  balance_transaction TEXT PRIMARY KEY,
  account TEXT NOT NULL,
  currency TEXT NOT NULL,
  available_on INTEGER NOT NULL,
  net INTEGER NOT NULL
);
CREATE INDEX funds_by_account ON funds (account, currency, available_on, net);

CREATE TABLE movements (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL,
  account TEXT NOT NULL,
  payment_intent TEXT,
  transfer_group TEXT,
  object TEXT NOT NULL,
  amount INTEGER NOT NULL,
  currency TEXT NOT NULL,
  request TEXT,
  idempotency_key TEXT
);
CREATE INDEX movements_by_intent ON movements (payment_intent, seq);

CREATE TABLE replies (
  account TEXT NOT NULL,
  key TEXT NOT NULL,
  path TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  request TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, key)
);
CREATE INDEX replies_by_age ON replies (at_ms);

CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  event TEXT NOT NULL,
  type TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  last_status INTEGER,
  last_error TEXT
);
CREATE INDEX deliveries_by_due ON deliveries (state, due_ms, seq);
CREATE INDEX deliveries_by_event ON deliveries (event);

CREATE TABLE later (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  what TEXT NOT NULL,
  object TEXT NOT NULL
);
CREATE INDEX later_by_time ON later (at_ms, seq);
`;

/** What the emulator was told once and keeps: where webhooks go. */
const kept = 'CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);';

/** Applied in order and only forward; how many have been is written in the file. */
const migrations = [tables, kept];

type Value = string | number | null;

/**
 * The one file behind the emulator. All access is synchronous and in one thread, so two requests never interleave
 * inside a transaction, and a committed transaction survives a killed process (WAL). It does not promise to survive
 * a power loss: `synchronous` is NORMAL.
 */
export class Database {
  readonly #file: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: string) {
    this.#file = new DatabaseSync(path);
    this.#file.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    const version = Number(this.#file.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
    if (version > migrations.length) {
      this.#file.close();
      throw new Error(
        `${path} was written by a newer payment emulator (${version}, this one reads up to ${migrations.length}). ` +
          'Remove the file to start with an empty one.',
      );
    }
    this.transaction(() => {
      for (const migration of migrations.slice(version)) this.#file.exec(migration);
      this.#file.exec(`PRAGMA user_version = ${migrations.length}`);
    });
  }

  /** Runs `work` so that all of its writes are kept or none. `work` must not wait for anything. */
  transaction<T>(work: () => T): T {
    this.#file.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#file.exec('COMMIT');
      return result;
    } catch (error) {
      this.#file.exec('ROLLBACK');
      throw error;
    }
  }

  run(sql: string, ...values: Value[]): { changes: number; lastId: number } {
    const { changes, lastInsertRowid } = this.#prepared(sql).run(...values);
    return { changes: Number(changes), lastId: Number(lastInsertRowid) };
  }

  one<Row>(sql: string, ...values: Value[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: Value[]): Row[] {
    return this.#prepared(sql).all(...values) as Row[];
  }

  close(): void {
    this.#statements.clear();
    this.#file.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    const statement = this.#file.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
