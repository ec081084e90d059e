import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { assertPortFree, freePort } from '../server/free-port.ts';
import { stopLeftover } from '../server/leftover.ts';
import { startServerProcess, STOP_GRACE_MS, type ServerProcess } from '../server/server-process.ts';
import { PortInUseError, StoreStartError } from '../store-errors.ts';
import type { StoreLog } from '../store-log.ts';
import { aclFile, type RedisUser } from './acl.ts';
import { findRedisServer, type RedisBinary } from './find-server.ts';

const NAME = 'Redis';
// The append-only file is read back before the server answers.
const READY_TIMEOUT_MS = 60_000;
const PORT_ATTEMPTS = 5;
const PING_TIMEOUT_MS = 2000;
const STOP_SIGNAL = 'SIGTERM';
/** The embedded server belongs to a laptop: better a refused write than a machine that swaps. */
const MAX_MEMORY = '1gb';

export interface RedisOptions {
  readonly dataDir: string;
  /** Where a downloaded redis-server is kept. It is not data and survives an emptied data folder. */
  readonly cacheDir: string;
  /** 0 or nothing: any free port. */
  readonly port?: number;
  readonly acl?: { readonly adminPassword?: string; readonly users: readonly RedisUser[] };
  /** False keeps nothing on disk. For tests only. */
  readonly durable?: boolean;
  readonly log: StoreLog;
}

export interface RunningRedis {
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  /** As the administrator. */
  readonly url: string;
  urlFor(user: string): string;
  stop(): Promise<void>;
}

/** The real Redis, on 127.0.0.1 only, with its files in `dataDir`. */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { dataDir, cacheDir, port: wanted = 0, acl = { users: [] }, log } = options;
  if (wanted !== 0) await assertPortFree(NAME, wanted);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const recordFile = join(dataDir, 'process.json');
  const binary = await findRedisServer({ cacheDir, log });
  await stopLeftover(NAME, recordFile, { stopSignal: STOP_SIGNAL, graceMs: STOP_GRACE_MS, log });

  const adminPassword = acl.adminPassword ?? keptPassword(dataDir);
  writeFileSync(join(dataDir, 'users.acl'), aclFile(adminPassword, acl.users), { mode: 0o600 });
  const { server, port } = await listening({ ...options, wanted, binary, recordFile, adminPassword });
  const passwords = new Map(acl.users.map(({ name, password }) => [name, password]));
  return {
    port,
    pid: server.pid,
    version: binary.version,
    url: adminUrl(port, adminPassword),
    urlFor(user) {
      const password = passwords.get(user);
      if (password === undefined) throw new Error(`Redis was started without a user "${user}"`);
      return `redis://${user}:${password}@127.0.0.1:${port}`;
    },
    stop: () => server.stop(),
  };
}

interface Launch extends RedisOptions {
  readonly wanted: number;
  readonly binary: RedisBinary;
  readonly recordFile: string;
  readonly adminPassword: string;
}

// A free port may be taken between the moment we looked and the moment the server binds it.
async function listening(launch: Launch): Promise<{ server: ServerProcess; port: number }> {
  const { dataDir, binary, wanted } = launch;
  const configFile = join(dataDir, 'redis.conf');
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted === 0 ? await freePort() : wanted;
    writeFileSync(configFile, config({ dataDir, port, durable: launch.durable ?? true }), { mode: 0o600 });
    const server = await startServerProcess({
      name: NAME,
      command: binary.command,
      args: [configFile],
      env: { ...process.env, ...binary.env, TZ: 'UTC' },
      cwd: dataDir,
      logFile: join(dataDir, 'redis.log'),
      recordFile: launch.recordFile,
      stopSignal: STOP_SIGNAL,
    });
    try {
      await server.ready(() => answers(adminUrl(port, launch.adminPassword)), READY_TIMEOUT_MS);
      return { server, port };
    } catch (error) {
      await server.stop();
      const portTaken = error instanceof StoreStartError && error.message.includes('Address already in use');
      if (!portTaken) throw error;
      if (wanted !== 0 || attempt === PORT_ATTEMPTS) throw new PortInUseError(NAME, port);
    }
  }
}

const adminUrl = (port: number, password: string): string => `redis://default:${password}@127.0.0.1:${port}`;

function config({ dataDir, port, durable }: { dataDir: string; port: number; durable: boolean }): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir ${JSON.stringify(dataDir)}`,
    `aclfile ${JSON.stringify(join(dataDir, 'users.acl'))}`,
    'daemonize no',
    'protected-mode yes',
    `appendonly ${durable ? 'yes' : 'no'}`,
    'appendfsync everysec',
    'save ""',
    `maxmemory ${MAX_MEMORY}`,
    // Stock counters and carts must never be dropped to make room for a cache.
    'maxmemory-policy noeviction',
    'maxclients 1000',
    'tcp-keepalive 60',
    'loglevel notice',
    'ignore-warnings ARM64-COW-BUG',
    '',
  ].join('\n');
}

/** Rejects when the server does not answer a PING soon. */
export async function pingRedis(url: string): Promise<void> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PING_TIMEOUT_MS,
    commandTimeout: PING_TIMEOUT_MS,
    enableReadyCheck: false,
    enableOfflineQueue: false,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  // Failures arrive as rejections as well; without a listener ioredis prints them.
  client.on('error', () => {});
  try {
    await client.connect();
    await client.ping();
  } finally {
    client.disconnect();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await pingRedis(url);
    return true;
  } catch {
    return false;
  }
}

function keptPassword(dataDir: string): string {
  const file = join(dataDir, 'admin-password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(24).toString('base64url');
  writeFileSync(file, password, { mode: 0o600 });
  return password;
}
