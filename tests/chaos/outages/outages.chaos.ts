import { describe, it } from 'vitest';
import { startTestMarketplace } from '../../support/marketplace.ts';
import { proxyOf, type TcpProxy } from '../../support/tcp-proxy.ts';
import { sellOut } from '../flash-sale-shop.ts';
import { fightForTheLastUnit } from './last-unit.ts';
import { losePostgres, loseRedisOfAShop, redisLossNames } from './store-outages.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const MINUTES = 60_000;

describe(`stores that are slow, away or forgetful (CHAOS_SEED=${SEED})`, () => {
  it('R03 has one winner of each of 500 last units, on a slow wire', { timeout: 30 * MINUTES }, () =>
    fightForTheLastUnit({ rounds: 500, seed: SEED }),
  );

  it('R03 sells one unit to one of 50 buyers, whole purchases on slow wires', { timeout: 10 * MINUTES }, async () => {
    const proxies: TcpProxy[] = [];
    const marketplace = await startTestMarketplace({
      shape: 'processes',
      async through(stores) {
        const wired = async (name: 'inventory' | 'orders') => {
          const proxy = await proxyOf(stores.postgres[name].appUrl, { seed: SEED });
          proxies.push(proxy);
          return { ...stores.postgres[name], appUrl: proxy.through(stores.postgres[name].appUrl) };
        };
        const postgres = { ...stores.postgres, inventory: await wired('inventory'), orders: await wired('orders') };
        return Object.create(stores, { postgres: { value: postgres } }) as typeof stores;
      },
    });
    try {
      for (const proxy of proxies) proxy.delay({ minMs: 5, maxMs: 50 });
      for (let round = 0; round < 5; round += 1) await sellOut(marketplace, { buyers: 50, units: 1, mode: 'prepared' });
    } finally {
      await marketplace.stop();
      await Promise.all(proxies.map((proxy) => proxy.stop()));
    }
  });

  it('R16 goes on after five restarts of PostgreSQL and 30 s without it', { timeout: 10 * MINUTES }, () =>
    losePostgres({ restarts: 5, awayMs: 30_000 }),
  );

  it.each(redisLossNames)('R12 loses no purchase when Redis %s', { timeout: 10 * MINUTES }, (loss) =>
    loseRedisOfAShop(loss, { shape: 'processes', awayMs: 60_000 }),
  );
});
