import type { Database, EntityManager } from '@marketgraph/platform/postgres';
import type { MemoryDatabase, Table, Transaction } from './memory-database.ts';

/** One SQL statement that the product writes outside its stores, and what it does to the tables. */
export interface Statement {
  pattern: RegExp;
  // Parameters as the driver gets them.
  run(transaction: Transaction, parameters: readonly unknown[]): Promise<unknown[]> | unknown[];
}

interface Managed {
  table: Table<{ id: string }>;
  row: { id: string };
  isNew: boolean;
}

export interface OrmModel {
  database: MemoryDatabase;
  statements: readonly Statement[];
  /** By the entity's class. */
  entities: ReadonlyMap<unknown, Table<{ id: string }>>;
}

/** The connection to the server broke. What a commit did is then unknown. */
export class ConnectionLostError extends Error {
  constructor(readonly isBefore: boolean) {
    super('The connection to the database was lost.');
  }
}

/**
 * As much of the entity manager as the commands use: transactions, managed rows,
 * `execute`. Every statement is an await at which the scheduler may do anything.
 */
export class MemoryEntityManager {
  readonly #managed: Managed[] = [];
  /** A connection does one thing at a time, and nothing more for a transaction in which something failed. */
  #turn: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(
    readonly model: OrmModel,
    /** Says, when a statement arrives, whether the connection breaks. */
    readonly faults: { breaks(): boolean },
    /** The same object for all entity managers of one process. */
    readonly config: object = {},
    readonly transaction?: Transaction,
  ) {}

  fork(): MemoryEntityManager {
    return new MemoryEntityManager(this.model, this.faults, this.config);
  }

  async transactional<T>(work: (em: MemoryEntityManager) => Promise<T>): Promise<T> {
    const { database } = this.model;
    const transaction = database.begin();
    const inner = new MemoryEntityManager(this.model, this.faults, this.config, transaction);
    let value: T;
    try {
      value = await work(inner);
      await inner.flush();
      await database.scheduler.arrive('commit');
      if (this.faults.breaks()) throw new ConnectionLostError(true);
    } catch (error) {
      await inner.#turn;
      database.rollback(transaction);
      throw error;
    }
    database.commit(transaction);
    // The answer to the commit is on its way: the process can die, or lose it, with everything done.
    await database.scheduler.arrive('committed');
    if (this.faults.breaks()) throw new ConnectionLostError(false);
    return value;
  }

  /** One statement: in the transaction, or in one of its own. */
  async statement<T>(run: (transaction: Transaction) => T | Promise<T>): Promise<T> {
    const { transaction } = this;
    if (!transaction) return this.#alone(run);
    const done = this.#turn.then(async () => {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        return await this.#sent(() => run(transaction));
      } catch (error) {
        this.#failure = error;
        throw error;
      }
    });
    this.#turn = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #sent<T>(run: () => T | Promise<T>): Promise<T> {
    await this.model.database.scheduler.arrive('statement');
    if (this.faults.breaks()) throw new ConnectionLostError(true);
    return await run();
  }

  async #alone<T>(run: (transaction: Transaction) => T | Promise<T>): Promise<T> {
    const { database } = this.model;
    await this.#sent(() => undefined);
    const transaction = database.begin();
    let value: T;
    try {
      value = await run(transaction);
    } catch (error) {
      database.rollback(transaction);
      throw error;
    }
    const hasWritten = transaction.writes.size > 0;
    database.commit(transaction);
    if (hasWritten) await database.scheduler.arrive('committed');
    return value;
  }

  execute(sql: string, parameters: readonly unknown[] = []): Promise<unknown[]> {
    const text = sql.replaceAll(/\s+/g, ' ').trim();
    const known = this.model.statements.find(({ pattern }) => pattern.test(text));
    if (!known) throw new Error(`The simulator has no model of this statement: ${text}`);
    return this.statement(async (transaction) => known.run(transaction, parameters));
  }

  /** A row read for update: what is changed in it is written by the next flush. */
  manage<Row extends { id: string }>(table: Table<Row>, row: Row): Row {
    const copy = { ...row };
    // A row leaves the list only into the table it came from.
    if (this.transaction) this.#managed.push({ table: table as unknown as Managed['table'], row: copy, isNew: false });
    return copy;
  }

  create(entity: unknown, row: { id: string }): { id: string } {
    const table = this.model.entities.get(entity);
    if (!table) throw new Error('The simulator has no table for this entity.');
    const copy = { ...row };
    this.#managed.push({ table, row: copy, isNew: true });
    return copy;
  }

  async flush(): Promise<void> {
    const { transaction } = this;
    if (!transaction) throw new Error('The simulator flushes inside transactions only.');
    if (this.#managed.length === 0) return;
    for (const managed of this.#managed) {
      const { table, row, isNew } = managed;
      if (isNew) await this.statement(() => transaction.insert(table, row.id, { ...row }));
      else await transaction.update(table, row.id, () => ({ ...row }));
      managed.isNew = false;
    }
  }
}

/** What the commands are given for an ORM. They use `em` alone of it, and of that what the class above has. */
export function memoryOrm(model: OrmModel, faults: { breaks(): boolean }): Database {
  const em = new MemoryEntityManager(model, faults);
  return { em, config: em.config } as unknown as Database;
}

/** The model behind the entity manager a store is handed. */
export function memoryOf(em: EntityManager): MemoryEntityManager {
  // Only ever handed out by `memoryOrm`.
  return em as unknown as MemoryEntityManager;
}

export function statement<T>(em: EntityManager, run: (transaction: Transaction) => T | Promise<T>): Promise<T> {
  return memoryOf(em).statement(run);
}
