import { MongoClient } from 'mongodb';
import pg from 'pg';

/** The same server and role, another database. */
export function inDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

/** On a connection of its own, which ends with it. */
export async function withDatabase<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** A connection that is kept, for whoever asks again and again: opening one costs the server more than many an answer does. */
export interface KeptConnection {
  rows<Row extends object>(query: string, values?: unknown[]): Promise<Row[]>;
  /** The number `n` of the first row. */
  number(query: string): Promise<number>;
  end(): Promise<void>;
}

export async function keepConnected(url: string): Promise<KeptConnection> {
  const client = new pg.Client({ connectionString: url });
  // Of a server that went away the next question tells as well.
  client.on('error', () => undefined);
  await client.connect();
  const rows = async <Row extends object>(query: string, values: unknown[] = []): Promise<Row[]> =>
    (await client.query<Row>(query, values)).rows;
  return {
    rows,
    number: async (query) => Number((await rows<{ n: string | number | null }>(query))[0]?.n ?? 0),
    end: () => client.end(),
  };
}

/** The outboxes of those whose store is MongoDB. */
export async function openMongo(
  urls: Readonly<Record<string, string>>,
): Promise<{ waits(): Promise<boolean>; end(): Promise<void> }> {
  const clients = Object.values(urls).map((url) => new MongoClient(url));
  await Promise.all(clients.map((client) => client.connect()));
  return {
    async waits() {
      for (const client of clients) {
        const outbox = client.db().collection('outbox');
        if (await outbox.findOne({ publishedAt: null }, { projection: { _id: 1 } })) return true;
      }
      return false;
    },
    end: async () => void (await Promise.all(clients.map((client) => client.close()))),
  };
}
