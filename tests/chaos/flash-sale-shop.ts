import { operatorAccess } from '@marketgraph/launcher';
import { verifyStores } from '@marketgraph/verify';
import { Redis } from 'ioredis';
import pg from 'pg';
import { expect, vi } from 'vitest';
import { aRun, registerVendor, signIn } from '../story/cast.ts';
import { availableOf } from '../story/purchase.ts';
import { silentReport } from '../story/report.ts';
import type { TestMarketplace } from '../support/marketplace.ts';
import { manyBuyers } from '../support/many-buyers.ts';
import { listProduct } from '../support/shop.ts';
import { type FlashSale, type FlashSaleResult, holdFlashSale } from '../support/flash-sale.ts';

const SETTLE_MS = 60_000;

export type Sale = Omit<FlashSale, 'graph' | 'offerId' | 'buyers' | 'gateways'> & { buyers: number };

/** One sale of one new offer, and what must be true of every sale afterwards, in the stores too. */
export async function sellOut(marketplace: TestMarketplace, sale: Sale): Promise<FlashSaleResult> {
  const { graph, stores } = marketplace;
  const run = aRun();
  const operator = await signIn(graph, 'Olga', graph.operator);
  const vendor = await registerVendor(graph, { name: `Flash ${sale.mode}`, run, operator, report: silentReport });
  const { offerId } = await listProduct(vendor, operator, {
    title: `Flash ${run}`,
    sku: `FLASH-${run}`,
    units: sale.units,
  });
  const buyers = await manyBuyers(marketplace, sale.buyers);
  const result = await holdFlashSale({
    ...sale,
    graph,
    offerId,
    buyers,
    gateways: marketplace.processes?.gatewayUrls,
  });
  expect({ surprises: result.surprises.slice(0, 5), serverErrors: result.serverErrors }).toEqual({
    surprises: [],
    serverErrors: 0,
  });
  expect(result.confirmed).toBe(sale.units);
  expect(result.confirmed + result.declined + result.soldOut).toBe(sale.buyers);
  await vi.waitFor(
    async () => {
      const verdicts = await verifyStores(operatorAccess(stores));
      expect(verdicts.filter(({ violations, error }) => violations > 0 || error)).toEqual([]);
    },
    { timeout: SETTLE_MS, interval: 500 },
  );
  expect(await availableOf(operator, offerId)).toBe(0);
  expect(await leftOf(stores, offerId)).toEqual({ onHand: 0, reserved: 0, moved: 0, counter: '0' });
  return result;
}

/** What the level, all its movements together and the counter in front say; the last as Redis has it. */
async function leftOf({ postgres, redis }: TestMarketplace['stores'], offerId: string) {
  const inventory = new pg.Client({ connectionString: postgres.inventory.ownerUrl });
  const counters = new Redis(redis.admin);
  try {
    await inventory.connect();
    const { rows } = await inventory.query<{ onHand: number; reserved: number; moved: number }>(
      `select sum(on_hand)::int as "onHand", sum(reserved)::int as reserved,
              (select sum(on_hand_delta)::int from stock_movement where offer_id = $1) as moved
         from stock_level where offer_id = $1`,
      [offerId],
    );
    return { ...rows[0]!, counter: await counters.hget(`inventory:stock:${offerId}`, 'available') };
  } finally {
    counters.disconnect();
    await inventory.end();
  }
}
