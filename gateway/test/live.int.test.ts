import { principalChanged, sessionRevoked } from '@marketgraph/schema/events/accounts';
import { testIds, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultSocketLimits, defaultTimeouts } from '../src/config.ts';
import {
  type Listen,
  type Listener,
  overEventStream,
  overMultipart,
  overWebSocket,
  type RawSocket,
  rawSocket,
} from './support/live-clients.ts';
import { type Json, startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { toyShop } from './support/toy-shop.ts';

const CHANGED = `subscription Changed($id: ID!, $after: String) {
  orderStatusChanged(orderId: $id, after: $after) { cursor kind step order { status unitsLeft buyer { name } } }
}`;

const ids = testIds();
let stores: Stores;
let test: TestGateway;
const listeners: Listener[] = [];
const sockets: RawSocket[] = [];
const others: (() => Promise<void>)[] = [];

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startTestGateway({ redisUrl: stores.redis.gateway });
});
afterEach(async () => {
  for (const listener of listeners.splice(0)) listener.stop();
  for (const { socket } of sockets.splice(0)) socket.terminate();
  for (const stop of others.splice(0).toReversed()) await stop();
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

async function another(options: Partial<Parameters<typeof startTestGateway>[0]> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ redisUrl: stores.redis.gateway, ...options });
  others.push(() => gateway.stop());
  return gateway;
}

/** A buyer with a session and an order of their own. */
async function aBuyer({ at = test, lifetimeS = 900 } = {}) {
  const userId = ids.next('usr');
  const sessionId = ids.next('ses');
  const orderId = ids.next('ord');
  at.shop.state.orders.set(orderId, { buyerId: userId, status: 'CONFIRMED' });
  const token = await at.signer.token({ userId, sessionId, lifetimeS });
  const change = (step: number, more = {}) => at.publish([`orderStatusChanged:${orderId}`], { step, ...more });
  return { userId, sessionId, orderId, token, change };
}

const listen = (how: Listen, ...request: Parameters<Listen>): Listener => {
  const listener = how(...request);
  listeners.push(listener);
  return listener;
};
const changed = (
  how: Listen,
  buyer: { orderId: string; token?: string },
  { at = test, after = undefined as string | undefined } = {},
) => listen(how, at, { query: CHANGED, variables: { id: buyer.orderId, after } }, buyer.token);
const steps = (results: Json[]) => results.map(({ data }) => data.orderStatusChanged.step);
const cursor = (result: Json): string => result.data.orderStatusChanged.cursor;
const errorCode = (end: Json): string | undefined =>
  end.kind === 'error' && Array.isArray(end.error) ? end.error[0].extensions.code : undefined;

async function socketOf(at = test, options = {}) {
  const socket = await rawSocket(at.socketUrl, options);
  sockets.push(socket);
  return socket;
}

async function initialised(token?: string, at = test) {
  const socket = await socketOf(at);
  socket.send({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} });
  await socket.message('connection_ack');
  return socket;
}

describe.each([
  ['graphql-ws', overWebSocket],
  ['graphql-sse', overEventStream],
  ['multipart of Apollo Client', overMultipart],
] as const)('G6 a subscription over %s', (_, how) => {
  it('begins with the state and goes on with what happens, joined from three subgraphs', async () => {
    const buyer = await aBuyer();
    const stream = changed(how, buyer);
    await stream.seen(1);
    await buyer.change(1);
    await buyer.change(2, { skip: true });
    await buyer.change(3);
    const order = { status: 'CONFIRMED', unitsLeft: 30, buyer: { name: buyer.userId.slice(-4) } };
    expect((await stream.seen(3)).map(({ data }) => ({ ...data.orderStatusChanged, cursor: '' }))).toEqual([
      { cursor: '', kind: 'SNAPSHOT', step: null, order },
      { cursor: '', kind: 'LIVE', step: 1, order },
      { cursor: '', kind: 'LIVE', step: 3, order },
    ]);
  });

  it('75 refuses what is missing and what is not yours in the same words', async () => {
    const buyer = await aBuyer();
    const missing = changed(how, { orderId: ids.next('ord'), token: buyer.token });
    const foreign = changed(how, { orderId: (await aBuyer()).orderId, token: buyer.token });
    const anonymous = changed(how, { orderId: buyer.orderId });
    const words = async ({ results, ended }: Listener): Promise<unknown> => {
      const end = await ended();
      const [error] = end.kind === 'error' ? end.error : results[0].errors;
      return { ...error, extensions: { ...error.extensions, requestId: '' } };
    };
    expect(await words(missing)).toMatchObject({ message: 'No such order.', extensions: { code: 'BAD_USER_INPUT' } });
    expect(await words(foreign)).toEqual(await words(missing));
    expect(await words(anonymous)).toEqual(await words(missing));
  });

  it('resumes after a cut without a gap and without a repetition', async () => {
    const buyer = await aBuyer();
    let after: string | undefined;
    const received: number[] = [];
    let step = 0;
    for (let cut = 0; cut < 10; cut += 1) {
      const stream = changed(how, buyer, { after });
      if (cut === 0) await stream.seen(1);
      for (let more = 0; more < 3; more += 1) await buyer.change((step += 1));
      await stream.seen((cut === 0 ? 1 : 0) + 1 + (cut % 3));
      stream.stop();
      const results = [...stream.results];
      after = cursor(results.at(-1));
      received.push(...steps(results).filter((one) => one !== null));
    }
    const last = changed(how, buyer, { after });
    await until(() => steps(last.results).at(-1) === step || step === received.at(-1));
    expect([...received, ...steps(last.results)]).toEqual(Array.from({ length: step }, (_, at) => at + 1));
  });

  it('77 refuses a cursor of somebody else, and one that was made up', async () => {
    const [buyer, other] = [await aBuyer(), await aBuyer()];
    const theirs = changed(how, other);
    const after = cursor((await theirs.seen(1))[0]);
    for (const bad of [after, 'made-up', 'x'.repeat(5_000)]) {
      const stream = changed(how, buyer, { after: bad });
      const end = await stream.ended();
      const code = errorCode(end) ?? stream.results[0].errors[0].extensions.code;
      expect(code).toBe('BAD_USER_INPUT');
    }
  });

  it('76 runs queries and mutations too, with the same limits', async () => {
    const { token, userId } = await aBuyer();
    const query = listen(how, test, { query: '{ whoami warehouses }' }, token);
    expect(await query.ended()).toEqual({ kind: 'complete' });
    expect(query.results).toEqual([{ data: { whoami: [userId, 'BUYER'], warehouses: 2 } }]);
    const mutation = listen(how, test, { query: 'mutation { orderPlace }' }, token);
    await mutation.ended();
    expect(mutation.results).toEqual([{ data: { orderPlace: true } }]);
    const aliases = Array.from({ length: 31 }, (_, at) => `a${at}: warehouses`).join(' ');
    for (const [bad, code] of [
      [`{ ${aliases} }`, 'OPERATION_TOO_COMPLEX'],
      ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
      ['{', 'GRAPHQL_PARSE_FAILED'],
      ['subscription { visits(id: "1") orderStatusChanged(orderId: "1") { kind } }', 'GRAPHQL_VALIDATION_FAILED'],
      ['subscription { _entities }', 'GRAPHQL_VALIDATION_FAILED'],
    ] as const) {
      const stream = listen(how, test, { query: bad }, token);
      const end = await stream.ended();
      expect(errorCode(end) ?? stream.results[0].errors[0].extensions.code).toBe(code);
    }
  });

  it('74 ends when its token ends', async () => {
    // Within the tolerance for clocks, so that the token is taken and ends a moment later.
    const buyer = await aBuyer({ lifetimeS: 2 });
    const stream = changed(how, buyer);
    await stream.seen(1);
    const end = await stream.ended();
    if (how === overWebSocket) expect(end.error).toMatchObject({ code: 4403, reason: 'Access token expired' });
    else expect(stream.results.at(-1).errors[0].extensions.code).toBe('UNAUTHENTICATED');
  });

  it('74 ends when its session is revoked elsewhere, and no other', async () => {
    const [buyer, other] = [await aBuyer(), await aBuyer()];
    const [stream, kept] = [changed(how, buyer), changed(how, other)];
    await Promise.all([stream.seen(1), kept.seen(1)]);
    const { userId, sessionId } = buyer;
    await test.publish([], { userId, sessionId }, { domain: 'accounts', name: sessionRevoked.name, key: userId });
    const end = await stream.ended();
    if (how === overWebSocket) expect(end.error).toMatchObject({ code: 4403 });
    else expect(stream.results.at(-1).errors[0].extensions.code).toBe('UNAUTHENTICATED');
    await other.change(1);
    await kept.seen(2);
  });

  it('ends when access to what it watches is lost, without an event of it', async () => {
    const buyer = await aBuyer();
    const stream = changed(how, buyer);
    await stream.seen(1);
    test.shop.state.orders.set(buyer.orderId, { buyerId: 'somebody else', status: 'CONFIRMED' });
    await test.publish([], {}, { domain: 'accounts', name: principalChanged.name, key: buyer.userId });
    const end = await stream.ended();
    expect(errorCode(end) ?? stream.results.at(-1).errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  it('leaves nothing behind when the client goes', async () => {
    const buyer = await aBuyer();
    const stream = changed(how, buyer);
    await stream.seen(1);
    stream.stop();
    const left = await until(() => {
      const { groups, subscribers, sockets, streams } = test.gateway.counts();
      return groups + subscribers + sockets + streams === 0 && { groups, subscribers };
    });
    expect(left).toEqual({ groups: 0, subscribers: 0 });
  });
});

describe('identical subscriptions', () => {
  it('of both transports share one plan run per event', async () => {
    const buyer = await aBuyer();
    const streams = Array.from({ length: 20 }, (_, at) => changed(at % 2 ? overWebSocket : overEventStream, buyer));
    await Promise.all(streams.map((stream) => stream.seen(1)));
    const before = test.gateway.counts();
    expect(before).toMatchObject({ groups: 1, subscribers: 20 });
    await buyer.change(1);
    await buyer.change(2);
    await Promise.all(streams.map((stream) => stream.seen(3)));
    expect(test.gateway.counts().runs - before.runs).toBe(2);
    expect(new Set(streams.map(({ results }) => JSON.stringify(results.slice(1)))).size).toBe(1);
  });

  it('of two gateways see an event caused through either, G9', async () => {
    const second = await another({ shop: test.shop, signer: test.signer });
    const buyer = await aBuyer();
    const [here, there] = [changed(overWebSocket, buyer), changed(overWebSocket, buyer, { at: second })];
    await Promise.all([here.seen(1), there.seen(1)]);
    await buyer.change(1);
    expect(steps(await here.seen(2))).toEqual([null, 1]);
    expect(steps(await there.seen(2))).toEqual([null, 1]);
    const moved = changed(overEventStream, buyer, { at: second, after: cursor(here.results[0]) });
    expect(steps(await moved.seen(1))).toEqual([1]);
  });
});

describe('the socket protocol', () => {
  const subscribe = (id: string, payload: unknown = { query: '{ warehouses }' }) => ({
    id,
    type: 'subscribe',
    payload,
  });

  it.each<[string, unknown[], number]>([
    ['a subscription before it is initialised', [subscribe('1')], 4401],
    ['junk', ['{"type":'], 4400],
    ['a message of no type', [{ hello: 1 }], 4400],
    ['a message only servers send', [{ type: 'connection_ack' }], 4400],
    ['two initialisations', [{ type: 'connection_init' }, { type: 'connection_init' }], 4429],
    ['a bad token', [{ type: 'connection_init', payload: { authorization: 'Bearer x.y.z' } }], 4403],
    ['too long a message', ['x'.repeat(300 * 1024)], 1009],
  ])('71 72 74 closes after %s', async (_, messages, code) => {
    const socket = await socketOf();
    for (const message of messages) socket.send(message);
    expect((await socket.closed()).code).toBe(code);
  });

  it('71 closes after a binary message, and after an id that is in use', async () => {
    const binary = await socketOf();
    binary.socket.send(Buffer.from([1, 2, 3]));
    expect((await binary.closed()).code).toBe(4400);
    const { orderId, token } = await aBuyer();
    const twice = await initialised(token);
    const payload = { query: CHANGED, variables: { id: orderId } };
    twice.send(subscribe('same', payload));
    await twice.message('next', 'same');
    twice.send(subscribe('same', payload));
    expect(await twice.closed()).toEqual({ code: 4409, reason: 'Subscriber for same already exists' });
  });

  it('70 71 accepts no other subprotocol, path or origin', async () => {
    const old = await socketOf(test, { protocol: 'graphql-ws' }).catch((error: unknown) => error);
    if (old instanceof Error) expect(old.message).toMatch(/subprotocol/i);
    else expect((await (old as RawSocket).closed()).code).toBe(4406);
    const elsewhere = test.socketUrl.replace('/graphql', '/other');
    await expect(rawSocket(elsewhere)).rejects.toThrow('404');
    await expect(rawSocket(test.socketUrl, { headers: { origin: 'https://evil.example' } })).rejects.toThrow('403');
    await socketOf(test, { headers: { origin: test.url } });
  });

  it('71 73 closes who does not initialise in time, and who writes without end', async () => {
    const impatient = await another({
      config: { sockets: { ...defaultSocketLimits, initTimeoutMs: 50, maxMessages: 20 } },
    });
    expect((await (await socketOf(impatient)).closed()).code).toBe(4408);
    const chatty = await initialised(undefined, impatient);
    for (let at = 0; at < 25; at += 1) chatty.send({ type: 'ping' });
    expect((await chatty.closed()).code).toBe(1008);
  });

  it('73 limits operations per socket, and frees their places', async () => {
    const strict = await another({ config: { sockets: { ...defaultSocketLimits, operationsPerSocket: 2 } } });
    const buyer = await aBuyer({ at: strict });
    const socket = await initialised(buyer.token, strict);
    const payload = { query: CHANGED, variables: { id: buyer.orderId } };
    socket.send(subscribe('a', payload));
    socket.send(subscribe('b', payload));
    socket.send(subscribe('c', payload));
    expect((await socket.message('error', 'c')).payload[0].extensions.code).toBe('RATE_LIMITED');
    await socket.message('next', 'a');
    socket.send({ id: 'a', type: 'complete' });
    socket.send(subscribe('d', payload));
    await socket.message('next', 'd');
    expect(strict.gateway.counts().subscribers).toBe(2);
  });

  it('73 closes a client that does not read, with 4410, and not the others', async () => {
    const small = await another({ config: { sockets: { ...defaultSocketLimits, maxUnsentBytes: 64 * 1024 } } });
    const [lazy, eager] = [await aBuyer({ at: small }), await aBuyer({ at: small })];
    const socket = await initialised(lazy.token, small);
    const wide = Array.from({ length: 29 }, (_, at) => `a${at}: status`).join(' ');
    const query = `subscription($id: ID!) { orderStatusChanged(orderId: $id) { cursor order { ${wide} } } }`;
    small.shop.state.orders.set(lazy.orderId, { buyerId: lazy.userId, status: 'S'.repeat(10_000) });
    socket.send(subscribe('1', { query, variables: { id: lazy.orderId } }));
    await socket.message('next', '1');
    const watched = changed(overWebSocket, eager, { at: small });
    await watched.seen(1);
    socket.socket.pause();
    for (let step = 0; step < 60; step += 1) await lazy.change(step);
    await until(() => small.gateway.counts().sockets === 1, { what: 'the slow client gone' });
    await eager.change(1);
    expect(steps(await watched.seen(2))).toEqual([null, 1]);
    socket.socket.resume();
    expect((await socket.closed()).code).toBeOneOf([4410, 1006]);
  });
});

describe('an event stream', () => {
  it('is refused with a status where it cannot begin', async () => {
    const stream = (init: RequestInit, search = '') => fetch(`${test.url}/graphql/stream${search}`, init);
    const json = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query: '{ warehouses }' });
    const bad = { ...json, accept: 'text/event-stream', authorization: 'Bearer nope' };
    expect((await stream({ method: 'POST', headers: bad, body })).status).toBe(401);
    expect((await stream({ method: 'POST', headers: { ...json, accept: 'text/html' }, body })).status).toBe(406);
    expect((await stream({ method: 'DELETE' })).status).toBe(405);
    expect((await stream({ method: 'POST', headers: { ...json }, body: '[]' })).status).toBe(400);
    expect((await stream({}, `?${new URLSearchParams({ query: 'mutation { orderPlace }' })}`)).status).toBe(405);
    const answer = await stream(
      { headers: { accept: 'text/event-stream' } },
      `?${new URLSearchParams({ query: '{ warehouses }' })}`,
    );
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(await answer.text()).toBe(':\n\nevent: next\ndata: {"data":{"warehouses":2}}\n\nevent: complete\ndata:\n\n');
  });
});

describe('stopping', () => {
  it('is not ready first, ends what is in progress, and sends everybody away in order', async () => {
    const shop = toyShop();
    const going = await startTestGateway({
      redisUrl: stores.redis.gateway,
      shop,
      config: { timeouts: { ...defaultTimeouts, fetchMs: 700 } },
    });
    try {
      const buyer = await aBuyer({ at: going });
      const [ws, sse] = [changed(overWebSocket, buyer, { at: going }), changed(overEventStream, buyer, { at: going })];
      await Promise.all([ws.seen(1), sse.seen(1)]);
      shop.state.hanging.add('inventory');
      const inProgress = going.post({ query: '{ warehouses }' });
      await until(() =>
        shop.state.requests.some(({ subgraph, viewer }) => subgraph === 'inventory' && viewer.kind === 'anonymous'),
      );
      const stopped = going.gateway.stop();
      expect(await ws.ended()).toMatchObject({ error: { code: 1001 } });
      // Not complete: the client is to come back.
      expect((await sse.ended()).error.message).toBe('Connection closed while having active streams');
      expect((await inProgress).body.errors[0].extensions.code).toBe('SUBGRAPH_TIMEOUT');
      await stopped;
      await expect(fetch(`${going.url}/health`)).rejects.toThrow('fetch failed');
      expect(going.gateway.counts()).toMatchObject({ subscribers: 0, sockets: 0, streams: 0 });
    } finally {
      await going.stop();
    }
  });
});
