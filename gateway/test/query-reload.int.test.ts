import { composeServices } from '@apollo/composition';
import { inProcessTransport, type SubgraphTransport } from '@marketgraph/platform/serve';
import { until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { parse } from 'graphql';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { GRAPH_SUBGRAPH, graphSubgraphSdl } from '../src/gateway.ts';
import { overWebSocket } from './support/live-clients.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';
import { toyShop, type ToyShop } from './support/toy-shop.ts';

let stores: Stores;
let test: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
});
afterEach(async () => {
  await test?.stop();
});
afterAll(async () => {
  await stores?.stop();
});

/** The graph of these subgraphs, as they say or as they are told. */
function composed({ subgraphs }: ToyShop, told: (name: string, sdl: string) => string = (_, sdl) => sdl): string {
  const sdls = subgraphs.map(({ name, sdl }) => [name, told(name, sdl)] as const);
  const own = [GRAPH_SUBGRAPH, graphSubgraphSdl(sdls.map(([, sdl]) => sdl))] as const;
  const { supergraphSdl, errors } = composeServices(
    [...sdls, own].map(([name, sdl]) => ({ name, url: '', typeDefs: parse(sdl) })),
  );
  if (!supergraphSdl) throw new Error(errors?.map(String).join('\n'));
  return supergraphSdl;
}

function without(shop: ToyShop, field: RegExp): string {
  if (!shop.subgraphs.some(({ sdl }) => field.test(sdl))) throw new Error(`No subgraph has ${field}`);
  return composed(shop, (_, sdl) => sdl.replace(field, ''));
}

const WHOAMI = /^ +whoami: \[String!\]![^\n]*\n/m;
const VISITS = /^ +visits\([^)]*\): Int![^\n]*\n/m;

/** Calls of one subgraph wait until they may go on. */
function held(shop: ToyShop, name: string) {
  const inner = inProcessTransport(shop.subgraphs);
  const waiting: (() => void)[] = [];
  const transport: SubgraphTransport = {
    ...inner,
    async execute(to, request) {
      if (to === name) await new Promise<void>((resolve) => waiting.push(resolve));
      return inner.execute(to, request);
    },
  };
  return { transport, waiting, release: () => void waiting.splice(0).forEach((go) => go()) };
}

describe.each(['own', 'stock'] as const)('another supergraph while the gateway runs (%s executor)', (executor) => {
  it('has its new fields answered, and its old ones refused', async () => {
    const shop = toyShop();
    test = await startTestGateway({ redisUrl: stores.redis.gateway, shop, config: { executor } });
    expect((await test.post({ query: '{ whoami }' })).body).toEqual({ data: { whoami: ['anonymous'] } });
    await test.gateway.reload(without(shop, WHOAMI));
    const refused = await test.post({ query: '{ whoami }' });
    expect([refused.status, refused.body.errors[0].extensions.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect((await test.post({ query: '{ warehouses }' })).body).toEqual({ data: { warehouses: 2 } });
    await test.gateway.reload(composed(shop));
    expect((await test.post({ query: '{ whoami }' })).body).toEqual({ data: { whoami: ['anonymous'] } });
  });

  it('lets what is in progress end on the one before', async () => {
    const shop = toyShop();
    const { transport, waiting, release } = held(shop, 'accounts');
    test = await startTestGateway({ redisUrl: stores.redis.gateway, shop, transport, config: { executor } });
    const inProgress = [
      test.post({ query: '{ whoami }' }),
      test.post({ query: '{ whoami }' }, { accept: 'application/json;q=0.5' }),
    ];
    await until(() => waiting.length === 2);
    await test.gateway.reload(without(shop, WHOAMI));
    expect((await test.post({ query: '{ whoami }' })).status).toBe(400);
    release();
    for (const { status, body } of await Promise.all(inProgress)) {
      expect([status, body]).toEqual([200, { data: { whoami: ['anonymous'] } }]);
    }
  });

  it('is refused when it is none, and nothing changes', async () => {
    const shop = toyShop();
    test = await startTestGateway({ redisUrl: stores.redis.gateway, shop, config: { executor } });
    const good = composed(shop);
    for (const broken of [
      '',
      'type Query { a: Int }',
      good.slice(0, good.length / 2),
      good.replaceAll('Int!', 'Nothing!'),
    ]) {
      await expect(test.gateway.reload(broken)).rejects.toBeInstanceOf(Error);
      expect((await test.post({ query: '{ whoami }' })).body).toEqual({ data: { whoami: ['anonymous'] } });
    }
    await test.gateway.reload(without(shop, WHOAMI));
    expect((await test.post({ query: '{ whoami }' })).status).toBe(400);
  });
});

it('streams that are valid in another supergraph go on, the others end with a reason', async () => {
  const shop = toyShop();
  test = await startTestGateway({ redisUrl: stores.redis.gateway, shop });
  const order = 'ord_01J00000000000000000000001';
  shop.state.orders.set(order, { buyerId: 'usr_01J00000000000000000000001', status: 'PAID' });
  const token = await test.signer.token();
  const visits = overWebSocket(test, { query: 'subscription { visits(id: "v1") }' });
  const changes = overWebSocket(
    test,
    { query: `subscription { orderStatusChanged(orderId: "${order}") { step order { status unitsLeft } } }` },
    token,
  );
  await Promise.all([visits.seen(1), changes.seen(1)]);
  await test.gateway.reload(without(shop, VISITS));
  expect(await visits.ended()).toMatchObject({ kind: 'error', error: [{ extensions: { code: 'BAD_REQUEST' } }] });
  await test.publish([`orderStatusChanged:${order}`], { step: 7 });
  const [, next] = await changes.seen(2);
  expect(next.data.orderStatusChanged).toEqual({ step: 7, order: { status: 'PAID', unitsLeft: 30 } });
  changes.stop();
});
