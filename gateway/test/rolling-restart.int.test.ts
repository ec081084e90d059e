import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@marketgraph/platform/testing';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { Agent, request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultTimeouts } from '../src/config.ts';
import { rawSocket } from './support/live-clients.ts';
import { startTestGateway, type TestGateway } from './support/test-gateway.ts';

const LOOK_MS = 50;
const LANES = 8;
const SOCKETS = 50;

let stores: Stores;
const running = new Set<TestGateway>();

const start = async (): Promise<TestGateway> => {
  const gateway = await startTestGateway({
    redisUrl: stores.redis.gateway,
    config: { timeouts: { ...defaultTimeouts, drainDelayMs: 10 * LOOK_MS } },
  });
  running.add(gateway);
  return gateway;
};

const stop = async (gateway: TestGateway): Promise<void> => {
  await gateway.stop();
  running.delete(gateway);
};

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
});
afterAll(async () => {
  for (const gateway of running) await gateway.stop();
  await stores?.stop();
});

/** A load balancer as there are many: asks who is ready, keeps connections, and tries nothing twice. */
class Balancer {
  private readonly agent = new Agent({ connections: LANES, keepAliveTimeout: 30_000 });
  private ready: string[] = [];
  private next = 0;
  private ended = false;
  readonly failures: string[] = [];
  answered = 0;

  constructor(readonly members: Set<string>) {}

  async look(): Promise<void> {
    const found = await Promise.all(
      [...this.members].map(async (url) => {
        try {
          const { statusCode, body } = await request(`${url}/ready`);
          await body.dump();
          return statusCode === 200 ? [url] : [];
        } catch {
          return [];
        }
      }),
    );
    this.ready = found.flat();
  }

  /** Steady traffic until `end`. */
  async run(): Promise<void> {
    const looking = (async () => {
      while (!this.ended) {
        await this.look();
        await pause(LOOK_MS);
      }
    })();
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        while (!this.ended) {
          await this.ask();
          await pause(5);
        }
      }),
    );
    await looking;
    await this.agent.close();
  }

  end(): void {
    this.ended = true;
  }

  private async ask(): Promise<void> {
    const url = this.ready[(this.next += 1) % Math.max(this.ready.length, 1)];
    if (url === undefined) return void this.failures.push('nobody is ready');
    try {
      const { statusCode, body } = await request(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"query":"{ whoami warehouses }"}',
        dispatcher: this.agent,
      });
      const text = await body.text();
      if (statusCode !== 200 || text.includes('"errors"')) this.failures.push(`${statusCode} ${text}`);
      this.answered += 1;
    } catch (error) {
      this.failures.push(String(error));
    }
  }
}

describe('R27 two gateways that are restarted in turn', () => {
  it('fail no request of a client that asks who is ready, and send streams away to resume elsewhere', async () => {
    const gateways = [await start(), await start()];
    const balancer = new Balancer(new Set(gateways.map(({ url }) => url)));
    await balancer.look();
    const traffic = balancer.run();
    for (let turn = 0; turn < gateways.length; turn += 1) {
      const old = gateways[turn]!;
      const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => rawSocket(old.socketUrl)));
      const answeredBefore = balancer.answered;
      await until(() => balancer.answered > answeredBefore + LANES, { what: 'traffic' });
      await stop(old);
      balancer.members.delete(old.url);
      for (const socket of sockets) expect((await socket.closed()).code).toBe(1001);
      gateways[turn] = await start();
      balancer.members.add(gateways[turn]!.url);
    }
    const answeredBefore = balancer.answered;
    await until(() => balancer.answered > answeredBefore + LANES, { what: 'traffic afterwards' });
    balancer.end();
    await traffic;
    expect(balancer.failures).toEqual([]);
  });
});
