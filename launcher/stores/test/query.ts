import { withClient } from '../src/postgres/client.ts';

/** The rows of one statement, on a connection of its own. */
export async function query(url: string, sql: string): Promise<unknown[]> {
  return await withClient(url, async (client) => (await client.query(sql)).rows as unknown[]);
}
