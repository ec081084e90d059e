import { randomBytes } from 'node:crypto';
import { inProcessTransport } from '@marketgraph/platform/serve';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultTimeouts, readGatewayConfig } from '../src/config.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const BUYER = 'usr_01J00000000000000000000001';
const ORDER = 'ord_01J00000000000000000000001';

let stores: Stores;
let test: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  const timeouts = { ...defaultTimeouts, fetchMs: 300 };
  test = await startTestGateway({ redisUrl: stores.redis.gateway, config: { timeouts } });
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});
beforeEach(() => {
  const { state } = test.shop;
  state.orders.set(ORDER, { buyerId: BUYER, status: 'CONFIRMED' });
  state.requests.length = 0;
  state.hanging.clear();
  state.failing.clear();
});

const bearer = async (wishes = {}) => ({ authorization: `Bearer ${await test.signer.token(wishes)}` });
const codesOf = (body: { errors?: { extensions: { code: string } }[] }) =>
  body.errors?.map(({ extensions }) => extensions.code);

describe('a query', () => {
  it('joins three subgraphs as the signed-in viewer', async () => {
    const query = `query($id: ID!) { order(id: $id) { status buyer { name } unitsLeft } }`;
    const { status, body, headers } = await test.post({ query, variables: { id: ORDER } }, await bearer());
    expect(body).toEqual({ data: { order: { status: 'CONFIRMED', buyer: { name: '0001' }, unitsLeft: 30 } } });
    expect(status).toBe(200);
    expect(headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
    const asked = test.shop.state.requests.filter(({ viewer }) => viewer.kind === 'user');
    expect(new Set(asked.map(({ subgraph }) => subgraph))).toEqual(new Set(['orders', 'accounts', 'inventory']));
    expect(new Set(asked.map(({ requestId }) => requestId))).toEqual(new Set([headers.get('x-request-id')]));
  });

  it('works by GET, with variables and an operation name', async () => {
    const search = new URLSearchParams({
      query: 'query A($id: ID!) { order(id: $id) { status } } query B { warehouses }',
      operationName: 'A',
      variables: JSON.stringify({ id: ORDER }),
    });
    const headers = { ...(await bearer()), 'content-type': 'application/json' };
    const response = await fetch(`${test.url}/graphql?${search}`, { headers });
    expect(await response.json()).toEqual({ data: { order: { status: 'CONFIRMED' } } });
  });

  it('is the same for an anonymous viewer, who just sees less', async () => {
    const { body } = await test.post({ query: `{ warehouses whoami order(id: "${ORDER}") { status } }` });
    expect(body).toEqual({ data: { warehouses: 2, whoami: ['anonymous'], order: null } });
    const me = await test.post({ query: '{ me { id } }' });
    expect([me.status, me.body.data, codesOf(me.body)]).toEqual([200, { me: null }, ['UNAUTHENTICATED']]);
  });

  it('answers what it can when a subgraph is down, and says which one is missing', async () => {
    test.shop.state.hanging.add('inventory');
    const query = `{ whoami order(id: "${ORDER}") { status unitsLeft } }`;
    const { status, body } = await test.post({ query }, await bearer());
    expect(status).toBe(200);
    expect(body.data).toEqual({ whoami: [BUYER, 'BUYER'], order: { status: 'CONFIRMED', unitsLeft: null } });
    expect(body.errors).toEqual([
      {
        message: 'inventory did not answer in time.',
        path: ['order'],
        extensions: {
          code: 'SUBGRAPH_TIMEOUT',
          service: 'inventory',
          reason: 'timeout',
          retryable: true,
          requestId: expect.any(String),
        },
      },
    ]);
  });

  it('tells nothing about what went wrong inside but a request id', async () => {
    const { body, headers } = await test.post({ query: '{ broken }' });
    expect(body.errors).toEqual([
      {
        message: 'Something went wrong on our side.',
        path: ['broken'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: headers.get('x-request-id') },
      },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/ECONN|secret|select/);
    expect(codesOf((await test.post({ query: '{ staffOnly }' })).body)).toEqual(['FORBIDDEN']);
  });
});

describe('node', () => {
  const ask = async (id: string, headers = {}, selection = 'id') =>
    (await test.post({ query: `query($id: ID!) { node(id: $id) { ${selection} } }`, variables: { id } }, headers)).body;

  it('finds an entity by its id and lets its subgraphs answer', async () => {
    const selection = '__typename id ... on Order { status unitsLeft buyer { name } }';
    expect((await ask(ORDER, await bearer(), selection)).data.node).toEqual({
      __typename: 'Order',
      id: ORDER,
      status: 'CONFIRMED',
      unitsLeft: 30,
      buyer: { name: '0001' },
    });
    expect((await ask(BUYER, await bearer(), '__typename id')).data.node).toEqual({ __typename: 'User', id: BUYER });
  });

  it('reads null alike for missing, foreign and malformed ids', async () => {
    const strange = [
      'ord_01J00000000000000000000009',
      'zzz_01J00000000000000000000001',
      'off_01J00000000000000000000001',
    ];
    strange.push('', 'ord_', 'x'.repeat(1_000), '../../etc', 'ord_01J0000000000000000000000U');
    const answers = await Promise.all(strange.map(async (id) => ask(id, await bearer())));
    expect(answers).toEqual(strange.map(() => ({ data: { node: null } })));
    const stranger = await bearer({ userId: 'usr_01J00000000000000000000002', sessionId: 's2' });
    expect(await ask(ORDER, stranger)).toEqual({ data: { node: null } });
    expect(await ask(ORDER)).toEqual({ data: { node: null } });
  });

  it('keeps the order of many, and limits how many', async () => {
    const query = 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    const missing = 'ord_01J00000000000000000000009';
    const ids = [BUYER, missing, ORDER, BUYER];
    const { body } = await test.post({ query, variables: { ids } }, await bearer());
    expect(body.data.nodes).toEqual([{ id: BUYER }, null, { id: ORDER }, { id: BUYER }]);
    const many = await test.post({ query, variables: { ids: Array.from({ length: 101 }, () => ORDER) } });
    expect(codesOf(many.body)).toEqual(['BAD_USER_INPUT']);
  });

  it('79 says so when the owner could not look: that is not the same as nothing', async () => {
    test.shop.state.failing.add('orders');
    const { data, errors } = await ask(ORDER, await bearer());
    expect([data, codesOf({ errors })]).toEqual([{ node: null }, ['INTERNAL_SERVER_ERROR']]);
    expect(JSON.stringify(errors)).not.toMatch(/ECONN|secret|select/);
  });

  it('says so when the owner is down', async () => {
    test.shop.state.hanging.add('orders');
    expect(codesOf(await ask(ORDER, await bearer()))).toEqual(['SUBGRAPH_TIMEOUT']);
  });
});

describe('the rest of the public port', () => {
  it('is alive, and ready only with what it needs', async () => {
    expect(await (await fetch(`${test.url}/health`)).json()).toEqual({ status: 'ok' });
    const ready = await fetch(`${test.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, missing: [] }]);
  });

  it('sends a browser to the explorer, which needs no other address', async () => {
    const root = await fetch(test.url, { redirect: 'manual' });
    expect([root.status, root.headers.get('location')]).toEqual([302, '/graphql']);
    const response = await fetch(`${test.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-encoding')).toBe('gzip');
    const page = await response.text();
    expect(page).toContain('YogaGraphiQL');
    expect(page.match(/<(?:script|link|img|iframe)[^>]+(?:src|href)=["'](?:https?:)?\/\//g)).toBeNull();
    const policy = response.headers.get('content-security-policy')!;
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:/);
    const again = await fetch(`${test.url}/graphql`, {
      headers: { accept: 'text/html', 'if-none-match': response.headers.get('etag')! },
    });
    expect(again.status).toBe(304);
  });

  it('G7 shows neither schema nor explorer in production', async () => {
    const { explorer, introspection } = readGatewayConfig({
      NODE_ENV: 'production',
      REDIS_URL: stores.redis.gateway,
      CURSOR_SECRET: randomBytes(24).toString('base64url'),
    });
    const config = { explorer, introspection };
    const production = await startTestGateway({ redisUrl: stores.redis.gateway, config, shop: test.shop });
    try {
      for (const query of [
        '{ __schema { types { name } } }',
        '{ __type(name: "User") { name } }',
        '{ warehouses ...F } fragment F on Query { s: __schema { queryType { name } } }',
      ]) {
        const { status, body } = await production.post({ query });
        expect([status, codesOf(body)?.[0]]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
      }
      expect((await production.post({ query: '{ __typename warehouses }' })).body.data).toEqual({
        __typename: 'Query',
        warehouses: 2,
      });
      const page = await fetch(`${production.url}/graphql`, { headers: { accept: 'text/html' } });
      expect([page.status, page.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
    } finally {
      await production.stop();
    }
    const { body } = await test.post({ query: '{ __schema { queryType { name } } }' });
    expect(body.data).toEqual({ __schema: { queryType: { name: 'Query' } } });
  });

  it('hands files to the subgraph that owns them, without what a client says about itself', async () => {
    const hostile = { 'x-internal-user': 'root', authorization: 'Bearer x', 'x-user-id': 'usr_1', cookie: 'a=b' };
    const transport = inProcessTransport([...test.shop.subgraphs, { ...test.shop.subgraphs[0]!, name: 'catalog' }]);
    const withFiles = await startTestGateway({ redisUrl: stores.redis.gateway, shop: test.shop, transport });
    try {
      const seen = await fetch(`${withFiles.url}/media/x.png`, { headers: { ...hostile, range: 'bytes=0-3' } });
      const headers = (await seen.json()) as Record<string, string>;
      expect(headers).toMatchObject({ range: 'bytes=0-3' });
      expect(Object.keys(headers).filter((name) => name in hostile)).toEqual([]);
    } finally {
      await withFiles.stop();
    }
    const missing = await fetch(`${test.url}/media/x.png`);
    expect([missing.status, codesOf((await missing.json()) as never)]).toEqual([503, ['SUBGRAPH_UNAVAILABLE']]);
    expect((await fetch(`${test.url}/media/x.png`, { method: 'POST' })).status).toBe(405);
    expect((await fetch(`${test.url}/metrics`)).status).toBe(404);
  });
});
