import { createServer, type Server as NetServer } from 'node:net';
import { once } from 'node:events';
import { type EmulatorUser, Users } from './auth/users.ts';
import { Cursors } from './cursors/cursors.ts';
import { KeptEncodings } from './cursors/kept-encodings.ts';
import type { Log, Server, ServerStats } from './server.ts';
import { removeExpired } from './storage/expiry.ts';
import { Store } from './storage/store.ts';
import { Sessions } from './transactions/sessions.ts';
import { Connection } from './wire/connection.ts';

export type { EmulatorUser } from './auth/users.ts';
export type { Log } from './server.ts';

export interface MongoEmulatorOptions {
  /** SQLite file that keeps the documents; in memory when omitted. */
  dataFile?: string;
  /** 0, the default, takes a free port. */
  port?: number;
  host?: string;
  /** With users given, or kept in the data file from before, every client has to sign in. */
  users?: readonly EmulatorUser[];
  log?: Log;
}

export interface MongoEmulatorStats extends ServerStats {
  collections: number;
  documents: number;
  cursors: number;
  sessions: number;
  transactions: number;
}

export interface MongoEmulator {
  readonly port: number;
  /** Without credentials. */
  readonly url: string;
  /** Connection string of one of the given users. */
  urlFor(username: string, database: string): string;
  stats(): MongoEmulatorStats;
  stop(): Promise<void>;
}

const MAX_CONNECTIONS = 2_000;
const SWEEP_MS = 500;

/** Starts the emulator. Everything acknowledged is in the data file; `stop` ends all connections and closes it. */
export async function startMongoEmulator(options: MongoEmulatorOptions = {}): Promise<MongoEmulator> {
  const { dataFile = ':memory:', port = 0, host = '127.0.0.1', users = [], log = () => {} } = options;
  const store = new Store(dataFile);
  let server: Server;
  const net = createServer();
  try {
    server = makeServer(store, users, log);
    await store.durable();
    await listen(net, port, host);
  } catch (error) {
    store.close();
    throw error;
  }
  const connections = acceptInto(net, server);
  const sweeper = setInterval(() => sweep(server), SWEEP_MS).unref();
  const actualPort = (net.address() as { port: number }).port;
  const address = `${host}:${actualPort}`;
  let stopped: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    clearInterval(sweeper);
    const isClosed = once(net, 'close');
    net.close();
    server.sessions.abortAll();
    server.cursors.closeAll();
    for (const connection of connections) connection.close();
    await isClosed;
    // Commands cut off by the closing have their last turn before the file goes.
    await new Promise((resolve) => setImmediate(resolve));
    store.close();
  }

  return {
    port: actualPort,
    url: `mongodb://${address}/?replicaSet=rs0`,
    urlFor: (username, database) => {
      const user = users.find((each) => each.username === username);
      if (!user) throw new TypeError(`the emulator was not started with a user '${username}'`);
      const login = `${encodeURIComponent(username)}:${encodeURIComponent(user.password)}`;
      return `mongodb://${login}@${address}/${database}?replicaSet=rs0&authSource=admin`;
    },
    stats: () => statsOf(server),
    stop: () => (stopped ??= stopAll()),
  };
}

function makeServer(store: Store, users: readonly EmulatorUser[], log: Log): Server {
  return {
    store,
    sessions: new Sessions(store),
    cursors: new Cursors(),
    encodings: new KeptEncodings(),
    users: new Users(store.file, users),
    stats: { connections: 0, totalConnections: 0, commands: {}, docsExamined: 0, keysExamined: 0, expired: 0 },
    log,
    startedAt: new Date(),
  };
}

async function listen(net: NetServer, port: number, host: string): Promise<void> {
  net.maxConnections = MAX_CONNECTIONS;
  net.listen(port, host);
  await once(net, 'listening');
}

function acceptInto(net: NetServer, server: Server): Set<Connection> {
  const connections = new Set<Connection>();
  net.on('connection', (socket) => {
    const connection = new Connection(socket, server);
    connections.add(connection);
    server.stats.connections++;
    server.stats.totalConnections++;
    socket.on('close', () => {
      connections.delete(connection);
      server.stats.connections--;
    });
  });
  return connections;
}

function sweep(server: Server): void {
  if (server.store.file.failure) return;
  try {
    server.sessions.sweep();
    server.cursors.sweep();
    server.stats.expired += removeExpired(server.store, new Date());
  } catch (error) {
    server.log('housekeeping failed', { error: (error as Error).message });
  }
}

function statsOf({ store, sessions, cursors, stats }: Server): MongoEmulatorStats {
  const collections = store.catalog.all();
  return {
    ...stats,
    commands: { ...stats.commands },
    collections: collections.length,
    documents: collections.reduce((sum, { records }) => sum + records.size, 0),
    cursors: cursors.count,
    sessions: sessions.count,
    transactions: sessions.runningTransactions,
  };
}
