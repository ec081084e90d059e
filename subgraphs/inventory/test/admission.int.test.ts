import { anonymous } from '@marketgraph/platform/graphql';
import { until } from '@marketgraph/platform/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adjust,
  anOffer,
  aSeller,
  askOf,
  availableOf,
  end,
  type Harness,
  ids,
  orders,
  reserve,
  type ReservationAnswer,
  type Seller,
  startCopy,
  startHarness,
} from './harness.ts';

let harness: Harness;
let seller: Seller;
let redis: Redis;

beforeAll(async () => {
  harness = await startHarness({ sweepIntervalMs: 60_000 });
  seller = await aSeller(harness);
  redis = new Redis(harness.stores.redis.inventory);
});
afterAll(async () => {
  redis?.disconnect();
  await harness?.stop();
});

type Lines = { offerId: string; quantity: number }[];

async function admit(lines: Lines, cartId = ids.next('crt'), viewer = orders) {
  const query = `mutation($input: StockAdmitInput!) { stockAdmit(input: $input) {
    userErrors { code ... on InsufficientStockError { offer { id } requested available } } } }`;
  const { stockAdmit } = await harness.ask<{ stockAdmit: Pick<ReservationAnswer, 'userErrors'> }>(viewer, query, {
    input: { cartId, lines },
  });
  return stockAdmit.userErrors;
}

/** Nobody looks a refusal of this offer up for as long as the test takes. */
const withoutDoubt = (offerId: string) => redis.set(`inventory:doubt:${offerId}`, '1', 'PX', 60_000);

/** How many claims there are, and how many units are spoken for. */
async function claimsOn(offerId: string): Promise<[number, number]> {
  const units = await redis.hget(`inventory:stock:${offerId}`, 'claimed');
  return [await redis.zcard(`inventory:claims:${offerId}`), Number(units ?? 0)];
}

describe('the question before a checkout', () => {
  it('I6 admits as many of a crowd as there are units, though none of them has reserved yet', async () => {
    const offerId = await anOffer(harness, seller, [6, 4]);
    await withoutDoubt(offerId);
    const answers = await Promise.all(Array.from({ length: 200 }, () => admit([{ offerId, quantity: 1 }])));
    expect(answers.filter((errors) => errors.length === 0)).toHaveLength(10);
    expect(answers.find((errors) => errors.length > 0)).toEqual([
      { code: 'INSUFFICIENT_STOCK', offer: { id: offerId }, requested: 1, available: 0 },
    ]);
  });

  it('claims once for a cart that asks twice, and its reservation settles the claim', async () => {
    const offerId = await anOffer(harness, seller, [5]);
    await withoutDoubt(offerId);
    const cartId = ids.next('crt');
    for (let n = 0; n < 3; n += 1) expect(await admit([{ offerId, quantity: 4 }], cartId)).toEqual([]);
    expect(await claimsOn(offerId)).toEqual([1, 4]);
    expect((await reserve(harness, [{ offerId, quantity: 2 }])).userErrors[0]?.code).toBe('INSUFFICIENT_STOCK');
    expect((await reserve(harness, [{ offerId, quantity: 4 }], { cartId })).reservation?.status).toBe('ACTIVE');
    expect(await claimsOn(offerId)).toEqual([0, 0]);
    expect(await admit([{ offerId, quantity: 1 }])).toEqual([]);
  });

  it('claims all lines or none', async () => {
    const [plenty, scarce] = [await anOffer(harness, seller, [5]), await anOffer(harness, seller, [1])];
    const errors = await admit([
      { offerId: plenty, quantity: 1 },
      { offerId: scarce, quantity: 1 },
      { offerId: scarce, quantity: 1 },
    ]);
    expect(errors).toEqual([{ code: 'INSUFFICIENT_STOCK', offer: { id: scarce }, requested: 2, available: 1 }]);
    expect(await claimsOn(plenty)).toEqual([0, 0]);
  });

  it('forgets a claim whose time is over', async () => {
    const offerId = await anOffer(harness, seller, [1]);
    await admit([{ offerId, quantity: 1 }]);
    await withoutDoubt(offerId);
    expect(await admit([{ offerId, quantity: 1 }])).toHaveLength(1);
    const [claim] = await redis.zrange(`inventory:claims:${offerId}`, 0, '-1');
    await redis.zadd(`inventory:claims:${offerId}`, 1, String(claim));
    expect(await admit([{ offerId, quantity: 1 }])).toEqual([]);
    expect(await claimsOn(offerId)).toEqual([1, 1]);
  });

  it('never keeps stock unsold: who claimed and went away holds nobody up, and who is let through can reserve', async () => {
    const offerId = await anOffer(harness, seller, [1]);
    expect(await admit([{ offerId, quantity: 1 }])).toEqual([]);
    const cartId = ids.next('crt');
    await until(async () => (await admit([{ offerId, quantity: 1 }], cartId)).length === 0);
    expect((await reserve(harness, [{ offerId, quantity: 1 }], { cartId })).reservation?.status).toBe('ACTIVE');
  });

  it('I8 admits on the units of a reservation whose time is over, whether or not the sweeper has come by', async () => {
    const offerId = await anOffer(harness, seller, [1]);
    await reserve(harness, [{ offerId, quantity: 1 }], { ttlSeconds: 1 });
    const cartId = ids.next('crt');
    await until(async () => (await admit([{ offerId, quantity: 1 }], cartId)).length === 0);
    expect((await reserve(harness, [{ offerId, quantity: 1 }], { cartId })).reservation?.status).toBe('ACTIVE');
  });

  it('knows at once what came in and what was given back', async () => {
    const offerId = await anOffer(harness, seller, [1]);
    const { id } = (await reserve(harness, [{ offerId, quantity: 1 }])).reservation!;
    await withoutDoubt(offerId);
    expect(await admit([{ offerId, quantity: 1 }])).toHaveLength(1);
    await end(harness, 'Release', id);
    expect(await admit([{ offerId, quantity: 1 }])).toEqual([]);
    await adjust(harness, seller, { offerId, warehouseId: seller.warehouses[0], delta: 2, reason: 'RECEIPT' });
    expect(await admit([{ offerId, quantity: 2 }])).toEqual([]);
  });

  it('I7 is answered by the database when the counter knows nothing', async () => {
    const offerId = await anOffer(harness, seller, [2]);
    await redis.del(`inventory:stock:${offerId}`);
    expect(await admit([{ offerId, quantity: 3 }])).toMatchObject([{ requested: 3, available: 2 }]);
    expect(await admit([{ offerId, quantity: 2 }])).toEqual([]);
    expect(await admit([{ offerId: ids.next('off'), quantity: 1 }])).toMatchObject([{ available: 0 }]);
  });

  it('is for the orders service alone, and refuses what is no quantity', async () => {
    const offerId = await anOffer(harness, seller, [2]);
    for (const viewer of [seller.viewer, anonymous]) {
      await expect(admit([{ offerId, quantity: 1 }], undefined, viewer)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
    expect(await admit([{ offerId, quantity: 0 }])).toMatchObject([{ code: 'INVALID' }]);
  });
});

describe('an offer of which there are thousands', () => {
  const countedOf = (offerId: string) => redis.hget(`inventory:stock:${offerId}`, 'available');

  it('is nobody’s claim, and the counter hears of its reservations soon', async () => {
    // Whatever the machine is busy with: what was seen longer ago than a second says nothing.
    const offerId = await until(async () => {
      const ample = await anOffer(harness, seller, [5_000]);
      expect(await admit([{ offerId: ample, quantity: 2 }])).toEqual([]);
      return (await claimsOn(ample))[0] === 0 && ample;
    });
    const made = await Promise.all(Array.from({ length: 100 }, () => reserve(harness, [{ offerId, quantity: 2 }])));
    await until(async () => (await countedOf(offerId)) === '4800');
    await Promise.all(made.map(({ reservation }) => end(harness, 'Release', reservation!.id)));
    await until(async () => (await countedOf(offerId)) === '5000');
  });

  it('I6 is sold to the last unit and no further by two copies of the service, on its way from plenty to none', async () => {
    const [units, buyers, atOnce] = [2_200, 2_600, 400];
    const offerId = await anOffer(harness, seller, [1_500, units - 1_500]);
    const copy = await startCopy(harness.stores, { sweepIntervalMs: 60_000 });
    try {
      const askers = [harness, { ...harness, ask: askOf(copy) }];
      let next = 0;
      const codes: (string | undefined)[] = [];
      const buy = async () => {
        for (let buyer = next++; buyer < buyers; buyer = next++) {
          const { userErrors } = await reserve(askers[buyer % 2]!, [{ offerId, quantity: 1 }]);
          codes.push(userErrors[0]?.code);
        }
      };
      await Promise.all(Array.from({ length: atOnce }, buy));
      const times = (code: string | undefined) => codes.filter((each) => each === code).length;
      expect([times(undefined), times('INSUFFICIENT_STOCK')]).toEqual([units, buyers - units]);
      expect(await availableOf(harness, offerId)).toBe(0);
      await until(async () => (await countedOf(offerId)) === '0');
    } finally {
      await copy.stop();
    }
  });
});
