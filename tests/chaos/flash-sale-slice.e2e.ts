import { expect, it } from 'vitest';
import { withMarketplace } from '../support/marketplace.ts';
import { sellOut } from './flash-sale-shop.ts';

it('I6 R01 everybody wants the last ones: exactly so many are sold, the others are told, and failed payments leave none unsold', async () => {
  await withMarketplace({ shape: 'monolith' }, async (marketplace) => {
    const { soldOut } = await sellOut(marketplace, {
      buyers: 60,
      units: 12,
      mode: 'prepared',
      everyNthDeclined: 10,
      persistent: true,
    });
    expect(soldOut).toBeGreaterThan(0);
  });
});
