import * as operations from '@marketgraph/schema/generated/operations';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, newKey, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { type Listing, publishProduct } from '../../story/listing.ts';
import { silentReport as report } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { Person } from '../../support/person.ts';

interface Told {
  stockChanged: {
    kind: string;
    available: number;
    warehouse?: { id: string } | null;
    [field: string]: unknown;
  };
}

/** Everything that an event of inventory tells by itself. */
const FIELDS = `__typename cursor kind occurredAt available previousAvailable reason
  offer { __typename id sku price { amount currencyCode } variant { id } }`;
const BY_EVENT = `subscription($offerIds: [ID!]!) { stockChanged(offerIds: $offerIds) { ${FIELDS} } }`;
/** The warehouse is for the vendor alone, so that inventory itself is asked with every event. */
const BY_OWNER = `subscription($offerIds: [ID!]!) { stockChanged(offerIds: $offerIds) { ${FIELDS} warehouse { id } } }`;

describe('a stream that is told by its events', () => {
  let marketplace: TestMarketplace;
  let vendor: Vendor;
  let listing: Listing;
  let anyone: Person;

  beforeAll(async () => {
    marketplace = await startTestMarketplace({ shape: 'monolith' });
    const run = aRun();
    const operator = await signIn(marketplace.graph, 'Operator', marketplace.graph.operator);
    vendor = await registerVendor(marketplace.graph, { name: 'Told Goods', run, operator, report });
    listing = await publishProduct(vendor, operator, run, report);
    anyone = new Person('Anyone', marketplace.url);
  });
  afterAll(async () => {
    await anyone?.leave();
    await vendor?.person.leave();
    await marketplace?.stop();
  });

  it('says word for word what inventory would, and never in which warehouse', async () => {
    const variables = { offerIds: [listing.offerId] };
    const byEvent = anyone.watchText<Told>(BY_EVENT, variables);
    const byOwner = anyone.watchText<Told>(BY_OWNER, variables);
    const ofVendor = vendor.person.watchText<Told>(BY_OWNER, variables);
    const streams = [byEvent, byOwner, ofVendor];
    let available = 0;
    for (const stream of streams) {
      const { stockChanged } = await stream.find((event) => event.stockChanged.kind === 'SNAPSHOT', 'the snapshot');
      available = stockChanged.available;
    }

    const { offer } = await vendor.person.ask(operations.StockLevelsDocument, { offerId: listing.offerId });
    const [level] = offer?.stockLevels ?? [];
    for (const delta of [5, -2, 1]) {
      const { inventoryAdjust } = await vendor.person.ask(operations.InventoryAdjustDocument, {
        input: { offerId: listing.offerId, warehouseId: level!.warehouse.id, delta, reason: 'ADJUSTMENT' },
        idempotencyKey: newKey(),
      });
      expect(inventoryAdjust.userErrors).toEqual([]);
      available += delta;
      const isThis = ({ stockChanged }: Told) => stockChanged.kind === 'LIVE' && stockChanged.available === available;
      const [told, asked, known] = await Promise.all(streams.map((stream) => stream.find(isThis, `${available} left`)));
      expect(asked!.stockChanged).toEqual({ ...told!.stockChanged, warehouse: null });
      expect(known!.stockChanged.warehouse).toEqual({ id: level!.warehouse.id });
    }
  });
});
