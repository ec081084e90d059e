import { gql } from 'graphql-request';
import { type Account, done, type Payload } from './account.ts';
import type { Shop, ShopOffer } from './shops.ts';
import type { Random } from './random.ts';

/** As many as fit the gateway's limit of root fields in one request. */
const LEVELS_PER_REQUEST = 10;

interface Level {
  offerId: string;
  warehouseId: string;
  onHand: number;
}

/** Units in both warehouses for most offers; some are low, some sold out. */
export async function fillWarehouses(shop: Shop, offers: readonly ShopOffer[], random: Random): Promise<void> {
  const levels = offers.flatMap(({ id }) => {
    const most = random.pick([0, 3, 20, 60, 120]);
    return shop.warehouseIds.map((warehouseId) => ({ offerId: id, warehouseId, onHand: random.below(most + 1) }));
  });
  for (let from = 0; from < levels.length; from += LEVELS_PER_REQUEST) {
    await setLevels(shop.account, levels.slice(from, from + LEVELS_PER_REQUEST));
  }
}

async function setLevels(account: Account, levels: readonly Level[]): Promise<void> {
  const variables = Object.fromEntries(
    levels.flatMap(({ offerId, warehouseId, onHand }, index) => [
      [`i${index}`, { offerId, warehouseId, onHand, expectedVersion: 0 }],
      // The same at every start: a start that was cut short and repeated changes nothing.
      [`k${index}`, `demo-${offerId}-${warehouseId}`],
    ]),
  );
  const document = gql`mutation DemoStock(${levels.map((_, i) => `$i${i}: InventorySetInput!, $k${i}: IdempotencyKey!`).join(', ')}) {
    ${levels.map((_, i) => `l${i}: inventorySet(input: $i${i}, idempotencyKey: $k${i}) { userErrors { code message } }`).join('\n')}
  }`;
  const answers = await account.ask<Record<string, Payload>, Record<string, unknown>>(document, variables);
  for (const answer of Object.values(answers))
    done('inventorySet', answer, 'VERSION_MISMATCH', 'IDEMPOTENCY_KEY_REUSED');
}
