import { Redis } from 'ioredis';
import { type Db, MongoClient } from 'mongodb';
import pg from 'pg';
import Stripe from 'stripe';
import { Client as Typesense } from 'typesense';
import type { StoreAccess } from './store-access.ts';

export type DatabaseName = keyof StoreAccess['postgres'];

/** The stores, for reading. */
export interface StoreReaders {
  rows<Row>(database: DatabaseName, sql: string, parameters?: readonly unknown[]): Promise<Row[]>;
  /** Tries a statement as the application would, and takes it back. Resolves to whether it was allowed. */
  isAllowed(database: DatabaseName, sql: string): Promise<boolean>;
  mongo: { catalog: Db; reviews: Db };
  redis: Redis;
  typesense: Typesense;
  stripe: Stripe;
  close(): Promise<void>;
}

const STATEMENT_TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;
const CONNECTIONS = 2;

export function openStores({ postgres, redisUrl, mongodb, typesense, stripe }: StoreAccess): StoreReaders {
  const pool = (connectionString: string, options: string) =>
    new pg.Pool({
      connectionString,
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      options,
    });
  const names = Object.keys(postgres) as DatabaseName[];
  const readers = new Map(
    names.map((name) => [name, pool(postgres[name].ownerUrl, '-c default_transaction_read_only=on')]),
  );
  const applications = new Map(names.map((name) => [name, pool(postgres[name].appUrl, '')]));
  for (const one of [...readers.values(), ...applications.values()]) one.on('error', () => undefined);
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: () => null,
  });
  redis.on('error', () => undefined);
  const mongo = (url: string) => new MongoClient(url, { serverSelectionTimeoutMS: CONNECT_TIMEOUT_MS });
  const catalog = mongo(mongodb.catalog);
  const reviews = mongo(mongodb.reviews);

  return {
    async rows<Row>(database: DatabaseName, sql: string, parameters: readonly unknown[] = []) {
      const { rows } = await readers.get(database)!.query(sql, [...parameters]);
      return rows as Row[];
    },
    async isAllowed(database, sql) {
      const client = await applications.get(database)!.connect();
      try {
        await client.query('begin');
        await client.query(sql);
        return true;
      } catch (error) {
        if (error instanceof pg.DatabaseError) return false;
        throw error;
      } finally {
        await client.query('rollback').catch(() => undefined);
        client.release();
      }
    },
    mongo: { catalog: catalog.db(), reviews: reviews.db() },
    redis,
    typesense: new Typesense({
      nodes: typesense.url.split(',').map(nodeOf),
      apiKey: typesense.apiKey,
      connectionTimeoutSeconds: CONNECT_TIMEOUT_MS / 1_000,
      numRetries: typesense.url.split(',').length,
    }),
    stripe: new Stripe(stripe.secretKey, { maxNetworkRetries: 1, telemetry: false, ...addressOf(stripe.url) }),
    async close() {
      await Promise.all([...readers.values(), ...applications.values()].map((one) => one.end()));
      await Promise.all([catalog.close(), reviews.close()]);
      redis.disconnect();
    },
  };
}

function nodeOf(url: string) {
  const { protocol, hostname, port } = new URL(url);
  return {
    host: hostname,
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
    protocol: protocol === 'https:' ? ('https' as const) : ('http' as const),
  };
}

/** Another address of the same API. None: Stripe itself, which the SDK knows. */
function addressOf(url: string | undefined) {
  if (url === undefined) return {};
  const { protocol, hostname, port } = new URL(url);
  return {
    host: hostname,
    port: port || (protocol === 'https:' ? '443' : '80'),
    protocol: protocol === 'https:' ? ('https' as const) : ('http' as const),
  };
}
