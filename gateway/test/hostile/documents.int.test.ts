import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestGateway } from '../support/test-gateway.ts';
import { startCheckedInGraph } from './checked-in-graph.ts';
import { documentRows } from './document-rows.ts';
import { expectRefused, posted, ways } from './reply.ts';

let stores: Stores;
let test: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startCheckedInGraph({ redisUrl: stores.redis.gateway });
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

describe.each(Object.entries(ways))('a hostile document by %s', (_, { ask, maxBytes }) => {
  const rows = documentRows.filter(([, , operation]) => JSON.stringify(operation).length <= maxBytes);

  it.each(rows)('%i %s is refused before anything is planned', async (_row, _title, operation, code) => {
    test.shop.state.requests.length = 0;
    await expectRefused(test, () => ask(test, operation), { status: [400], codes: [code].flat() });
    expect(test.shop.state.requests).toEqual([]);
  });
});

describe('a document just within the limits', () => {
  it('9 may ask for a page of 100, and leave its size open', async () => {
    const query = 'query($n: Int) { products(first: $n) { edges { cursor } } }';
    for (const n of [100, 0, null, undefined]) {
      const { codes } = await posted(test, { query, variables: { n } });
      // Nobody is there to answer; it was let through.
      expect(codes).toEqual(['SUBGRAPH_UNAVAILABLE']);
    }
  });

  it('1 may have 20 root fields and 30 aliases', async () => {
    const aliases = (count: number) => Array.from({ length: count }, (_, at) => `a${at}: __typename`).join(' ');
    expect((await posted(test, { query: `{ ${aliases(20)} }` })).status).toBe(200);
    const product = `{ product(id: "prd_01J00000000000000000000001") { ${aliases(30).replaceAll('__typename', 'title')} } }`;
    expect((await posted(test, { query: product })).codes).toEqual(['SUBGRAPH_UNAVAILABLE']);
  });
});
