import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DebianProgram, libraryFolders, unpackDebianProgram } from '../server/debian-package.ts';
import { findOnPath } from '../server/find-on-path.ts';
import { StoreUnavailableError } from '../store-errors.ts';
import type { StoreLog } from '../store-log.ts';

const run = promisify(execFile);

/** Streams' XAUTOCLAIM and the ACLs we write need this much. */
const OLDEST_MAJOR = 7;

const DEBIAN_REDIS: DebianProgram = {
  packages: ['redis-server'],
  followed: /^(redis-server|redis-tools|lib[a-z0-9.+-]+|lua-[a-z0-9-]+)$/,
  maxPackages: 40,
};

export interface RedisBinary {
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
}

/** A redis-server: the machine's own, the one unpacked earlier, or one downloaded now. */
export async function findRedisServer(options: {
  cacheDir: string;
  log: StoreLog;
  /** Where programs are looked for; the environment's PATH. */
  path?: string;
}): Promise<RedisBinary> {
  const { cacheDir, log, path = process.env['PATH'] ?? '' } = options;
  const installed = findOnPath('redis-server', path) ?? findOnPath('valkey-server', path);
  if (installed) {
    const binary = await tryBinary(installed, {});
    if (binary && isRecent(binary)) return binary;
    log.warn(`Redis: ${installed} is older than ${OLDEST_MAJOR}.0 or does not run, and is left alone`);
  }
  const folder = join(cacheDir, 'redis-server');
  const cached = await tryUnpacked(folder);
  if (cached && isRecent(cached)) return cached;
  return await downloadServer({ cacheDir, folder, path, log });
}

async function downloadServer(options: {
  cacheDir: string;
  folder: string;
  path: string;
  log: StoreLog;
}): Promise<RedisBinary> {
  const { cacheDir, folder, path, log } = options;
  if (!findOnPath('apt-get', path) || !findOnPath('dpkg-deb', path)) {
    throw unavailable('and no apt to get it with');
  }
  log.info('Redis: no redis-server on this machine, downloading the Debian package');
  await mkdir(cacheDir, { recursive: true });
  const mine = join(cacheDir, `redis-server.${process.pid}.${randomBytes(4).toString('hex')}`);
  try {
    await unpackDebianProgram(mine, DEBIAN_REDIS);
    const binary = await tryUnpacked(mine);
    if (!binary) throw unavailable('and the downloaded one does not run here');
    if (!isRecent(binary)) throw unavailable(`and the one this system offers (${binary.version}) is too old`);
    return await publish(mine, folder);
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw error;
    throw unavailable('and downloading it failed', error);
  } finally {
    await rm(mine, { recursive: true, force: true });
  }
}

// Two launchers may download at once. A folder that works is never replaced; one that does not is moved aside.
async function publish(mine: string, folder: string): Promise<RedisBinary> {
  for (;;) {
    const existing = await tryUnpacked(folder);
    if (existing && isRecent(existing)) return existing;
    if (existsSync(folder)) {
      const broken = `${mine}.broken`;
      await rename(folder, broken).catch(() => {});
      await rm(broken, { recursive: true, force: true });
    }
    try {
      await rename(mine, folder);
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

async function tryUnpacked(folder: string): Promise<RedisBinary | undefined> {
  // Debian's redis-server is a link to redis-check-rdb's sibling inside the package redis-tools.
  const command = join(folder, 'usr', 'bin', 'redis-server');
  if (!existsSync(command)) return undefined;
  return await tryBinary(command, { LD_LIBRARY_PATH: (await libraryFolders(folder)).join(':') });
}

async function tryBinary(command: string, env: NodeJS.ProcessEnv): Promise<RedisBinary | undefined> {
  try {
    const { stdout } = await run(command, ['--version'], { env: { ...process.env, ...env }, timeout: 10_000 });
    const version = /v=(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
    return version === undefined ? undefined : { command, env, version };
  } catch {
    return undefined;
  }
}

function isRecent({ version }: RedisBinary): boolean {
  return Number(version.split('.')[0]) >= OLDEST_MAJOR;
}

function unavailable(why: string, cause?: unknown): StoreUnavailableError {
  return new StoreUnavailableError(
    'Redis',
    `There is no redis-server ${OLDEST_MAJOR} or newer on this machine ${why}: install redis-server, or set REDIS_URL to a server of your own.`,
    cause === undefined ? undefined : { cause },
  );
}
