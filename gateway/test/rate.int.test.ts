import { inProcessTransport } from '@marketgraph/platform/serve';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { until } from '@marketgraph/platform/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type ListedOperation, sha256 } from '../src/persisted/manifest.ts';
import { defaultRates, type GatewayConfig } from '../src/config.ts';
import { defaultOperationLimits } from '../src/limits/operation-limits.ts';
import { type RawSocket, rawSocket } from './support/live-clients.ts';
import { type Json, startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { testSigner } from './support/tokens.ts';
import { toyShop } from './support/toy-shop.ts';

const PAGE = { query: 'query Page { orders(first: 50) { id } }' };
const VISITS = { query: 'subscription Visits { visits(id: "1") }' };
/** Known from the start: a text that is new costs more. */
const listedOperations: ListedOperation[] = [
  { id: sha256(PAGE.query), name: 'Page', type: 'query', body: PAGE.query },
  { id: sha256(VISITS.query), name: 'Visits', type: 'subscription', body: VISITS.query },
];

let stores: Stores;
const started: TestGateway[] = [];
let address = 0;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
});
afterEach(async () => {
  for (const gateway of started.splice(0)) await gateway.stop();
});
afterAll(async () => {
  await stores?.stop();
});

/** Gateways of one graph; each test has an address and users of its own, so that their counts do not meet. */
async function gateways(count: number, rates: Partial<GatewayConfig['rates']>, more: Partial<GatewayConfig> = {}) {
  const shop = toyShop();
  const signer = await testSigner();
  for (let at = 0; at < count; at += 1) {
    started.push(
      await startTestGateway({
        redisUrl: stores.redis.gateway,
        shop,
        signer,
        transport: inProcessTransport(shop.subgraphs),
        listedOperations,
        config: { trustedProxies: 1, rates: { ...defaultRates, ...rates }, ...more },
      }),
    );
  }
  address += 1;
  const from = { 'x-forwarded-for': `198.51.100.${address}` };
  const asUser = async (userId: string) => ({
    ...from,
    authorization: `Bearer ${await signer.token({ userId, sessionId: `session of ${userId}` })}`,
  });
  return { gateways: started.slice(-count), from, asUser, shop };
}

const codeOf = ({ body }: { body: Json }): string => body.errors?.[0]?.extensions.code ?? 'ok';
const user = (name: string) => `usr_01J000000000000000000${name.padStart(5, '0')}`;

const openSocket = (gateway: TestGateway, headers: Record<string, string>) => rawSocket(gateway.socketUrl, { headers });

async function init(socket: RawSocket, authorization: string): Promise<void> {
  socket.send({ type: 'connection_init', payload: { authorization } });
  await socket.message('connection_ack');
}

const subscribe = (socket: RawSocket, id: string, payload: unknown) => socket.send({ type: 'subscribe', id, payload });
/** The first thing an operation is told. */
const next = (socket: RawSocket, id: string): Promise<Json> =>
  until(() => socket.messages.find((message) => message.id === id), { what: `an answer to ${id}` });

describe('points', () => {
  it('G3 of a user are shared by two gateways, counted by cost, and come back with the next minute', async () => {
    const { gateways: both, asUser, shop } = await gateways(2, { pointsPerUser: 1_000 });
    const headers = await asUser(user('A'));
    let answered = 0;
    const refusals = [];
    for (let at = 0; at < 30; at += 1) {
      const answer = await both[at % 2]!.post(PAGE, headers);
      if (answer.status === 200) answered += 1;
      else refusals.push(answer);
    }
    expect(answered).toBe(20);
    for (const { status, headers: sent, body } of refusals) {
      expect(status).toBe(429);
      expect(codeOf({ body })).toBe('RATE_LIMITED');
      const seconds = Number(sent.get('retry-after'));
      expect(seconds).toBeGreaterThanOrEqual(1);
      expect(seconds).toBeLessThanOrEqual(60);
      expect(body.errors[0].extensions).toMatchObject({ retryAfterSeconds: seconds, retryable: true });
      expect([sent.get('ratelimit-limit'), sent.get('ratelimit-remaining')]).toEqual(['1000', '0']);
    }
    const asked = shop.state.requests.length;
    await both[0]!.post(PAGE, headers);
    expect(shop.state.requests.length).toBe(asked);
    expect((await both[0]!.post(PAGE, await asUser(user('B')))).status).toBe(200);
  });

  it('of anonymous callers are those of their address, as far as proxies are trusted, and smaller', async () => {
    const { gateways: one, from, asUser } = await gateways(1, { pointsPerAddress: 100, pointsPerUser: 10_000 });
    const [gateway] = one as [TestGateway];
    const spoofed = (first: string) => ({ 'x-forwarded-for': `${first}, ${from['x-forwarded-for']}` });
    expect((await gateway.post(PAGE, from)).status).toBe(200);
    expect((await gateway.post(PAGE, spoofed('192.0.2.1'))).status).toBe(200);
    expect((await gateway.post(PAGE, spoofed('192.0.2.2'))).status).toBe(429);
    expect((await gateway.post(PAGE, { 'x-forwarded-for': '198.51.100.250' })).status).toBe(200);
    expect((await gateway.post(PAGE, await asUser(user('C')))).status).toBe(200);
  });

  it('are more for a text that is new, and are spent on texts that are refused', async () => {
    const { gateways: one, asUser } = await gateways(1, { pointsPerUser: 1_300 });
    const [gateway] = one as [TestGateway];
    const headers = await asUser(user('N'));
    const aNew = (at: number) => gateway.post({ query: `{ new${at}: warehouses }` }, headers);
    expect([(await aNew(1)).status, (await aNew(1)).status, (await aNew(2)).status]).toEqual([200, 200, 200]);
    expect((await aNew(3)).status).toBe(429);
    const codes = [];
    for (let at = 0; at < 4; at += 1) codes.push(codeOf(await gateway.post({ query: `{ unknown${at} }` }, headers)));
    expect(codes).toEqual(['GRAPHQL_VALIDATION_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'RATE_LIMITED', 'RATE_LIMITED']);
    expect((await gateway.post(PAGE, headers)).status).toBe(200);
  });

  it('are spent over sockets and event streams too, where the refusal is an error of the operation', async () => {
    const { gateways: one, from, asUser } = await gateways(1, { pointsPerUser: 60 });
    const [gateway] = one as [TestGateway];
    const headers = await asUser(user('D'));
    const socket = await openSocket(gateway, from);
    await init(socket, headers.authorization);
    subscribe(socket, '1', PAGE);
    expect((await next(socket, '1')).type).toBe('next');
    subscribe(socket, '2', PAGE);
    expect(await next(socket, '2')).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'RATE_LIMITED' } }],
    });
    subscribe(socket, '3', VISITS);
    expect((await next(socket, '3')).type).toBe('next');
    socket.socket.close();
    const stream = await fetch(`${gateway.url}/graphql/stream`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(PAGE),
    });
    expect(await stream.text()).toContain('RATE_LIMITED');
  });
});

describe('the cost of an operation', () => {
  it('is told to who asks for it, and to who asks for too much', async () => {
    const { gateways: one } = await gateways(1, {});
    const [gateway] = one as [TestGateway];
    const told = await gateway.post(PAGE, { 'x-graphql-cost': '1' });
    expect([told.headers.get('x-graphql-cost'), Object.keys(told.body)]).toEqual(['50', ['data']]);
    expect((await gateway.post(PAGE)).headers.get('x-graphql-cost')).toBeNull();
    const query = `query($n: Int!) { ${Array.from({ length: 20 }, (_, at) => `o${at}: orders(first: $n) { buyer { id } unitsLeft }`).join(' ')} }`;
    const small = await startTestGateway({
      redisUrl: stores.redis.gateway,
      config: { limits: { ...defaultOperationLimits, maxCost: 3_999 } },
    });
    started.push(small);
    expect((await small.post({ query, variables: { n: 99 } })).status).toBe(200);
    const asked = small.shop.state.requests.length;
    const refused = await small.post({ query, variables: { n: 100 } });
    expect(refused.status).toBe(400);
    expect(refused.body.errors[0].extensions).toMatchObject({
      code: 'OPERATION_TOO_COMPLEX',
      cost: 4_000,
      maxCost: 3_999,
    });
    expect(small.shop.state.requests.length).toBe(asked);
  });
});

describe('requests of an address', () => {
  it('G3 are limited whatever they are, handshakes too; watching over the process is not', async () => {
    const { gateways: both, from } = await gateways(2, { requestsPerAddress: 40 });
    const statuses: number[] = [];
    const get = (at: number, path: string) => fetch(`${both[at % 2]!.url}${path}`, { headers: from });
    for (let at = 0; at < 20; at += 1) statuses.push((await get(at, '/nothing/here')).status);
    for (let at = 0; at < 30; at += 1) statuses.push((await both[at % 2]!.post('{broken', from)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    expect(new Set(statuses.slice(0, 40))).toEqual(new Set([404, 400]));
    const refused = await get(0, '/media/x.png');
    expect([refused.status, refused.headers.get('ratelimit-limit')]).toEqual([429, '40']);
    await expect(openSocket(both[0]!, from)).rejects.toThrow('429');
    for (let at = 0; at < 50; at += 1) expect((await get(at, '/health')).status).toBe(200);
  });
});

describe('places', () => {
  it('of sockets are limited by address and by user, and given back', async () => {
    const { gateways: one, from, asUser } = await gateways(1, { clientsPerAddress: 3, clientsPerUser: 2 });
    const [gateway] = one as [TestGateway];
    const { authorization } = await asUser(user('E'));
    const sockets = [await openSocket(gateway, from), await openSocket(gateway, from), await openSocket(gateway, from)];
    await expect(openSocket(gateway, from)).rejects.toThrow('429');
    await init(sockets[0]!, authorization);
    await init(sockets[1]!, authorization);
    sockets[2]!.send({ type: 'connection_init', payload: { authorization } });
    expect((await sockets[2]!.closed()).code).toBe(1013);
    sockets[0]!.socket.close();
    await vi.waitFor(async () => {
      const again = await openSocket(gateway, from);
      await init(again, authorization);
    });
  });

  it('of streams are limited by user', async () => {
    const { gateways: one, from, asUser } = await gateways(1, { clientsPerUser: 1 });
    const [gateway] = one as [TestGateway];
    const headers = await asUser(user('F'));
    const open = () =>
      fetch(`${gateway.url}/graphql/stream`, {
        method: 'POST',
        headers: { ...headers, ...from, 'content-type': 'application/json', accept: 'text/event-stream' },
        body: JSON.stringify(VISITS),
      });
    const first = await open();
    expect(first.status).toBe(200);
    expect((await open()).status).toBe(429);
    await first.body!.cancel();
    await vi.waitFor(async () => {
      const next = await open();
      await next.body!.cancel();
      expect(next.status).toBe(200);
    });
  });

  it('of subscriptions are limited by user, over all sockets, and given back when they end', async () => {
    const { gateways: one, from, asUser } = await gateways(1, { subscriptionsPerUser: 2 });
    const [gateway] = one as [TestGateway];
    const { authorization } = await asUser(user('G'));
    const [a, b] = [await openSocket(gateway, from), await openSocket(gateway, from)];
    await Promise.all([init(a, authorization), init(b, authorization)]);
    subscribe(a, '1', VISITS);
    subscribe(b, '1', VISITS);
    expect([(await next(a, '1')).type, (await next(b, '1')).type]).toEqual(['next', 'next']);
    subscribe(b, '2', VISITS);
    expect(await next(b, '2')).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'RATE_LIMITED' } }] });
    // One that is refused holds no place.
    subscribe(b, '3', { query: 'subscription { orderStatusChanged(orderId: "ord_x") { step } }' });
    expect((await next(b, '3')).type).toBe('error');
    a.send({ type: 'complete', id: '1' });
    await vi.waitFor(async () => {
      const id = `again ${Math.random()}`;
      subscribe(b, id, VISITS);
      expect((await next(b, id)).type).toBe('next');
    });
    a.socket.close();
    b.socket.close();
  });
});
