import pg from 'pg';
import type { TestMarketplace } from '../../support/marketplace.ts';

/** As nobody may who comes over the graph: straight in the database of one owner. */
export async function inDatabase<Row extends pg.QueryResultRow>(
  { stores }: TestMarketplace,
  database: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const url = new URL(stores.postgres.superuserUrl!);
  url.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return (await client.query<Row>(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}
