import { until, usedBytes } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Listener, overEventStream, overMultipart, overWebSocket, rawSocket } from './support/live-clients.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const IDLE_SOCKETS = 5_000;
const OPENED_AT_ONCE = 200;
const ROUNDS = 6;
const EVENTS_PER_ROUND = 1_000;
/** Clients and gateway share this process; what one round leaves behind must be less than noise. */
const MAX_GROWTH_BYTES = 24 * 1024 * 1024;
/** Both ends of it. */
const MAX_BYTES_PER_SOCKET = 50 * 1024;

let stores: Stores;
let gateway: TestGateway;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  gateway = await startTestGateway({ redisUrl: stores.redis.gateway });
});
afterAll(async () => {
  await gateway?.stop();
  await stores?.stop();
});

describe('the gateway', () => {
  it('G6 R30 carries 5,000 idle sockets and thousands of events over all transports without growing', async () => {
    const before = usedBytes();
    for (let open = 0; open < IDLE_SOCKETS; open += OPENED_AT_ONCE) {
      await Promise.all(
        Array.from({ length: OPENED_AT_ONCE }, async () => {
          const idle = await rawSocket(gateway.socketUrl);
          idle.send({ type: 'connection_init' });
          await idle.message('connection_ack');
        }),
      );
    }
    expect(gateway.gateway.counts().sockets).toBe(IDLE_SOCKETS);
    expect((usedBytes() - before) / IDLE_SOCKETS).toBeLessThan(MAX_BYTES_PER_SOCKET);

    const request = { query: 'subscription($id: ID!) { visits(id: $id) }', variables: { id: 'v1' } };
    const listeners: Listener[] = [overWebSocket, overWebSocket, overEventStream, overMultipart].map((listen) =>
      listen(gateway, request),
    );
    await Promise.all(listeners.map((listener) => listener.seen(1)));

    let sent = 0;
    const round = async () => {
      await Promise.all(
        Array.from({ length: EVENTS_PER_ROUND }, (_, n) => gateway.publish(['visits:v1'], { step: sent + n + 1 })),
      );
      sent += EVENTS_PER_ROUND;
      for (const listener of listeners) {
        await until(() => listener.results.at(-1)?.data?.visits === sent, { timeoutMs: 30_000, what: `event ${sent}` });
        listener.results.length = 0;
      }
      return usedBytes();
    };
    // The first rounds fill caches that are bounded; from then on a round leaves nothing behind.
    await round();
    const settled = await round();
    let last = settled;
    for (let n = 2; n < ROUNDS; n += 1) last = await round();
    expect(last - settled).toBeLessThan(MAX_GROWTH_BYTES);
    expect(gateway.gateway.counts().sockets).toBe(IDLE_SOCKETS + 2);
    for (const listener of listeners) listener.stop();
  });
});
