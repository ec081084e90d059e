import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { residentBytes, testIds, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { defaultSocketLimits } from '../src/config.ts';
import { type Listener, overEventStream, overWebSocket, type RawSocket, rawSocket } from './support/live-clients.ts';
import { type Json, startTestGateway, type TestGateway } from './support/test-gateway.ts';

const HAPPENED = 'subscription($id: ID!) { happened(id: $id) { step ... on Remark { text } } }';
const MIB = 1024 * 1024;
/** The system keeps some 4 MiB for each connection; with these they are filled soon. */
const VERY_LONG = 'x'.repeat(100_000);

const ids = testIds();
let stores: Stores;
let test: TestGateway;
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});
afterAll(async () => {
  await stores?.stop();
});

async function gatewayWith(sockets: Partial<typeof defaultSocketLimits>): Promise<void> {
  test = await startTestGateway({
    redisUrl: stores.redis.gateway,
    config: { sockets: { ...defaultSocketLimits, ...sockets } },
  });
  stops.push(() => test.stop());
}

/** A client that reads for now. */
async function aSocket(query: string, variables: object): Promise<RawSocket> {
  const client = await rawSocket(test.socketUrl);
  stops.push(() => client.socket.terminate());
  client.send({ type: 'connection_init' });
  await client.message('connection_ack');
  client.send({ id: '1', type: 'subscribe', payload: { query, variables } });
  await client.message('next', '1');
  return client;
}

async function notReading(query: string, variables: object): Promise<RawSocket> {
  const client = await aSocket(query, variables);
  client.socket.pause();
  return client;
}

function reading(how: typeof overWebSocket, query: string, variables: Record<string, unknown>): Listener {
  const listener = how(test, { query, variables });
  stops.push(() => listener.stop());
  return listener;
}
const tell = (topic: string, step: number, text: string) => test.publish([topic], { step, text }, { domain: 'feeds' });
const stepsOf = (results: readonly Json[]) => results.map(({ data }) => data.happened.step);
const upTo = (last: number) => Array.from({ length: last + 1 }, (_, at) => at);

it('R29 200 sockets that never read cost less than 100 MiB, and others get everything', async () => {
  // Nothing but the limit of each is to close them.
  await gatewayWith({ maxUnsentBytesInAll: 1024 * MIB });
  const id = ids.next('fed');
  const readers = [overWebSocket, overEventStream].map((how) => reading(how, HAPPENED, { id }));
  await Promise.all(readers.map((reader) => reader.seen(1)));
  const slow = await Promise.all(Array.from({ length: 200 }, () => aSocket(HAPPENED, { id })));
  expect(test.gateway.counts()).toMatchObject({ groups: 1, subscribers: 202 });

  let step = 0;
  const tellAll = async () => {
    await tell(`happened:${id}`, (step += 1), VERY_LONG);
    await until(() => stepsOf(readers[0]!.results).at(-1) === step);
  };
  // What sending costs for a moment is the same for those who read.
  while (step < 8) await tellAll();
  for (const { socket } of slow) socket.pause();
  const before = residentBytes();
  let mostMemory = 0;
  let mostUnsent = 0;
  while (test.gateway.counts().subscribers > readers.length) {
    await tellAll();
    const { unsentBytes } = test.gateway.counts();
    if (unsentBytes > mostUnsent) mostMemory = Math.max(mostMemory, residentBytes() - before);
    mostUnsent = Math.max(mostUnsent, unsentBytes);
    expect(step).toBeLessThan(500);
  }
  // Each had up to 1 MiB before it, of results that all of them share. Not all at once: the system takes more for some.
  expect(mostUnsent).toBeGreaterThan(110 * MIB);
  expect(mostMemory).toBeLessThan(100 * MIB);
  for (const reader of readers) {
    await reader.seen(step + 1);
    expect([stepsOf(reader.results), reader.end]).toEqual([upTo(step), undefined]);
  }
  await until(() => test.gateway.counts().unsentBytes === 0 && test.gateway.counts().sockets === 1);
});

it.each([
  ['socket', 4410],
  ['event stream', 'SLOW_CONSUMER'],
] as const)('R29 a client on a slow %s is told why it is closed when it reads again: %s', async (kind, reason) => {
  await gatewayWith({});
  const id = ids.next('fed');
  const told = kind === 'socket' ? await slowSocket(id) : await slowEventStream(id);
  for (let step = 1; test.gateway.counts().subscribers > 0; step += 1) {
    await tell(`happened:${id}`, step, VERY_LONG);
    expect(step).toBeLessThan(500);
  }
  expect(await told()).toBe(reason);
});

async function slowSocket(id: string): Promise<() => Promise<unknown>> {
  const client = await notReading(HAPPENED, { id });
  return async () => {
    client.socket.resume();
    return (await client.closed()).code;
  };
}

async function slowEventStream(id: string): Promise<() => Promise<unknown>> {
  const search = new URLSearchParams({ query: HAPPENED, variables: JSON.stringify({ id }) });
  const request = get(`${test.url}/graphql/stream?${search}`, { headers: { accept: 'text/event-stream' } });
  stops.push(() => request.destroy());
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await until(() => test.gateway.counts().subscribers === 1);
  return async () => {
    const events = (await response.setEncoding('utf8').toArray()).join('').split('\n\n');
    expect(events.slice(-2)).toEqual(['event: complete\ndata:', '']);
    return JSON.parse(events.at(-3)!.replace('event: next\ndata: ', '')).errors[0].extensions.code;
  };
}

it('R29 what all slow clients together have not read is bounded too, whatever each may have', async () => {
  const limit = 4 * MIB;
  await gatewayWith({ maxUnsentBytesInAll: limit });
  const own = Array.from({ length: 20 }, () => ids.next('fed'));
  const reader = reading(overWebSocket, HAPPENED, { id: ids.next('fed') });
  await reader.seen(1);
  await Promise.all(own.map((id) => notReading(HAPPENED, { id })));

  let most = 0;
  for (let step = 1; test.gateway.counts().subscribers > 8; step += 1) {
    for (const id of own) await tell(`happened:${id}`, step, VERY_LONG);
    most = Math.max(most, test.gateway.counts().unsentBytes);
    expect(step).toBeLessThan(2_000);
  }
  // Far more than what the process may keep, and far less than what each may.
  expect(most).toBeGreaterThan(limit / 2);
  expect(most).toBeLessThanOrEqual(limit + 2 * VERY_LONG.length);
  expect(reader.end).toBeUndefined();
});

it('R29 a slow client of a stream of states stays, and gets the latest of each', async () => {
  await gatewayWith({});
  const gauges = Array.from({ length: 3 }, () => ids.next('gau'));
  const query = 'subscription($ids: [ID!]!) { gauges(ids: $ids) { id step text } }';
  const reader = reading(overWebSocket, 'subscription($ids: [ID!]!) { gauges(ids: $ids) { step } }', { ids: gauges });
  await reader.seen(gauges.length);
  const slow = await notReading(query, { ids: gauges });
  await slow.message('next', '1');

  const rounds = 150;
  for (let step = 1; step <= rounds; step += 1) {
    await Promise.all(gauges.map((id) => tell(`gauges:${id}`, step, VERY_LONG)));
    await until(() => reader.results.at(-1).data.gauges.step === step);
  }
  const { subscribers, unsentBytes } = test.gateway.counts();
  expect(subscribers).toBe(2);
  expect(unsentBytes).toBeLessThan(MIB / 4);
  slow.socket.resume();
  const latest = () => {
    const told = slow.messages.filter(({ type }) => type === 'next').map(({ payload }) => payload.data.gauges);
    return new Map<string, number>(told.map(({ id, step }) => [id, step]));
  };
  await until(() => gauges.every((id) => latest().get(id) === rounds), { what: 'the latest of each' });
  expect(slow.messages.length).toBeLessThan(rounds * gauges.length);
  expect(slow.socket.readyState).toBe(slow.socket.OPEN);
});
