import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { emulatorVersion, startEmulatorProcess } from '../emulator/emulator-process.ts';
import { installedServer } from '../emulator/installed-server.ts';
import { onGivenPort } from '../server/on-port.ts';
import { MONGODB_OWNERS, type MongoOwner } from '../secrets.ts';
import type { StartedStore, StoreContext } from '../store-context.ts';
import { StoreUnavailableError } from '../store-errors.ts';
import { startMongod } from './mongod.ts';

/** A URL per owner, each with the owner's credential and database. */
export type MongoAccess = Record<MongoOwner, string>;

const PACKAGE = '@marketgraph/emulator-mongodb';

interface RunningMongo {
  readonly port: number;
  readonly pid: number;
  urlFor(username: string, database: string): string;
  stop(): Promise<void>;
}

/** The server given from outside, the machine's own mongod, or the emulator. */
export async function startMongoStore(context: StoreContext): Promise<StartedStore<MongoAccess>> {
  const { mongodbUrl } = context.external;
  if (mongodbUrl !== undefined) return externalMongo(mongodbUrl);
  const dataDir = context.folder.sub('mongodb');
  const dataFile = join(dataDir, 'documents.sqlite');
  const command = installedServer('mongod', {
    context,
    store: 'MongoDB',
    hasEmulatorData: existsSync(dataFile),
    hasServerData: existsSync(join(dataDir, 'mongod')),
    variable: 'MONGODB_URL',
  });
  if (command !== undefined) return await startInstalled(context, command);
  const server = context.processes
    ? await emulatorProcess(context, dataDir, dataFile)
    : await emulatorHere(context, dataFile);
  return toStore(server, { kind: 'emulator', version: emulatorVersion(PACKAGE) });
}

const usersOf = ({ secrets }: StoreContext): { username: MongoOwner; password: string; databases: string[] }[] =>
  MONGODB_OWNERS.map((owner) => ({ username: owner, password: secrets.mongodb.users[owner], databases: [owner] }));

async function emulatorHere(context: StoreContext, dataFile: string): Promise<RunningMongo> {
  // Imported when needed: a test that asks for PostgreSQL alone does not pay for loading this.
  const { startMongoEmulator } = await import('@marketgraph/emulator-mongodb');
  const server = await onGivenPort('MongoDB emulator', context.ports.mongodb, (port) =>
    startMongoEmulator({ dataFile, port, users: usersOf(context) }),
  );
  return {
    port: server.port,
    pid: process.pid,
    urlFor: (username, database) => server.urlFor(username, database),
    stop: () => server.stop(),
  };
}

async function emulatorProcess(context: StoreContext, dataDir: string, dataFile: string): Promise<RunningMongo> {
  const users = usersOf(context);
  const server = await startEmulatorProcess({
    name: 'MongoDB emulator',
    packageName: PACKAGE,
    dataDir,
    port: context.ports.mongodb,
    env: (port) => ({
      MONGO_EMULATOR_PORT: String(port),
      MONGO_EMULATOR_DATA: dataFile,
      MONGO_EMULATOR_USERS: JSON.stringify(users),
    }),
    log: context.log,
  });
  const passwords = new Map<string, string>(users.map(({ username, password }) => [username, password]));
  return {
    ...server,
    urlFor: (username, database) =>
      `mongodb://${username}:${passwords.get(username) ?? ''}@127.0.0.1:${server.port}/${database}?replicaSet=rs0&authSource=admin`,
  };
}

async function startInstalled(context: StoreContext, command: string): Promise<StartedStore<MongoAccess>> {
  const { adminPassword, users } = context.secrets.mongodb;
  const server = await startMongod({
    command,
    dataDir: context.folder.sub(join('mongodb', 'mongod')),
    port: context.ports.mongodb,
    adminPassword,
    users: MONGODB_OWNERS.map((owner) => ({ username: owner, password: users[owner], database: owner })),
    log: context.log,
  });
  return toStore(server, { kind: 'real', version: server.version });
}

function toStore(
  server: RunningMongo,
  { kind, version }: { kind: 'real' | 'emulator'; version: string },
): StartedStore<MongoAccess> {
  return {
    access: accessFor((owner) => server.urlFor(owner, owner)),
    description: { name: 'mongodb', kind, version, address: `127.0.0.1:${server.port}`, pid: server.pid },
    ping: () => pingMongo(server.urlFor('catalog', 'catalog')),
    stop: () => server.stop(),
  };
}

function externalMongo(url: string): StartedStore<MongoAccess> {
  return {
    access: accessFor((owner) => withDatabase(url, owner)),
    description: { name: 'mongodb', kind: 'external', version: 'unknown', address: hosts(url), pid: undefined },
    ping: () => pingMongo(url),
    stop: async () => {},
  };
}

// A MongoDB URL may name several hosts, which the URL class refuses: it is taken apart by hand.
const MONGODB_URL = /^(mongodb(?:\+srv)?:\/\/)([^/?]*@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;

const hosts = (url: string): string => MONGODB_URL.exec(url)?.[3] ?? 'unknown';

/** The same server and credential, another database. */
export function withDatabase(url: string, database: string): string {
  const parts = MONGODB_URL.exec(url);
  if (!parts)
    throw new StoreUnavailableError('MongoDB', 'MONGODB_URL is not a MongoDB address: it starts with mongodb://.');
  const [, scheme = '', credential = '', host = '', named = '', query = ''] = parts;
  const parameters = new URLSearchParams(query);
  // The credential is looked up where the URL said, also when the database changes.
  if (credential && !parameters.has('authSource')) parameters.set('authSource', named || 'admin');
  const rest = parameters.size > 0 ? `?${parameters.toString()}` : '';
  return `${scheme}${credential}${host}/${database}${rest}`;
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
