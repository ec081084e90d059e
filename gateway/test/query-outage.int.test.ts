import { createServer } from 'node:http';
import type { JSONWebKeySet } from 'jose';
import type { Subgraph } from '@marketgraph/platform/graphql';
import {
  generateServiceKey,
  httpTransport,
  internalTokenSigner,
  internalTokenVerifier,
  listen,
  type RunningServer,
  serveSubgraph,
} from '@marketgraph/platform/serve';
import { silentLog as log, until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { defaultTimeouts } from '../src/config.ts';
import { type Json, startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { toyShop, type ToyShop } from './support/toy-shop.ts';

const BUYER = 'usr_01J00000000000000000000001';
const ORDER = 'ord_01J00000000000000000000001';
const QUERY = `{ order(id: "${ORDER}") { status buyer { name } unitsLeft } }`;
const WHOLE = { order: { status: 'PAID', buyer: { name: '0001' }, unitsLeft: 30 } };

let stores: Stores;
let shop: ToyShop;
let gateway: TestGateway;
let servers: Map<string, RunningServer>;
let keys: { privateJwk: Json; publicJwk: Json };

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  keys = await generateServiceKey('gateway');
});
afterAll(async () => {
  await stores?.stop();
});
beforeEach(() => {
  servers = new Map();
});
afterEach(async () => {
  shop.state.hanging.clear();
  await gateway?.stop();
  for (const server of servers.values()) await server.stop();
});

/** A subgraph as a process has it: its own port, and nothing without a token. */
async function serve(subgraph: Subgraph, port = 0): Promise<RunningServer> {
  const trusted: JSONWebKeySet = { keys: [keys.publicJwk] };
  const verify = await internalTokenVerifier(subgraph.name, trusted);
  const server = await serveSubgraph(subgraph, { host: '127.0.0.1', port, verify, log });
  servers.set(subgraph.name, server);
  return server;
}

async function startOverHttp(options: { executor: 'own' | 'stock'; served?: boolean; fetchMs?: number }) {
  shop = toyShop();
  shop.state.orders.set(ORDER, { buyerId: BUYER, status: 'PAID' });
  const urls: Record<string, string> = {};
  for (const subgraph of shop.subgraphs) urls[subgraph.name] = (await serve(subgraph)).url;
  if (options.served === false) for (const server of servers.values()) await server.stop();
  const transport = httpTransport({ urls, signer: await internalTokenSigner(keys.privateJwk) });
  const timeouts = { ...defaultTimeouts, fetchMs: options.fetchMs ?? 1_000 };
  gateway = await startTestGateway({
    redisUrl: stores.redis.gateway,
    shop,
    transport,
    config: { timeouts, executor: options.executor },
  });
}

const subgraphOf = (name: string) => shop.subgraphs.find((subgraph) => subgraph.name === name)!;
const portOf = (name: string) => servers.get(name)!.port;
const ask = async (query = QUERY) => {
  const { status, body } = await gateway.post({ query }, { authorization: `Bearer ${await gateway.signer.token()}` });
  expect(status).toBe(200);
  return body as {
    data: Json;
    errors?: { path: unknown; extensions: { code: string; service: string; reason: string } }[];
  };
};
const reasons = (body: Awaited<ReturnType<typeof ask>>) =>
  body.errors?.map(({ path, extensions: { code, service, reason } }) => [path, code, service, reason]);

describe.each(['own', 'stock'] as const)('over HTTP (%s executor)', (executor) => {
  it('G8 R25 one subgraph stopped: partial data, the circuit opens, and closes without a restart', async () => {
    await startOverHttp({ executor });
    expect((await ask()).data).toEqual(WHOLE);
    const port = portOf('inventory');
    await servers.get('inventory')!.stop();
    const first = await ask();
    expect(first.data).toEqual({ order: { ...WHOLE.order, unitsLeft: null } });
    expect(reasons(first)).toEqual([[['order'], 'SUBGRAPH_UNAVAILABLE', 'inventory', 'unreachable']]);
    await until(async () => reasons(await ask())?.[0]?.[3] === 'circuit-open', { what: 'the open circuit' });
    expect(gateway.gateway.counts().circuits).toMatchObject({
      inventory: 'open',
      orders: 'closed',
      accounts: 'closed',
    });
    expect((await ask()).data).toEqual({ order: { ...WHOLE.order, unitsLeft: null } });

    await serve(subgraphOf('inventory'), port);
    const whole = await until(async () => {
      const body = await ask();
      return body.errors ? null : body;
    });
    expect(whole.data).toEqual(WHOLE);
    expect(gateway.gateway.counts().circuits).toMatchObject({ inventory: 'closed' });
  });

  it('R24 one subgraph hanging: null with SUBGRAPH_TIMEOUT, others unharmed, the circuit opens and closes', async () => {
    await startOverHttp({ executor, fetchMs: 400 });
    await ask();
    shop.state.hanging.add('inventory');
    const late = await ask();
    expect(late.data).toEqual({ order: { ...WHOLE.order, unitsLeft: null } });
    expect(reasons(late)).toEqual([[['order'], 'SUBGRAPH_TIMEOUT', 'inventory', 'timeout']]);
    // Others are answered while a request waits for the one that hangs.
    const slow = ask();
    let slowIsDone = false;
    void slow.then(() => (slowIsDone = true));
    expect((await ask('{ whoami }')).data.whoami[0]).toBe(BUYER);
    expect(slowIsDone).toBe(false);
    await slow;
    await until(async () => reasons(await ask())?.[0]?.[3] === 'circuit-open', { what: 'the open circuit' });
    // Nobody is asked while it is open, so nobody waits.
    shop.state.requests.length = 0;
    expect((await ask()).data).toEqual({ order: { ...WHOLE.order, unitsLeft: null } });
    expect(shop.state.requests.map(({ subgraph }) => subgraph)).not.toContain('inventory');

    shop.state.hanging.clear();
    await until(async () => !(await ask()).errors, { what: 'the closed circuit' });
    expect(gateway.gateway.counts().circuits).toMatchObject({ inventory: 'closed' });
  });

  it('R26 starts before its subgraphs, and serves when they come', async () => {
    await startOverHttp({ executor, served: false });
    const ports = new Map([...servers].map(([name, { port }]) => [name, port]));
    const without = await gateway.post({ query: '{ warehouses }' });
    expect([without.status, without.body.data]).toEqual([200, null]);
    expect(without.body.errors[0].extensions).toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', service: 'inventory' });
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(503);
    for (const subgraph of shop.subgraphs) await serve(subgraph, ports.get(subgraph.name));
    await until(async () => (await ask().catch(() => null))?.data?.order?.unitsLeft === 30, {
      what: 'the whole answer',
    });
    expect((await fetch(`${gateway.url}/ready`)).status).toBe(200);
  });
});

describe('mutations', () => {
  it('G8 are sent once each, and refused while the circuit is open', async () => {
    await startOverHttp({ executor: 'own' });
    await ask();
    const port = portOf('orders');
    await servers.get('orders')!.stop();
    let sent = 0;
    // Takes the mutation, and is gone before it has answered.
    const gone = createServer((request) => {
      sent += 1;
      request.socket.destroy();
    });
    await listen(gone, { host: '127.0.0.1', port });
    const send = async () => (await gateway.post({ query: 'mutation { orderPlace }' })).body;
    const outcomes: string[] = [];
    for (let i = 0; i < 6; i += 1) {
      const { reason, retryable } = (await send()).errors[0].extensions;
      outcomes.push(`${reason}, again: ${retryable}`);
    }
    gone.close();
    // What was taken may have been done.
    expect(outcomes).toEqual([
      ...Array(3).fill('unreachable, again: false'),
      ...Array(3).fill('circuit-open, again: true'),
    ]);
    expect(sent).toBe(3);
    await serve(subgraphOf('orders'), port);
    await until(async () => (await send()).data?.orderPlace === true, { what: 'the closed circuit' });
  });
});
