import type { Stores } from '@marketgraph/stores';
import { describe, expect, it } from 'vitest';
import { withMarketplace } from '../../support/marketplace.ts';
import { proxyOf, type TcpProxy } from '../../support/tcp-proxy.ts';
import { sellOut } from '../flash-sale-shop.ts';
import { fightForTheLastUnit } from './last-unit.ts';
import { losePostgres, loseRedisOfAShop, redisLossNames } from './store-outages.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
/** R12 asks for three of each. */
const REPEATS = Number(process.env['CHAOS_REPEATS'] ?? 1);
const TEN_MINUTES = { timeout: 600_000 };
const HALF_AN_HOUR = { timeout: 1_800_000 };

describe(`stores that are slow, away or forgetful (CHAOS_SEED=${SEED})`, () => {
  it('R03 has one winner of each of 500 last units, on a slow wire', HALF_AN_HOUR, async () => {
    expect(await fightForTheLastUnit({ rounds: 500, seed: SEED })).toEqual([]);
  });

  it('R03 sells one unit to one of 50 buyers, whole purchases on slow wires', TEN_MINUTES, async () => {
    const proxies: TcpProxy[] = [];
    const wired = async (stores: Stores, name: 'inventory' | 'orders') => {
      const { appUrl, ownerUrl } = stores.postgres[name];
      const proxy = await proxyOf(appUrl, { seed: SEED });
      proxies.push(proxy);
      return { appUrl: proxy.through(appUrl), ownerUrl };
    };
    const through = async (stores: Stores) => {
      const [inventory, orders] = [await wired(stores, 'inventory'), await wired(stores, 'orders')];
      return Object.create(stores, { postgres: { value: { ...stores.postgres, inventory, orders } } }) as Stores;
    };
    try {
      await withMarketplace({ shape: 'processes', through }, async (marketplace) => {
        for (const proxy of proxies) proxy.delay({ minMs: 5, maxMs: 50 });
        for (let round = 0; round < 5; round += 1) {
          const { confirmed } = await sellOut(marketplace, { buyers: 50, units: 1, mode: 'prepared' });
          expect(confirmed).toBe(1);
        }
      });
    } finally {
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  });

  it('R16 goes on after five restarts of PostgreSQL and 30 s without it', TEN_MINUTES, async () => {
    expect(await losePostgres({ restarts: 5, awayMs: 30_000 })).toEqual([]);
  });

  it.each(Array.from({ length: REPEATS }, () => redisLossNames).flat())(
    'R12 loses no purchase when Redis %s',
    TEN_MINUTES,
    async (loss) => {
      expect(await loseRedisOfAShop(loss, { shape: 'processes', awayMs: 60_000 })).toEqual([]);
    },
  );
});
