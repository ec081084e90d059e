import type { Actor, Scheduler } from './scheduler.ts';

export interface Unique<Row> {
  name: string;
  /** Null where the row takes no part in it. */
  of(row: Row): string | null;
}

/** Rows by primary key. A row is never changed in place: a change puts another in its stead. */
export class Table<Row extends object> {
  readonly rows = new Map<string, Row>();

  constructor(
    readonly name: string,
    readonly uniques: readonly Unique<Row>[] = [],
  ) {}
}

/** As PostgreSQL reports it. */
export class DatabaseError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly constraint?: string,
  ) {
    super(message);
  }
}

/**
 * One service's database: READ COMMITTED, row locks held to the end of the
 * transaction, unique indexes that wait for an undecided rival, deadlocks
 * found and one of the two refused. A transaction whose process dies is as if it had never been.
 */
export class MemoryDatabase {
  readonly #locks = new Map<string, Transaction>();
  readonly #queues = new Map<string, { transaction: Transaction; grant: () => void }[]>();
  readonly #open = new Set<Transaction>();
  readonly #counters = new Map<string, number>();
  /** After every commit that changed something. */
  onCommit: () => void = () => undefined;

  constructor(readonly scheduler: Scheduler) {}

  begin(): Transaction {
    const actor = this.scheduler.current;
    if (!actor) throw new Error('A transaction belongs to a process.');
    const transaction = new Transaction(this, actor);
    this.#open.add(transaction);
    return transaction;
  }

  commit(transaction: Transaction): void {
    for (const [table, rows] of transaction.writes) {
      for (const [key, row] of rows) {
        if (row) table.rows.set(key, row);
        else table.rows.delete(key);
      }
    }
    this.#end(transaction);
    if (transaction.writes.size > 0) this.onCommit();
  }

  rollback(transaction: Transaction): void {
    this.#end(transaction);
  }

  /** What a power cut leaves. */
  forget(actor: Actor): void {
    for (const transaction of this.#open) if (transaction.actor === actor) this.#end(transaction);
  }

  /** A sequence: never goes back, whatever becomes of the transaction. */
  nextOf(counter: string): number {
    const value = (this.#counters.get(counter) ?? 0) + 1;
    this.#counters.set(counter, value);
    return value;
  }

  isFree(lock: string, transaction: Transaction): boolean {
    const holder = this.#locks.get(lock);
    return !holder || holder === transaction;
  }

  async acquire(transaction: Transaction, lock: string): Promise<void> {
    const holder = this.#locks.get(lock);
    if (holder === transaction) return;
    if (!holder) {
      this.#give(transaction, lock);
      return;
    }
    for (let next: Transaction | undefined = holder; next; next = this.#locks.get(next.waitsFor ?? '')) {
      if (next === transaction) throw new DatabaseError('40P01', `deadlock on ${lock}`);
    }
    transaction.waitsFor = lock;
    const { scheduler } = this;
    await new Promise<void>((resolve) => {
      const grant = () => void scheduler.at(scheduler.random.next(), transaction.actor, resolve);
      this.#queues.set(lock, [...(this.#queues.get(lock) ?? []), { transaction, grant }]);
    });
  }

  #give(transaction: Transaction, lock: string): void {
    this.#locks.set(lock, transaction);
    transaction.held.add(lock);
  }

  #end(transaction: Transaction): void {
    if (transaction.isEnded) throw new Error('This transaction has ended.');
    transaction.isEnded = true;
    this.#open.delete(transaction);
    for (const lock of transaction.held) {
      this.#locks.delete(lock);
      const queue = this.#queues.get(lock)?.filter((waiting) => !waiting.transaction.isEnded) ?? [];
      const [next, ...others] = queue;
      if (others.length > 0) this.#queues.set(lock, others);
      else this.#queues.delete(lock);
      if (!next) continue;
      next.transaction.waitsFor = undefined;
      this.#give(next.transaction, lock);
      next.grant();
    }
  }
}

// Tables of different rows live in one list; a row comes out of the table it went into.
type AnyTable = Table<object>;

export class Transaction {
  readonly writes = new Map<AnyTable, Map<string, object | undefined>>();
  readonly held = new Set<string>();
  waitsFor?: string;
  isEnded = false;

  constructor(
    readonly database: MemoryDatabase,
    readonly actor: Actor,
  ) {}

  /** As this statement sees it: what is committed, and what this transaction wrote. */
  get<Row extends object>(table: Table<Row>, key: string): Row | undefined {
    const own = this.writes.get(table as unknown as AnyTable);
    return own?.has(key) ? (own.get(key) as Row | undefined) : table.rows.get(key);
  }

  all<Row extends object>(table: Table<Row>): Row[] {
    const own = this.writes.get(table as unknown as AnyTable);
    if (!own) return [...table.rows.values()];
    const merged = new Map<string, Row>(table.rows);
    for (const [key, row] of own) {
      if (row) merged.set(key, row as Row);
      else merged.delete(key);
    }
    return [...merged.values()];
  }

  /** `for update`: waits for whoever holds the row, then reads it as it is by then. */
  async lock<Row extends object>(table: Table<Row>, key: string): Promise<Row | undefined> {
    if (!this.get(table, key)) return undefined;
    await this.database.acquire(this, `${table.name}/${key}`);
    return this.get(table, key);
  }

  /** `for update skip locked`. */
  canLock<Row extends object>(table: Table<Row>, key: string): boolean {
    return this.database.isFree(`${table.name}/${key}`, this);
  }

  async update<Row extends object>(
    table: Table<Row>,
    key: string,
    change: (row: Row) => Partial<Row> | undefined,
  ): Promise<Row | undefined> {
    const row = await this.lock(table, key);
    const changed = row && change(row);
    if (!row || !changed) return undefined;
    const next = { ...row, ...changed };
    for (const unique of table.uniques) {
      const value = unique.of(next);
      if (value !== null && value !== unique.of(row)) await this.#claim(table, unique, { key, value });
    }
    this.#write(table, key, next);
    return next;
  }

  /** False when the row, or one that is its equal by a unique index, is there and `onConflict` is `nothing`. */
  async insert<Row extends object>(
    table: Table<Row>,
    key: string,
    row: Row,
    onConflict: 'fail' | 'nothing' = 'fail',
  ): Promise<boolean> {
    try {
      await this.#claim(table, { name: `${table.name}_pkey`, of: () => key }, { key: '', value: key });
      for (const unique of table.uniques) {
        const value = unique.of(row);
        if (value !== null) await this.#claim(table, unique, { key, value });
      }
    } catch (error) {
      if (onConflict === 'nothing' && error instanceof DatabaseError && error.code === '23505') return false;
      throw error;
    }
    // New rows are their writer's until the end.
    await this.database.acquire(this, `${table.name}/${key}`);
    this.#write(table, key, row);
    return true;
  }

  async remove<Row extends object>(table: Table<Row>, key: string): Promise<Row | undefined> {
    const row = await this.lock(table, key);
    if (row) this.#write(table, key, undefined);
    return row;
  }

  async #claim<Row extends object>(
    table: Table<Row>,
    unique: Unique<Row>,
    { key, value }: { key: string; value: string },
  ): Promise<void> {
    await this.database.acquire(this, `${unique.name}=${value}`);
    const isPrimary = key === '';
    const rival = isPrimary
      ? this.get(table, value)
      : this.all(table).find((other) => unique.of(other) === value && other !== this.get(table, key));
    if (rival) throw new DatabaseError('23505', `duplicate ${unique.name} ${value}`, unique.name);
  }

  #write<Row extends object>(table: Table<Row>, key: string, row: Row | undefined): void {
    const held = table as unknown as AnyTable;
    const rows = this.writes.get(held) ?? new Map<string, object | undefined>();
    rows.set(key, row);
    this.writes.set(held, rows);
  }
}
