import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { startTypesenseEmulator } from '../src/emulator.ts';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process.ts';
import { SHOP, shopSchema, type ShopProduct } from './shop.ts';
import { clientFor, idsOf } from './target.ts';

const KEY = 'persistence-key';

async function dataFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'typesense-emulator-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'data.sqlite');
}

async function process(file: string): Promise<EmulatorProcess> {
  const emulator = await startEmulatorProcess({ dataFile: file, apiKey: KEY });
  onTestFinished(() => emulator.kill('SIGKILL'));
  return emulator;
}

/** What the emulator's own file promises. */
export function describePersistence(): void {
  describe('the data of the emulator', () => {
    test('survives kill -9 after it was acknowledged, searchable as before', async () => {
      const file = await dataFile();
      const first = await process(file);
      const before = clientFor(first.url, KEY);
      await before.collections().create(shopSchema('shop'));
      await before
        .collections('shop')
        .documents()
        .import([...SHOP]);
      await before.collections('shop').documents().update({ id: '5', title: 'Volleyball' }, {});
      await before.collections('shop').documents('2').delete();
      await before.aliases().upsert('products', { collection_name: 'shop' });
      await before.synonymSets('words').upsert({ items: [{ id: 'a', synonyms: ['sneaker', 'shoe'] }] });
      await first.kill('SIGKILL');

      const after = clientFor((await process(file)).url, KEY);
      const products = after.collections<ShopProduct>('products').documents();
      expect((await after.collections('shop').retrieve()).num_documents).toBe(SHOP.length - 1);
      expect(idsOf(await products.search({ q: 'voleyball', query_by: 'title', facet_by: 'brand' }, {}))).toEqual(['5']);
      expect(idsOf(await products.search({ q: 'sneaker', query_by: 'title', synonym_sets: 'words' }, {}))).toEqual([
        '1',
      ]);
      await products.create({ ...(SHOP[1] as ShopProduct), id: '99' });
      const { facet_counts } = await products.search({ q: '*', facet_by: 'brand' }, {});
      expect(facet_counts?.[0]?.counts).toContainEqual({ value: 'Bata & Sons', highlighted: 'Bata & Sons', count: 1 });
    });

    test('holds what a killed import had acknowledged, and no half documents', async () => {
      const file = await dataFile();
      const first = await process(file);
      const before = clientFor(first.url, KEY);
      await before.collections().create(shopSchema('shop'));
      const batch = (from: number, length: number): ShopProduct[] =>
        Array.from({ length }, (_, at) => ({
          ...(SHOP[0] as ShopProduct),
          id: `b${from + at}`,
          title: `Shoe number${from + at}`,
        }));
      await before.collections('shop').documents().import(batch(0, 500));
      const cutOff = before
        .collections('shop')
        .documents()
        .import(batch(500, 20_000))
        .catch(() => 'cut off');
      // Some of its steps are through, most are not.
      await vi.waitFor(async () => {
        expect((await before.collections('shop').retrieve()).num_documents).toBeGreaterThan(1_000);
      }, 10_000);
      await first.kill('SIGKILL');
      expect(await cutOff).toBe('cut off');

      const after = clientFor((await process(file)).url, KEY);
      const { num_documents } = await after.collections('shop').retrieve();
      expect(num_documents).toBeGreaterThan(1_000);
      expect(num_documents).toBeLessThan(20_500);
      const documents = after.collections<ShopProduct>('shop').documents();
      expect((await documents.search({ q: 'shoe', query_by: 'title' }, {})).found).toBe(num_documents);
      expect((await documents.search({ q: '*', filter_by: 'brand:=Acme' }, {})).found).toBe(num_documents);
      expect((await documents.export()).split('\n')).toHaveLength(num_documents);
    });

    test('is not opened by two at once, and the port is free again after the refusal', async () => {
      const file = await dataFile();
      const first = await startTypesenseEmulator({ dataFile: file, apiKey: KEY });
      onTestFinished(() => first.stop());
      await expect(startTypesenseEmulator({ dataFile: file, apiKey: KEY })).rejects.toThrow(/locked/);
      await expect(startTypesenseEmulator({ apiKey: KEY, port: first.port })).rejects.toThrow(/EADDRINUSE/);
      await first.stop();
      const second = await startTypesenseEmulator({ dataFile: file, apiKey: KEY, port: first.port });
      onTestFinished(() => second.stop());
      expect(second.stats()).toMatchObject({ collections: 0, documents: 0 });
    });

    test('takes a new field while searches and writes go on', async () => {
      const emulator = await startTypesenseEmulator({ apiKey: KEY });
      onTestFinished(() => emulator.stop());
      const client = clientFor(emulator.url, KEY);
      await client.collections().create(shopSchema('shop'));
      const documents = client.collections<ShopProduct>('shop').documents();
      const many = Array.from({ length: 3_000 }, (_, at) => ({
        ...(SHOP[at % SHOP.length] as ShopProduct),
        id: `d${at}`,
      }));
      await documents.import(many);
      let altered = false;
      const altering = client
        .collections('shop')
        .update({ fields: [{ name: 'color', type: 'string', optional: true, facet: true }] })
        .finally(() => {
          altered = true;
        });
      const writing = documents.upsert({ ...(SHOP[0] as ShopProduct), id: 'late', color: 'red' } as never);
      let searches = 0;
      while (!altered) {
        const { found } = await documents.search({ q: 'basketball', query_by: 'title', num_typos: 0 }, {});
        expect(found).toBe(375);
        searches += 1;
      }
      await Promise.all([altering, writing]);
      expect(searches).toBeGreaterThan(1);
      expect(idsOf(await documents.search({ q: 'red', query_by: 'color' } as never, {}))).toEqual(['late']);
    });
  });
}
