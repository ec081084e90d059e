import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetrics, type Metrics } from '@marketgraph/platform/telemetry';
import { until } from '@marketgraph/platform/testing';
import { type RunningRedis, startRedis } from '@marketgraph/stores';
import { startTestStores, type Stores, TEST_CACHE_DIR } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { executors } from '../src/query/executors.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { productShop, type ProductShop } from './support/toy-products.ts';

const PAGE = 'query Page($id: ID!) { product(id: $id) { id title rating { count } } }';
const quiet = { info: () => undefined, warn: () => undefined };

describe.each(executors)('C7 the entity cache in the gateway, executor %s', (executor) => {
  let stores: Stores;
  let shop: ProductShop;
  let metrics: Metrics;
  let gateways: TestGateway[];

  beforeAll(async () => {
    stores = await startTestStores({ only: ['redis'] });
    shop = productShop();
    metrics = createMetrics();
    const one = { redisUrl: stores.redis.gateway, shop, config: { executor } };
    const first = await startTestGateway({ ...one, metrics });
    gateways = [first, await startTestGateway({ ...one, signer: first.signer })];
  });
  afterAll(async () => {
    for (const gateway of gateways ?? []) await gateway.stop();
    await stores?.stop();
  });
  beforeEach(() => {
    for (const id of ['p1', 'p2', 'p3']) shop.products.set(id, { title: `Lamp ${id}`, reviews: 0 });
  });

  const page = async (gateway: TestGateway, id: string, headers: Record<string, string> = {}) => {
    const { body, headers: answered } = await gateway.post({ query: PAGE, variables: { id } }, headers);
    expect(body.errors).toBeUndefined();
    return { product: body.data.product, xCache: answered.get('x-cache') };
  };
  const asked = () => shop.asked('catalog') + shop.asked('reviews');

  it('answers the second call without asking a subgraph', async () => {
    const [gateway] = gateways as [TestGateway];
    const first = await page(gateway, 'p1');
    expect(first).toEqual({ product: { id: 'p1', title: 'Lamp p1', rating: { count: 0 } }, xCache: 'miss' });
    const before = asked();
    for (let times = 0; times < 3; times += 1) {
      expect(await page(gateway, 'p1')).toEqual({ product: first.product, xCache: 'hit' });
    }
    const token = await gateway.signer.token({});
    expect(await page(gateway, 'p1', { authorization: `Bearer ${token}` })).toMatchObject({ xCache: 'hit' });
    expect(asked()).toBe(before);
  });

  it('drops what an event of its owner names, at every gateway, and nothing of others', async () => {
    for (const gateway of gateways) {
      await page(gateway, 'p2');
      expect((await page(gateway, 'p2')).xCache).toBe('hit');
    }
    shop.products.set('p2', { title: 'Better lamp', reviews: 1 });
    await gateways[0]!.publish([], { about: 'p2' }, { domain: 'catalog', key: 'p2' });
    for (const gateway of gateways) {
      const seen = await until(async () => {
        const { product, xCache } = await page(gateway, 'p2');
        return product.title === 'Better lamp' && { product, xCache };
      });
      // The catalog has spoken, the reviews have not.
      expect(seen).toEqual({ product: { id: 'p2', title: 'Better lamp', rating: { count: 0 } }, xCache: 'partial' });
    }
    await gateways[1]!.publish([], { subjectId: 'p2' }, { domain: 'reviews', key: 'r1' });
    for (const gateway of gateways) {
      await until(async () => (await page(gateway, 'p2')).product.rating.count === 1);
    }
  });

  it('knows each thing of a list, whatever operation asked for it first', async () => {
    const [gateway] = gateways as [TestGateway];
    for (const id of ['p1', 'p2', 'p3']) await page(gateway, id);
    shop.products.set('p4', { title: 'Lamp p4', reviews: 4 });
    const before = shop.asked('reviews');
    const list = () => gateway.post({ query: 'query List { products { id rating { count } } }' });
    const { body, headers } = await list();
    expect(body.data.products).toContainEqual({ id: 'p4', rating: { count: 4 } });
    expect([body.data.products.length, headers.get('x-cache')]).toEqual([4, 'partial']);
    expect(shop.asked('reviews')).toBe(before + 1);
    expect((await list()).body).toEqual(body);
    expect(shop.asked('reviews')).toBe(before + 1);
  });

  it('asks what is not kept of an answer once each time, and tells what has become of it', async () => {
    const [gateway] = gateways as [TestGateway];
    const list = async () => {
      const { body, headers } = await gateway.post({ query: 'query Rated { products { id rating { count } } }' });
      expect(body.errors).toBeUndefined();
      return { products: body.data.products, xCache: headers.get('x-cache') };
    };
    const askedBy = async <T>(work: () => Promise<T>) => {
      const before = [shop.asked('catalog'), shop.asked('reviews')];
      const answer = await work();
      return { answer, asked: [shop.asked('catalog') - before[0]!, shop.asked('reviews') - before[1]!] };
    };
    shop.products.delete('p4');
    const all = ['p1', 'p2', 'p3'].map((id) => ({ id, rating: { count: 0 } }));
    await gateway.publish([], { subjectId: 'p2' }, { domain: 'reviews', key: 'r2' });
    await until(async () => {
      const { products, xCache } = await list();
      return xCache === 'partial' && JSON.stringify(products) === JSON.stringify(all);
    });
    await list();
    for (let times = 0; times < 3; times += 1) {
      expect(await askedBy(list)).toEqual({ answer: { products: all, xCache: 'partial' }, asked: [1, 0] });
    }
    // Another list, of what is known: asked for once, and not a second time by the plan.
    shop.products.delete('p2');
    const others = all.filter(({ id }) => id !== 'p2');
    for (let times = 0; times < 2; times += 1) {
      expect(await askedBy(list)).toEqual({ answer: { products: others, xCache: 'partial' }, asked: [1, 0] });
    }
    shop.products.set('p5', { title: 'Lamp p5', reviews: 5 });
    const more = await askedBy(list);
    expect(more.asked).toEqual([1, 1]);
    expect(more.answer.products).toEqual([...others, { id: 'p5', rating: { count: 5 } }]);
    shop.products.delete('p5');
  });

  it('lets who changes something see it at once, and says nothing of the cache on a mutation', async () => {
    const [gateway] = gateways as [TestGateway];
    const headers = { authorization: `Bearer ${await gateway.signer.token({})}` };
    await page(gateway, 'p1', headers);
    const renamed = await gateway.post({ query: 'mutation { rename(id: "p1", title: "Mine") }' }, headers);
    expect([renamed.body.data.rename, renamed.headers.get('x-cache')]).toEqual([true, 'bypass']);
    expect(await page(gateway, 'p1', headers)).toMatchObject({ product: { title: 'Mine' }, xCache: 'bypass' });
  });

  it('says so in the metrics, beside what else the gateway does', async () => {
    const [gateway] = gateways as [TestGateway];
    await page(gateway, 'p1');
    await page(gateway, 'p1');
    await gateway.post({ query: '{ nonsense }' });
    const text = await metrics.text();
    expect(text).toMatch(/entity_cache_requests_total\{outcome="hit",subgraph="reviews"\} \d+/);
    expect(text).toMatch(/entity_cache_invalidations_total [1-9]/);
    expect(text).toMatch(/entity_cache_bytes [1-9]/);
    expect(text).toMatch(
      /graphql_operation_duration_seconds_count\{operation_name="other",type="query",outcome="ok"\} [1-9]/,
    );
    expect(text).toContain('graphql_operation_rejected_total{reason="GRAPHQL_VALIDATION_FAILED"} 1');
    expect(text).toContain('graphql_ws_connections 0');
    expect(gateway.gateway.counts().entityCache.entries).toBeGreaterThan(0);
  });
});

describe('the entity cache without what it needs', () => {
  let dataDir: string;
  let redis: RunningRedis;
  let test: TestGateway;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-cache-'));
    redis = await serve();
  });
  afterEach(async () => {
    await test?.stop();
    await redis?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  const serve = (port = 0) =>
    startRedis({
      dataDir,
      cacheDir: TEST_CACHE_DIR,
      port,
      durable: true,
      acl: { adminPassword: 'admin', users: [{ name: 'gateway', password: 'test', reads: ['accounts:revoked:*'] }] },
      log: quiet as never,
    });
  const xCache = async () => (await test.post({ query: PAGE, variables: { id: 'p1' } })).headers.get('x-cache');
  const begin = async (config: { entityCacheBytes?: number } = {}) => {
    const shop = productShop();
    shop.products.set('p1', { title: 'Lamp', reviews: 0 });
    test = await startTestGateway({ redisUrl: redis.urlFor('gateway'), shop, config });
    return shop;
  };

  it('answers nothing from the cache while Redis, and with it the news, is away; and not what it knew before', async () => {
    const shop = await begin();
    await until(async () => (await xCache()) === 'hit');
    const { port } = redis;
    await redis.stop();
    await until(async () => (await xCache()) === 'bypass', { what: 'the cache is past over' });
    shop.products.get('p1')!.title = 'Changed meanwhile';
    redis = await serve(port);
    await until(async () => (await xCache()) === 'hit', { what: 'the cache is in use again' });
    const { body } = await test.post({ query: PAGE, variables: { id: 'p1' } });
    expect(body.data.product.title).toBe('Changed meanwhile');
  });

  it('is switched off by its size', async () => {
    const shop = await begin({ entityCacheBytes: 0 });
    expect([await xCache(), await xCache()]).toEqual(['bypass', 'bypass']);
    expect(shop.asked('catalog')).toBe(2);
  });
});
