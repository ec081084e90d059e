import { until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawSocket } from './support/live-clients.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const PLACES = 4;
const WAITING = { query: '{ order(id: "ord_01J00000000000000000000001") { unitsLeft } }' };

let stores: Stores;
let test: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startTestGateway({
    redisUrl: stores.redis.gateway,
    config: { overload: { maxOperations: PLACES, maxLagMs: 0 } },
  });
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

describe('R31 a gateway with more to do than it can', () => {
  it('says so at once and when to come back, keeps places for those who buy, and is itself again afterwards', async () => {
    const token = await test.signer.token({});
    const headers = { authorization: `Bearer ${token}` };
    test.shop.state.hanging.add('orders');
    const asked = () => test.shop.state.requests.filter(({ subgraph }) => subgraph === 'orders').length;
    const before = asked();
    const browsing = Array.from({ length: 3 }, () => test.post(WAITING, headers));
    await until(() => asked() === before + 3, { what: 'three queries under way' });
    const refused = await test.post({ query: '{ whoami }' }, headers);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.body.errors[0].extensions).toMatchObject({ code: 'RATE_LIMITED', retryable: true });

    const socket = await rawSocket(test.socketUrl);
    socket.send({ type: 'connection_init' });
    await socket.message('connection_ack');
    socket.send({ id: '1', type: 'subscribe', payload: { query: '{ whoami }' } });
    expect(await socket.message('error')).toMatchObject({ payload: [{ extensions: { code: 'RATE_LIMITED' } }] });

    const bought = await test.post({ query: 'mutation { login(input: { email: "a@b.example" }) }' });
    expect([bought.status, bought.body.data]).toEqual([200, { login: true }]);

    for (const { status } of await Promise.all(browsing)) expect(status).toBe(200);
    test.shop.state.hanging.clear();
    expect((await test.post({ query: '{ whoami }' }, headers)).status).toBe(200);
  });
});
