import { describe, expect, it } from 'vitest';
import { withMarketplace } from '../support/marketplace.ts';
import type { FlashSale } from './flash-sale.ts';
import { sellOut } from './flash-sale-shop.ts';

const sales: readonly Omit<FlashSale, 'graph' | 'offerId'>[] = [
  { buyers: 500, units: 100, mode: 'cold' },
  { buyers: 500, units: 100, mode: 'prepared' },
  { buyers: 500, units: 100, mode: 'slow' },
  { buyers: 500, units: 100, mode: 'prepared', everyNthDeclined: 10, persistent: true },
  { buyers: 500, units: 1, mode: 'prepared' },
];

/** Registering so many from one address is what the limit is for. */
const settings = { GATEWAY_LOGIN_PER_ADDRESS: '100000' };

describe.each(['monolith', 'processes'] as const)('I6 R01 a flash sale, %s', (shape) => {
  it.each(
    sales.map(
      (sale) =>
        [
          `${sale.buyers} buyers, ${sale.units} units, ${sale.mode}${sale.everyNthDeclined ? ', failing payments' : ''}`,
          sale,
        ] as const,
    ),
  )('%s: exactly so many are sold, nobody sees a server error', async (name, sale) => {
    await withMarketplace({ shape, settings }, async (marketplace) => {
      const { confirmed, seconds, soldOutAfterMs, declined } = await sellOut(marketplace, sale);
      expect(confirmed).toBe(sale.units);
      const p95 = Math.round(soldOutAfterMs[Math.floor(soldOutAfterMs.length * 0.95)] ?? 0);
      process.stdout.write(
        `${shape}, ${name}: ${seconds.toFixed(1)} s, told sold out after ${p95} ms (p95), ${declined} cards declined\n`,
      );
    });
  });
});
