import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Long } from 'bson';
import { Decimal128, MongoClient, UUID } from 'mongodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startMongoEmulator } from '../src/emulator.ts';
import { RawClient } from './raw-client.ts';
import { isEmulator } from './server-under-test.ts';

const SOURCES = join(import.meta.dirname, '..', '..', '..', 'platform', 'src', 'testing', 'sources.js');
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const USERS = [{ username: 'catalog', password: 'secret', databases: ['catalog'] }];

/** How the driver puts it, depending on what it was waiting for. */
const LOST = /ECONNREFUSED|ECONNRESET|connection .* closed|Server selection timed out|EPIPE/i;

function aDataFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'emulator-mongodb-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'documents.sqlite');
}

interface Running {
  url: string;
  child: ChildProcess;
  kill(): Promise<void>;
}

async function startProcess(dataFile: string, users: typeof USERS = []): Promise<Running> {
  const env = {
    ...process.env,
    MONGO_EMULATOR_DATA: dataFile,
    MONGO_EMULATOR_USERS: JSON.stringify(users),
    NODE_OPTIONS: '',
  };
  const child = spawn(process.execPath, ['--conditions=source', '--import', SOURCES, MAIN], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  for await (const line of createInterface({ input: child.stdout })) return { url: JSON.parse(line).url, child, kill };
  throw new Error('the emulator did not start');
}

async function aClient(url: string): Promise<MongoClient> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1_500 });
  onTestFinished(() => client.close());
  return client.connect();
}

async function aRawClient(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  onTestFinished(() => client.close());
  return client;
}

describe.runIf(isEmulator)('a killed emulator', () => {
  it('has every acknowledged write when it is started again', async () => {
    const dataFile = aDataFile();
    const first = await startProcess(dataFile);
    const client = await aClient(first.url);
    const things = client.db('catalog').collection<{ _id: number; n: number; d?: Decimal128 }>('things');
    await things.createIndex({ n: 1 }, { unique: true });
    await things.insertOne({ _id: -1, n: -1, d: Decimal128.fromString('1.10') });
    const acknowledged: number[] = [];
    const writing = (async () => {
      for (let i = 0; ; i++) {
        await Promise.all(
          Array.from({ length: 8 }, async (_, j) => {
            const id = i * 8 + j;
            await things.insertOne({ _id: id, n: id });
            acknowledged.push(id);
          }),
        );
        if (acknowledged.length > 400) void first.kill();
      }
    })();
    await expect(writing).rejects.toThrow(LOST);
    await client.close();

    const second = await startProcess(dataFile);
    const again = (await aClient(second.url)).db('catalog').collection<{ _id: number; n: number }>('things');
    const ids = new Set((await again.find().toArray()).map(({ _id }) => _id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    expect((await again.indexes()).map(({ name, unique }) => [name, unique])).toEqual([
      ['_id_', undefined],
      ['n_1', true],
    ]);
    await expect(again.insertOne({ _id: 999_999, n: -1 })).rejects.toMatchObject({ code: 11000 });
    expect(String(((await again.findOne({ _id: -1 })) as { d?: Decimal128 } | null)?.d)).toBe('1.10');
  });

  it('has a transaction whole or not at all', async () => {
    const dataFile = aDataFile();
    const first = await startProcess(dataFile);
    const client = await aClient(first.url);
    const [left, right] = [client.db('catalog').collection('left'), client.db('catalog').collection('right')];
    let committed = 0;
    const writing = (async () => {
      for (;;) {
        await client.withSession((session) =>
          session.withTransaction(async () => {
            await left.insertOne({ n: committed }, { session });
            await right.insertOne({ n: committed }, { session });
          }),
        );
        if (++committed === 100) void first.kill();
      }
    })();
    await expect(writing).rejects.toThrow(LOST);
    await client.close();
    const again = (await aClient((await startProcess(dataFile)).url)).db('catalog');
    const counts = [await again.collection('left').countDocuments(), await again.collection('right').countDocuments()];
    expect(counts[0]).toBe(counts[1]);
    expect(counts[0]).toBeGreaterThanOrEqual(committed);
  });
});

describe.runIf(isEmulator)('an emulator started again', () => {
  it('still knows its users, and asks for their passwords', async () => {
    const dataFile = aDataFile();
    const first = await startMongoEmulator({ dataFile, users: USERS });
    const url = first.urlFor('catalog', 'catalog');
    await (await aClient(url)).db().collection('c').insertOne({ a: 1 });
    await first.stop();
    const second = await startMongoEmulator({ dataFile });
    onTestFinished(() => second.stop());
    const known = await aClient(url.replace(`:${first.port}/`, `:${second.port}/`));
    expect(await known.db().collection('c').countDocuments()).toBe(1);
    await expect((await aClient(second.url)).db('catalog').collection('c').findOne({})).rejects.toMatchObject({
      code: 13,
    });
  });

  it('resumes a change stream where the last process left it', async () => {
    const dataFile = aDataFile();
    const first = await startMongoEmulator({ dataFile });
    const before = await aClient(first.url);
    const stream = before.db('catalog').collection('c').watch([], { maxAwaitTimeMS: 50 });
    await stream.tryNext();
    await before.db('catalog').collection('c').insertOne({ n: 1 });
    const seen = await stream.next();
    await before.db('catalog').collection('c').insertOne({ n: 2 });
    await before.close();
    await first.stop();
    const second = await startMongoEmulator({ dataFile });
    onTestFinished(() => second.stop());
    const after = await aClient(second.url);
    const resumed = after.db('catalog').collection('c').watch([], { resumeAfter: seen._id });
    onTestFinished(() => resumed.close());
    expect(await resumed.next()).toMatchObject({ operationType: 'insert', fullDocument: { n: 2 } });
  });

  it('does a retried write once, also when the first answer came from another process', async () => {
    const dataFile = aDataFile();
    const first = await startMongoEmulator({ dataFile });
    const lsid = { id: new UUID() };
    const increment = { q: { _id: 1 }, u: { $inc: { n: 1 } }, upsert: true };
    const update = {
      update: 'c',
      updates: [increment, increment],
      txnNumber: Long.fromNumber(1),
      lsid,
      $db: 'catalog',
    };
    const modify = {
      findAndModify: 'c',
      query: { _id: 1 },
      update: { $inc: { n: 1 } },
      new: true,
      txnNumber: Long.fromNumber(2),
      lsid,
      $db: 'catalog',
    };
    const raw = await aRawClient(first.port);
    const once = { n: 2, nModified: 1, upserted: [{ index: 0, _id: 1 }] };
    expect(await raw.command(update)).toMatchObject(once);
    expect(await raw.command(update)).toMatchObject(once);
    expect(await raw.command(modify)).toMatchObject({ value: { _id: 1, n: 3 } });
    await first.stop();

    const second = await startMongoEmulator({ dataFile });
    onTestFinished(() => second.stop());
    const again = await aRawClient(second.port);
    expect(await again.command(modify)).toMatchObject({ value: { _id: 1, n: 3 } });
    expect(await (await aClient(second.url)).db('catalog').collection('c').findOne({})).toEqual({ _id: 1, n: 3 });
    expect(await again.command(update)).toMatchObject({ ok: 0, code: 225 });
  });

  it('says so when another process has the data file', async () => {
    const dataFile = aDataFile();
    const first = await startMongoEmulator({ dataFile });
    onTestFinished(() => first.stop());
    await expect(startMongoEmulator({ dataFile })).rejects.toThrow(/in use by another process/);
  });

  it('can be stopped twice, and then answers nobody', async () => {
    const emulator = await startMongoEmulator();
    await Promise.all([emulator.stop(), emulator.stop()]);
    const client = new MongoClient(emulator.url, { serverSelectionTimeoutMS: 300 });
    await expect(client.connect()).rejects.toThrow(LOST);
    await client.close();
  });
});

describe.runIf(isEmulator)('a large collection', () => {
  it('is read by index: a page out of 100,000 examines a page', async () => {
    const emulator = await startMongoEmulator();
    onTestFinished(() => emulator.stop());
    const things = (await aClient(emulator.url))
      .db('catalog')
      .collection<{ _id: number; shop: number; price: number }>('big');
    for (let from = 0; from < 100_000; from += 10_000) {
      await things.insertMany(
        Array.from({ length: 10_000 }, (_, i) => ({ _id: from + i, shop: i % 50, price: (i * 7919) % 10_007 })),
      );
    }
    await things.createIndex({ shop: 1, price: 1 });
    const examined = emulator.stats().docsExamined;
    const page = await things
      .find({ shop: 7, price: { $gte: 5_000, $lt: 9_000 } })
      .sort({ price: 1 })
      .limit(20)
      .toArray();
    expect(page.map(({ price }) => price)).toEqual(page.map(({ price }) => price).toSorted((a, b) => a - b));
    expect(await things.findOne({ _id: 77_777 })).toMatchObject({ _id: 77_777 });
    await things
      .find({ _id: { $gt: 50_000 } })
      .sort({ _id: 1 })
      .limit(10)
      .toArray();
    expect(emulator.stats().docsExamined - examined).toBe(20 + 1 + 10);
  });
});
