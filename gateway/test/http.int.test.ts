import { randomBytes } from 'node:crypto';
import { gzipSync, brotliCompressSync } from 'node:zlib';
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

  it('replaces a request id that is not one', async () => {
    const { headers } = await test.post({ query: '{ warehouses }' }, { 'x-request-id': '<script>' });
    expect(headers.get('x-request-id')).not.toContain('script');
    const kept = await test.post({ query: '{ warehouses }' }, { 'x-request-id': 'my-request-0001' });
    expect(kept.headers.get('x-request-id')).toBe('my-request-0001');
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

  it('says so when the owner is down', async () => {
    test.shop.state.hanging.add('orders');
    expect(codesOf(await ask(ORDER, await bearer()))).toEqual(['SUBGRAPH_TIMEOUT']);
  });
});

describe('the door refuses before anything is planned', () => {
  const alias = (count: number) => `{ ${Array.from({ length: count }, (_, at) => `a${at}: warehouses`).join(' ')} }`;
  const nested = (depth: number) => `{ order(id: "1") ${'{ buyer '.repeat(depth)}{ name }${' }'.repeat(depth)} }`;
  const bomb = (levels: number) =>
    `query { ...f0 } ${Array.from({ length: levels }, (_, at) => `fragment f${at} on Query { ...f${at + 1} ...f${at + 1} }`).join(' ')} fragment f${levels} on Query { warehouses }`;
  const page = 'query($n: Int!) { orders(first: $n) { id } }';

  it.each<[string, unknown, number, string]>([
    ['more than 30 aliases', { query: alias(31) }, 400, 'OPERATION_TOO_COMPLEX'],
    ['more than 20 root fields', { query: alias(21) }, 400, 'OPERATION_TOO_COMPLEX'],
    ['aliased __typename', { query: alias(31).replaceAll('warehouses', '__typename') }, 400, 'OPERATION_TOO_COMPLEX'],
    ['too many tokens', { query: `{ ${'warehouses '.repeat(15_001)} }` }, 400, 'GRAPHQL_PARSE_FAILED'],
    ['many equal fields', { query: `{ ${'warehouses '.repeat(8_000)} }` }, 400, 'OPERATION_TOO_COMPLEX'],
    ['deep nesting', { query: nested(60) }, 400, 'OPERATION_TOO_COMPLEX'],
    ['nesting that would exhaust the stack', { query: '{a'.repeat(7_000) }, 400, 'GRAPHQL_PARSE_FAILED'],
    [
      'deep nesting within the tokens',
      { query: `${'{a'.repeat(1_000)}${'}'.repeat(1_000)}` },
      400,
      'OPERATION_TOO_COMPLEX',
    ],
    [
      'values that would exhaust the stack',
      { query: `{ order(id: ${'['.repeat(14_000)}` },
      400,
      'GRAPHQL_PARSE_FAILED',
    ],
    [
      'directives by the thousand',
      { query: `{ warehouses ${'@include(if: true) '.repeat(2_000)}}` },
      400,
      'OPERATION_TOO_COMPLEX',
    ],
    ['a fragment bomb', { query: bomb(30) }, 400, 'OPERATION_TOO_COMPLEX'],
    ['circular fragments', { query: 'query { ...a } fragment a on Query { ...a }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['thousands of operations', { query: 'query a{warehouses}'.repeat(500) }, 400, 'OPERATION_TOO_COMPLEX'],
    ['pages larger than 100', { query: '{ orders(first: 101) { id } }' }, 400, 'BAD_USER_INPUT'],
    ['pages larger than 100 by variable', { query: page, variables: { n: 1_000_000 } }, 400, 'BAD_USER_INPUT'],
    ['pages of negative size', { query: page, variables: { n: -1 } }, 400, 'BAD_USER_INPUT'],
    ['wrong variables', { query: page, variables: { n: 'x' } }, 400, 'BAD_USER_INPUT'],
    ['deep variables', { query: '{ warehouses }', variables: { a: deep(200) } }, 400, 'OPERATION_TOO_COMPLEX'],
    [
      'huge variables',
      { query: '{ warehouses }', variables: { a: Array.from({ length: 30_000 }, () => 1) } },
      400,
      'OPERATION_TOO_COMPLEX',
    ],
    ['batches', [{ query: '{ warehouses }' }, { query: '{ warehouses }' }], 400, 'BAD_REQUEST'],
    ['an unknown operation name', { query: '{ warehouses }', operationName: 'Nope' }, 400, 'BAD_REQUEST'],
    ['an ambiguous operation', { query: 'query A { warehouses } query B { warehouses }' }, 400, 'BAD_REQUEST'],
    ['no operation at all', { query: 'fragment a on Query { warehouses }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a subscription', { query: 'subscription { visits(id: "1") }' }, 400, 'BAD_REQUEST'],
    [
      'a subscription skipped by variable',
      { query: 'subscription($s: Boolean!) { visits(id: "1") @skip(if: $s) }' },
      400,
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['unknown fields', { query: '{ warehousess }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['internal fields', { query: '{ signingKeys }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['entities', { query: '{ _entities(representations: []) { __typename } }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a service SDL', { query: '{ _service { sdl } }' }, 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a query that is no string', { query: 7 }, 400, 'BAD_REQUEST'],
    ['variables that are a list', { query: '{ warehouses }', variables: [1] }, 400, 'BAD_REQUEST'],
    ['a body that is no object', '"{ warehouses }"', 400, 'BAD_REQUEST'],
    ['broken JSON', '{"query":', 400, 'BAD_REQUEST'],
    ['an empty body', '', 400, 'BAD_REQUEST'],
    ['a body over the limit', { query: '{ warehouses }', pad: 'x'.repeat(1024 * 1024) }, 413, 'REQUEST_TOO_LARGE'],
  ])('%s', async (_, body, status, code) => {
    const started = Date.now();
    const answer = await test.post(body);
    expect([answer.status, codesOf(answer.body)?.[0]]).toEqual([status, code]);
    expect(Date.now() - started).toBeLessThan(1_500);
    expect(JSON.stringify(answer.body).length).toBeLessThan(5_000);
    expect(JSON.stringify(answer.body)).not.toMatch(/Did you mean|call stack|stacktrace/);
    expect(test.shop.state.requests).toEqual([]);
  });

  it('accepts a page of 100, and what the limits just allow', async () => {
    expect((await test.post({ query: page, variables: { n: 100 } })).body).toEqual({ data: { orders: [] } });
    expect((await test.post({ query: alias(20) })).status).toBe(200);
  });

  it.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
  ])('bodies that grow when unpacked (%s), and takes honest ones', async (encoding, compress) => {
    const send = (text: string) =>
      fetch(`${test.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-encoding': encoding },
        body: compress(Buffer.from(text)),
      });
    const bombed = await send(JSON.stringify({ query: '{ warehouses }', pad: 'x'.repeat(40 * 1024 * 1024) }));
    expect(bombed.status).toBe(413);
    expect(codesOf(await bombed.json())).toEqual(['REQUEST_TOO_LARGE']);
    expect(await (await send('{"query":"{ warehouses }"}')).json()).toEqual({ data: { warehouses: 2 } });
  });

  it.each<[string, RequestInit, number]>([
    [
      'text/plain',
      { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{"query":"{ warehouses }"}' },
      415,
    ],
    ['a form', { method: 'POST', body: new URLSearchParams({ query: '{ warehouses }' }) }, 415],
    ['multipart', { method: 'POST', body: new FormData() }, 415],
    [
      'another charset',
      { method: 'POST', headers: { 'content-type': 'application/json; charset=utf-16' }, body: '{}' },
      415,
    ],
    [
      'an unknown encoding',
      { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': 'zstd' }, body: '{}' },
      415,
    ],
    [
      'invalid UTF-8',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: Buffer.from([0x7b, 0xff, 0x7d]) },
      400,
    ],
    ['PUT', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' }, 405],
    ['DELETE', { method: 'DELETE' }, 405],
  ])('a request of another kind: %s', async (_, init, status) => {
    const response = await fetch(`${test.url}/graphql`, init);
    expect(response.status).toBe(status);
    expect(codesOf((await response.json()) as never)).toEqual(['BAD_REQUEST']);
  });

  it('mutations by GET, and GETs a foreign page could send', async () => {
    const get = (query: string, headers = {}) =>
      fetch(`${test.url}/graphql?${new URLSearchParams({ query })}`, { headers });
    expect((await get('mutation { orderPlace }', { 'content-type': 'application/json' })).status).toBe(405);
    const crossSite = await get('{ warehouses }');
    expect(crossSite.status).toBe(400);
    expect(codesOf((await crossSite.json()) as never)).toEqual(['BAD_REQUEST']);
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

  it('lets no foreign page read answers', async () => {
    const response = await fetch(`${test.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}
