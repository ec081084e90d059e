import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { silentLog as log, testIds, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Listen, type Listener, overEventStream, overMultipart, overWebSocket } from './support/live-clients.ts';
import { asProcesses } from './support/toy-processes.ts';
import { startTestGateway, type Json, type TestGateway } from './support/test-gateway.ts';
import { testSigner } from './support/tokens.ts';
import { toyShop } from './support/toy-shop.ts';

const CHANGED = `subscription Changed($id: ID!, $after: String) {
  orderStatusChanged(orderId: $id, after: $after) { cursor step order { status unitsLeft } }
}`;
const transports: readonly Listen[] = [overWebSocket, overEventStream, overMultipart];

const ids = testIds();
let stores: Stores;
let bus: EventBus;
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  bus = await createRedisBus({ url: stores.redis.gateway, log });
});
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});
afterAll(async () => {
  await bus?.close();
  await stores?.stop();
});

/** An order whose changes are published whether or not any gateway is there. */
function anOrder() {
  const [userId, orderId] = [ids.next('usr'), ids.next('ord')];
  let step = 0;
  const change = async (): Promise<void> => {
    step += 1;
    const topics = [`orderStatusChanged:${orderId}`];
    const at = { version: 1, occurredAt: new Date().toISOString(), key: orderId, sequence: step, topics };
    await bus.publish('orders', [{ id: ids.next('evt'), name: 'orders.changed', ...at, payload: { step } }]);
  };
  return { userId, orderId, change, steps: () => step };
}

async function gatewayOf(options: Partial<Parameters<typeof startTestGateway>[0]> = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ redisUrl: stores.redis.gateway, ...options });
  stops.push(() => gateway.stop());
  return gateway;
}

function listen(how: Listen, ...request: Parameters<Listen>): Listener {
  const listener = how(...request);
  stops.push(() => listener.stop());
  return listener;
}
const stepsOf = (results: readonly Json[]): (number | null)[] =>
  results.map(({ data }) => data.orderStatusChanged.step);
const cursorOf = (results: readonly Json[]): string => results.at(-1).data.orderStatusChanged.cursor;
const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1);

describe('a client that comes back with its cursor', () => {
  it('R28 has all of over 2,000 events, in order and none twice, after 40 cuts and 4 restarts of the gateway', async () => {
    const [eventsPerCut, cuts, cutsPerRestart, ahead] = [50, 40, 8, 75];
    const events = eventsPerCut * cuts + ahead;
    const [shop, signer] = [toyShop(), await testSigner()];
    const order = anOrder();
    shop.state.orders.set(order.orderId, { buyerId: order.userId, status: 'CONFIRMED' });
    const token = await signer.token({ userId: order.userId });
    let gateway = await gatewayOf({ shop, signer });
    const snapshot = listen(overWebSocket, gateway, { query: CHANGED, variables: { id: order.orderId } }, token);
    let after = cursorOf(await snapshot.seen(1));
    snapshot.stop();
    const received: (number | null)[] = [];

    // Always some ahead of the next cut, and of the last too, so that every cut falls among events.
    let cut = 0;
    let isOver = false;
    const mayGoOn = () => isOver || order.steps() < (cut + 1) * eventsPerCut + ahead;
    const publishing = (async () => {
      while (order.steps() < events && !isOver) {
        if (mayGoOn()) await order.change();
        else await until(mayGoOn, { timeoutMs: 30_000, intervalMs: 1 });
      }
    })();
    stops.push(() => (isOver = true));

    for (; cut < cuts; cut += 1) {
      const variables = { id: order.orderId, after };
      const stream = listen(transports[cut % transports.length]!, gateway, { query: CHANGED, variables }, token);
      await stream.seen(Math.max((cut + 1) * eventsPerCut - 15 + ((cut * 7) % 20) - received.length, 1));
      expect(stream.end).toBeUndefined();
      stream.stop();
      const results = [...stream.results];
      received.push(...stepsOf(results));
      after = cursorOf(results);
      if (cut % cutsPerRestart === cutsPerRestart - 1 && cut < cuts - 1) {
        await gateway.stop();
        gateway = await gatewayOf({ shop, signer });
      }
    }
    await publishing;
    const last = listen(overWebSocket, gateway, { query: CHANGED, variables: { id: order.orderId, after } }, token);
    await until(() => received.length + last.results.length >= events, { what: 'the last event' });
    expect([...received, ...stepsOf(last.results)]).toEqual(upTo(events));
  });
});

describe('streams that stay open', () => {
  /** One of each transport, with its snapshot. */
  async function allThree(gateway: TestGateway, order: ReturnType<typeof anOrder>, token: string) {
    const request = { query: CHANGED, variables: { id: order.orderId } };
    const streams = transports.map((how) => listen(how, gateway, request, token));
    await Promise.all(streams.map((stream) => stream.seen(1)));
    return streams;
  }
  const seenByAll = async (streams: readonly Listener[], last: number) => {
    for (const stream of streams) {
      await until(() => stepsOf(stream.results).at(-1) === last || stream.end, { timeoutMs: 30_000, what: `${last}` });
      expect([stepsOf(stream.results), stream.end]).toEqual([[null, ...upTo(last)], undefined]);
    }
  };

  it('lose nothing while a subgraph is away for a while, as a process of its own', async () => {
    const [shop, signer] = [toyShop(), await testSigner()];
    const processes = await asProcesses(shop.subgraphs);
    stops.push(() => processes.stop());
    const gateway = await gatewayOf({ shop, signer, transport: processes.transport });
    const order = anOrder();
    shop.state.orders.set(order.orderId, { buyerId: order.userId, status: 'CONFIRMED' });
    const streams = await allThree(gateway, order, await signer.token({ userId: order.userId }));

    await order.change();
    await seenByAll(streams, 1);
    // The owner of the field: its events wait for it.
    await processes.take('orders');
    for (let more = 0; more < 5; more += 1) await order.change();
    await until(() => gateway.gateway.counts().failed >= 2, { what: 'events that could not be run' });
    await processes.bring('orders');
    await seenByAll(streams, 6);
    // Another subgraph: only its fields are missing meanwhile.
    await processes.take('inventory');
    await order.change();
    await seenByAll(streams, 7);
    await processes.bring('inventory');
    await until(() => gateway.gateway.counts().circuits['inventory'] !== 'open', { timeoutMs: 30_000 });
    await order.change();
    await seenByAll(streams, 8);
    for (const { results } of streams) {
      expect(results[7].data.orderStatusChanged.order.unitsLeft).toBeNull();
      expect(results[7].errors[0]).toMatchObject({
        path: ['orderStatusChanged', 'order'],
        extensions: { code: 'SUBGRAPH_UNAVAILABLE', service: 'inventory' },
      });
    }
  });

  it('go on without gap or repetition when the supergraph changes, or end when they are no longer in it', async () => {
    const [shop, signer] = [toyShop(), await testSigner()];
    const gateway = await gatewayOf({ shop, signer });
    const order = anOrder();
    shop.state.orders.set(order.orderId, { buyerId: order.userId, status: 'CONFIRMED' });
    const streams = await allThree(gateway, order, await signer.token({ userId: order.userId }));
    const visits = transports.map((how) => listen(how, gateway, { query: 'subscription { visits(id: "v1") }' }));
    await Promise.all(visits.map((stream) => stream.seen(1)));

    const withoutVisits = shop.supergraphSdl.replace(/^ {2}visits\(.*\n/m, '');
    expect(withoutVisits).not.toBe(shop.supergraphSdl);
    const publishing = (async () => {
      for (let more = 0; more < 200; more += 1) await order.change();
    })();
    await until(() => streams[0]!.results.length > 20);
    await gateway.gateway.reload(withoutVisits);
    await publishing;
    await seenByAll(streams, 200);
    const [socket, events, parts] = await Promise.all(visits.map((stream) => stream.ended()));
    expect(socket.error[0].extensions.code).toBe('BAD_REQUEST');
    for (const [at, end] of [[1, events] as const, [2, parts] as const]) {
      expect(end).toEqual({ kind: 'complete' });
      expect(visits[at]!.results.at(-1).errors[0].extensions.code).toBe('BAD_REQUEST');
    }
    const again = listen(overMultipart, gateway, { query: 'subscription { visits(id: "v1") }' });
    expect((await again.ended()).error[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });
});
