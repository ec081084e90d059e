import type { EntityManager, MikroORM, PostgreSqlConnection } from '@mikro-orm/postgresql';
import { isTracing, type SpanOptions, SpanKind, tracedPart } from '../tracing/tracing.ts';
import type { WatchedPool } from './pool-metrics.ts';
import { isStalePlan, type PreparedStatement, statementCompiler } from './prepared-statements.ts';
import { type Answer, type DriverClient, StatementGroup } from './statement-group.ts';

/**
 * The ORM writes values into the text of each statement, which the server then
 * reads and plans every time, through three layers here. Statements of ours go
 * to the driver instead: by name, values apart, several at once where nobody
 * waits for the first. What only the ORM can write still goes its way, on the
 * same connection when a transaction holds one.
 */
interface Client extends DriverClient {
  query(statement: string): Promise<Pick<Answer, 'rows' | 'rowCount'>>;
  query(group: StatementGroup): unknown;
}
interface PoolClient extends Client {
  /** Closes the connection when given a reason, and keeps it for the next otherwise. */
  release(reason?: Error): void;
}
interface Pool extends WatchedPool {
  connect(): Promise<PoolClient>;
}
type Execute = PostgreSqlConnection['execute'];
type Compile = ReturnType<typeof statementCompiler>['compile'];
type Send = (client: Client, statements: readonly PreparedStatement[]) => Promise<Answer[]>;

const BEGIN: PreparedStatement = { name: 'begin', text: 'begin', values: [] };
/** The server answers the commit before it is on the disk: a server that loses its power may have lost what nobody minds. */
const RELAXED: PreparedStatement = { name: 'relaxed', text: 'set local synchronous_commit to off', values: [] };
/** The server keeps to the plans it has, instead of making one for the values at hand wherever that looks cheaper. */
const PLANNED_ONCE: PreparedStatement = {
  ...{ name: 'planned once', text: 'set local plan_cache_mode to force_generic_plan', values: [] },
};
const BEGINNINGS = new Set([BEGIN, RELAXED, PLANNED_ONCE]);
const COMMIT: PreparedStatement = { name: 'commit', text: 'commit', values: [] };

/** A statement on its way, and who waits for its answer. */
interface Waiting {
  statement: PreparedStatement;
  ends?: { resolve(answer: Answer): void; reject(reason: unknown): void };
}

/** Stands where the ORM keeps its own transaction, and is handed back to `execute` by it. */
class LeanTransaction {
  isBegun = false;
  readonly afterCommit = new Set<() => void>();
  #waiting: Waiting[];
  readonly #beginning: number;

  constructor(
    readonly client: PoolClient,
    readonly compile: Compile,
    private readonly send: Send,
    beginning: readonly PreparedStatement[],
  ) {
    this.#waiting = beginning.map((statement) => ({ statement }));
    this.#beginning = beginning.length;
  }

  get hasWork(): boolean {
    return this.isBegun || this.#waiting.length > this.#beginning;
  }

  /** Goes with the next one that somebody waits for. */
  along(statement: PreparedStatement): void {
    this.#waiting.push({ statement });
  }

  /** Those that are asked for before anybody waits go together, in the order in which they were asked for. */
  ask(statement: PreparedStatement): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ statement, ends: { resolve, reject } });
      queueMicrotask(() => void this.sendWaiting());
    });
  }

  /** What was asked for before is sent first, and what failed of it fails this. */
  async sendBefore(): Promise<void> {
    const last = this.#waiting.at(-1);
    if (!last) return;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { ends } = last;
    last.ends = { resolve, reject };
    void this.sendWaiting();
    await promise.then(ends?.resolve, (error: unknown) => {
      ends?.reject(error);
      throw error;
    });
  }

  /** Never rejects: whoever waits is told. */
  async sendWaiting(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.isBegun = true;
    const answers = this.send(
      this.client,
      waiting.map(({ statement }) => statement),
    );
    if (isTracing()) traceUnawaited(waiting, answers);
    try {
      for (const [at, answer] of (await answers).entries()) waiting[at]!.ends?.resolve(answer);
    } catch (error) {
      for (const { ends } of waiting) ends?.reject(error);
    }
  }
}

/** Of those that nobody waits for nobody else makes a span. */
function traceUnawaited(waiting: readonly Waiting[], answers: Promise<unknown>): void {
  for (const { statement, ends } of waiting) {
    if (ends || BEGINNINGS.has(statement)) continue;
    void tracedPart(...spanOf(statement), () => answers).catch(() => undefined);
  }
}

/** What the ORM keeps to itself: the text with its values in it. */
interface Formatting {
  prepareQuery(query: unknown, parameters: unknown): { formatted: string };
}

interface Lean {
  pool: Pool;
  compile: Compile;
  send: Send;
  /** Over a connection of the pool. */
  alone(statements: readonly PreparedStatement[]): Promise<Answer[]>;
}

/** By the configuration that all entity managers of one database share. */
const leanBy = new WeakMap<object, Lean>();

export async function makeLean(orm: MikroORM): Promise<void> {
  const connection = orm.em.getConnection() as PostgreSqlConnection;
  const byEngine = connection.execute.bind(connection);
  const { compile, renew } = statementCompiler();
  const pool = await poolOf(orm);

  const send: Send = async (client, statements) => {
    try {
      return await StatementGroup.send(client, statements);
    } catch (error) {
      if (isStalePlan(error)) renew();
      throw error;
    }
  };
  const onOne = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    try {
      return await work(client);
    } finally {
      client.release();
    }
  };
  const aloneTogether: Lean['alone'] = (statements) => onOne((client) => send(client, statements));
  leanBy.set(orm.config, { pool, compile, send, alone: aloneTogether });

  const alone = async (statement: PreparedStatement | string) =>
    typeof statement === 'string' ? onOne((client) => client.query(statement)) : (await aloneTogether([statement]))[0]!;
  const inside = async (transaction: LeanTransaction, statement: PreparedStatement | string) => {
    if (typeof statement !== 'string') return transaction.ask(statement);
    await transaction.sendBefore();
    return transaction.client.query(statement);
  };
  const execute = async (...[query, parameters = [], method = 'all', context, logging]: Parameters<Execute>) => {
    const lean = (context as unknown) instanceof LeanTransaction ? (context as unknown as LeanTransaction) : undefined;
    if (context && !lean) return byEngine(query, parameters, method, context, logging);
    const compiled = () =>
      typeof query === 'string' && Array.isArray(parameters) ? compile(query, parameters) : undefined;
    const statement = compiled() ?? (connection as unknown as Formatting).prepareQuery(query, parameters).formatted;
    const sent = () =>
      lean
        ? inside(lean, statement)
        : alone(statement).catch((error: unknown) => {
            // Alone it may be sent again at once; in a transaction everything before it has to be as well.
            const again = isStalePlan(error) && compiled();
            if (again) return alone(again);
            throw error;
          });
    const result = await (isTracing() ? tracedPart(...spanOf(statement), sent) : sent());
    const { rows } = result;
    if (method === 'all') return rows;
    if (method === 'get') return rows[0];
    return { affectedRows: result.rowCount ?? rows.length, insertId: undefined, row: rows[0], rows };
  };
  connection.execute = execute as Execute;
}

export interface TransactionOptions {
  /** Nothing is lost with it that is not done again: a mark of what is done, a lease. */
  mayBeLost?: boolean;
  /**
   * For statements that look for rows by their ids and keys, whatever the values are. A plan for short lists looks cheaper
   * than the one that is kept, and making it costs 0.1 to 0.5 ms each time.
   */
  isPlannedOnce?: boolean;
}

/** One transaction: what `work` leaves unsaved in the entity manager is saved with it. */
export function leanTransaction<T>(
  orm: MikroORM,
  work: (em: EntityManager) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  return tracedPart('sql transaction', SQL, () => transaction(orm, work, options));
}

async function transaction<T>(
  orm: MikroORM,
  work: (em: EntityManager) => Promise<T>,
  { mayBeLost = false, isPlannedOnce = false }: TransactionOptions,
): Promise<T> {
  const { pool, compile, send } = leanBy.get(orm.config)!;
  const em = orm.em.fork() as EntityManager;
  const client = await pool.connect();
  const beginning = [BEGIN, ...(mayBeLost ? [RELAXED] : []), ...(isPlannedOnce ? [PLANNED_ONCE] : [])];
  const context = new LeanTransaction(client, compile, send, beginning);
  let broken: Error | undefined;
  let value: T;
  try {
    em.setTransactionContext(context as never);
    value = await work(em);
    if (isManaging(em)) await em.flush();
    if (context.hasWork) await commit(context);
  } catch (error) {
    if (context.isBegun) {
      await client.query('rollback').catch((failure: Error) => {
        // In an unknown state: not for anybody else.
        broken = failure;
      });
    }
    throw error;
  } finally {
    em.resetTransactionContext();
    client.release(broken);
  }
  for (const hook of context.afterCommit) hook();
  return value;
}

/** Most transactions leave nothing to the ORM, and asking it to save nothing takes a while. */
function isManaging(em: EntityManager): boolean {
  const work = em.getUnitOfWork();
  if (work.getPersistStack().size > 0 || work.getRemoveStack().size > 0) return true;
  for (const _entity of work.getIdentityMap()) return true;
  return false;
}

async function commit(context: LeanTransaction): Promise<void> {
  const { command } = await context.ask(COMMIT);
  if (command !== 'COMMIT') throw new Error('A statement failed, and the transaction went on as if it had not.');
}

/**
 * For a change whose answer nobody needs: it goes with the next statement of its transaction or with the commit, in the
 * order of the calls, and costs no way of its own. If it fails, that is what fails. Outside a transaction it is sent at once.
 */
export async function executeAlong(em: EntityManager, query: string, parameters: readonly unknown[]): Promise<void> {
  const context: unknown = em.getTransactionContext();
  const statement = context instanceof LeanTransaction ? context.compile(query, parameters) : undefined;
  if (statement) (context as LeanTransaction).along(statement);
  else await em.execute(query, [...parameters], 'run');
}

/**
 * Sends statements in one go and resolves to the rows of each. Each sees what those before it did; outside a transaction
 * they are one of their own.
 */
export async function executeTogether(
  em: EntityManager,
  statements: readonly (readonly [query: string, parameters?: readonly unknown[]])[],
): Promise<unknown[][]> {
  const given: unknown = em.getTransactionContext();
  const context = given instanceof LeanTransaction ? given : undefined;
  const lean = given === undefined || context ? leanBy.get(em.config) : undefined;
  const compiled = statements.flatMap(([query, parameters = []]) => lean?.compile(query, parameters) ?? []);
  if (!lean || compiled.length !== statements.length) {
    const all: unknown[][] = [];
    for (const [query, parameters = []] of statements) all.push(await em.execute<unknown[]>(query, [...parameters]));
    return all;
  }
  const answers = context ? Promise.all(compiled.map((statement) => context.ask(statement))) : lean.alone(compiled);
  return (await answers).map(({ rows }) => rows);
}

/** Calls `hook` once the transaction of this entity manager is committed, and never if it is not; outside of one at once. */
export function afterCommit(em: EntityManager, hook: () => void): void {
  const context: unknown = em.getTransactionContext();
  if (context instanceof LeanTransaction) context.afterCommit.add(hook);
  else hook();
}

const SQL: SpanOptions = { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'postgresql' } };

/** A statement whose values are in its text is known by its verb alone. */
function spanOf(statement: PreparedStatement | string): [name: string, options: SpanOptions] {
  const text = typeof statement === 'string' ? statement : statement.text;
  const verb = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? 'statement';
  if (typeof statement === 'string') return [`sql ${verb}`, SQL];
  const table = /\b(?:from|into|update)\s+([a-z_]+)/i.exec(text)?.[1];
  const attributes = { ...SQL.attributes, 'db.query.text': text.replaceAll(/\s+/g, ' ') };
  return [table ? `sql ${verb} ${table}` : `sql ${verb}`, { ...SQL, attributes }];
}

export async function poolOf(orm: MikroORM): Promise<Pool> {
  return (await (orm.em.getConnection() as PostgreSqlConnection).getNativeClient()) as unknown as Pool;
}
