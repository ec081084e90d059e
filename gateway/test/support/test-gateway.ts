import type { Clock } from '@marketgraph/platform/core';
import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { inProcessTransport, type SubgraphTransport } from '@marketgraph/platform/serve';
import { silentLog as log, testIds, until } from '@marketgraph/platform/testing';
import type { GatewayConfig } from '../../src/config.ts';
import { readGatewayConfig } from '../../src/config.ts';
import { createGateway, type Gateway, type GatewayDeps } from '../../src/gateway.ts';
import { testSigner, type TestSigner } from './tokens.ts';
import { toyShop, type ToyShop } from './toy-shop.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Json = any;

export interface TestGateway {
  gateway: Gateway;
  shop: ToyShop;
  signer: TestSigner;
  bus: EventBus;
  url: string;
  socketUrl: string;
  post(body: unknown, headers?: Record<string, string>): Promise<{ status: number; headers: Headers; body: Json }>;
  /** An event of a toy subgraph. */
  publish(
    topics: readonly string[],
    payload: unknown,
    options?: { domain?: string; name?: string; key?: string; eventId?: string },
  ): Promise<void>;
  stop(): Promise<void>;
}

/** All tests come from one address: what is not about rates must not meet them. */
const roomyRates: GatewayConfig['rates'] = {
  pointsPerUser: 1_000_000_000,
  pointsPerAddress: 1_000_000_000,
  requestsPerAddress: 100_000_000,
  clientsPerAddress: 20_000,
  clientsPerUser: 20_000,
  subscriptionsPerUser: 100_000,
  subscriptionsPerAddress: 100_000,
};

export async function startTestGateway(options: {
  redisUrl: string;
  config?: Partial<GatewayConfig>;
  shop?: ToyShop;
  signer?: TestSigner;
  transport?: SubgraphTransport;
  clock?: Clock;
  listedOperations?: GatewayDeps['listedOperations'];
  metrics?: GatewayDeps['metrics'];
}): Promise<TestGateway> {
  const shop = options.shop ?? toyShop();
  const signer = options.signer ?? (await testSigner());
  shop.state.keys = [signer.publicJwk];
  const ids = testIds();
  const base = readGatewayConfig({
    REDIS_URL: options.redisUrl,
    CURSOR_SECRET: 'a secret of the tests',
    PORT: '0',
    GATEWAY_EXECUTOR: process.env['GATEWAY_EXECUTOR'],
  });
  const config = { ...base, login: { perAccount: 1_000, perAddress: 1_000 }, rates: roomyRates, ...options.config };
  const transport = options.transport ?? inProcessTransport(shop.subgraphs);
  const gateway = await createGateway({
    config,
    transport,
    log,
    supergraphSdl: shop.supergraphSdl,
    listedOperations: options.listedOperations ?? [],
    ...(options.clock ? { clock: options.clock } : {}),
    ...(options.metrics ? { metrics: options.metrics } : {}),
  });
  const bus = await createRedisBus({ url: options.redisUrl, log });
  const { url, port } = await gateway.listen();
  let sequence = 0;

  return {
    gateway,
    shop,
    signer,
    bus,
    url,
    socketUrl: `ws://127.0.0.1:${port}/graphql`,
    async post(body, headers = {}) {
      const response = await fetch(`${url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: text === '' ? null : (JSON.parse(text) as Json),
      };
    },
    async publish(
      topics,
      payload,
      { domain = 'orders', name = `${domain}.changed`, key = topics[0] ?? 'k', eventId } = {},
    ) {
      const envelope = {
        id: eventId ?? ids.next('evt'),
        name,
        version: 1,
        occurredAt: new Date().toISOString(),
        key,
        sequence: (sequence += 1),
        topics,
        payload,
      };
      // As a relay does: a bus that is away refuses at once, and is asked again.
      await until(() => bus.publish(domain, [envelope]), { what: 'a bus that takes events' });
    },
    async stop() {
      await gateway.stop();
      await bus.close();
      await transport.close();
    },
  };
}
