import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { MongoClient } from 'mongodb';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { StoreDescription } from '../src/store-context.ts';
import { DataFolderInUseError, DataFolderVersionError, PortInUseError } from '../src/store-errors.ts';
import { emptyDataFolder, startStores, type Stores, type StoresOptions, type StoreStep } from '../src/stores.ts';
import { copyTemplate, TEST_CACHE_DIR } from '../src/testing.ts';
import { aFolder } from './a-folder.ts';
import { query } from './query.ts';

const SOURCES = join(import.meta.dirname, '..', '..', '..', 'platform', 'src', 'testing', 'sources.js');
const dataDirs: string[] = [];

/** For promises that are not about the first start. */
async function quickly(options: Partial<StoresOptions> = {}): Promise<Stores> {
  const dataDir = aFolder();
  dataDirs.push(dataDir);
  await copyTemplate(dataDir);
  return await running({ dataDir, ...options });
}

async function running(options: Partial<StoresOptions> & { dataDir: string }): Promise<Stores> {
  const stores = await startStores({ cacheDir: TEST_CACHE_DIR, durable: false, useInstalled: false, ...options });
  onTestFinished(() => stores.stop());
  return stores;
}

/** A client that has shown that it can read its database. */
async function documents(url: string): Promise<MongoClient> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5000 });
  onTestFinished(() => client.close());
  await client.db().collection('any').findOne({});
  return client;
}

const isRunning = (pid: number | undefined): boolean => pid !== undefined && existsSync(`/proc/${pid}`);

/** Ids of processes whose command line names the folder. */
function processesOf(dataDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(dataDir);
      } catch {
        return false;
      }
    })
    .map(Number);
}

interface Report {
  describe?: StoreDescription[];
  urls?: { orders: string };
  failure?: { name: string; message: string };
}

async function aLauncher(dataDir: string, ...rest: string[]): Promise<{ launcher: ChildProcess; report: Report }> {
  const launcher = fork(join(import.meta.dirname, 'launcher.ts'), [dataDir, TEST_CACHE_DIR, ...rest], {
    execArgv: ['--conditions=source', '--import', SOURCES],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  onTestFinished(() => void launcher.kill('SIGKILL'));
  const [report] = (await once(launcher, 'message')) as [Report];
  return { launcher, report };
}

const ALL = ['postgres', 'redis', 'mongodb', 'typesense', 'stripe'] as const;

describe.each([
  { shape: 'in one process', processes: false },
  { shape: 'as processes', processes: true },
])('all stores, emulators $shape', ({ processes }) => {
  test('start, answer, say what they are, and stop without a trace', async () => {
    const dataDir = aFolder();
    const steps: StoreStep[] = [];
    const stores = await running({ dataDir, processes, onProgress: (step) => void steps.push(step) });

    const described = Object.fromEntries(stores.describe().map(({ name, kind }) => [name, kind]));
    expect(described).toEqual({
      postgres: 'real',
      redis: 'real',
      mongodb: 'emulator',
      typesense: 'emulator',
      stripe: 'emulator',
    });
    expect(await stores.health()).toEqual(ALL.map((name) => expect.objectContaining({ name, isUp: true })));
    for (const state of ['starting', 'ready']) {
      expect(
        steps
          .filter((step) => step.state === state)
          .map(({ store }) => store)
          .toSorted(),
      ).toEqual([...ALL].toSorted());
    }

    const pids = stores.describe().map(({ pid }) => pid);
    expect(pids.filter((pid) => pid === process.pid)).toHaveLength(processes ? 0 : 3);
    expect(pids.every(isRunning)).toBe(true);
    await stores.stop();
    await stores.stop();
    expect(pids.filter((pid) => pid !== process.pid && isRunning(pid))).toEqual([]);
    expect(processesOf(dataDir)).toEqual([]);
  });

  test('keep every credential from start to start', async () => {
    const dataDir = aFolder();
    const first = await running({ dataDir, processes });
    const before = JSON.stringify(first.redis) + JSON.stringify(first.mongodb) + first.typesense.apiKey;
    await first.stop();
    const second = await running({ dataDir, processes });
    const after = JSON.stringify(second.redis) + JSON.stringify(second.mongodb) + second.typesense.apiKey;
    const withoutPorts = (text: string): string => text.replaceAll(/127\.0\.0\.1:\d+/g, 'here');
    expect(withoutPorts(after)).toBe(withoutPorts(before));
    expect(second.stripe.secretKey).toMatch(/^sk_test_/);
  });

  test('R4 X3 keep one owner of documents out of those of another', async () => {
    const stores = await running({ dataDir: aFolder(), processes, only: ['mongodb'] });
    const [catalog, reviews] = await Promise.all([
      documents(stores.mongodb.catalog),
      documents(stores.mongodb.reviews),
    ]);
    await catalog.db().collection('products').insertOne({ title: 'A lamp' });
    expect(await catalog.db().collection('products').countDocuments()).toBe(1);
    expect(reviews.db().databaseName).toBe('reviews');

    const foreign = reviews.db('catalog').collection('products');
    await expect(foreign.findOne({})).rejects.toThrow(/not authorized/i);
    await expect(foreign.insertOne({ title: 'mine' })).rejects.toThrow(/not authorized/i);
    await expect(reviews.db('catalog').dropDatabase()).rejects.toThrow(/not authorized/i);
    expect(await catalog.db().collection('products').countDocuments()).toBe(1);

    const wrong = new URL(stores.mongodb.catalog);
    wrong.password = new URL(stores.mongodb.reviews).password;
    await expect(documents(wrong.href)).rejects.toThrow(/authentication failed/i);
    await expect(documents(stores.mongodb.catalog.replace(/\/\/[^@]*@/, '//'))).rejects.toThrow(/authentication/i);
  });

  test('send payment events where the caller says', async () => {
    const stores = await running({ dataDir: aFolder(), processes, only: ['stripe'] });
    const heard: string[] = [];
    const shop = createServer((request, response) => {
      heard.push(String(request.headers['stripe-signature']));
      request.resume().on('end', () => response.end('{}'));
    });
    shop.listen(0, '127.0.0.1');
    await once(shop, 'listening');
    onTestFinished(() => void shop.close());
    const address = shop.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;

    const { stripe } = stores;
    await stripe.setWebhook({ url: `http://127.0.0.1:${port}/webhooks`, secret: stripe.webhookSecret });
    const created = await fetch(`${stripe.url}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${stripe.secretKey}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: 'amount=1999&currency=eur',
    });
    expect(created.status).toBe(200);
    await vi.waitFor(() => expect(heard[0]).toMatch(/^t=\d+,v1=[0-9a-f]{64}/), { timeout: 10_000 });
  });
});

describe('a data folder', () => {
  test('is used by one launcher at a time: the second is told by whom', async () => {
    const dataDir = aFolder();
    const stores = await running({ dataDir, only: ['redis'] });
    const { report } = await aLauncher(dataDir, 'redis');
    expect(report.failure?.name).toBe(DataFolderInUseError.name);
    expect(report.failure?.message).toContain(`in use by process ${process.pid}: stop that one first`);
    expect((await stores.health()).map(({ isUp }) => isUp)).toEqual([true]);
  });

  test('is emptied for a fresh start, but never under a launcher that runs on it', async () => {
    const stores = await quickly({ only: ['redis'] });
    const dataDir = dataDirs.at(-1)!;
    expect(() => emptyDataFolder(dataDir)).toThrow(DataFolderInUseError);
    await stores.stop();
    emptyDataFolder(dataDir);
    expect(readdirSync(dataDir).filter((name) => !name.startsWith('launcher.lock'))).toEqual([]);
  });

  test('of another version is left as it is, with nothing started', async () => {
    const dataDir = aFolder();
    await (await running({ dataDir, only: ['redis'] })).stop();
    writeFileSync(join(dataDir, 'version'), '0\n');
    await expect(running({ dataDir, only: ['redis'] })).rejects.toThrow(DataFolderVersionError);
    expect(processesOf(dataDir)).toEqual([]);
  });

  test('shows no password to other users of the machine', async () => {
    const dataDir = aFolder();
    await running({ dataDir, only: ['redis'] });
    expect(statSync(join(dataDir, 'secrets.json')).mode & 0o077).toBe(0);
    expect(statSync(join(dataDir, 'redis')).mode & 0o077).toBe(0);
  });
});

describe('a launcher that is killed', () => {
  test('takes its servers with it, and the next one finds the data', async () => {
    const dataDir = aFolder();
    const { launcher, report } = await aLauncher(dataDir, 'postgres,redis,typesense', 'processes');
    const pids = report.describe?.map(({ pid }) => pid) ?? [];
    expect(pids.map(isRunning)).toEqual([true, true, true]);
    await query(report.urls?.orders ?? '', 'create table kept as select 1 as id');

    launcher.kill('SIGKILL');
    await vi.waitFor(() => expect(pids.filter(isRunning)).toEqual([]), { timeout: 15_000 });

    const stores = await running({ dataDir, only: ['postgres', 'redis'] });
    expect(await query(stores.postgres.orders.ownerUrl, 'select id from kept')).toEqual([{ id: 1 }]);
  });

  test('is followed by one that starts at once, whatever is still running', async () => {
    const dataDir = aFolder();
    await copyTemplate(dataDir);
    const { launcher, report } = await aLauncher(dataDir, 'postgres,redis');
    await query(report.urls?.orders ?? '', 'create table kept as select 1 as id');
    const gone = once(launcher, 'exit');
    launcher.kill('SIGKILL');
    await gone;

    const stores = await running({ dataDir, only: ['postgres', 'redis'] });
    expect(await query(stores.postgres.orders.ownerUrl, 'select id from kept')).toEqual([{ id: 1 }]);
    const ours = stores.describe().map(({ pid }) => pid);
    expect(ours.every(isRunning)).toBe(true);
    for (const { pid } of report.describe ?? []) expect(ours).not.toContain(pid);
  });
});

describe('a start that fails', () => {
  test('names the port and the store, and stops what had started', async () => {
    const blocker = createTcpServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    onTestFinished(() => void blocker.close());
    const address = blocker.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const dataDir = aFolder();
    await copyTemplate(dataDir);
    for (const store of ['redis', 'mongodb', 'typesense', 'stripe'] as const) {
      const failing = running({ dataDir, only: ['postgres', store], ports: { [store]: port } });
      await expect(failing).rejects.toThrow(PortInUseError);
      expect(processesOf(dataDir)).toEqual([]);
    }
    await running({ dataDir, only: ['redis'] });
  });

  test.each([
    [{ typesenseUrl: 'http://127.0.0.1:1' }, 'set TYPESENSE_API_KEY as well'],
    [{ stripeSecretKey: 'sk_test_x' }, 'set STRIPE_PUBLISHABLE_KEY and STRIPE_WEBHOOK_SECRET as well'],
  ])('because of %j says what is missing', async (external, sentence) => {
    await expect(running({ dataDir: aFolder(), external, only: ['typesense', 'stripe'] })).rejects.toThrow(sentence);
  });
});

describe('servers from outside', () => {
  test('are used and neither started nor stopped', async () => {
    const theirs = await quickly({ only: ['postgres', 'redis', 'typesense'] });
    const { accounts, inventory, orders, payments } = theirs.postgres;
    const ours = await running({
      dataDir: aFolder(),
      only: ['postgres', 'redis', 'typesense'],
      external: {
        accountsDatabaseUrl: accounts.appUrl,
        inventoryDatabaseUrl: inventory.appUrl,
        ordersDatabaseUrl: orders.appUrl,
        paymentsDatabaseUrl: payments.appUrl,
        redisUrl: theirs.redis.admin,
        typesenseUrl: theirs.typesense.url,
        typesenseApiKey: theirs.typesense.apiKey,
      },
    });
    expect(ours.describe().map(({ kind, pid }) => [kind, pid])).toEqual(Array(3).fill(['external', undefined]));
    expect(ours.postgres.orders.appUrl).toBe(orders.appUrl);
    expect((await ours.health()).map(({ isUp }) => isUp)).toEqual([true, true, true]);

    await ours.stop();
    expect((await theirs.health()).map(({ isUp }) => isUp)).toEqual([true, true, true]);
    await theirs.stop();
  });

  test('that give one database leave the others to us', async () => {
    const theirs = await quickly({ only: ['postgres'] });
    const external = { ordersDatabaseUrl: theirs.postgres.orders.appUrl };
    const ours = await running({ dataDir: aFolder(), only: ['postgres'], external });
    expect(ours.postgres.orders.appUrl).toBe(theirs.postgres.orders.appUrl);
    expect(await query(ours.postgres.payments.appUrl, 'select current_database() as name')).toEqual([
      { name: 'payments' },
    ]);
    await expect(query(ours.postgres.payments.appUrl.replace(/payments$/, 'orders'), 'select 1')).rejects.toThrow(
      'does not exist',
    );
  });

  test('that do not answer are shown as down, with the reason', async () => {
    const stores = await running({
      dataDir: aFolder(),
      only: ['redis', 'typesense'],
      external: { redisUrl: 'redis://127.0.0.1:1', typesenseUrl: 'http://127.0.0.1:1', typesenseApiKey: 'x' },
    });
    const health = await stores.health();
    expect(health.map(({ name, isUp }) => [name, isUp]).toSorted()).toEqual([
      ['redis', false],
      ['typesense', false],
    ]);
    expect(health.every(({ error }) => error !== undefined && error.length > 0)).toBe(true);
  });
});

test('a store that dies is shown as down, and the others stay up', async () => {
  const stores = await quickly({ only: ['postgres', 'redis'] });
  const redis = stores.describe().find(({ name }) => name === 'redis');
  process.kill(redis?.pid ?? 0, 'SIGKILL');
  await vi.waitFor(async () => {
    const up = Object.fromEntries((await stores.health()).map(({ name, isUp }) => [name, isUp]));
    expect(up).toEqual({ postgres: true, redis: false });
  });
});

test('the gateway sees which sessions were revoked, and nothing else of accounts', async () => {
  const stores = await quickly({ only: ['redis'] });
  const [accounts, gateway] = [new Redis(stores.redis.accounts), new Redis(stores.redis.gateway)];
  onTestFinished(() => (accounts.disconnect(), gateway.disconnect()));
  await accounts.mset('accounts:revoked:s1', '1', 'accounts:session:s1', 'secret');
  expect(await gateway.get('accounts:revoked:s1')).toBe('1');
  await expect(gateway.get('accounts:session:s1')).rejects.toThrow('NOPERM');
  await expect(gateway.del('accounts:revoked:s1')).rejects.toThrow('NOPERM');
});
