import { randomBytes } from 'node:crypto';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { testIds, until } from '@marketgraph/platform/testing';
import { sessionRevoked } from '@marketgraph/schema/events/accounts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RawSocket, rawSocket } from '../support/live-clients.ts';
import { type Json, startTestGateway, type TestGateway } from '../support/test-gateway.ts';
import { testSigner } from '../support/tokens.ts';
import { type RawExchange, rawHttp, request } from './raw-http.ts';
import { expectWell } from './reply.ts';

const WATCH =
  'subscription($id: ID!, $after: String) { orderStatusChanged(orderId: $id, after: $after) { cursor kind } }';
const MIB = 1024 * 1024;

const ids = testIds();
let stores: Stores;
let test: TestGateway;
const sockets: RawSocket[] = [];
const wires: RawExchange[] = [];

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startTestGateway({ redisUrl: stores.redis.gateway });
});
afterEach(() => {
  for (const { socket } of sockets.splice(0)) socket.terminate();
  for (const wire of wires.splice(0)) wire.destroy();
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

async function opened(token?: string): Promise<RawSocket> {
  const socket = await rawSocket(test.socketUrl);
  sockets.push(socket);
  socket.send({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} });
  await socket.message('connection_ack');
  return socket;
}

async function aBuyer({ lifetimeS = 900 } = {}) {
  const [userId, sessionId, orderId] = [ids.next('usr'), ids.next('ses'), ids.next('ord')];
  test.shop.state.orders.set(orderId, { buyerId: userId, status: 'CONFIRMED' });
  return { userId, sessionId, orderId, token: await test.signer.token({ userId, sessionId, lifetimeS }) };
}

const subscribe = (id: string, payload: unknown) => ({ id, type: 'subscribe', payload });
const watch = (orderId: string, after?: string) => ({ query: WATCH, variables: { id: orderId, after } });
const wordsOf = ({ payload: [{ message, path, extensions }] }: Json) => ({ message, path, code: extensions.code });

/** A WebSocket without a library: frames as the test wants them. */
async function wire(): Promise<RawExchange> {
  const exchange = await rawHttp(test.url);
  wires.push(exchange);
  const key = randomBytes(16).toString('base64');
  const upgrade = [
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    `sec-websocket-key: ${key}`,
  ];
  exchange.write(request('GET /graphql HTTP/1.1', [...upgrade, 'sec-websocket-protocol: graphql-transport-ws']));
  await until(() => exchange.text().includes('\r\n\r\n'));
  expect(exchange.statuses()).toEqual([101]);
  return exchange;
}

function frame(first: number, payload: Buffer, { masked = true } = {}): Buffer {
  const mask = masked ? 0x80 : 0;
  const length =
    payload.length < 126
      ? Buffer.from([mask | payload.length])
      : payload.length < 65_536
        ? Buffer.from([mask | 126, payload.length >> 8, payload.length & 0xff])
        : Buffer.concat([Buffer.from([mask | 127, 0, 0, 0, 0]), uint32(payload.length)]);
  // A mask of zeros changes nothing and is one all the same.
  return Buffer.concat([Buffer.from([first]), length, ...(masked ? [Buffer.alloc(4)] : []), payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

const TEXT = 0x81;
const TEXT_BEGINS = 0x01;
const GOES_ON = 0x00;
const CLOSE = 0x88;
const PING = 0x89;

/** The code of the closing frame, which is the last thing a server sends. */
async function closeCode(exchange: RawExchange): Promise<number> {
  await until(() => exchange.isClosed() || Buffer.from(exchange.text(), 'latin1').includes(CLOSE), {
    timeoutMs: 20_000,
  });
  const bytes = Buffer.from(exchange.text(), 'latin1');
  const at = bytes.indexOf(CLOSE, bytes.indexOf('\r\n\r\n') + 4);
  return bytes.readUInt16BE(at + 2);
}

describe('frames no client sends', () => {
  it.each<[number, string, Buffer[], number[]]>([
    [71, 'reserved bits', [frame(0xf1, Buffer.from('x'))], [1002]],
    [71, 'an opcode nobody has', [frame(0x83, Buffer.from('x'))], [1002]],
    [71, 'a frame without a mask', [frame(TEXT, Buffer.from('x'), { masked: false })], [1002]],
    [71, 'the middle of a message that never began', [frame(GOES_ON, Buffer.from('x'))], [1002]],
    [71, 'a ping of 200 bytes', [frame(PING, Buffer.alloc(200))], [1002]],
    [71, 'a text that is no UTF-8', [frame(TEXT, Buffer.from([0xc3, 0x28]))], [1007]],
    [71, 'a close with a code that is none', [frame(CLOSE, Buffer.from([0x03, 0xed]))], [1002]],
    [72, 'a message of 4 MiB', [frame(TEXT, Buffer.alloc(4 * MIB, 'x'))], [1009]],
    [
      72,
      'a message that says it is 2^63 bytes',
      [Buffer.from([TEXT, 0xff, 0x7f, ...Array.from({ length: 7 }, () => 0xff)])],
      [1009],
    ],
    [
      72,
      'pieces of a message without end',
      [
        frame(TEXT_BEGINS, Buffer.alloc(8_000, 'x')),
        ...Array.from({ length: 60 }, () => frame(GOES_ON, Buffer.alloc(8_000, 'x'))),
      ],
      [1009],
    ],
    [
      72,
      'empty pieces without end',
      [frame(TEXT_BEGINS, Buffer.from('x')), ...Array.from({ length: 5_000 }, () => frame(GOES_ON, Buffer.alloc(0)))],
      [1008, 1009],
    ],
  ])('%i %s', async (_row, _title, frames, codes) => {
    const exchange = await wire();
    for (const one of frames) exchange.write(one);
    expect(await closeCode(exchange)).toBeOneOf(codes);
    await expectWell(test);
  });

  it.each<[string, unknown]>([
    ['a list', [subscribe('1', { query: '{ warehouses }' })]],
    ['null', 'null'],
    ['a number', '7'],
    ['a type that is no text', { type: 7 }],
    ['the type of every object', { type: 'constructor' }],
    ['a subscription without a payload', { id: '1', type: 'subscribe' }],
    ['a subscription without an id', { type: 'subscribe', payload: { query: '{ warehouses }' } }],
    ['an id of a kilobyte', subscribe('i'.repeat(1_024), { query: '{ warehouses }' })],
    ['lists 50,000 deep', `{"type":"ping","payload":${'['.repeat(50_000)}${']'.repeat(50_000)}}`],
    ['answers only servers give', { type: 'next', id: '1', payload: { data: {} } }],
  ])('71 a message that is %s closes with 4400', async (_, message) => {
    const socket = await opened();
    socket.send(message);
    expect((await socket.closed()).code).toBe(4400);
  });

  it('17 variables nested 20,000 deep are refused, and the socket goes on', async () => {
    const socket = await opened();
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    socket.send(`{"id":"1","type":"subscribe","payload":{"query":"{ warehouses }","variables":{"a":${deep}}}}`);
    expect(wordsOf(await socket.message('error', '1')).code).toBe('OPERATION_TOO_COMPLEX');
    socket.send(subscribe('2', { query: '{ warehouses }' }));
    expect((await socket.message('next', '2')).payload).toEqual({ data: { warehouses: 2 } });
  });
});

describe('more than one socket may do', () => {
  it('73 500 subscriptions: a hundred live, the others are told', async () => {
    const { orderId, token } = await aBuyer();
    const socket = await opened(token);
    for (let at = 0; at < 500; at += 1) socket.send(subscribe(`s${at}`, watch(orderId)));
    const refused = () => socket.messages.filter(({ type }) => type === 'error');
    const begun = () => socket.messages.filter(({ type }) => type === 'next');
    await until(() => refused().length === 400 && begun().length === 100, { what: '100 begun and 400 refused' });
    expect(new Set(refused().map((message) => wordsOf(message).code))).toEqual(new Set(['RATE_LIMITED']));
    expect(test.gateway.counts()).toMatchObject({ groups: 1, subscribers: 100 });
  });

  it('73 3,000 operations at once close the socket, not the gateway', async () => {
    const socket = await opened();
    for (let at = 0; at < 3_000; at += 1) socket.send(subscribe(`o${at}`, { query: '{ warehouses }' }));
    expect((await socket.closed()).code).toBe(1008);
    await until(() => test.gateway.counts().sockets === 0);
    await expectWell(test);
  });

  it('73 20,000 pings of one who reads no answer cost a bounded amount', async () => {
    const exchange = await wire();
    exchange.socket.pause();
    const pings = Buffer.concat(Array.from({ length: 20_000 }, () => frame(PING, Buffer.alloc(100))));
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 10; round += 1) exchange.write(pings);
    await until(() => exchange.socket.writableLength === 0 || exchange.isClosed(), { what: 'all pings sent' });
    for (let at = 0; at < 5; at += 1) await expectWell(test);
    expect((process.memoryUsage().rss - before) / MIB).toBeLessThan(100);
  });
});

describe('who is on the other end', () => {
  it.each([
    ['garbage', () => 'garbage'],
    [
      'a token with an edited payload',
      async () => (await test.signer.token()).replace(/\.[^.]+\./, '.eyJzdWIiOiJ4In0.'),
    ],
    ['a token of another key', async () => (await testSigner()).token()],
    ['a token that ended a minute ago', () => test.signer.token({ lifetimeS: -61 })],
  ])('74 with %s no socket is opened: 4403', async (_, make) => {
    const socket = await rawSocket(test.socketUrl);
    sockets.push(socket);
    socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${await make()}` } });
    expect((await socket.closed()).code).toBe(4403);
  });

  it('74 a token that ends closes its socket, whatever it does', async () => {
    // Within the tolerance for clocks, so that the token is taken and ends a moment later.
    const { token } = await aBuyer({ lifetimeS: 1 });
    expect(await (await opened(token)).closed()).toEqual({ code: 4403, reason: 'Access token expired' });
  });

  it('74 a logout elsewhere closes the sockets of that session and no others', async () => {
    const buyer = await aBuyer();
    const [gone, kept] = [await opened(buyer.token), await opened((await aBuyer()).token)];
    const { userId, sessionId } = buyer;
    await test.publish([], { userId, sessionId }, { domain: 'accounts', name: sessionRevoked.name, key: userId });
    expect((await gone.closed()).code).toBe(4403);
    kept.send({ type: 'ping' });
    await kept.message('pong');
  });

  it('75 another’s order, and all orders, are refused in the words for one that does not exist', async () => {
    const [buyer, other] = [await aBuyer(), await aBuyer()];
    const socket = await opened(buyer.token);
    const words = [];
    for (const id of [ids.next('ord'), other.orderId, '*', '', 'ord_', `${buyer.orderId},${other.orderId}`]) {
      socket.send(subscribe(`id ${id}`, watch(id)));
      words.push(wordsOf(await socket.message('error', `id ${id}`)));
    }
    expect(new Set(words.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(words[0]).toMatchObject({ message: 'No such order.', code: 'BAD_USER_INPUT' });
  });

  it('76 a mutation over a socket meets the checks it meets over HTTP', async () => {
    const query = 'mutation { roleAdd(role: "OPERATOR") }';
    const socket = await opened();
    socket.send(subscribe('1', { query }));
    const { payload } = await socket.message('next', '1');
    const overHttp = await test.post({ query });
    expect(payload.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect(payload.data).toEqual(overHttp.body.data);
    expect(payload.errors[0].message).toBe(overHttp.body.errors[0].message);
  });

  it('77 a cursor that is forged, of another, of another stream or huge is BAD_USER_INPUT', async () => {
    const [buyer, other] = [await aBuyer(), await aBuyer()];
    const theirs = await opened(other.token);
    theirs.send(subscribe('1', watch(other.orderId)));
    const cursor: string = (await theirs.message('next', '1')).payload.data.orderStatusChanged.cursor;
    const flipped = `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`;
    const socket = await opened(buyer.token);
    const bad = [cursor, flipped, 'made-up', '0-0', '%00', 'x'.repeat(100_000), `${cursor}${cursor}`, '{"$gt":""}'];
    for (const [at, after] of bad.entries()) {
      socket.send(subscribe(`c${at}`, watch(buyer.orderId, after)));
      expect(wordsOf(await socket.message('error', `c${at}`)).code, after.slice(0, 40)).toBe('BAD_USER_INPUT');
    }
  });

  it.each(['https://evil.example', 'null', 'http://127.0.0.1.evil.example'])(
    '70 a page of %s opens no socket',
    async (origin) => {
      await expect(rawSocket(test.socketUrl, { headers: { origin } })).rejects.toThrow('403');
    },
  );
});
