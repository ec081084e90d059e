import { type EntityManager, type EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import { Migration, Migrator } from '@mikro-orm/migrations';
import type { Logger, Metrics } from '../telemetry/telemetry.ts';
import { leanTransaction, makeLean, poolOf, type TransactionOptions } from './lean-connection.ts';
import { messagingMigrations } from './outbox.ts';
import { watchPool } from './pool-metrics.ts';
import { isStalePlan } from './prepared-statements.ts';

export type Database = MikroORM;
export type { EntityManager } from '@mikro-orm/postgresql';

type MigrationClass = new (...args: ConstructorParameters<typeof Migration>) => Migration;

export interface DatabaseOptions {
  url: string;
  entities: readonly (EntitySchema | (new () => object))[];
  log: Logger;
  poolSize?: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  metrics?: Metrics;
}

const DEFAULT_POOL_SIZE = 10;
/** A connection knows the statements and their plans that the next one would have to learn, so it is kept over quiet minutes. */
const KEEP_CONNECTION_MS = 5 * 60_000;
/** Nothing a request does may hold a connection for longer. */
const STATEMENT_TIMEOUT_MS = 15_000;

export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, entities, log, poolSize = DEFAULT_POOL_SIZE, applicationName, metrics } = options;
  const orm = await MikroORM.init({
    clientUrl: url,
    entities: [...entities],
    // A service may begin with raw SQL alone; an empty list is not a mistake.
    discovery: { warnWhenNoEntities: false },
    pool: { min: 0, max: poolSize, idleTimeoutMillis: KEEP_CONNECTION_MS },
    driverOptions: { application_name: applicationName, statement_timeout: STATEMENT_TIMEOUT_MS },
    // Times are instants: read and written as such, whatever zone the server is in.
    forceUtcTimezone: true,
    logger: (message) => log.debug(message),
  });
  await makeLean(orm);
  if (metrics) watchPool(await poolOf(orm), { database: applicationName, metrics });
  return orm;
}

export interface MigrationOptions {
  /** The owner of the tables; the application's role is another. */
  ownerUrl: string;
  /** The application's URL, for the role that gets its rights. */
  appUrl: string;
  /** In order; only ever added to. */
  migrations: Readonly<Record<string, MigrationClass>>;
  /** Tables the application may insert into and read, and nothing else: the database refuses UPDATE and DELETE. */
  appendOnly?: readonly string[];
  log: Logger;
}

/** Brings the schema up to date and gives the application's role its rights. Safe to run from several processes at once. */
export async function migrateDatabase(options: MigrationOptions): Promise<void> {
  const { ownerUrl, appUrl, migrations, appendOnly = [], log } = options;
  const orm = await MikroORM.init({
    clientUrl: ownerUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
    extensions: [Migrator],
    pool: { min: 1, max: 2 },
    migrations: {
      migrationsList: Object.entries({ ...migrations, ...platformMigrations() }).map(([name, migration]) => ({
        name,
        class: migration,
      })),
      snapshot: false,
      transactional: true,
      allOrNothing: true,
      disableForeignKeys: false,
    },
    logger: (message) => log.debug(message),
  });
  try {
    await orm.em.transactional(async (lock) => {
      // Held until the end of this transaction, which spans the migrations run on the other connection.
      await lock.execute('select pg_advisory_xact_lock(hashtext(?))', ['migrations']);
      await orm.migrator.up();
    });
    await grantRights(orm, roleOf(appUrl), appendOnly);
  } finally {
    await orm.close();
  }
}

/** Every table a service has from the platform changes with the platform. */
function platformMigrations(): Record<string, MigrationClass> {
  return Object.fromEntries(
    Object.entries(messagingMigrations).map(([name, statements]) => [
      name,
      class extends Migration {
        override up(): void {
          for (const statement of statements) this.addSql(statement);
        }
      },
    ]),
  );
}

async function grantRights(orm: MikroORM, role: string, appendOnly: readonly string[]): Promise<void> {
  const app = quoteIdentifier(role);
  const statements = [
    `grant usage on schema public to ${app}`,
    `grant select, insert, update, delete on all tables in schema public to ${app}`,
    `grant usage, select on all sequences in schema public to ${app}`,
    ...appendOnly.map((table) => `revoke update, delete, truncate on ${quoteIdentifier(table)} from ${app}`),
  ];
  for (const statement of statements) await orm.em.execute(statement);
}

function roleOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}

function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Serialization failure and deadlock: nothing happened, the same transaction may be tried again. */
const RETRYABLE = new Set(['40001', '40P01']);
const MAX_TRIES = 5;

/** One transaction on a fresh entity manager; tried again when PostgreSQL says it lost a race, or a table was changed. */
export async function inTransaction<T>(
  orm: Database,
  work: (em: EntityManager) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await leanTransaction(orm, work, options);
    } catch (error) {
      if (tries >= MAX_TRIES || !(RETRYABLE.has(sqlStateOf(error) ?? '') || isStalePlan(error))) throw error;
      await new Promise((resolve) => {
        setTimeout(resolve, Math.random() * 10 * 2 ** tries);
      });
    }
  }
}

/** The five-character SQLSTATE of a database error, e.g. `23505` for a unique violation. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string' && /^[0-9A-Z]{5}$/.test(current.code))
      return current.code;
  }
  return undefined;
}

/** The name of the constraint a row violated, when the error says so. */
export function constraintOf(error: unknown): string | undefined {
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string'
    ? error.constraint
    : undefined;
}

export async function checkDatabase(orm: Database): Promise<string> {
  const [row] = await orm.em
    .fork()
    .execute<{ version: string }[]>("select current_setting('server_version') as version");
  return `PostgreSQL ${row?.version ?? ''}`;
}
