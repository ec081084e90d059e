import * as operations from '@marketgraph/schema/generated/operations';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, newKey, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { silentReport as report } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { Person } from '../../support/person.ts';
import { listProduct } from '../../support/shop.ts';

interface Seen {
  stockChanged: { kind: string; cursor: string; available: number; offer: { id: string; sku: string } };
}

const STOCK = `subscription($offerIds: [ID!]!) {
  stockChanged(offerIds: $offerIds) { kind cursor available offer { id sku } } }`;
const UPDATES = 1_000;
const OFFERS = 4;
const LANES = 12;
/** So many changes in one minute are more than a vendor is granted. */
const settings = {
  GATEWAY_RATE_POINTS_PER_MINUTE_USER: '10000000',
  GATEWAY_RATE_POINTS_PER_MINUTE_ADDRESS: '10000000',
  GATEWAY_RATE_REQUESTS_PER_MINUTE_ADDRESS: '1000000',
};

describe('updates of stock', () => {
  let marketplace: TestMarketplace;
  let vendor: Vendor;
  const offerIds: string[] = [];
  const watchers: Person[] = [];

  beforeAll(async () => {
    marketplace = await startTestMarketplace({ shape: 'monolith', settings });
    const run = aRun();
    const operator = await signIn(marketplace.graph, 'Operator', marketplace.graph.operator);
    vendor = await registerVendor(marketplace.graph, { name: 'Ordered Goods', run, operator, report });
    for (let n = 0; n < OFFERS; n += 1) {
      const listing = await listProduct(vendor, operator, { title: `Good ${n}`, sku: `ORD-${run}-${n}`, units: 1 });
      offerIds.push(listing.offerId);
    }
    watchers.push(vendor.person, new Person('One', marketplace.url), new Person('Another', marketplace.url));
  });
  afterAll(async () => {
    for (const watcher of watchers) await watcher.leave();
    await marketplace?.stop();
  });

  it('I12 a thousand, of several offers at once, come to every subscriber in the order of each offer, up to the last', async () => {
    const feeds = watchers.map((watcher) => watcher.watchText<Seen>(STOCK, { offerIds }));
    for (const feed of feeds) {
      for (const offerId of offerIds) {
        await feed.find(({ stockChanged }) => stockChanged.offer.id === offerId, `the snapshot of ${offerId}`);
      }
    }
    const warehouseId = vendor.warehouses[0]!;

    let next = 0;
    await Promise.all(
      Array.from({ length: LANES }, async () => {
        for (let n = next++; n < UPDATES; n = next++) {
          const { inventoryAdjust } = await vendor.person.ask(operations.InventoryAdjustDocument, {
            input: { offerId: offerIds[n % OFFERS]!, warehouseId, delta: 1, reason: 'RECEIPT' },
            idempotencyKey: newKey(),
          });
          expect(inventoryAdjust.userErrors).toEqual([]);
        }
      }),
    );

    const last = 1 + UPDATES / OFFERS;
    for (const feed of feeds) {
      for (const offerId of offerIds) {
        const isLast = ({ stockChanged }: Seen) => stockChanged.offer.id === offerId && stockChanged.available === last;
        await feed.find(isLast, `all of ${offerId}`, 30_000);
        const ofOffer = feed.events.flatMap(({ stockChanged }) =>
          stockChanged.kind === 'LIVE' && stockChanged.offer.id === offerId ? stockChanged : [],
        );
        // Every update adds one unit: what is in order grows, and nothing is told twice.
        const units = ofOffer.map(({ available }) => available);
        expect(units).toEqual([...new Set(units)].toSorted((a, b) => a - b));
        expect(new Set(ofOffer.map(({ cursor }) => cursor)).size).toBe(ofOffer.length);
      }
    }
  });
});
