import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRedisBus, type EventBus, type EventEnvelope } from '@marketgraph/platform/messaging';
import { aUser, silentLog, testIds, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogProcess, startCatalogProcess } from './catalog-process.ts';
import { countWritten } from './written-events.ts';

let stores: Stores;
let client: MongoClient;
let db: Db;
let bus: EventBus;
let filesDir: string;
let running: CatalogProcess[] = [];

const ids = testIds();
const vendorId = ids.next('ven');
const seller = aUser({ memberships: [{ of: vendorId, role: 'VENDOR_ADMIN' }] });
const operator = aUser({ roles: ['OPERATOR'] });

beforeAll(async () => {
  stores = await startTestStores({ only: ['mongodb', 'redis'] });
  client = await new MongoClient(stores.mongodb.catalog).connect();
  db = client.db();
  bus = await createRedisBus({ url: stores.redis.admin, log: silentLog });
  filesDir = await mkdtemp(join(tmpdir(), 'catalog-kill-'));
  const vendor = {
    status: 'ACTIVE',
    kycStatus: 'VERIFIED',
    rating: { average: 0, count: 0 },
    sequence: 1,
    ratingSequence: 0,
  };
  await db.collection('vendors').insertOne({ _id: vendorId as never, ...vendor });
});
afterEach(async () => {
  await Promise.all(running.map((process) => process.kill()));
  running = [];
});
afterAll(async () => {
  await bus?.close();
  await client?.close();
  await stores?.stop();
  if (filesDir) await rm(filesDir, { recursive: true, force: true });
});

async function start(): Promise<CatalogProcess> {
  const catalog = await startCatalogProcess({
    MONGODB_URL: stores.mongodb.catalog,
    REDIS_URL: stores.redis.catalog,
    FILES_DIR: filesDir,
  });
  running.push(catalog);
  return catalog;
}

async function run<T>(catalog: CatalogProcess, query: string, variables: object, viewer = seller): Promise<T> {
  const { data, errors } = await catalog.execute(query, variables, viewer);
  if (errors) throw new Error(errors.map(({ message }) => message).join('; '));
  return data as T;
}

async function published(): Promise<EventEnvelope[]> {
  return (await bus.read('catalog', { after: '0-0', count: 500 })).map(({ envelope }) => envelope);
}

/** Several batches, of which the first has been taken over when the process is killed. */
const ROWS = 1_600;
const BAD = ROWS / 100;

describe('a process that is killed', () => {
  it('C18 between commit and publish: the event is delivered after the restart', async () => {
    const first = await start();
    const { categoryUpsert } = await run<{ categoryUpsert: { category: { id: string } } }>(
      first,
      'mutation { categoryUpsert(input: { slug: "lamps", name: "Lamps" }) { category { id } } }',
      {},
      operator,
    );
    const input = { vendorId, title: 'Lamp', categoryId: categoryUpsert.category.id, variants: [{ title: 'One' }] };
    const { productCreate } = await run<{ productCreate: { product: { id: string } } }>(
      first,
      'mutation ($input: ProductInput!) { productCreate(input: $input) { product { id } } }',
      { input },
    );
    const { id } = productCreate.product;
    await until(async () => (await published()).some(({ key }) => key === id), { what: 'the event of the creation' });

    // Somebody else seems to be the relay: what is committed from here on is not published.
    const lease = { _id: 'outbox relay' as never };
    await db
      .collection('leases')
      .updateOne(lease, { $set: { holder: 'nobody', until: new Date(Date.now() + 3_600_000) } });
    const update = `mutation ($id: ID!) { productUpdate(id: $id, input: { title: "Better lamp" }, expectedVersion: 1) {
      product { version } userErrors { message } } }`;
    expect(await run(first, update, { id })).toEqual({ productUpdate: { product: { version: 2 }, userErrors: [] } });
    const ofUpdate = async () => (await published()).filter(({ key, sequence }) => key === id && sequence === 2);
    expect(await ofUpdate()).toEqual([]);
    await first.kill();
    expect(await ofUpdate()).toEqual([]);
    await db.collection('leases').deleteOne(lease);

    await start();
    const [event] = await until(async () => {
      const events = await ofUpdate();
      return events.length > 0 ? events : undefined;
    });
    expect(event).toMatchObject({ name: 'catalog.productChanged', payload: { productId: id, title: 'Better lamp' } });
  });

  it('C17 in the middle of an import: the next one goes on, and no row is done twice', async () => {
    const first = await start();
    const rows = Array.from({ length: ROWS }, (_, index) =>
      index % 100 === 50
        ? 'bad'
        : JSON.stringify({ sku: `K-${index}`, title: `Thing ${index}`, category: ['Killed'], price: 1 }),
    );
    const body = Buffer.from(rows.join('\n'));
    const announcement = { filename: 'feed', contentType: 'application/x-ndjson', byteSize: body.length };
    const { mediaUploadCreate } = await run<{ mediaUploadCreate: { uploadId: string; uploadUrl: string } }>(
      first,
      'mutation ($input: MediaUploadInput!) { mediaUploadCreate(input: $input) { uploadId uploadUrl } }',
      { input: announcement },
    );
    const { pathname, search } = new URL(mediaUploadCreate.uploadUrl);
    const put = await fetch(first.url + pathname + search, {
      method: 'PUT',
      body: body as never,
      headers: { 'content-type': announcement.contentType },
    });
    expect(put.status).toBe(201);
    const { catalogImportStart } = await run<{ catalogImportStart: { import: { id: string } } }>(
      first,
      'mutation ($input: CatalogImportInput!) { catalogImportStart(input: $input) { import { id } userErrors { message } } }',
      { input: { vendorId, uploadId: mediaUploadCreate.uploadId, format: 'JSONL' } },
    );
    const importId = catalogImportStart.import.id;
    const stored = () => db.collection('imports').findOne({ _id: importId as never });
    await until(async () => ((await stored())?.['processed'] as number) > 0, { intervalMs: 2 });
    await first.kill();
    const halfway = (await stored())!;
    expect(halfway['status']).toBe('RUNNING');
    expect(halfway['processed']).toBeLessThan(ROWS);
    expect(await db.collection('offers').countDocuments({ vendorId })).toBe(halfway['created']);

    await start();
    const done = await until(
      async () => {
        const state = await stored();
        return state?.['finishedAt'] ? state : undefined;
      },
      { timeoutMs: 45_000, what: 'the end of the import' },
    );
    expect(done).toMatchObject({
      status: 'COMPLETED',
      processed: ROWS,
      failed: BAD,
      created: ROWS - BAD,
      unchanged: 0,
    });
    expect(await db.collection('offers').countDocuments({ vendorId })).toBe(ROWS - BAD);
    expect(await db.collection('importErrors').countDocuments({ importId })).toBe(BAD);
    const events = await countWritten(db, ({ name }) => name === 'catalog.offerChanged');
    expect(events).toBe(ROWS - BAD);
  });
});
