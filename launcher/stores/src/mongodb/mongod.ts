import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Document, MongoClient } from 'mongodb';
import { keptPort } from '../server/kept-port.ts';
import { stopLeftover } from '../server/leftover.ts';
import { startServerProcess, STOP_GRACE_MS } from '../server/server-process.ts';
import type { StoreLog } from '../store-log.ts';

const NAME = 'MongoDB';
const READY_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 5000;
const STOP_SIGNAL = 'SIGTERM';
const ADMIN = 'marketgraph-admin';
/** Of the server, when what is asked for is there already. */
const ALREADY_INITIATED = 23;
const NO_SUCH_USER = 11;

export interface RunningMongod {
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  urlFor(username: string, database: string): string;
  stop(): Promise<void>;
}

/** The machine's own mongod, as a replica set of one with a user per database. */
export async function startMongod(options: {
  command: string;
  dataDir: string;
  port: number | undefined;
  adminPassword: string;
  users: readonly { username: string; password: string; database: string }[];
  log: StoreLog;
}): Promise<RunningMongod> {
  const { command, dataDir, adminPassword, users, log } = options;
  const recordFile = join(dataDir, 'process.json');
  await stopLeftover(NAME, recordFile, { stopSignal: STOP_SIGNAL, graceMs: STOP_GRACE_MS, log });
  // A replica set keeps its members' addresses in its data: the port has to stay.
  const port = await keptPort(NAME, join(dataDir, 'port'), options.port);
  const keyFile = join(dataDir, 'member-key');
  if (!existsSync(keyFile)) writeFileSync(keyFile, randomBytes(96).toString('base64'), { mode: 0o400 });
  const server = await startServerProcess({
    name: NAME,
    command,
    args: [
      ...['--dbpath', dataDir, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
      ...['--replSet', 'rs0', '--keyFile', keyFile, '--wiredTigerCacheSizeGB', '0.25'],
    ],
    logFile: join(dataDir, 'mongod.log'),
    recordFile,
    stopSignal: STOP_SIGNAL,
    log,
  });
  const address = `127.0.0.1:${port}`;
  try {
    await server.ready(() => succeeds(() => call(`mongodb://${address}`, { ping: 1 })), READY_TIMEOUT_MS);
    const adminUrl = `mongodb://${ADMIN}:${adminPassword}@${address}/admin`;
    await initiate(address, adminUrl);
    await server.ready(async () => await isPrimary(address), READY_TIMEOUT_MS);
    await ensureUsers({ address, adminUrl, adminPassword, users });
  } catch (error) {
    await server.stop();
    throw error;
  }
  const passwords = new Map(users.map(({ username, password }) => [username, password]));
  return {
    port,
    pid: server.pid,
    version: await mongodVersion(command),
    urlFor: (username, database) =>
      `mongodb://${username}:${passwords.get(username) ?? ''}@${address}/${database}?replicaSet=rs0&authSource=admin`,
    stop: () => server.stop(),
  };
}

async function initiate(address: string, adminUrl: string): Promise<void> {
  const command = { replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: address }] } };
  // Until the first user exists the server lets this machine in without a password; later it is the administrator.
  const url = (await succeeds(() => call(adminUrl, { ping: 1 }))) ? adminUrl : `mongodb://${address}`;
  try {
    await call(url, command);
  } catch (error) {
    if ((error as { code?: number }).code !== ALREADY_INITIATED) throw error;
  }
}

async function isPrimary(address: string): Promise<boolean> {
  try {
    const hello = await call(`mongodb://${address}`, { hello: 1 });
    return hello['isWritablePrimary'] === true;
  } catch {
    return false;
  }
}

async function ensureUsers(options: {
  address: string;
  adminUrl: string;
  adminPassword: string;
  users: readonly { username: string; password: string; database: string }[];
}): Promise<void> {
  const { address, adminUrl, adminPassword, users } = options;
  if (!(await succeeds(() => call(adminUrl, { ping: 1 })))) {
    await call(`mongodb://${address}`, { createUser: ADMIN, pwd: adminPassword, roles: ['root'] });
  }
  for (const { username, password, database } of users) {
    const definition = { pwd: password, roles: [{ role: 'readWrite', db: database }] };
    try {
      await call(adminUrl, { updateUser: username, ...definition });
    } catch (error) {
      if ((error as { code?: number }).code !== NO_SUCH_USER) throw error;
      await call(adminUrl, { createUser: username, ...definition });
    }
  }
}

async function call(url: string, command: Document): Promise<Document> {
  const { MongoClient } = await import('mongodb');
  const client: MongoClient = new MongoClient(url, {
    directConnection: true,
    serverSelectionTimeoutMS: CALL_TIMEOUT_MS,
    connectTimeoutMS: CALL_TIMEOUT_MS,
    socketTimeoutMS: READY_TIMEOUT_MS,
  });
  try {
    return await client.db('admin').command(command);
  } finally {
    await client.close();
  }
}

async function succeeds(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch {
    return false;
  }
}

async function mongodVersion(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)(command, ['--version'], { timeout: CALL_TIMEOUT_MS });
  return /v(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? 'unknown';
}
