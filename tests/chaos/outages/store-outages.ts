import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@marketgraph/platform/testing';
import type { Verdict } from '@marketgraph/verify';
import { Redis } from 'ioredis';
import { expect } from 'vitest';
import { expectThat } from '../../story/report.ts';
import type { TestMarketplaceOptions } from '../../support/marketplace.ts';
import { BusyShop } from './busy-shop.ts';

/** What a sign-in is told that cannot be counted. */
const CLOSED = 'SUBGRAPH_UNAVAILABLE';
const MAX_RECOVERY_MS = 5_000;
const BUYERS = 4;
const MORE_MS = 60_000;

const more = (shop: BusyShop, count: number) => {
  const goal = shop.purchases.length + count;
  return until(() => shop.purchases.length >= goal, { timeoutMs: MORE_MS, what: `${count} more purchases` });
};

/** R16: PostgreSQL is restarted without mercy so many times, and then away for so long, while people buy. */
export async function losePostgres({
  restarts,
  awayMs,
}: {
  restarts: number;
  awayMs: number;
}): Promise<readonly Verdict[]> {
  // What was committed must outlive the server, as it would a machine.
  const shop = await BusyShop.open({ shape: 'processes', durable: true }, { buyers: BUYERS });
  const browse = shop.browse();
  const account = shop.account();
  try {
    const before = shop.pids();
    const outage = shop.marketplace.stores.outageOf('postgres');
    shop.begin({ patienceMs: awayMs + MORE_MS });
    for (let restart = 0; restart <= restarts; restart += 1) {
      await more(shop, BUYERS);
      const begun = performance.now();
      await outage.begin();
      if (restart === restarts) await pause(awayMs);
      await outage.end();
      const back = performance.now();
      expect(account.probes.filter(({ at, ok }) => at < begun - 1_000 && !ok).length).toBe(0);
      expect(await account.well(back)).toBeLessThanOrEqual(MAX_RECOVERY_MS);
      account.probes.length = 0;
    }
    await more(shop, BUYERS);
    await shop.end();
    expect(
      shop.purchases.map(({ status, codes }) => [status, ...codes].join()).filter((end) => end !== 'CONFIRMED'),
    ).toEqual([]);
    expect(shop.pids()).toEqual(before);
    for (const { isRunning } of shop.marketplace.processes!.services.values()) expect(isRunning).toBe(true);
    // The catalog has a store of its own: its pages were there all the time.
    expect(browse.probes.length).toBeGreaterThan(10);
    expect(browse.probes.filter(({ ok }) => !ok)).toEqual([]);
    return await shop.settled();
  } finally {
    await Promise.all([browse.stop(), account.stop()]);
    await shop.close();
  }
}

/** What may become of Redis; resolves when it is there again. */
const redisLosses = {
  'is emptied': async ({ redis }) => void (await redis.flushall()),
  async 'is killed and comes back empty'({ shop }) {
    const outage = shop.marketplace.stores.outageOf('redis');
    await outage.begin();
    await outage.end();
  },
  async 'comes back as it was some time ago'({ shop, redis, awayMs }) {
    const outage = shop.marketplace.stores.outageOf('redis');
    await redis.save();
    await pause(awayMs / 2);
    await more(shop, BUYERS);
    await outage.begin();
    await outage.end();
  },
  async 'is away'({ shop, awayMs }) {
    const outage = shop.marketplace.stores.outageOf('redis');
    await outage.begin();
    const signIn = await shop.signInAnswer();
    expectThat(signIn.status === 503 && signIn.codes.join() === CLOSED, 'nobody signs in uncounted', signIn);
    await pause(awayMs);
    await outage.end();
  },
} as const satisfies Record<string, (harm: { shop: BusyShop; redis: Redis; awayMs: number }) => Promise<void>>;

export type RedisLoss = keyof typeof redisLosses;
export const redisLossNames = Object.keys(redisLosses) as RedisLoss[];

/**
 * What a buyer may be told whose cart was in a Redis that has forgotten it, or its sale: carts in use are not kept
 * anywhere else. The next cart is a good one.
 */
const CART_IS_GONE = ['REFUSED,NOT_FOUND', 'REFUSED,CONFLICT', 'REFUSED,CART_CHANGED'];

/** R12: Redis forgets, or is away, while people buy. */
export async function loseRedisOfAShop(
  loss: RedisLoss,
  { awayMs, ...options }: TestMarketplaceOptions & { awayMs: number },
): Promise<readonly Verdict[]> {
  const shop = await BusyShop.open(options, { buyers: BUYERS });
  const redis = new Redis(shop.marketplace.stores.redis.admin);
  redis.on('error', () => undefined);
  const browse = shop.browse();
  try {
    shop.begin({ patienceMs: awayMs + MORE_MS });
    await more(shop, BUYERS);
    await redisLosses[loss]({ shop, redis, awayMs });
    await more(shop, 2 * BUYERS);
    await shop.end();
    const ends = shop.purchases.map(({ status, codes }) => [status, ...codes].join());
    expect(ends.filter((end) => end !== 'CONFIRMED' && !CART_IS_GONE.includes(end))).toEqual([]);
    expect(browse.probes.length).toBeGreaterThan(10);
    expect(browse.probes.filter(({ ok }) => !ok)).toEqual([]);
    // Whoever was kept out is let in again.
    await until(async () => (await shop.signInAnswer()).status === 200, { what: 'a sign-in' });
    return await shop.settled();
  } finally {
    await browse.stop();
    redis.disconnect();
    await shop.close();
  }
}
