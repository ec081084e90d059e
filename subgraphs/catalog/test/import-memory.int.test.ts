import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { aUser, testIds, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogProcess, startCatalogProcess } from './catalog-process.ts';

let stores: Stores;
let client: MongoClient;
let db: Db;
let filesDir: string;
let catalog: CatalogProcess;

const vendorId = testIds().next('ven');
const seller = aUser({ memberships: [{ of: vendorId, role: 'VENDOR_ADMIN' }] });
const MEGABYTE = 1024 * 1024;

beforeAll(async () => {
  stores = await startTestStores({ only: ['mongodb', 'redis'] });
  client = await new MongoClient(stores.mongodb.catalog).connect();
  db = client.db();
  filesDir = await mkdtemp(join(tmpdir(), 'catalog-memory-'));
  const vendor = {
    status: 'ACTIVE',
    kycStatus: 'VERIFIED',
    rating: { average: 0, count: 0 },
    sequence: 1,
    ratingSequence: 0,
  };
  await db.collection('vendors').insertOne({ _id: vendorId as never, ...vendor });
  // The stores run in the process of the test; what is measured is the catalog alone.
  catalog = await startCatalogProcess({
    MONGODB_URL: stores.mongodb.catalog,
    REDIS_URL: stores.redis.catalog,
    FILES_DIR: filesDir,
  });
});
afterAll(async () => {
  await catalog?.kill();
  await client?.close();
  await stores?.stop();
  if (filesDir) await rm(filesDir, { recursive: true, force: true });
});

async function run<T>(query: string, variables: object): Promise<T> {
  const { data, errors } = await catalog.execute(query, variables, seller);
  if (errors) throw new Error(errors.map(({ message }) => message).join('; '));
  return data as T;
}

/** Rows of `lineBytes` each, one in ten good; made while they are sent, so that nobody holds the file. */
async function importRows(count: number, lineBytes: number, prefix: string) {
  const line = (index: number) => {
    const isGood = index % 10 === 0;
    const row = {
      sku: `${prefix}-${index}`,
      title: `Thing ${index}`,
      category: ['Large'],
      price: isGood ? 1 : 'dear',
      filler: '',
    };
    row.filler = 'x'.repeat(lineBytes - JSON.stringify(row).length - 1);
    return Buffer.from(`${JSON.stringify(row)}\n`);
  };
  const { mediaUploadCreate } = await run<{ mediaUploadCreate: { uploadId: string; uploadUrl: string } }>(
    'mutation ($input: MediaUploadInput!) { mediaUploadCreate(input: $input) { uploadId uploadUrl } }',
    { input: { filename: 'feed', contentType: 'application/x-ndjson', byteSize: count * lineBytes } },
  );
  const { pathname, search } = new URL(mediaUploadCreate.uploadUrl);
  const body = Readable.from(
    (function* () {
      for (let index = 0; index < count; index += 1) yield line(index);
    })(),
  );
  const put = await fetch(catalog.url + pathname + search, {
    method: 'PUT',
    body: body as never,
    duplex: 'half',
    headers: { 'content-type': 'application/x-ndjson' },
  } as RequestInit);
  expect(put.status).toBe(201);
  const { catalogImportStart } = await run<{ catalogImportStart: { import: { id: string } } }>(
    'mutation ($input: CatalogImportInput!) { catalogImportStart(input: $input) { import { id } } }',
    { input: { vendorId, uploadId: mediaUploadCreate.uploadId, format: 'JSONL' } },
  );
  const _id = catalogImportStart.import.id as never;
  return until(
    async () => {
      const state = await db.collection('imports').findOne({ _id });
      return state?.['finishedAt'] ? state : undefined;
    },
    { timeoutMs: 50_000, what: 'the end of the import' },
  );
}

describe('a large feed', () => {
  it('C17 needs no more memory than a small one', { timeout: 180_000 }, async () => {
    expect(await importRows(300, 60_000, 'S')).toMatchObject({ status: 'COMPLETED', created: 30, failed: 270 });
    const small = await catalog.peakBytes();
    // Ten times the bytes, 180 MB, and more than once: a heap takes some garbage to grow to its size, and no more after it.
    for (const prefix of ['L', 'M', 'N']) {
      expect(await importRows(3_000, 60_000, prefix)).toMatchObject({
        status: 'COMPLETED',
        created: 300,
        failed: 2_700,
      });
    }
    expect((await catalog.peakBytes()) - small).toBeLessThan(150 * MEGABYTE);
  });
});
