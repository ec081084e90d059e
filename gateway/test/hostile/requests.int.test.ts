import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executors } from '../../src/query/executors.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { expectRefused, posted, replyOf } from './reply.ts';

const BUYER = 'usr_01J00000000000000000000001';
const GOOD = JSON.stringify({ query: '{ warehouses }' });
const MEGABYTE = 1024 * 1024;

let stores: Stores;
let test: TestGateway;
let stock: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startTestGateway({ redisUrl: stores.redis.gateway });
  stock = await startTestGateway({ redisUrl: stores.redis.gateway, config: { executor: 'stock' } });
});
afterAll(async () => {
  await stock?.stop();
  await test?.stop();
  await stores?.stop();
});

/** One HTTP request, and what it must get. */
type RequestRow = readonly [
  row: number,
  title: string,
  request: RequestInit & { search?: Record<string, string> },
  status: number | readonly number[],
  code: string,
];

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (body: string | Uint8Array | readonly unknown[] | Record<string, unknown>, headers = {}): RequestInit => ({
  method: 'POST',
  headers: { ...JSON_TYPE, ...headers },
  body: typeof body === 'string' || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body),
});
const chunked = (bytes: number): RequestInit =>
  ({
    ...post(''),
    body: new ReadableStream({
      start(stream) {
        stream.enqueue(Buffer.from('{"query":"{ warehouses }","pad":"'));
        for (let sent = 0; sent < bytes; sent += MEGABYTE) stream.enqueue(Buffer.alloc(MEGABYTE, 'x'));
        stream.close();
      },
    }),
    duplex: 'half',
  }) as RequestInit;
const packed = (encoding: string, body: Uint8Array) => post(body, { 'content-encoding': encoding });
const bomb = Buffer.from(JSON.stringify({ query: '{ warehouses }', pad: 'x'.repeat(40 * MEGABYTE) }));
const deepJson = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const batch = (count: number) => Array.from({ length: count }, () => ({ query: '{ warehouses }' }));
const typed = (type: string, body = GOOD) => post(body, { 'content-type': type });

const rows: readonly RequestRow[] = [
  [11, 'a batch of two', post(batch(2)), 400, 'BAD_REQUEST'],
  [11, 'a batch of a hundred', post(batch(100)), 400, 'BAD_REQUEST'],
  [11, 'an empty batch', post([]), 400, 'BAD_REQUEST'],
  [13, 'a body of 5 MB', post({ query: '{ warehouses }', pad: 'x'.repeat(5 * MEGABYTE) }), 413, 'REQUEST_TOO_LARGE'],
  [13, 'a body of 5 MB that does not say so', chunked(5 * MEGABYTE), 413, 'REQUEST_TOO_LARGE'],
  [14, 'a gzip bomb of 40 MiB', packed('gzip', gzipSync(bomb)), 413, 'REQUEST_TOO_LARGE'],
  [14, 'a brotli bomb of 40 MiB', packed('br', brotliCompressSync(bomb)), 413, 'REQUEST_TOO_LARGE'],
  [14, 'a deflate bomb of 40 MiB', packed('deflate', deflateSync(bomb)), 413, 'REQUEST_TOO_LARGE'],
  [14, 'a bomb packed twice', packed('gzip, gzip', gzipSync(gzipSync(bomb))), 415, 'BAD_REQUEST'],
  [14, 'an encoding we do not know', packed('zstd', Buffer.from(GOOD)), 415, 'BAD_REQUEST'],
  [14, 'what is not packed at all', packed('gzip', Buffer.from(GOOD)), 400, 'BAD_REQUEST'],
  [14, 'half of what was packed', packed('gzip', gzipSync(GOOD).subarray(0, 20)), 400, 'BAD_REQUEST'],
  [
    17,
    'variables nested 20,000 deep',
    post(`{"query":"{ warehouses }","variables":{"a":${deepJson(20_000)}}}`),
    400,
    'OPERATION_TOO_COMPLEX',
  ],
  [18, 'a type of 10 KB', typed(`application/${'x'.repeat(10_000)}`), 415, 'BAD_REQUEST'],
  [69, 'text/plain', typed('text/plain'), 415, 'BAD_REQUEST'],
  [69, 'a form', { method: 'POST', body: new URLSearchParams({ query: '{ warehouses }' }) }, 415, 'BAD_REQUEST'],
  [69, 'multipart', { method: 'POST', body: new FormData() }, 415, 'BAD_REQUEST'],
  [69, 'a multipart upload of operations', multipart(), 415, 'BAD_REQUEST'],
  [69, 'no type', { method: 'POST', body: new Uint8Array(Buffer.from(GOOD)) }, 415, 'BAD_REQUEST'],
  [69, 'a type that only begins like JSON', typed('application/jsonp'), 415, 'BAD_REQUEST'],
  [69, 'a GET a foreign page could send', { search: { query: '{ warehouses }' } }, 400, 'BAD_REQUEST'],
  [
    69,
    'a GET of a plain type',
    { search: { query: '{ warehouses }' }, headers: { 'content-type': 'text/plain' } },
    [400, 415],
    'BAD_REQUEST',
  ],
  [69, 'a mutation by GET', { search: { query: 'mutation { orderPlace }' }, headers: JSON_TYPE }, 405, 'BAD_REQUEST'],
  [69, 'a mutation by GET without a type', { search: { query: 'mutation { orderPlace }' } }, [400, 405], 'BAD_REQUEST'],
  [88, 'PUT', { ...post(GOOD), method: 'PUT' }, 405, 'BAD_REQUEST'],
  [88, 'DELETE', { method: 'DELETE' }, 405, 'BAD_REQUEST'],
  [88, 'PATCH', { ...post(GOOD), method: 'PATCH' }, 405, 'BAD_REQUEST'],
  [89, 'invalid UTF-8', post(Buffer.from([0x7b, 0xff, 0x7d])), 400, 'BAD_REQUEST'],
  [
    89,
    'UTF-8 cut in the middle of a letter',
    post(Buffer.from('{"query":"{ a }é"').subarray(0, -2)),
    400,
    'BAD_REQUEST',
  ],
  [89, 'UTF-16 that says so', typed('application/json; charset=utf-16', GOOD), 415, 'BAD_REQUEST'],
  [89, 'UTF-16 that does not', post(Buffer.from(GOOD, 'utf16le')), 400, 'BAD_REQUEST'],
  [89, 'a charset nobody has', typed('application/json; charset=klingon'), 415, 'BAD_REQUEST'],
  [89, 'NUL between the letters', post(GOOD.replace('warehouses', 'ware\0houses')), 400, 'BAD_REQUEST'],
  [
    89,
    'an escaped NUL in the document',
    post(GOOD.replace('warehouses', 'ware\\u0000houses')),
    400,
    'GRAPHQL_PARSE_FAILED',
  ],
  [
    89,
    'NUL in a variable',
    post('{"query":"query($id: ID!) { order(id: $id) { id } }","variables":{"id":"a\\u0000b"}}'),
    400,
    'BAD_USER_INPUT',
  ],
  [
    89,
    'half of a surrogate pair in a variable',
    post('{"query":"query($id: ID!) { order(id: $id) { id } }","variables":{"id":"\\ud800"}}'),
    400,
    'BAD_USER_INPUT',
  ],
  [
    89,
    'half of a surrogate pair in the document',
    post('{"query":"{ order(id: \\"\\\\ud800\\") { id } }"}'),
    400,
    'GRAPHQL_PARSE_FAILED',
  ],
  [90, 'broken JSON', post('{"query":'), 400, 'BAD_REQUEST'],
  [90, 'nothing', post(''), 400, 'BAD_REQUEST'],
  [90, 'null', post('null'), 400, 'BAD_REQUEST'],
  [90, 'a number', post('7'), 400, 'BAD_REQUEST'],
  [90, 'a text', post('"{ warehouses }"'), 400, 'BAD_REQUEST'],
  [90, 'true', post('true'), 400, 'BAD_REQUEST'],
  [90, 'JSON twice', post(`${GOOD}${GOOD}`), 400, 'BAD_REQUEST'],
  [90, 'lists 100,000 deep', post(deepJson(100_000)), 400, 'BAD_REQUEST'],
  [90, 'no query', post({}), 400, 'BAD_REQUEST'],
  ...[7, true, null, [], {}, ['{ warehouses }']].map((query): RequestRow => [
    90,
    `a query that is ${JSON.stringify(query)}`,
    post({ query }),
    400,
    'BAD_REQUEST',
  ]),
  ...[7, 'x', [1], true].map((variables): RequestRow => [
    90,
    `variables that are ${JSON.stringify(variables)}`,
    post({ query: '{ warehouses }', variables }),
    400,
    'BAD_REQUEST',
  ]),
  ...[7, {}, ['a']].map((operationName): RequestRow => [
    90,
    `an operation name that is ${JSON.stringify(operationName)}`,
    post({ query: '{ warehouses }', operationName }),
    400,
    'BAD_REQUEST',
  ]),
  [90, 'extensions that are a text', post({ query: '{ warehouses }', extensions: 'x' }), 400, 'BAD_REQUEST'],
  [90, 'a name no operation has', post({ query: '{ warehouses }', operationName: 'Nope' }), 400, 'BAD_REQUEST'],
  [
    90,
    'no name where there are two',
    post({ query: 'query A { warehouses } query B { warehouses }' }),
    400,
    'BAD_REQUEST',
  ],
  [
    90,
    'a document without an operation',
    post({ query: 'fragment a on Query { warehouses }' }),
    400,
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [90, 'a subscription', post({ query: 'subscription { visits(id: "1") }' }), 400, 'BAD_REQUEST'],
  [
    90,
    'a variable of the wrong type',
    post({ query: 'query($n: Int!) { orders(first: $n) { id } }', variables: { n: 'x' } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    90,
    'a variable that is not there',
    post({ query: 'query($n: Int!) { orders(first: $n) { id } }' }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    90,
    'variables by GET that are no JSON',
    { search: { query: '{ warehouses }', variables: '{' }, headers: JSON_TYPE },
    400,
    'BAD_REQUEST',
  ],
];

describe('a hostile request', () => {
  it.each(rows)(
    '%i %s is refused and leaves the gateway well',
    async (_row, _title, { search, ...init }, status, code) => {
      const query = search ? `?${new URLSearchParams(search)}` : '';
      test.shop.state.requests.length = 0;
      const send = async () => replyOf(await fetch(`${test.url}/graphql${query}`, init));
      await expectRefused(test, send, { status: [status].flat(), codes: [code] });
      expect(test.shop.state.requests).toEqual([]);
    },
  );

  it.each<[number, string, RequestInit]>([
    [13, 'a body just within the limit', post(`${GOOD}${' '.repeat(MEGABYTE - GOOD.length)}`)],
    [14, 'gzip', packed('gzip', gzipSync(GOOD))],
    [14, 'brotli', packed('br', brotliCompressSync(GOOD))],
    [
      17,
      'keys that are the names of every object',
      post(`{"query":"{ warehouses }","variables":{"__proto__":{"a":1},"constructor":2}}`),
    ],
    [89, 'a byte order mark', post(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(GOOD)]))],
    [90, 'keys nobody asked for', post({ query: '{ warehouses }', id: 7, nonsense: { a: [] } })],
    [
      90,
      'variables, extensions and a name that are null',
      post({ query: '{ warehouses }', variables: null, operationName: null, extensions: null }),
    ],
  ])('%i honest, if odd: %s is answered', async (_row, _title, init) => {
    const { status, body } = await replyOf(await fetch(`${test.url}/graphql`, init));
    expect([status, body]).toEqual([200, { data: { warehouses: 2 } }]);
  });

  it.each(
    ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'then', 'toJSON'].flatMap((alias) =>
      executors.map((executor) => [alias, executor] as const),
    ),
  )('17 an alias %s is a name like any other, with the %s executor', async (alias, executor) => {
    const { text } = await posted(executor === 'stock' ? stock : test, { query: `{ ${alias}: warehouses }` });
    expect(text.trim()).toBe(`{"data":{"${alias}":2}}`);
  });
});

describe('who somebody says they are', () => {
  const CLAIMS = {
    'x-user-id': BUYER,
    'x-user-role': 'OPERATOR',
    'x-internal-viewer': '{"kind":"service","service":"gateway"}',
    'x-internal-token': 'x',
    'x-forwarded-user': BUYER,
  };

  it('65 is not believed, neither from headers nor beside a token', async () => {
    expect((await posted(test, { query: '{ whoami }' }, CLAIMS)).body).toEqual({ data: { whoami: ['anonymous'] } });
    const authorization = `Bearer ${await test.signer.token()}`;
    const known = await posted(test, { query: '{ whoami }' }, { ...CLAIMS, authorization });
    expect(known.body).toEqual({ data: { whoami: [BUYER, 'BUYER'] } });
  });

  it('65 another address in X-Forwarded-For is not another visitor', async () => {
    const limited = await startTestGateway({
      redisUrl: stores.redis.gateway,
      config: { login: { perAccount: 1_000, perAddress: 3 } },
    });
    try {
      const statuses: (number | null)[] = [];
      for (let at = 0; at < 5; at += 1) {
        const query = `mutation { login(input: { email: "x${at}@story.example" }) }`;
        const from = { 'x-forwarded-for': `10.9.8.${at}`, forwarded: `for=10.9.7.${at}`, 'x-real-ip': `10.9.6.${at}` };
        statuses.push((await posted(limited, { query }, from)).status);
      }
      expect(statuses).toEqual([200, 200, 200, 429, 429]);
    } finally {
      await limited.stop();
    }
  });

  it('20 nobody asks for what is somebody’s: null and UNAUTHENTICATED', async () => {
    const { status, body, codes } = await posted(test, { query: '{ me { id } }' });
    expect([status, body.data, codes]).toEqual([200, { me: null }, ['UNAUTHENTICATED']]);
  });
});

describe('a request id of a client', () => {
  it.each([
    ['markup', '<script>alert(1)</script>'],
    ['8 KB', 'a'.repeat(8_000)],
    ['a line break, encoded', 'abcdefgh%0d%0aset-cookie: a=b'],
    ['nothing but spaces', '   '],
    ['letters beyond ASCII', 'abcdefghé'],
  ])('80 is replaced when it is %s', async (_, id) => {
    const reply = await posted(test, { query: '{ broken }' }, { 'x-request-id': Buffer.from(id).toString('latin1') });
    const shown = reply.headers.get('x-request-id');
    expect(shown).toMatch(/^[\w-]{8,64}$/);
    expect(id).not.toContain(shown);
    expect(reply.body.errors[0].extensions.requestId).toBe(shown);
  });

  it('80 is kept when it is one', async () => {
    const reply = await posted(test, { query: '{ warehouses }' }, { 'x-request-id': 'my-request-0001' });
    expect(reply.headers.get('x-request-id')).toBe('my-request-0001');
  });
});

describe('what went wrong inside', () => {
  it.each(executors)('79 is told by a request id and nothing else, with the %s executor', async (executor) => {
    const reply = await posted(executor === 'stock' ? stock : test, { query: '{ broken }' });
    expect([reply.status, reply.codes]).toEqual([200, ['INTERNAL_SERVER_ERROR']]);
    expect(reply.body.errors).toEqual([
      {
        message: 'Something went wrong on our side.',
        path: ['broken'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: reply.headers.get('x-request-id') },
      },
    ]);
  });

  it.each(['nonsense', '../../etc/passwd', "' or 1=1 --", 'ord_', 'x'.repeat(1_000)])(
    '79 a bad id (%s) is nothing, not an error',
    async (id) => {
      const query = 'query($id: ID!) { node(id: $id) { id } order(id: $id) { id } }';
      const { body } = await posted(test, { query, variables: { id } });
      expect(body).toEqual({ data: { node: null, order: null } });
    },
  );
});

describe('a page of another origin', () => {
  it.each(['https://evil.example', 'null', 'http://127.0.0.1.evil.example'])(
    '70 (%s) reads no answer',
    async (origin) => {
      for (const init of [
        { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } },
        { ...post(GOOD, { origin }) },
      ]) {
        const response = await fetch(`${test.url}/graphql`, init);
        await response.text();
        expect(response.headers.get('access-control-allow-origin')).toBeNull();
        expect(response.headers.get('access-control-allow-credentials')).toBeNull();
      }
    },
  );
});

function multipart(): RequestInit {
  const body = new FormData();
  body.set('operations', GOOD);
  body.set('map', '{}');
  return { method: 'POST', body };
}
