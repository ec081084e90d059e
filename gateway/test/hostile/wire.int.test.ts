import { once } from 'node:events';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { until } from '@marketgraph/platform/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { defaultHttpLimits, defaultSocketLimits } from '../../src/config.ts';
import { startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { type RawExchange, rawHttp, request } from './raw-http.ts';
import { expectWell } from './reply.ts';

let stores: Stores;
let test: TestGateway;
const open: RawExchange[] = [];
const sockets: WebSocket[] = [];

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startTestGateway({
    redisUrl: stores.redis.gateway,
    config: {
      http: { ...defaultHttpLimits, bodyTimeoutMs: 400, headersTimeoutMs: 600 },
      sockets: { ...defaultSocketLimits, initTimeoutMs: 400 },
    },
  });
});
afterEach(() => {
  for (const exchange of open.splice(0)) exchange.destroy();
  for (const socket of sockets.splice(0)) socket.terminate();
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

async function dial(): Promise<RawExchange> {
  const exchange = await rawHttp(test.url);
  open.push(exchange);
  return exchange;
}

const JSON_TYPE = 'content-type: application/json';
const GOOD = '{"query":"{ warehouses }"}';
const EVIL = request('GET /smuggled HTTP/1.1');
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

/** What is written at once, and which statuses may come back; none: the connection just ends. */
type WireRow = readonly [row: number, title: string, bytes: string, statuses: readonly number[]];

const rows: readonly WireRow[] = [
  [
    88,
    'a length and chunks at once',
    request(
      'POST /graphql HTTP/1.1',
      [JSON_TYPE, 'content-length: 6', 'transfer-encoding: chunked'],
      `0\r\n\r\n${EVIL}`,
    ),
    [400],
  ],
  [
    88,
    'chunks and a length at once',
    request(
      'POST /graphql HTTP/1.1',
      [JSON_TYPE, 'transfer-encoding: chunked', 'content-length: 6'],
      `0\r\n\r\n${EVIL}`,
    ),
    [400],
  ],
  [
    88,
    'two lengths',
    request('POST /graphql HTTP/1.1', [JSON_TYPE, 'content-length: 26', 'content-length: 0'], GOOD),
    [400],
  ],
  [
    88,
    'a length of less than nothing',
    request('POST /graphql HTTP/1.1', [JSON_TYPE, 'content-length: -1'], GOOD),
    [400],
  ],
  [88, 'a length with a plus', request('POST /graphql HTTP/1.1', [JSON_TYPE, 'content-length: +26'], GOOD), [400]],
  [
    88,
    'a length beyond all numbers',
    request('POST /graphql HTTP/1.1', [JSON_TYPE, `content-length: ${'9'.repeat(40)}`], GOOD),
    [400],
  ],
  [
    88,
    'an encoding that only looks chunked',
    request('POST /graphql HTTP/1.1', [JSON_TYPE, 'transfer-encoding: xchunked'], GOOD),
    [400],
  ],
  [
    88,
    'chunked, and then not',
    request('POST /graphql HTTP/1.1', [JSON_TYPE, 'transfer-encoding: chunked, identity'], `${chunk(GOOD)}0\r\n\r\n`),
    [400],
  ],
  [
    88,
    'a chunk beyond all numbers',
    request('POST /graphql HTTP/1.1', [JSON_TYPE, 'transfer-encoding: chunked'], `FFFFFFFFFFFFFFFFFF\r\n${GOOD}`),
    [400],
  ],
  [
    88,
    'a chunk whose length is no number',
    request('POST /graphql HTTP/1.1', [JSON_TYPE, 'transfer-encoding: chunked'], `zz\r\n${GOOD}\r\n0\r\n\r\n`),
    [400],
  ],
  [88, 'a space before the colon', request('POST /graphql HTTP/1.1', [JSON_TYPE, 'content-length : 26'], GOOD), [400]],
  [88, 'a header that goes on in the next line', request('GET /health HTTP/1.1', ['x-a: b\r\n c: d']), [400]],
  [88, 'a header without a name', request('GET /health HTTP/1.1', [': nameless']), [400]],
  [88, 'a carriage return inside a header', request('GET /health HTTP/1.1', ['x-a: b\rset-cookie: c']), [400]],
  [88, 'NUL inside a header', request('GET /health HTTP/1.1', ['x-a: b\0c']), [400]],
  [88, 'no host', 'GET /health HTTP/1.1\r\n\r\n', [400]],
  [88, 'no request at all', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 not a handshake\r\n\r\n', [400]],
  [88, 'HTTP 3.7', request('GET /health HTTP/3.7'), [400, 505]],
  [88, 'a method nobody has', request('STEAL /graphql HTTP/1.1'), [400]],
  [88, 'TRACE', request('TRACE /graphql HTTP/1.1', ['connection: close']), [405]],
  [88, 'PROPFIND', request('PROPFIND /graphql HTTP/1.1', ['connection: close']), [405]],
  [88, 'a tunnel', request('CONNECT 10.0.0.7:5432 HTTP/1.1'), []],
  [88, 'a header of 64 KB', request('GET /health HTTP/1.1', [`x-a: ${'b'.repeat(64 * 1024)}`]), [431]],
  [
    88,
    'three thousand headers',
    request(
      'GET /health HTTP/1.1',
      Array.from({ length: 3_000 }, (_, at) => `x-${at}: ${at}`),
    ),
    [431],
  ],
  [88, 'an address of 64 KB', request(`GET /${'a'.repeat(64 * 1024)} HTTP/1.1`), [414, 431]],
  [
    88,
    'a way out of the folder',
    request('GET /media/../../../etc/passwd HTTP/1.1', ['connection: close']),
    [400, 404, 503],
  ],
  [
    88,
    'an address of somewhere else',
    request('GET http://10.0.0.7/latest/meta-data HTTP/1.1', ['connection: close']),
    [404],
  ],
  [88, 'an address with a line break', request('GET /a%0d%0aset-cookie:%20b=c HTTP/1.1', ['connection: close']), [404]],
  [
    88,
    'an expectation nobody can meet',
    request('POST /graphql HTTP/1.1', [JSON_TYPE, 'expect: miracles', 'connection: close'], GOOD),
    [417],
  ],
  [
    88,
    'an upgrade to something else',
    request('GET /graphql HTTP/1.1', ['connection: upgrade', 'upgrade: h2c']),
    [400, 426],
  ],
  [
    88,
    'a handshake without a key',
    request('GET /graphql HTTP/1.1', ['connection: upgrade', 'upgrade: websocket', 'sec-websocket-version: 13']),
    [400],
  ],
];

describe('on the wire', () => {
  it.each(rows)(
    '%i %s is refused, closed, and no second request is found in it',
    async (_row, _title, bytes, statuses) => {
      const exchange = await dial();
      exchange.write(Buffer.from(bytes, 'latin1'));
      const text = await exchange.closed();
      expect(exchange.statuses()).toEqual(statuses.length === 0 ? [] : [expect.toBeOneOf([...statuses])]);
      expect(text.toLowerCase()).not.toContain('set-cookie');
      expect(text.length).toBeLessThan(3_000);
      await expectWell(test);
    },
  );

  it('80 a line break in a request id ends it there, and writes no header of the answer', async () => {
    const exchange = await dial();
    const headers = ['x-request-id: abcdefgh\r\nset-cookie: session=stolen', 'connection: close', JSON_TYPE];
    exchange.write(request('POST /graphql HTTP/1.1', headers, GOOD));
    const text = await exchange.closed();
    expect(text).toContain('{"data":{"warehouses":2}}');
    expect(text.toLowerCase()).toContain('x-request-id: abcdefgh\r\n');
    expect(text).not.toContain('stolen');
  });

  it('88 honest requests that come in one packet are all answered, in their order', async () => {
    const exchange = await dial();
    const one = (query: string) => request('POST /graphql HTTP/1.1', [JSON_TYPE], JSON.stringify({ query }));
    exchange.write(one('{ first: warehouses }') + one('{ second: warehouses }'));
    expect(await exchange.answered(2)).toEqual([200, 200]);
    await until(() => exchange.text().includes('second'));
    expect(exchange.text().indexOf('first')).toBeLessThan(exchange.text().indexOf('second'));
  });
});

describe('who sends slowly', () => {
  const HEAD = request('POST /graphql HTTP/1.1', [JSON_TYPE, 'content-length: 26']);

  it.each<[string, string, string]>([
    ['that never come', '', ''],
    ['that stop in the middle', 'GET /health HTTP/1.1\r\nhost: graph', ''],
    ['that come letter by letter', 'GET /health HTTP/1.1\r\nx-slow: ', 'a'],
    ['that come line by line', 'GET /health HTTP/1.1\r\n', 'x-more: a\r\n'],
  ])('15 headers %s are cut, with 408 as far as there was a request', async (_, begin, more) => {
    const exchange = await dial();
    if (begin !== '') exchange.write(begin);
    const drip = setInterval(() => more !== '' && exchange.write(more), 50);
    try {
      await exchange.closed();
    } finally {
      clearInterval(drip);
    }
    expect(exchange.statuses()).toEqual(begin === '' ? expect.toBeOneOf([[], [408]]) : [408]);
    await expectWell(test);
  });

  it('15 a body that never comes is 408, and the connection is over', async () => {
    const exchange = await dial();
    exchange.write(HEAD);
    await exchange.closed();
    expect(exchange.statuses()).toEqual([408]);
    expect(exchange.text()).toContain('"TIMEOUT"');
  });

  it.each([
    ['of a known length', HEAD, (letter: string) => letter],
    ['in chunks', request('POST /graphql HTTP/1.1', [JSON_TYPE, 'transfer-encoding: chunked']), chunk],
  ])('15 a body %s that comes letter by letter is cut all the same', async (_, head, part) => {
    const exchange = await dial();
    exchange.write(head);
    const drip = setInterval(() => exchange.write(part(' ')), 50);
    try {
      await exchange.closed();
    } finally {
      clearInterval(drip);
    }
    expect(exchange.statuses()).toEqual([408]);
    await expectWell(test);
  });

  it('16 200 slow bodies and 300 sockets that never say who they are harm nobody, and are all gone in the end', async () => {
    const slow = await Promise.all(Array.from({ length: 200 }, dial));
    for (const exchange of slow) exchange.write(HEAD);
    for (let at = 0; at < 300; at += 1) sockets.push(new WebSocket(test.socketUrl, 'graphql-transport-ws'));
    const closes = sockets.map((socket) => once(socket, 'close'));
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    for (let at = 0; at < 20; at += 1) await expectWell(test);
    for (const exchange of slow) {
      await exchange.closed();
      expect(exchange.statuses()).toEqual([408]);
    }
    const codes = (await Promise.all(closes)).map(([code]) => code as number);
    expect(new Set(codes)).toEqual(new Set([4408]));
    await until(() => test.gateway.counts().sockets === 0, { what: 'no socket left' });
    await expectWell(test);
  });
});
