import pg from 'pg';
import { CONNECT_MS } from './check.ts';

const STATEMENT_MS = 5_000;

export interface PostgresSession {
  rows<Row>(sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
}

/** One read-only connection, closed in any case. */
export async function withPostgres<T>(url: string, work: (session: PostgresSession) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'marketgraph doctor',
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    options: '-c default_transaction_read_only=on',
  });
  // A connection that is lost rejects what is asked as well.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work({
      async rows<Row>(sql: string, parameters: readonly unknown[] = []) {
        const { rows } = await client.query(sql, [...parameters]);
        return rows as Row[];
      },
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}
