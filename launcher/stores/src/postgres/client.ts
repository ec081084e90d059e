import type { Client } from 'pg';
// The client alone: the whole package loads its pool as well, which is not needed here, and whose two builds (ES and
// CommonJS) do not load under every set of resolve conditions a test runner may pass.
import PgClient from 'pg/lib/client.js';

const CONNECT_TIMEOUT_MS = 10_000;
const QUERY_TIMEOUT_MS = 30_000;

/** One connection for as long as `work` runs. */
export async function withClient<T>(url: string, work: (client: Client) => Promise<T>, timeoutMs?: number): Promise<T> {
  const client = new PgClient({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs ?? CONNECT_TIMEOUT_MS,
    query_timeout: timeoutMs ?? QUERY_TIMEOUT_MS,
  });
  // A connection lost between two queries is an event; the next query rejects with the reason.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Rejects when the server does not answer a query soon. */
export async function pingPostgres(url: string): Promise<void> {
  await withClient(url, async (client) => void (await client.query('select 1')), PING_TIMEOUT_MS);
}

const PING_TIMEOUT_MS = 3000;
