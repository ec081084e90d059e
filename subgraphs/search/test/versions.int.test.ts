import { aUser, until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client } from 'typesense';
import { collectionFields } from '../src/clients/collection-fields.ts';
import { typesenseIndex } from '../src/clients/search-index.ts';
import { diffIndex } from '../src/queries/diff-index.ts';
import { isSeeded, rebuildInProgress } from '../src/store/versions.ts';
import { foundIds, openShop, search, type Shop } from './shop.ts';

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
  // A new shop first reads its sources, which ends later than it has read them, as any rebuild.
  await until(async () => (await isSeeded(shop.redis)) && (await rebuildInProgress(shop.redis)) === null);
});
afterEach(() => shop?.stop());

const operator = aUser({ roles: ['OPERATOR'] });
interface Status {
  liveVersion: string;
  versions: { version: string; documentCount: number; isLive: boolean }[];
}
const STATUS = 'liveVersion versions { version documentCount isLive }';
const status = async () => (await shop.ask<{ searchIndex: Status }>(`{ searchIndex { ${STATUS} } }`)).searchIndex;

interface Payload {
  status: Status | null;
  userErrors: { code: string }[];
}
const reindex = async (viewer = operator) => {
  const query = `mutation { answer: searchReindex(reason: "test") { status { ${STATUS} } userErrors { code } } }`;
  return (await shop.ask<{ answer: Payload }>(query, {}, viewer)).answer;
};
const rollBack = async (version: string, viewer = operator) => {
  const query = `mutation($version: String!) { answer: searchIndexRollback(version: $version) { status { ${STATUS} } userErrors { code } } }`;
  return (await shop.ask<{ answer: Payload }>(query, { version }, viewer)).answer;
};
const differences = () =>
  diffIndex({
    redis: shop.redis,
    index: typesenseIndex({ url: shop.config.typesenseUrl, apiKey: shop.config.typesenseApiKey }),
    peers: shop.sources.peers,
  });

describe('versions of the index', () => {
  it('S10 G10 swaps a rebuilt index in with no search failing, takes changes along, and goes back at once', async () => {
    for (let count = 0; count < 150; count += 1) await shop.sources.addProduct({ title: `Lamp ${count}` });
    await until(async () => (await search(shop)).totalCount === 150);
    const before = (await status()).liveVersion;

    let isOver = false;
    let searches = 0;
    const load = Promise.all(
      Array.from({ length: 3 }, async () => {
        while (!isOver) {
          expect((await search(shop, { query: 'lamp', facets: ['brand'] })).totalCount).toBeGreaterThanOrEqual(150);
          searches += 1;
        }
      }),
    );
    try {
      // The first filling of this index may still be on its last round.
      await until(async () => (await reindex()).userErrors.length === 0);
      const { id } = await shop.sources.addProduct({ title: 'Lamp made meanwhile' });
      // Three searchers take most of the one thread that everything here runs on.
      const after = await until(
        async () => {
          const { liveVersion } = await status();
          return liveVersion !== before && liveVersion;
        },
        { timeoutMs: 30_000, what: 'the new version' },
      );
      await until(async () => (await foundIds(shop, { query: 'made meanwhile' })).includes(id));
      expect((await search(shop)).indexVersion).toBe(after);
      await until(async () => (await differences()).length === 0);
      const late = await shop.sources.addProduct({ title: 'Lamp after the swap' });
      expect((await rollBack(before)).status?.liveVersion).toBe(before);
      expect((await search(shop)).indexVersion).toBe(before);
      await until(async () => (await foundIds(shop, { query: 'after the swap' })).includes(late.id));
    } finally {
      isOver = true;
    }
    await load;
    expect(searches).toBeGreaterThan(10);
  });

  it('S10 mends what the index has missed', async () => {
    const { id, offerIds } = await shop.sources.addProduct({ title: 'Oak table' });
    const gone = await shop.sources.addProduct({ title: 'Oak chair' });
    await until(async () => (await search(shop, { query: 'oak' })).totalCount === 2);
    shop.sources.isSilent = true;
    await shop.sources.changeProduct(id, { title: 'Ash table' });
    await shop.sources.setStock(offerIds[0]!, 0);
    await shop.sources.rate(id, 4.5, 2);
    await shop.sources.changeProduct(gone.id, { status: 'ARCHIVED' });
    expect(await differences()).toHaveLength(2);
    await reindex();
    await until(async () => (await differences()).length === 0);
    expect(await foundIds(shop, { query: 'ash', filter: { inStockOnly: false, ratingMin: 4 } })).toEqual([id]);
  });

  it('S10 goes on with a rebuild that a killed process left behind', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Oak table' });
    await until(async () => (await foundIds(shop, { query: 'oak' })).includes(id));
    shop.sources.away.add('catalog');
    const { liveVersion: before } = await status();
    await reindex();
    await shop.subgraph.stop();
    shop.sources.away.clear();
    const again = await shop.another();
    try {
      await again.start();
      const index = typesenseIndex({ url: shop.config.typesenseUrl, apiKey: shop.config.typesenseApiKey });
      await until(async () => (await index.live()) !== before);
      expect(await differences()).toEqual([]);
    } finally {
      await again.stop();
    }
  });

  it('S10 replaces a version that older code made, which answers meanwhile', async () => {
    const { id } = await shop.sources.addProduct({ title: 'Oak table' });
    await until(async () => (await foundIds(shop, { query: 'oak' })).includes(id));
    const { liveVersion: before } = await status();
    await shop.subgraph.stop();
    const { typesenseUrl: url, typesenseApiKey: apiKey } = shop.config;
    const index = typesenseIndex({ url, apiKey });
    const documents = await index.export(before);
    await index.drop(before);
    const client = new Client({ nodes: [{ url }], apiKey, logLevel: 'silent' });
    const fields = collectionFields(['EUR']);
    await client.collections().create({ name: before, fields });
    await index.upsert(before, documents);
    expect(await foundIds(shop, { query: 'oak' })).toEqual([id]);
    const again = await shop.another();
    try {
      await again.start();
      const live = await until(async () => {
        const version = await index.live();
        return version !== before && version;
      });
      expect(await index.isCurrent(live)).toBe(true);
      expect(await differences()).toEqual([]);
    } finally {
      await again.stop();
    }
  });

  it('S10 keeps one version to go back to', async () => {
    for (let time = 0; time < 3; time += 1) {
      const { liveVersion } = await status();
      await reindex();
      await until(async () => (await status()).liveVersion !== liveVersion);
    }
    await until(async () => (await status()).versions.length === 2);
  });

  it('S10 is for operators, one rebuild at a time, and back to versions that are there', async () => {
    await expect(reindex(aUser())).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(rollBack('products_v1', aUser())).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await rollBack('products_v999')).userErrors).toEqual([{ code: 'NOT_FOUND' }]);
    shop.sources.away.add('catalog');
    const answers = await Promise.all([reindex(), reindex()]);
    expect(answers.flatMap(({ userErrors }) => userErrors)).toEqual([{ code: 'CONFLICT' }]);
  });
});
