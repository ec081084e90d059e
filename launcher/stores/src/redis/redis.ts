import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { stopLeftover } from '../server/leftover.ts';
import { onPort } from '../server/on-port.ts';
import {
  interruptible,
  type Outage,
  type ServerProcess,
  startServerProcess,
  STOP_GRACE_MS,
} from '../server/server-process.ts';
import type { StoreLog } from '../store-log.ts';
import { aclFile, type RedisUser } from './acl.ts';
import { findRedisServer, type RedisBinary } from './find-server.ts';

const NAME = 'Redis';
// The append-only file is read back before the server answers.
const READY_TIMEOUT_MS = 60_000;
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
  /** A node of a cluster: commands on keys of several slots are refused. It serves once slots are given to it. */
  readonly cluster?: boolean;
  readonly log: StoreLog;
}

export interface RunningRedis {
  readonly port: number;
  readonly pid: number;
  readonly version: string;
  /** As the administrator. */
  readonly url: string;
  urlFor(user: string): string;
  readonly outage: Outage;
  stop(): Promise<void>;
}

/** The real Redis, on 127.0.0.1 only, with its files in `dataDir`. */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { acl = { users: [] }, log } = options;
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const recordFile = join(dataDir, 'process.json');
  const binary = await findRedisServer({ cacheDir: resolve(options.cacheDir), log });
  await stopLeftover(NAME, recordFile, { stopSignal: STOP_SIGNAL, graceMs: STOP_GRACE_MS, log });

  const adminPassword = acl.adminPassword ?? keptPassword(dataDir);
  writeFileSync(join(dataDir, 'users.acl'), aclFile(adminPassword, acl.users), { mode: 0o600 });
  const passwords = new Map(acl.users.map(({ name, password }) => [name, password]));
  return await onPort(NAME, options.port, async (port) => {
    const start = () => listening({ ...options, dataDir, binary, recordFile, adminPassword }, port);
    const server = interruptible(await start(), { signal: 'SIGKILL', start });
    return {
      port,
      get pid() {
        return server.pid;
      },
      outage: server.outage,
      version: binary.version,
      url: adminUrl(port, adminPassword),
      urlFor(user) {
        const password = passwords.get(user);
        if (password === undefined) throw new Error(`Redis was started without a user "${user}"`);
        return `redis://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}`;
      },
      stop: () => server.stop(),
    };
  });
}

interface Launch extends RedisOptions {
  readonly binary: RedisBinary;
  readonly recordFile: string;
  readonly adminPassword: string;
}

async function listening(launch: Launch, port: number): Promise<ServerProcess> {
  const { dataDir, binary } = launch;
  const configFile = join(dataDir, 'redis.conf');
  writeFileSync(
    configFile,
    config({ dataDir, port, durable: launch.durable ?? true, cluster: launch.cluster ?? false }),
    { mode: 0o600 },
  );
  const server = await startServerProcess({
    name: NAME,
    command: binary.command,
    args: [configFile],
    env: { ...process.env, ...binary.env, TZ: 'UTC' },
    cwd: dataDir,
    logFile: join(dataDir, 'redis.log'),
    recordFile: launch.recordFile,
    stopSignal: STOP_SIGNAL,
    log: launch.log,
  });
  try {
    await server.ready(() => answers(adminUrl(port, launch.adminPassword)), READY_TIMEOUT_MS);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

const adminUrl = (port: number, password: string): string =>
  `redis://default:${encodeURIComponent(password)}@127.0.0.1:${port}`;

function config({
  dataDir,
  port,
  durable,
  cluster,
}: {
  dataDir: string;
  port: number;
  durable: boolean;
  cluster: boolean;
}): string {
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
    `cluster-enabled ${cluster ? 'yes' : 'no'}`,
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
