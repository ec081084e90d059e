import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { folderStore } from '@marketgraph/platform/files';
import { openMongo } from '@marketgraph/platform/mongo';
import { testClock, testIds } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uploadFile } from '../src/commands/receive-upload.ts';
import { sweepUploads } from '../src/commands/sweep-uploads.ts';
import type { UploadState } from '../src/domain/upload.ts';
import { type CatalogStore, catalogStore, prepareCatalog } from '../src/store/catalog-store.ts';
import { insertUpload } from '../src/store/uploads.ts';

let stores: Stores;
let store: CatalogStore;
let folder: string;
const clock = testClock();
const ids = testIds();

beforeAll(async () => {
  stores = await startTestStores({ only: ['mongodb'] });
  folder = await mkdtemp(join(tmpdir(), 'catalog-sweep-'));
  const database = await openMongo({ url: stores.mongodb.catalog, applicationName: 'test' });
  await prepareCatalog(database);
  store = catalogStore(database);
});
afterAll(async () => {
  await store?.database.client.close();
  await stores?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

describe('old uploads', () => {
  it('go when their bytes never came or the feed is a week old, and stay while somebody may need them', async () => {
    const files = folderStore(folder);
    const deps = { store, files, clock };
    const anUpload = async (more: Partial<UploadState>): Promise<string> => {
      const id = ids.next('upl');
      const createdAt = clock.now();
      const expiresAt = new Date(createdAt.getTime() + 3_600_000);
      const upload = {
        ownerId: 'usr_1',
        filename: 'f',
        contentType: 'image/png',
        byteSize: 1,
        status: 'STORED' as const,
      };
      await insertUpload(store, { id, ...upload, createdAt, expiresAt, ...more });
      await files.write(uploadFile(id), Readable.from([Buffer.from('x')]), { maxBytes: 1 });
      return id;
    };
    const abandoned = await anUpload({ status: 'PENDING' });
    const image = await anUpload({});
    const feed = await anUpload({ contentType: 'text/csv' });
    const waiting = await anUpload({ contentType: 'application/x-ndjson' });
    await store.imports.insertOne({ _id: 'imp_1', uploadId: waiting, isOpen: true } as never);
    const left = async () => (await store.uploads.find().toArray()).map(({ _id }) => _id);

    await sweepUploads(deps);
    expect(await left()).toHaveLength(4);
    clock.advance(3 * 3_600_000);
    await sweepUploads(deps);
    expect(await left()).not.toContain(abandoned);
    expect(await files.stat(uploadFile(abandoned))).toBeNull();
    clock.advance(8 * 24 * 3_600_000);
    expect(await sweepUploads(deps)).toBe('idle');
    expect((await left()).toSorted()).toEqual([image, waiting].toSorted());
    expect(await files.stat(uploadFile(feed))).toBeNull();
    expect(await files.stat(uploadFile(image))).not.toBeNull();
  });
});
