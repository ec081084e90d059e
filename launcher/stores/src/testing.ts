import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { DATA_FOLDER_VERSION } from './data-folder.ts';
import { findPostgresBinaries } from './postgres/binaries.ts';
import { dropDatabase, provisionDatabase, type DatabaseUrls } from './postgres/provision.ts';
import { startRedis } from './redis/redis.ts';
import { freePort } from './server/free-port.ts';
import type { StoreName } from './store-context.ts';
import { silentLog } from './store-log.ts';
import { startStores, type Stores } from './stores.ts';

export { libraryFolders, unpackDebianProgram } from './server/debian-package.ts';
export { findOnPath } from './server/find-on-path.ts';
export type { Stores } from './stores.ts';

/** Beside the packages, and ignored by git. */
export const TEST_CACHE_DIR = resolve(import.meta.dirname, '..', '..', '..', '.cache', 'marketgraph');
const CLUSTER_READY_MS = 10_000;

/** Stores for one test file: on free ports, in a folder of their own, without a thought for power loss. */
export async function startTestStores(options: { only?: readonly StoreName[] } = {}): Promise<Stores> {
  const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-test-'));
  const removeFolder = async (): Promise<void> => await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const withPostgres = options.only === undefined || options.only.includes('postgres');
    if (withPostgres) await copyTemplate(dataDir);
    const stores = await startStores({
      dataDir,
      cacheDir: TEST_CACHE_DIR,
      durable: false,
      useInstalled: false,
      ...(options.only === undefined ? {} : { only: options.only }),
    });
    return withCleanup(stores, removeFolder);
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/**
 * One Redis in cluster mode that holds all slots, for a test that no command needs keys of two slots: such a command is
 * refused there as in a cluster of many.
 */
export async function startTestRedisCluster(): Promise<{ url: string; stop(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-test-'));
  const removeFolder = async (): Promise<void> => await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  try {
    const port = await portForCluster();
    const where = { dataDir, cacheDir: TEST_CACHE_DIR, port };
    const server = await startRedis({ ...where, durable: false, cluster: true, log: silentLog });
    const stop = async (): Promise<void> => {
      await server.stop();
      await removeFolder();
    };
    try {
      await takeAllSlots(server.url);
    } catch (error) {
      await stop();
      throw error;
    }
    return { url: server.url, stop };
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** The nodes of a cluster talk on the port 10,000 above the one of the clients. */
async function portForCluster(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port <= 55_535) return port;
  }
}

async function takeAllSlots(url: string): Promise<void> {
  const client = new Redis(url);
  try {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    const deadline = Date.now() + CLUSTER_READY_MS;
    while (!String(await client.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) {
      if (Date.now() > deadline) throw new Error('Redis in cluster mode did not come up');
      await setTimeout(20);
    }
  } finally {
    client.disconnect();
  }
}

export interface FreshDatabase extends DatabaseUrls {
  drop(): Promise<void>;
}

/** An empty database with its two roles, for a test that wants nothing left by another. */
export async function freshDatabase(stores: Stores, name: string): Promise<FreshDatabase> {
  const { superuserUrl } = stores.postgres;
  if (superuserUrl === undefined) throw new Error('A fresh database needs a PostgreSQL started here');
  const database = `${name}_${randomBytes(4).toString('hex')}`;
  const spec = {
    database,
    ownerRole: `${database}_owner`,
    ownerPassword: 'owner',
    appRole: `${database}_app`,
    appPassword: 'app',
  };
  const urls = await provisionDatabase(superuserUrl, spec);
  return { ...urls, drop: () => dropDatabase(superuserUrl, spec) };
}

// The getters of the stores must stay getters: reading one that was not started throws.
function withCleanup(stores: Stores, removeFolder: () => Promise<void>): Stores {
  const stop = async (): Promise<void> => {
    try {
      await stores.stop();
    } finally {
      await removeFolder();
    }
  };
  let stopping: Promise<void> | undefined;
  return Object.create(stores, { stop: { value: () => (stopping ??= stop()) } }) as Stores;
}

/**
 * Fills a new data folder with a cluster that was stopped. Creating one with its databases takes over a second; the
 * system's copy of thousands of small files takes a quarter of one, a fifth of what Node's takes.
 */
export async function copyTemplate(dataDir: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', '--reflink=auto', `${await postgresTemplate()}/.`, dataDir]);
}

async function postgresTemplate(): Promise<string> {
  const { version } = findPostgresBinaries();
  const uid = process.getuid?.() ?? 0;
  const template = join(TEST_CACHE_DIR, `postgres-template-${version}-${DATA_FOLDER_VERSION}-${uid}`);
  if (existsSync(template)) return template;
  await mkdir(TEST_CACHE_DIR, { recursive: true });
  const building = await mkdtemp(`${template}.`);
  try {
    const stores = await startStores({
      dataDir: building,
      cacheDir: TEST_CACHE_DIR,
      durable: false,
      only: ['postgres'],
    });
    await stores.stop();
    await rename(building, template);
  } catch (error) {
    // Another test run finished its template first; it is as good as ours.
    if (!existsSync(template)) throw error;
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return template;
}
