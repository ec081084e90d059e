import { until } from '@marketgraph/platform/testing';
import { expect } from 'vitest';
import type { TestMarketplace } from './marketplace.ts';

/** So long at most until whoever asks is told the truth. */
const WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;

/** Which subgraphs cannot work without it. */
const NEEDED_BY = {
  postgres: ['accounts', 'inventory', 'orders', 'payments'],
  redis: ['accounts', 'catalog', 'inventory', 'orders', 'payments', 'redis', 'reviews', 'search'],
  postgresOfOrders: ['orders'],
  mongodb: ['catalog', 'reviews'],
  typesense: ['search'],
} as const;
/** Without these the graph is still worth using. */
const OPTIONAL = ['reviews', 'search'];

export interface Loss {
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** A store goes and comes back: readiness follows it, and nobody who watches over a process ends it for that. */
export async function expectReadinessToFollow(
  shop: TestMarketplace,
  store: keyof typeof NEEDED_BY,
  loss: Loss,
): Promise<void> {
  const needing = NEEDED_BY[store];
  const isUsable = needing.every((name) => OPTIONAL.includes(name));
  const services = shop.processes ? [...shop.processes.services.values()] : [];
  const alive = [shop.url, ...services.map(({ url }) => url)];
  const dead: string[] = [];
  let isWatching = true;
  const watching = (async () => {
    while (isWatching) {
      for (const url of alive) if ((await statusOf(`${url}/health`)) !== 200) dead.push(url);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  })();
  try {
    await loss.begin();
    try {
      await until(async () => (await missingAt(shop.url)).join() === needing.join(), {
        timeoutMs: WITHIN_MS,
        what: `the gateway to miss ${needing.join(', ')}`,
      });
      expect(await statusOf(`${shop.url}/ready`)).toBe(isUsable ? 200 : 503);
      const answers = services.map(async ({ service, url }) => [service, await statusOf(`${url}/ready`)]);
      const isNeeding = (service: string) =>
        service === 'gateway' ? !isUsable : (needing as readonly string[]).includes(service);
      expect(await Promise.all(answers)).toEqual(
        services.map(({ service }) => [service, isNeeding(service) ? 503 : 200]),
      );
    } finally {
      await loss.end();
    }
    await until(async () => (await missingAt(shop.url)).length === 0, { timeoutMs: WITHIN_MS, what: 'readiness' });
    expect(await statusOf(`${shop.url}/ready`)).toBe(200);
  } finally {
    isWatching = false;
    await watching;
  }
  expect(dead).toEqual([]);
}

async function missingAt(url: string): Promise<string[]> {
  const response = await fetch(`${url}/ready`);
  return ((await response.json()) as { missing: string[] }).missing;
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2 * WITHIN_MS) });
  await response.arrayBuffer();
  return response.status;
}
