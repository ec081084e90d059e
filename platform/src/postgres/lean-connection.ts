import type { EntityManager, MikroORM, PostgreSqlConnection } from '@mikro-orm/postgresql';
import { isTracing, type SpanOptions, SpanKind, tracedPart } from '../tracing/tracing.ts';
import type { WatchedPool } from './pool-metrics.ts';
import { isStalePlan, type PreparedStatement, statementCompiler } from './prepared-statements.ts';

/**
 * The ORM writes values into the text of each statement, which the server then
 * reads and plans every time, through three layers here. Statements of ours go
 * to the driver instead: by name, values apart. What only the ORM can write
 * still goes its way, on the same connection when a transaction holds one.
 */
interface Client {
  query(statement: PreparedStatement | string): Promise<{ rows: object[]; rowCount: number | null }>;
}
interface PoolClient extends Client {
  /** Closes the connection when given a reason, and keeps it for the next otherwise. */
  release(reason?: Error): void;
}
interface Pool extends Client, WatchedPool {
  connect(): Promise<PoolClient>;
}
type Execute = PostgreSqlConnection['execute'];

/** Stands where the ORM keeps its own transaction, and is handed back to `execute` by it. */
class LeanTransaction {
  constructor(readonly client: PoolClient) {}
}

/** What the ORM keeps to itself: the text with its values in it. */
interface Formatting {
  prepareQuery(query: unknown, parameters: unknown): { formatted: string };
}

export async function makeLean(orm: MikroORM): Promise<void> {
  const connection = orm.em.getConnection() as PostgreSqlConnection;
  const byEngine = connection.execute.bind(connection);
  const { compile, renew } = statementCompiler();
  const pool = await poolOf(orm);

  const send = async (client: Client, statement: PreparedStatement | string) => {
    try {
      return await client.query(statement);
    } catch (error) {
      if (isStalePlan(error)) renew();
      throw error;
    }
  };
  const execute = async (...[query, parameters = [], method = 'all', context, logging]: Parameters<Execute>) => {
    const lean = (context as unknown) instanceof LeanTransaction ? (context as unknown as LeanTransaction) : undefined;
    if (context && !lean) return byEngine(query, parameters, method, context, logging);
    const compiled = () =>
      typeof query === 'string' && Array.isArray(parameters) ? compile(query, parameters) : undefined;
    const statement = compiled() ?? (connection as unknown as Formatting).prepareQuery(query, parameters).formatted;
    const client = lean?.client ?? pool;
    const sent = () =>
      send(client, statement).catch((error: unknown) => {
        // Alone it may be sent again at once; in a transaction everything before it has to be as well.
        const again = !lean && isStalePlan(error) && compiled();
        if (again) return send(client, again);
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

/** One transaction: what `work` leaves unsaved in the entity manager is saved with it. */
export function leanTransaction<T>(orm: MikroORM, work: (em: EntityManager) => Promise<T>): Promise<T> {
  return tracedPart('sql transaction', SQL, () => transaction(orm, work));
}

async function transaction<T>(orm: MikroORM, work: (em: EntityManager) => Promise<T>): Promise<T> {
  const pool = await poolOf(orm);
  const em = orm.em.fork() as EntityManager;
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('begin');
    em.setTransactionContext(new LeanTransaction(client) as never);
    const value = await work(em);
    await em.flush();
    await client.query('commit');
    return value;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      // In an unknown state: not for anybody else.
      broken = failure;
    });
    throw error;
  } finally {
    em.resetTransactionContext();
    client.release(broken);
  }
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
