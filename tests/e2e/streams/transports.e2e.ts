import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buildSchema, type GraphQLSchema } from 'graphql';
import * as operations from '@marketgraph/schema/generated/operations';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, newKey, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { type Listing, publishProduct } from '../../story/listing.ts';
import { silentReport as report } from '../../story/report.ts';
import type { Feed } from '../../support/feed.ts';
import { watchEventStream, watchMultipart } from '../../support/http-feed.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { Person } from '../../support/person.ts';
import { codesOf } from '../../support/raw-graph.ts';
import { minimalOperation } from '../access/minimal-operation.ts';

interface Stock {
  stockChanged: { kind: string; cursor: string; available: number };
}

const STOCK = `subscription($ids: [ID!]!, $after: String) {
  stockChanged(offerIds: $ids, after: $after) {
    __typename kind cursor available offer { sku variant { product { title rating { count } } } vendor { businessName } }
  }
}`;

describe.each(['monolith', 'processes'] as const)('G6 streams of the real graph (%s)', (shape) => {
  let marketplace: TestMarketplace;
  let vendor: Vendor;
  let listing: Listing;
  let anyone: Person;
  const feeds: Feed<unknown>[] = [];

  beforeAll(async () => {
    marketplace = await startTestMarketplace({ shape });
    const run = aRun();
    const operator = await signIn(marketplace.graph, 'Operator', marketplace.graph.operator);
    vendor = await registerVendor(marketplace.graph, { name: 'Three Ways', run, operator, report });
    listing = await publishProduct(vendor, operator, run, report);
    anyone = new Person('Anyone', marketplace.url);
  });
  afterAll(async () => {
    await Promise.all(feeds.map((feed) => feed.cut()));
    await anyone?.leave();
    await vendor?.person.leave();
    await marketplace?.stop();
  });

  function overAll<Data>(query: string, variables: Record<string, unknown>): Feed<Data>[] {
    const all = [
      anyone.watchText<Data>(query, variables),
      watchEventStream<Data>(marketplace.url, { query, variables }),
      watchMultipart<Data>(marketplace.url, { query, variables }),
    ];
    feeds.push(...all);
    return all;
  }

  it('answer over event streams and multipart what they answer over a socket, every one of them', async () => {
    const fields = Object.values((await publicSchema()).getSubscriptionType()!.getFields());
    expect(fields.length).toBeGreaterThan(10);
    const answers = fields.map(async (field) => {
      const { query, variables } = minimalOperation('subscription', field, {});
      const [socket, ...others] = await Promise.all(overAll(query, variables).map(firstAnswer));
      return [field.name, others, [socket, socket]] as const;
    });
    for (const [name, others, same] of await Promise.all(answers)) expect([name, others]).toEqual([name, same]);
  });

  it('tell one change over all three, with fields of four subgraphs, and resume over another', async () => {
    const streams = overAll<Stock>(STOCK, { ids: [listing.offerId] });
    const snapshots = await Promise.all(streams.map((stream) => stream.find(() => true, 'the snapshot')));
    const { offer } = await vendor.person.ask(operations.StockLevelsDocument, { offerId: listing.offerId });
    const [level] = offer?.stockLevels ?? [];
    const change = async (delta: number) => {
      const { inventoryAdjust } = await vendor.person.ask(operations.InventoryAdjustDocument, {
        input: {
          offerId: listing.offerId,
          warehouseId: level!.warehouse.id,
          delta,
          reason: 'ADJUSTMENT',
        },
        idempotencyKey: newKey(),
      });
      expect(inventoryAdjust.userErrors).toEqual([]);
    };
    await change(3);
    const isLive = ({ stockChanged }: Stock) => stockChanged.kind === 'LIVE';
    const [told, ...same] = await Promise.all(streams.map((stream) => stream.find(isLive, 'the change')));
    expect(told!.stockChanged).toMatchObject({
      available: snapshots[0]!.stockChanged.available + 3,
      offer: {
        variant: { product: { title: listing.title, rating: { count: 0 } } },
        vendor: { businessName: expect.any(String) },
      },
    });
    expect(same).toEqual([told, told]);

    await change(-1);
    const variables = { ids: [listing.offerId], after: told!.stockChanged.cursor };
    for (const resumed of overAll<Stock>(STOCK, variables)) {
      const { stockChanged } = await resumed.find(() => true, 'what came behind the cursor');
      expect(stockChanged).toMatchObject({ kind: 'LIVE', available: told!.stockChanged.available - 1 });
    }
  });
});

async function publicSchema(): Promise<GraphQLSchema> {
  return buildSchema(await readFile(resolve(import.meta.dirname, '../../../schema/api.graphql'), 'utf8'));
}

/** The codes it is refused with, or that it began. */
async function firstAnswer(feed: Feed<unknown>): Promise<readonly string[] | 'began'> {
  try {
    await feed.find(() => true, 'the first answer');
    return 'began';
  } catch (error) {
    if (!feed.failure) throw error;
    return codesOf(feed.failure);
  }
}
