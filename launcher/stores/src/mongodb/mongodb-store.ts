import { join } from 'node:path';
import { MONGODB_OWNERS, type MongoOwner } from '../secrets.ts';
import type { StartedStore, StoreContext } from '../store-context.ts';

/** A URL per owner, each with the owner's credential and database. */
export type MongoAccess = Record<MongoOwner, string>;

export async function startMongoStore(context: StoreContext): Promise<StartedStore<MongoAccess>> {
  const { mongodbUrl } = context.external;
  if (mongodbUrl !== undefined) return externalMongo(mongodbUrl);
  // Imported when needed: a test that asks for PostgreSQL alone does not pay for loading this.
  const { startMongoEmulator } = await import('@marketgraph/emulator-mongodb');
  const server = await startMongoEmulator({
    dataFile: join(context.folder.sub('mongodb'), 'documents.sqlite'),
    port: context.ports.mongodb ?? 0,
    users: MONGODB_OWNERS.map((owner) => ({
      username: owner,
      password: context.secrets.mongodb[owner],
      databases: [owner],
    })),
  });
  return {
    access: accessFor((owner) => server.urlFor(owner, owner)),
    description: {
      name: 'mongodb',
      kind: 'emulator',
      version: 'emulator',
      address: `127.0.0.1:${server.port}`,
      pid: process.pid,
    },
    ping: () => pingMongo(server.urlFor('catalog', 'catalog')),
    stop: () => server.stop(),
  };
}

function externalMongo(url: string): StartedStore<MongoAccess> {
  return {
    access: accessFor((owner) => withDatabase(url, owner)),
    description: { name: 'mongodb', kind: 'external', version: 'unknown', address: new URL(url).host, pid: undefined },
    ping: () => pingMongo(url),
    stop: async () => {},
  };
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  // The credential stays where the URL says it is, also when the database changes.
  const source = changed.pathname.slice(1) || 'admin';
  if (changed.username && !changed.searchParams.has('authSource')) changed.searchParams.set('authSource', source);
  changed.pathname = `/${database}`;
  return changed.href;
}

function accessFor(urlFor: (owner: MongoOwner) => string): MongoAccess {
  return Object.fromEntries(MONGODB_OWNERS.map((owner) => [owner, urlFor(owner)])) as MongoAccess;
}

const PING_TIMEOUT_MS = 3000;

async function pingMongo(url: string): Promise<void> {
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url, { serverSelectionTimeoutMS: PING_TIMEOUT_MS, connectTimeoutMS: PING_TIMEOUT_MS });
  try {
    await client.db().command({ ping: 1 });
  } finally {
    await client.close();
  }
}
