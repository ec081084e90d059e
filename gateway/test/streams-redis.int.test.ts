import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeRedis, connectRedis } from '@marketgraph/platform/redis';
import { silentLog as log, testIds, until } from '@marketgraph/platform/testing';
import { type RunningRedis, startRedis } from '@marketgraph/stores';
import { TEST_CACHE_DIR } from '@marketgraph/stores/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Listener, overEventStream, overMultipart, overWebSocket } from './support/live-clients.ts';
import { startTestGateway, type Json, type TestGateway } from './support/test-gateway.ts';

const query = `subscription Changed($id: ID!, $after: String) {
  orderStatusChanged(orderId: $id, after: $after) { cursor step }
}`;
const quiet = { info: () => undefined, warn: () => undefined };

const ids = testIds();
const [userId, orderId] = [ids.next('usr'), ids.next('ord')];
let dataDir: string;
let redis: RunningRedis;
let test: TestGateway;
let token: string;
const listeners: Listener[] = [];

async function serve(port = 0): Promise<RunningRedis> {
  const users = [{ name: 'gateway', password: 'test', reads: ['accounts:revoked:*'] }];
  return startRedis({ dataDir, cacheDir: TEST_CACHE_DIR, port, acl: { adminPassword: 'admin', users }, log: quiet });
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'marketgraph-streams-redis-'));
  redis = await serve();
  test = await startTestGateway({ redisUrl: redis.urlFor('gateway') });
  test.shop.state.orders.set(orderId, { buyerId: userId, status: 'CONFIRMED' });
  token = await test.signer.token({ userId });
});
afterEach(async () => {
  for (const listener of listeners.splice(0)) listener.stop();
  await test?.stop();
  await redis?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function allThree(): Promise<Listener[]> {
  const streams = [overWebSocket, overEventStream, overMultipart].map((how) =>
    how(test, { query, variables: { id: orderId } }, token),
  );
  listeners.push(...streams);
  await Promise.all(streams.map((stream) => stream.seen(1)));
  return streams;
}
const change = (step: number) => test.publish([`orderStatusChanged:${orderId}`], { step });
const events = ({ results }: Listener): Json[] => results.map(({ data }) => data.orderStatusChanged);
const stepsOf = (stream: Listener) => events(stream).map(({ step }) => step);

it('a Redis that restarts with its data costs streams of all transports nothing', async () => {
  const streams = await allThree();
  for (let step = 1; step <= 6; step += 1) {
    await change(step);
    if (step % 2 === 0) continue;
    const { port } = redis;
    await redis.stop();
    redis = await serve(port);
  }
  for (const stream of streams) {
    await stream.seen(7);
    expect([stepsOf(stream), stream.end]).toEqual([[null, 1, 2, 3, 4, 5, 6], undefined]);
  }
});

it('a Redis that was flushed: streams go on with what happens next, and cursors of before say that they are too old', async () => {
  const streams = await allThree();
  await change(1);
  await Promise.all(streams.map((stream) => stream.seen(2)));
  const admin = await connectRedis(redis.url, { log, name: 'admin' });
  try {
    await admin.flushall();
  } finally {
    await closeRedis(admin);
  }
  await change(2);
  for (const stream of streams) {
    await stream.seen(3);
    expect([stepsOf(stream), stream.end]).toEqual([[null, 1, 2], undefined]);
  }
  const [before, behind] = [1, 2].map((at) => events(streams[0]!)[at].cursor as string);
  const old = overEventStream(test, { query, variables: { id: orderId, after: before } }, token);
  const good = overMultipart(test, { query, variables: { id: orderId, after: behind } }, token);
  listeners.push(old, good);
  await until(() => old.end);
  expect(old.results[0].errors[0].extensions.code).toBe('CURSOR_EXPIRED');
  await change(3);
  await good.seen(1);
  expect(stepsOf(good)).toEqual([3]);
});
