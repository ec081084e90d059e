import { until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anOffer,
  aSeller,
  availableOf,
  end,
  type Harness,
  reserve,
  type Seller,
  set,
  startHarness,
} from './harness.ts';

let harness: Harness;
let seller: Seller;
const warehouses = new Map<string, string>();

const places = {
  Bavaria: { region: 'EU', address: { line1: 'Ring 1', city: 'Augsburg', region: 'BY', countryCode: 'DE' } },
  Saxony: { region: 'EU', address: { line1: 'Ring 2', city: 'Leipzig', region: 'SN', countryCode: 'DE' } },
  Poland: { region: 'EU', address: { line1: 'Ring 3', city: 'Poznań', countryCode: 'PL' } },
  Ohio: { region: 'US', address: { line1: 'Ring 4', city: 'Columbus', region: 'OH', countryCode: 'US' } },
};
type PlaceName = keyof typeof places;

beforeAll(async () => {
  harness = await startHarness();
  seller = await aSeller(harness);
  for (const [code, place] of Object.entries(places)) {
    const { warehouseUpsert } = await harness.ask<{ warehouseUpsert: { warehouse: { id: string } } }>(
      seller.viewer,
      'mutation($input: WarehouseInput!) { warehouseUpsert(input: $input) { warehouse { id } userErrors { code } } }',
      { input: { ...place, code, name: code, vendorId: seller.vendorId } },
    );
    warehouses.set(code, warehouseUpsert.warehouse.id);
  }
});
afterAll(() => harness?.stop());

async function stocked(units: Partial<Record<PlaceName, number>>): Promise<string> {
  const offerId = await anOffer(harness, seller);
  for (const [code, onHand] of Object.entries(units)) {
    await set(harness, seller, { offerId, warehouseId: warehouses.get(code)!, onHand, expectedVersion: 0 });
  }
  return offerId;
}

async function takenFrom(reservationId: string): Promise<Record<string, number>> {
  const rows = await harness.db.em.fork().execute<{ code: string; quantity: number }[]>(
    `select code, quantity from reservation_line line join warehouse on warehouse.id = line.warehouse_id
        where reservation_id = ?`,
    [reservationId],
  );
  return Object.fromEntries(rows.map(({ code, quantity }) => [code, quantity]));
}

const munich = { countryCode: 'DE', region: 'BY' };

async function allocated(offerId: string, quantity: number, shipTo?: { countryCode: string; region?: string }) {
  return takenFrom((await reserve(harness, [{ offerId, quantity }], { shipTo })).reservation!.id);
}

describe('allocation', () => {
  it('I14 takes the nearest warehouse that has any, whatever others hold, and splits when it is short', async () => {
    const offerId = await stocked({ Ohio: 90, Poland: 50, Saxony: 4, Bavaria: 3 });
    expect(await allocated(offerId, 2, munich)).toEqual({ Bavaria: 2 });
    expect(await allocated(offerId, 6, munich)).toEqual({ Bavaria: 1, Saxony: 4, Poland: 1 });
    expect(await allocated(offerId, 5, { countryCode: 'US' })).toEqual({ Ohio: 5 });
    expect(await allocated(offerId, 5, { countryCode: 'FR' })).toEqual({ Poland: 5 });
    expect(await availableOf(harness, offerId)).toBe(147 - 18);
  });

  it('I14 takes the fullest of those that are equally near, and the fullest of all when nobody says where to', async () => {
    const offerId = await stocked({ Ohio: 90, Saxony: 4, Bavaria: 3 });
    expect(await allocated(offerId, 1, { countryCode: 'DE' })).toEqual({ Saxony: 1 });
    expect(await allocated(offerId, 1)).toEqual({ Ohio: 1 });
  });

  it('I14 gives every unit of all warehouses and not one more, to many who ask at once from everywhere', async () => {
    const offerId = await stocked({ Ohio: 7, Poland: 6, Saxony: 5, Bavaria: 4 });
    const from = [munich, { countryCode: 'US' }, { countryCode: 'FR' }, { countryCode: 'JP' }];
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) => reserve(harness, [{ offerId, quantity: 1 }], { shipTo: from[n % 4] })),
    );
    expect(answers.filter(({ reservation }) => reservation)).toHaveLength(22);
    const [sums] = await harness.db.em
      .fork()
      .execute<{ free: number; reserved: number }[]>(
        'select sum(on_hand - reserved)::int as free, sum(reserved)::int as reserved from stock_level where offer_id = ?',
        [offerId],
      );
    expect(sums).toEqual({ free: 0, reserved: 22 });
  });

  it('I14 allocates a late payment anew by the same rule', async () => {
    const offerId = await stocked({ Ohio: 9, Bavaria: 1 });
    const { id } = (await reserve(harness, [{ offerId, quantity: 1 }], { shipTo: munich, ttlSeconds: 1 })).reservation!;
    const swept = "select 1 from reservation where id = ? and status = 'EXPIRED'";
    await until(async () => (await harness.db.em.fork().execute<unknown[]>(swept, [id])).length > 0, {
      timeoutMs: 6_000,
      what: 'the sweeper has come by',
    });
    expect((await end(harness, 'Confirm', id)).reservation?.status).toBe('CONFIRMED');
    expect(await takenFrom(id)).toEqual({ Bavaria: 1 });
  });
});
