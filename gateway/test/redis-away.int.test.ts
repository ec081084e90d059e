import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testIds, until } from '@marketgraph/platform/testing';
import { type RunningRedis, startRedis } from '@marketgraph/stores';
import { TEST_CACHE_DIR } from '@marketgraph/stores/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultRates } from '../src/config.ts';
import { type Listener, overWebSocket } from './support/live-clients.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const CHANGED = `subscription Changed($id: ID!, $after: String) {
  orderStatusChanged(orderId: $id, after: $after) { cursor kind step }
}`;
const quiet = { info: () => undefined, warn: () => undefined };

const ids = testIds();
const [userId, orderId] = [ids.next('usr'), ids.next('ord')];
const topic = `orderStatusChanged:${orderId}`;
let dataDir: string;
let redis: RunningRedis;
let test: TestGateway;
let token: string;
const listeners: Listener[] = [];

/** The same server on the same port, with what was on its disk. */
async function serve(durable: boolean, port = 0): Promise<RunningRedis> {
  const users = [{ name: 'gateway', password: 'test', reads: ['accounts:revoked:*'] }];
  const acl = { adminPassword: 'admin', users };
  return startRedis({ dataDir, cacheDir: TEST_CACHE_DIR, port, durable, acl, log: quiet as never });
}

async function restart(durable: boolean): Promise<void> {
  const { port } = redis;
  await redis.stop();
  redis = await serve(durable, port);
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-redis-away-'));
});
afterEach(async () => {
  for (const listener of listeners.splice(0)) listener.stop();
  await test?.stop();
  await redis?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function begin(durable: boolean): Promise<Listener> {
  redis = await serve(durable);
  test = await startTestGateway({ redisUrl: redis.urlFor('gateway') });
  test.shop.state.orders.set(orderId, { buyerId: userId, status: 'CONFIRMED' });
  token = await test.signer.token({ userId });
  const stream = listen();
  await stream.seen(1);
  return stream;
}

function listen(after?: string): Listener {
  const listener = overWebSocket(test, { query: CHANGED, variables: { id: orderId, after } }, token);
  listeners.push(listener);
  return listener;
}

const events = (stream: Listener) => stream.results.map(({ data }) => data.orderStatusChanged);
const stepsOf = (stream: Listener) => events(stream).map(({ step }) => step);

describe('Redis away', () => {
  it('pauses streams and closes sign-in; reads go on; streams go on where they were', async () => {
    const stream = await begin(true);
    await test.publish([topic], { step: 1 });
    await stream.seen(2);
    const { port } = redis;
    await redis.stop();

    const headers = { authorization: `Bearer ${token}` };
    const query = await test.post({ query: `{ whoami order(id: "${orderId}") { status } }` }, headers);
    expect([query.status, query.body.data.order]).toEqual([200, { status: 'CONFIRMED' }]);
    const login = await test.post({ query: 'mutation { login(input: { email: "a@demo.example" }) }' });
    expect([login.status, login.body.errors[0].extensions.code]).toEqual([503, 'SUBGRAPH_UNAVAILABLE']);
    expect(login.headers.get('retry-after')).toBe('5');
    expect(test.shop.state.logins).toBe(0);
    const ready = await fetch(`${test.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false, missing: ['redis'] }]);

    redis = await serve(true, port);
    await test.publish([topic], { step: 2 });
    await stream.seen(3);
    expect(stepsOf(stream)).toEqual([null, 1, 2]);
    await until(async () => (await fetch(`${test.url}/ready`)).status === 200);
    const signedIn = await test.post({ query: 'mutation { login(input: { email: "a@demo.example" }) }' });
    expect(signedIn.body.data).toEqual({ login: true });
    const resumed = listen(events(stream)[1].cursor as string);
    await resumed.seen(1);
    expect(stepsOf(resumed)).toEqual([2]);
  });

  it('G3 lets requests through that cannot be counted, and counts again when it is back', async () => {
    redis = await serve(true);
    const rates = { ...defaultRates, requestsPerAddress: 20 };
    test = await startTestGateway({ redisUrl: redis.urlFor('gateway'), config: { trustedProxies: 1, rates } });
    const answered = async (address: string) => {
      const statuses: number[] = [];
      for (let at = 0; at < 40; at += 1) {
        const { status } = await test.post({ query: '{ warehouses }' }, { 'x-forwarded-for': address });
        statuses.push(status);
      }
      return statuses.filter((status) => status === 200).length;
    };
    expect(await answered('198.51.100.1')).toBe(20);
    const { port } = redis;
    await redis.stop();
    expect(await answered('198.51.100.2')).toBe(40);
    redis = await serve(true, port);
    await until(async () => (await fetch(`${test.url}/ready`)).status === 200);
    let visitor = 2;
    await until(async () => (await answered(`198.51.100.${(visitor += 1)}`)) === 20, { what: 'counting again' });
  });

  it('and its data lost: what is published again is not repeated, new events come, old cursors say so', async () => {
    const stream = await begin(false);
    await test.publish([topic], { step: 1 }, { eventId: 'evt_published_twice' });
    await stream.seen(2);
    await restart(false);
    await test.publish([topic], { step: 1 }, { eventId: 'evt_published_twice' });
    await test.publish([topic], { step: 2 });
    await stream.seen(3);
    expect(stepsOf(stream)).toEqual([null, 1, 2]);
    const resumed = listen(events(stream)[1].cursor as string);
    const end = await resumed.ended();
    expect(end.error[0].extensions.code).toBe('CURSOR_EXPIRED');
  });

  it('survives restarts under way without a gap', async () => {
    const stream = await begin(true);
    for (let step = 1; step <= 10; step += 1) {
      await test.publish([topic], { step });
      if (step % 3 === 0) await restart(true);
    }
    await stream.seen(11);
    expect(stepsOf(stream)).toEqual([null, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
