import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { findRedisServer } from '../src/redis/find-server.ts';
import { startRedis, type RedisOptions, type RunningRedis } from '../src/redis/redis.ts';
import { findOnPath } from '../src/server/find-on-path.ts';
import { PortInUseError, StoreUnavailableError } from '../src/store-errors.ts';
import { silentLog } from '../src/store-log.ts';
import { TEST_CACHE_DIR } from '../src/testing.ts';
import { aFolder } from './a-folder.ts';

async function running(options: Partial<RedisOptions> & { dataDir: string }): Promise<RunningRedis> {
  const server = await startRedis({ cacheDir: TEST_CACHE_DIR, log: silentLog, ...options });
  onTestFinished(() => server.stop());
  return server;
}

function connected(url: string): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  // A client whose server is killed has nothing to add.
  client.on('error', () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

describe('Redis', () => {
  test('keeps streams and counters from start to start', async () => {
    const dataDir = aFolder();
    const first = await running({ dataDir });
    const before = connected(first.url);
    await before.xadd('events:orders', '*', 'name', 'orders.placed');
    await before.set('inventory:stock:1', '7');
    await first.stop();

    const second = await running({ dataDir });
    const after = connected(second.url);
    expect(await after.xlen('events:orders')).toBe(1);
    expect(await after.get('inventory:stock:1')).toBe('7');
  });

  test('has what it acknowledged after it was killed', async () => {
    const dataDir = aFolder();
    const first = await running({ dataDir });
    const client = connected(first.url);
    const pipeline = client.pipeline();
    for (let n = 1; n <= 5000; n += 1) pipeline.xadd('events:orders', '*', 'n', String(n));
    await pipeline.exec();
    // A disk that is busy may keep it from writing for two seconds, the two that it may lose (`appendfsync everysec`).
    await vi.waitFor(async () => expect(await client.info('persistence')).toMatch(/^aof_buffer_length:0\r?$/m), 10_000);
    process.kill(first.pid, 'SIGKILL');

    const second = await running({ dataDir });
    expect(await connected(second.url).xlen('events:orders')).toBe(5000);
  });

  test('takes over from a server that a killed run left behind', async () => {
    const dataDir = aFolder();
    const left = await running({ dataDir });
    await connected(left.url).set('kept', 'yes');
    const next = await running({ dataDir });
    expect(existsSync(`/proc/${left.pid}`)).toBe(false);
    expect(await connected(next.url).get('kept')).toBe('yes');
  });

  test('refuses a write rather than forget one, and writes its log every second', async () => {
    const server = await running({ dataDir: aFolder() });
    const names = ['maxmemory-policy', 'appendonly', 'appendfsync', 'bind'];
    const settings = await connected(server.url).config('GET', ...names);
    expect(Object.fromEntries(pairs(settings as string[]))).toEqual({
      'maxmemory-policy': 'noeviction',
      appendonly: 'yes',
      appendfsync: 'everysec',
      bind: '127.0.0.1',
    });
  });

  test('says whose port it could not have', async () => {
    const first = await running({ dataDir: aFolder() });
    const second = startRedis({ dataDir: aFolder(), cacheDir: TEST_CACHE_DIR, port: first.port, log: silentLog });
    await expect(second).rejects.toThrow(PortInUseError);
  });

  test('keeps no password in its files', async () => {
    const dataDir = aFolder();
    const acl = { adminPassword: 'admin-secret', users: [{ name: 'orders', password: 'orders-secret' }] };
    await running({ dataDir, acl });
    const files = ['users.acl', 'redis.conf', 'redis.log'].map((name) => readFileSync(join(dataDir, name), 'utf8'));
    expect(files.join('\n')).not.toMatch(/admin-secret|orders-secret/);
  });
});

describe('a Redis credential', () => {
  let dataDir: string;
  let server: RunningRedis;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'marketgraph-stores-'));
    const users = ['orders', 'payments'].map((name) => ({ name, password: `${name} 100% s3cret/@` }));
    const reader = { name: 'gateway', password: 'gateway', reads: ['orders:shown:*'] };
    const acl = { users: [...users, reader] };
    server = await startRedis({ dataDir, cacheDir: TEST_CACHE_DIR, durable: false, acl, log: silentLog });
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  test('reads and writes its own keys, and the streams of everybody', async () => {
    const orders = connected(server.urlFor('orders'));
    await orders.set('orders:{cart:1}', 'a');
    await orders.set('{orders:cart:1}:lines', 'b');
    expect(await orders.mget('orders:{cart:1}', '{orders:cart:1}:lines')).toEqual(['a', 'b']);
    expect(await orders.eval('return redis.call("GET", KEYS[1])', 1, 'orders:{cart:1}')).toBe('a');

    await orders.xgroup('CREATE', 'events:payments', 'orders', '0', 'MKSTREAM');
    const id = await orders.xadd('events:payments', '*', 'name', 'payments.captured');
    const read = await orders.xreadgroup('GROUP', 'orders', 'one', 'COUNT', 1, 'STREAMS', 'events:payments', '>');
    expect(JSON.stringify(read)).toContain('payments.captured');
    expect(await orders.xack('events:payments', 'orders', id ?? '')).toBe(1);
    await orders.xadd('dead:orders', '*', 'reason', 'poison');

    const listener = connected(server.urlFor('orders'));
    const heard = once(listener, 'message');
    await listener.subscribe('stock');
    await orders.publish('stock', 'seven left');
    expect(await heard).toEqual(['stock', 'seven left']);
  });

  test('X3 cannot reach the keys of another, by any road', async () => {
    const admin = connected(server.url);
    await admin.set('payments:card', 'secret');
    const orders = connected(server.urlFor('orders'));
    const roads: (readonly [string, ...string[]])[] = [
      ['GET', 'payments:card'],
      ['SET', 'payments:card', 'mine'],
      ['DEL', 'payments:card'],
      ['EXISTS', 'payments:card'],
      ['COPY', 'payments:card', 'orders:copy'],
      ['RENAME', 'payments:card', 'orders:card'],
      ['MGET', 'orders:x', 'payments:card'],
      ['DUMP', 'payments:card'],
      ['OBJECT', 'ENCODING', 'payments:card'],
      ['SORT', 'orders:x', 'BY', 'payments:*', 'GET', 'payments:card'],
      ['EVAL', 'return redis.call("GET", KEYS[1])', '1', 'payments:card'],
      // A key the script does not declare is checked as well.
      ['EVAL', 'return redis.call("GET", "payments:card")', '0'],
      ['GET', 'ordersx:1'],
      ['GET', '{payments:x}'],
    ];
    for (const [command, ...args] of roads) {
      await expect(orders.call(command, ...args)).rejects.toThrow(/NOPERM|can't access at least one of the keys/);
    }
    expect(await admin.get('payments:card')).toBe('secret');
  });

  test('may look at what another shows it, and not touch it', async () => {
    const admin = connected(server.url);
    await admin.mset('orders:shown:1', 'yes', 'orders:hidden', 'no');
    const gateway = connected(server.urlFor('gateway'));
    expect(await gateway.get('orders:shown:1')).toBe('yes');
    await expect(gateway.set('orders:shown:1', 'mine')).rejects.toThrow('NOPERM');
    await expect(gateway.del('orders:shown:1')).rejects.toThrow('NOPERM');
    await expect(gateway.get('orders:hidden')).rejects.toThrow('NOPERM');
  });

  test.each([
    ['KEYS', '*'],
    ['SCAN', '0'],
    ['RANDOMKEY'],
    ['FLUSHALL'],
    ['FLUSHDB'],
    ['CONFIG', 'GET', '*'],
    ['DEBUG', 'SLEEP', '0'],
    ['SHUTDOWN', 'NOSAVE'],
    ['ACL', 'LIST'],
    ['ACL', 'SETUSER', 'orders', 'allkeys'],
    ['CLIENT', 'LIST'],
    ['MONITOR'],
    ['REPLICAOF', '127.0.0.1', '1'],
    ['MODULE', 'LIST'],
    ['SAVE'],
    ['SWAPDB', '0', '1'],
    ['FUNCTION', 'FLUSH'],
    ['SCRIPT', 'FLUSH'],
  ])('cannot use %s', async (command, ...args) => {
    const orders = connected(server.urlFor('orders'));
    await expect(orders.call(command, ...args)).rejects.toThrow(/NOPERM|DEBUG command not allowed/);
  });

  test('is refused with the password of another, and without one', async () => {
    const wrong = new URL(server.urlFor('orders'));
    wrong.password = new URL(server.urlFor('payments')).password;
    await expect(connected(wrong.href).ping()).rejects.toThrow(/WRONGPASS|closed/);
    await expect(connected(`redis://127.0.0.1:${server.port}`).ping()).rejects.toThrow(/NOAUTH/);
  });

  test('is named when it does not exist', () => {
    expect(() => server.urlFor('nobody')).toThrow('without a user "nobody"');
  });
});

// The road of a machine without redis-server. It needs apt, as that machine does.
describe.runIf(findOnPath('apt-get', process.env['PATH'] ?? ''))('a machine without redis-server', () => {
  const pathWithoutRedis = (): string => {
    const folder = aFolder();
    for (const program of ['apt-get', 'dpkg-deb']) writeFileSync(join(folder, program), '#!/bin/sh\n', { mode: 0o755 });
    return folder;
  };

  test('gets one from the Debian package, once, also when two ask at the same time', async () => {
    const cacheDir = join(aFolder(), 'cache');
    const path = pathWithoutRedis();
    const said: string[] = [];
    const log = { info: (message: string) => void said.push(message), warn() {} };
    const found = await Promise.all([
      findRedisServer({ cacheDir, path, log }),
      findRedisServer({ cacheDir, path, log }),
    ]);
    expect(found.map(({ version }) => version)).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/), found[0].version]);
    expect(found[0].command.startsWith(cacheDir)).toBe(true);

    said.length = 0;
    await findRedisServer({ cacheDir, path, log });
    expect(said).toEqual([]);
  });

  test('gets one also when the machine has no package lists', async () => {
    const [cacheDir, empty] = [aFolder(), aFolder()];
    writeFileSync(join(empty, 'apt.conf'), `Dir::State::Lists "${join(empty, 'lists')}";\n`);
    vi.stubEnv('APT_CONFIG', join(empty, 'apt.conf'));
    onTestFinished(() => void vi.unstubAllEnvs());
    const found = await findRedisServer({ cacheDir, path: pathWithoutRedis(), log: silentLog });
    expect(found.version).toMatch(/^\d+\./);
    // The lists are 19 MB and needed once.
    expect(readdirSync(cacheDir)).toEqual(['redis-server']);
  });

  test('replaces an unpacked one that no longer runs', async () => {
    const cacheDir = aFolder();
    const command = join(cacheDir, 'redis-server', 'usr', 'bin', 'redis-server');
    mkdirSync(join(command, '..'), { recursive: true });
    writeFileSync(command, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const found = await findRedisServer({ cacheDir, path: pathWithoutRedis(), log: silentLog });
    expect(found.command).toBe(command);
    expect(found.version).toMatch(/^\d+\./);
  });

  test('says what to do when it cannot be had', async () => {
    const cacheDir = aFolder();
    const failure: unknown = await findRedisServer({ cacheDir, path: aFolder(), log: silentLog }).catch(
      (error: unknown) => error,
    );
    expect(failure).toBeInstanceOf(StoreUnavailableError);
    expect((failure as Error).message).toMatch(/no apt .*: install redis-server, or set REDIS_URL/);
  });

  test('does not use a redis-server that is too old', async () => {
    const folder = aFolder();
    writeFileSync(join(folder, 'redis-server'), '#!/bin/sh\necho "Redis server v=6.0.16 sha=0"\n', { mode: 0o755 });
    const warned: string[] = [];
    const log = { info() {}, warn: (message: string) => void warned.push(message) };
    await expect(findRedisServer({ cacheDir: aFolder(), path: folder, log })).rejects.toThrow(StoreUnavailableError);
    expect(warned.join()).toContain('older than 7.0');
  });
});

function pairs(flat: string[]): [string, string][] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ''] as [string, string]] : []));
}
