import { type EventEnvelope, createRedisBus } from '@marketgraph/platform/messaging';
import { anonymous } from '@marketgraph/platform/graphql';
import { aUser, silentLog as log, until } from '@marketgraph/platform/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adjust,
  anOffer,
  aSeller,
  availableOf,
  end,
  type Harness,
  ids,
  reserve,
  type Seller,
  startHarness,
} from './harness.ts';

let harness: Harness;
let seller: Seller;

beforeAll(async () => {
  harness = await startHarness();
  seller = await aSeller(harness);
});
afterAll(() => harness?.stop());

const levelsOf = (offerId: string) =>
  harness.db.em
    .fork()
    .execute<{ on_hand: number; reserved: number }[]>(
      'select on_hand, reserved from stock_level where offer_id = ? order by warehouse_id',
      [offerId],
    );

async function eventsOf(offerId: string): Promise<EventEnvelope<{ available: number; reason: string }>[]> {
  const bus = await createRedisBus({ url: harness.stores.redis.inventory, log });
  try {
    const deliveries = await bus.read('inventory', { after: '0-0', count: 500 });
    return deliveries
      .map(({ envelope }) => envelope as EventEnvelope<{ available: number; reason: string }>)
      .filter(({ key }) => key === offerId);
  } finally {
    await bus.close();
  }
}

describe('a reservation', () => {
  it('I4 takes all lines or none, and names what is short', async () => {
    const [plenty, scarce] = [await anOffer(harness, seller, [5]), await anOffer(harness, seller, [3])];
    const answer = await reserve(harness, [
      { offerId: plenty, quantity: 1 },
      { offerId: scarce, quantity: 999 },
    ]);
    expect(answer.reservation).toBeNull();
    expect(answer.userErrors).toEqual([
      {
        __typename: 'InsufficientStockError',
        code: 'INSUFFICIENT_STOCK',
        offer: { id: scarce },
        requested: 999,
        available: 3,
      },
    ]);
    expect(await levelsOf(plenty)).toEqual([{ on_hand: 5, reserved: 0 }]);
  });

  it('R02 counts two lines of one offer together', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const fiftyTimes = (first: number, second: number) =>
      Promise.all(
        Array.from({ length: 50 }, () =>
          reserve(harness, [
            { offerId, quantity: first },
            { offerId, quantity: second },
          ]),
        ),
      );
    for (const { reservation, userErrors } of await fiftyTimes(3, 3)) {
      expect(reservation).toBeNull();
      expect(userErrors).toMatchObject([{ offer: { id: offerId }, requested: 6, available: 5 }]);
    }
    const attempts = await fiftyTimes(1, 2);
    expect(attempts.filter(({ reservation }) => reservation)).toHaveLength(1);
    expect(await availableOf(harness, offerId)).toBe(2);
  });

  it('splits across warehouses when one is short', async () => {
    const offerId = await anOffer(harness, seller, [4, 3]);
    expect((await reserve(harness, [{ offerId, quantity: 6 }])).reservation?.status).toBe('ACTIVE');
    expect((await levelsOf(offerId)).map(({ reserved }) => reserved).toSorted()).toEqual([2, 4]);
  });

  it('gives one unit to exactly one of two hundred who ask at once', async () => {
    const offerId = await anOffer(harness, seller, [1]);
    const answers = await Promise.all(Array.from({ length: 200 }, () => reserve(harness, [{ offerId, quantity: 1 }])));
    expect(answers.filter(({ reservation }) => reservation)).toHaveLength(1);
    expect(answers.filter(({ userErrors }) => userErrors[0]?.code === 'INSUFFICIENT_STOCK')).toHaveLength(199);
    expect(await levelsOf(offerId)).toEqual([{ on_hand: 1, reserved: 1 }]);
  });

  it('never leaves two carts waiting for each other', async () => {
    const [a, b] = [await anOffer(harness, seller, [500]), await anOffer(harness, seller, [500])];
    const lines = [
      { offerId: a, quantity: 1 },
      { offerId: b, quantity: 1 },
    ];
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, n) => reserve(harness, n % 2 ? lines : lines.toReversed())),
    );
    expect(answers.every(({ reservation }) => reservation)).toBe(true);
  });

  it('is the same one for the same request', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const [cartId, key] = [ids.next('crt'), 'same-request'];
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => reserve(harness, [{ offerId, quantity: 3 }], { key, cartId })),
    );
    expect(new Set(answers.map(({ reservation }) => reservation?.id)).size).toBe(1);
    expect(await availableOf(harness, offerId)).toBe(2);
  });

  it('I9 I10 takes the units on confirmation, once, and gives them back on release', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const sold = (await reserve(harness, [{ offerId, quantity: 2 }])).reservation!;
    await Promise.all([end(harness, 'Confirm', sold.id), end(harness, 'Confirm', sold.id)]);
    expect(await levelsOf(offerId)).toEqual([{ on_hand: 3, reserved: 0 }]);
    const unpaid = (await reserve(harness, [{ offerId, quantity: 2 }])).reservation!;
    expect(await availableOf(harness, offerId)).toBe(1);
    expect((await end(harness, 'Release', unpaid.id)).reservation?.status).toBe('RELEASED');
    expect(await availableOf(harness, offerId)).toBe(3);
    expect((await end(harness, 'Confirm', unpaid.id)).userErrors[0]?.code).toBe('ILLEGAL_TRANSITION');
  });

  it('brings sold units back when the sale is reverted', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    const { id } = (await reserve(harness, [{ offerId, quantity: 2 }])).reservation!;
    await end(harness, 'Confirm', id);
    await Promise.all([end(harness, 'Revert', id), end(harness, 'Revert', id)]);
    expect(await levelsOf(offerId)).toEqual([{ on_hand: 5, reserved: 0 }]);
  });

  it('I8 expires by itself: the stock is back, everybody is told, and a late payment finds what is left', async () => {
    const offerId = await anOffer(harness, seller, [2]);
    const late = (await reserve(harness, [{ offerId, quantity: 2 }], { ttlSeconds: 1 })).reservation!;
    await until(async () => (await availableOf(harness, offerId)) === 2, {
      timeoutMs: 6_000,
      what: 'the stock is back',
    });
    await until(async () => (await eventsOf(offerId)).some(({ payload }) => payload.reason === 'EXPIRY'), {
      what: 'the event of the expiry',
    });
    expect((await end(harness, 'Confirm', late.id)).reservation?.status).toBe('CONFIRMED');
    const missed = (
      await reserve(harness, [{ offerId: await anOffer(harness, seller, [1]), quantity: 1 }], { ttlSeconds: 1 })
    ).reservation!;
    const [line] = await harness.db.em
      .fork()
      .execute<{ offer_id: string }[]>('select offer_id from reservation_line where reservation_id = ?', [missed.id]);
    await until(async () => (await availableOf(harness, line!.offer_id)) === 1, { timeoutMs: 6_000 });
    await until(async () => (await reserve(harness, [{ offerId: line!.offer_id, quantity: 1 }])).reservation);
    expect((await end(harness, 'Confirm', missed.id)).userErrors[0]?.code).toBe('RESERVATION_EXPIRED');
  });

  it('is for the orders service alone', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    await expect(reserve(harness, [{ offerId, quantity: 1 }], { viewer: seller.viewer })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(reserve(harness, [{ offerId, quantity: 1 }], { viewer: anonymous })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  it.each([0, -1, 1_000_000_000])('of %d units is invalid', async (quantity) => {
    const offerId = await anOffer(harness, seller, [5]);
    expect((await reserve(harness, [{ offerId, quantity }])).userErrors[0]?.code).toMatch(/INVALID|INSUFFICIENT_STOCK/);
    expect(await availableOf(harness, offerId)).toBe(5);
  });
});

describe('without the sweeper', () => {
  it('I8 stock of an expired reservation can be bought all the same', async () => {
    const still = await startHarness({ sweepIntervalMs: 60_000 });
    try {
      const owner = await aSeller(still);
      const offerId = await anOffer(still, owner, [1]);
      await reserve(still, [{ offerId, quantity: 1 }], { ttlSeconds: 1 });
      await until(async () => (await availableOf(still, offerId)) === 1, { timeoutMs: 6_000 });
      const next = await until(async () => (await reserve(still, [{ offerId, quantity: 1 }])).reservation, {
        timeoutMs: 6_000,
      });
      expect(next.status).toBe('ACTIVE');
    } finally {
      await still.stop();
    }
  });
});

describe('the counter in front', () => {
  it('I7 is rebuilt from the database before the first admission after a loss', async () => {
    const offerId = await anOffer(harness, seller, [4]);
    await reserve(harness, [{ offerId, quantity: 1 }]);
    const admin = new Redis(harness.stores.redis.admin);
    try {
      const keys = await admin.keys('inventory:*');
      await admin.del(...keys);
    } finally {
      admin.disconnect();
    }
    expect((await reserve(harness, [{ offerId, quantity: 4 }])).userErrors[0]).toMatchObject({ available: 3 });
    expect((await reserve(harness, [{ offerId, quantity: 3 }])).reservation?.status).toBe('ACTIVE');
    const { inventoryDrift } = await harness.ask<{ inventoryDrift: unknown[] }>(
      seller.viewer,
      'query($v: ID) { inventoryDrift(vendorId: $v) { counter ledger } }',
      { v: seller.vendorId },
    );
    expect(inventoryDrift).toEqual([]);
  });

  it('I7 is reported where it differs from the ledger, and put right when asked to, by its vendor or an operator', async () => {
    const owner = await aSeller(harness);
    const [high, low, right] = [
      await anOffer(harness, owner, [4]),
      await anOffer(harness, owner, [6]),
      await anOffer(harness, owner, [8]),
    ];
    const drifts = [
      { offer: { id: high }, counter: 7, ledger: 4 },
      { offer: { id: low }, counter: 1, ledger: 6 },
    ];
    const redis = new Redis(harness.stores.redis.inventory);
    try {
      for (const { offer, counter } of drifts) await redis.hset(`inventory:stock:${offer.id}`, 'available', counter);
      const vendor = { v: owner.vendorId };
      const report = 'query($v: ID) { inventoryDrift(vendorId: $v) { offer { id } counter ledger } }';
      const mend = `mutation($v: ID) { inventoryReconcile(vendorId: $v) {
        corrected drifts { offer { id } counter ledger } userErrors { code } } }`;
      for (const viewer of [seller.viewer, aUser()]) {
        await expect(harness.ask(viewer, report, vendor)).rejects.toMatchObject({ code: 'FORBIDDEN' });
        await expect(harness.ask(viewer, mend, vendor)).rejects.toMatchObject({ code: 'FORBIDDEN' });
      }
      const { inventoryDrift } = await harness.ask<{ inventoryDrift: object[] }>(owner.viewer, report, vendor);
      expect(inventoryDrift).toEqual(drifts);
      const operator = aUser({ roles: ['OPERATOR'] });
      const { inventoryReconcile } = await harness.ask<{ inventoryReconcile: object }>(operator, mend, vendor);
      expect(inventoryReconcile).toEqual({ corrected: 2, drifts, userErrors: [] });
      const counted = await Promise.all(
        [high, low, right].map((id) => redis.hget(`inventory:stock:${id}`, 'available')),
      );
      expect(counted).toEqual(['4', '6', '8']);
      expect(await harness.ask(owner.viewer, report, vendor)).toEqual({ inventoryDrift: [] });
    } finally {
      redis.disconnect();
    }
  });

  it('never keeps stock unsold: a wrong refusal is looked up and put right', async () => {
    const offerId = await anOffer(harness, seller, [3]);
    const redis = new Redis(harness.stores.redis.inventory);
    try {
      await redis.hset(`inventory:stock:${offerId}`, 'available', '0');
      const sold = await until(async () => (await reserve(harness, [{ offerId, quantity: 1 }])).reservation, {
        what: 'a sale in spite of the counter',
      });
      expect(sold.status).toBe('ACTIVE');
    } finally {
      redis.disconnect();
    }
  });
});

describe('stock events', () => {
  it('I11 I12 come in order per offer, with numbers that only grow', async () => {
    const offerId = await anOffer(harness, seller, [50]);
    await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        if (n % 3 === 0)
          await adjust(harness, seller, { offerId, warehouseId: seller.warehouses[0], delta: 1, reason: 'RECEIPT' });
        else await reserve(harness, [{ offerId, quantity: 1 }]);
      }),
    );
    const events = await until(async () => {
      const seen = await eventsOf(offerId);
      return seen.length === 31 && seen;
    });
    const sequences = events.map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b));
    expect(new Set(sequences).size).toBe(31);
    expect(events.at(-1)!.payload.available).toBe(40);
    expect(events[0]!.topics).toEqual([`stockChanged:${offerId}`, `vendorStockFeed:${seller.vendorId}`]);
  });

  it('I18 become subscription events: a snapshot for everybody, the warehouse for its vendor', async () => {
    const offerId = await anOffer(harness, seller, [2]);
    const query =
      'subscription($ids: [ID!]!) { stockChanged(offerIds: $ids) { kind available reason warehouse { code } offer { id } } }';
    const base = { query, variables: { ids: [offerId] }, requestId: 'r' };
    const occurredAt = new Date().toISOString();
    const snapshot = await harness.subgraph.executeEvent({
      ...base,
      viewer: anonymous,
      event: { kind: 'SNAPSHOT', cursor: 'c0', occurredAt, key: offerId },
    });
    expect(snapshot.data).toMatchObject({ stockChanged: { kind: 'SNAPSHOT', available: 2, offer: { id: offerId } } });
    const [envelope] = await until(async () => {
      const seen = await eventsOf(offerId);
      return seen.length > 0 && seen;
    });
    const { name, key, sequence } = envelope!;
    expect(snapshot.extensions).toEqual({ shows: { name, key, sequence } });
    const event = { kind: 'LIVE' as const, cursor: 'c1', occurredAt, envelope: envelope! };
    const own = await harness.subgraph.executeEvent({ ...base, viewer: seller.viewer, event });
    expect(own.data).toMatchObject({ stockChanged: { kind: 'LIVE', available: 2, warehouse: { code: 'A' } } });
    const foreign = await harness.subgraph.executeEvent({ ...base, viewer: anonymous, event });
    expect(foreign.data).toMatchObject({ stockChanged: { warehouse: null } });
  });

  it('I18 a vendor feed is for its vendor, and skips what is above the threshold when asked to', async () => {
    const offerId = await anOffer(harness, seller, [100]);
    const query = 'subscription($v: ID!) { vendorStockFeed(vendorId: $v, belowThresholdOnly: true) { available } }';
    const base = { query, variables: { v: seller.vendorId }, requestId: 'r' };
    const [envelope] = await until(async () => {
      const seen = await eventsOf(offerId);
      return seen.length > 0 && seen;
    });
    const event = { kind: 'LIVE' as const, cursor: 'c', occurredAt: new Date().toISOString(), envelope: envelope! };
    const skipped = await harness.subgraph.executeEvent({ ...base, viewer: seller.viewer, event });
    expect(skipped.errors?.[0]?.extensions['code']).toBe('EVENT_SKIPPED');
    const stranger = await harness.subgraph.executeEvent({ ...base, viewer: aUser(), event });
    expect(stranger.errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
  });
});
