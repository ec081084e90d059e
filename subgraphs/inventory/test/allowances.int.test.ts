import { randomUUID } from 'node:crypto';
import { anonymous } from '@marketgraph/platform/graphql';
import { aUser, until } from '@marketgraph/platform/testing';
import { type AllowanceSet, allowanceSet } from '@marketgraph/schema/events/catalog';
import { type AllowanceChanged, allowanceChanged } from '@marketgraph/schema/events/inventory';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  adjust,
  anOffer,
  aSeller,
  availableOf,
  dealsOfCatalog,
  end,
  type Harness,
  ids,
  orders,
  reserve,
  type Seller,
  set,
  startHarness,
} from './harness.ts';

let harness: Harness;
let seller: Seller;
const operator = aUser({ roles: ['OPERATOR'] });

beforeAll(async () => {
  harness = await startHarness({ sweepIntervalMs: 60_000 });
  seller = await aSeller(harness);
});
afterAll(() => harness?.stop());

async function left(dealId: string): Promise<number | null> {
  const { _entities } = await harness.ask<{ _entities: { slotsRemaining: number | null }[] }>(
    anonymous,
    'query($r: [_Any!]!) { _entities(representations: $r) { ... on LightningDeal { slotsRemaining } } }',
    { r: [{ __typename: 'LightningDeal', id: dealId }] },
  );
  return _entities[0]!.slotsRemaining;
}

async function tell(allowanceId: string, units: number, sequence: number): Promise<void> {
  const { name, version } = allowanceSet;
  const payload: AllowanceSet = { allowanceId, kind: 'DEAL', units, vendorId: seller.vendorId };
  const occurredAt = new Date().toISOString();
  const id = ids.next('evt');
  await harness.bus.publish('catalog', [{ id, name, version, occurredAt, key: allowanceId, sequence, payload }]);
  await until(async () => {
    const rows = await harness.db.em.fork().execute('select 1 from inbox where event_id = ?', [id]);
    return rows.length > 0;
  });
}

async function aDeal(units: number): Promise<string> {
  const dealId = ids.next('dea');
  await tell(dealId, units, 1);
  return dealId;
}

const claim = (dealId: string, quantity = 1, options: Parameters<typeof reserve>[2] = {}) =>
  reserve(harness, [{ offerId: dealId, quantity }], options);

describe('an allowance', () => {
  it('I15 gives an offer and a slot of its deal together, or neither', async () => {
    const [offerId, dealId] = [await anOffer(harness, seller, [5]), await aDeal(1)];
    const both = [
      { offerId, quantity: 1 },
      { offerId: dealId, quantity: 1 },
    ];
    expect((await reserve(harness, both)).reservation?.status).toBe('ACTIVE');
    const refused = await reserve(harness, both);
    expect(refused).toMatchObject({
      reservation: null,
      userErrors: [{ code: 'INSUFFICIENT_STOCK', offer: { id: dealId }, requested: 1, available: 0 }],
    });
    expect([await availableOf(harness, offerId), await left(dealId)]).toEqual([4, 0]);
  });

  it('C15 gives 10 slots to exactly 10 of 200 who claim at once', async () => {
    const dealId = await aDeal(10);
    const answers = await Promise.all(Array.from({ length: 200 }, () => claim(dealId)));
    expect(answers.filter(({ reservation }) => reservation)).toHaveLength(10);
    const refused = answers.filter(({ reservation }) => !reservation);
    expect(new Set(refused.map(({ userErrors }) => `${userErrors[0]?.code} ${userErrors[0]?.offer?.id}`))).toEqual(
      new Set([`INSUFFICIENT_STOCK ${dealId}`]),
    );
    expect(await left(dealId)).toBe(0);
  });

  it('I15 gets an abandoned claim back when its time is over, and keeps a confirmed one', async () => {
    const dealId = await aDeal(2);
    const kept = await claim(dealId);
    await claim(dealId, 1, { ttlSeconds: 1 });
    expect((await claim(dealId)).reservation).toBeNull();
    await end(harness, 'Confirm', kept.reservation!.id);
    await until(async () => (await left(dealId)) === 1);
    expect((await claim(dealId)).reservation?.status).toBe('ACTIVE');
    expect((await claim(dealId)).reservation).toBeNull();
  });

  it('I15 is known before its event has come, to the reservation and to the question before it', async () => {
    const [asked, reserved] = [ids.next('dea'), ids.next('dea')];
    for (const dealId of [asked, reserved]) dealsOfCatalog.set(dealId, 3);
    const query = 'mutation($input: StockAdmitInput!) { stockAdmit(input: $input) { userErrors { code } } }';
    const input = { cartId: ids.next('crt'), lines: [{ offerId: asked, quantity: 3 }] };
    expect(await harness.ask(orders, query, { input })).toEqual({ stockAdmit: { userErrors: [] } });
    expect((await claim(reserved)).reservation?.status).toBe('ACTIVE');
    await tell(reserved, 3, 1);
    expect(await left(reserved)).toBe(2);
    const unknown = await claim(ids.next('dea'));
    expect(unknown.userErrors[0]?.code).toBe('NOT_FOUND');
  });

  it('I15 is what was said last, whatever comes twice or late', async () => {
    const dealId = await aDeal(10);
    await tell(dealId, 4, 3);
    await tell(dealId, 8, 2);
    await tell(dealId, 4, 3);
    expect(await left(dealId)).toBe(4);
  });

  it('I15 that is lowered below what is held takes nobody anything, and what comes back is gone', async () => {
    const dealId = await aDeal(5);
    const [first, second] = [await claim(dealId, 2), await claim(dealId, 2)];
    await tell(dealId, 1, 2);
    expect(await left(dealId)).toBe(0);
    await end(harness, 'Release', first.reservation!.id);
    expect(await left(dealId)).toBe(0);
    await end(harness, 'Release', second.reservation!.id);
    expect(await left(dealId)).toBe(1);
  });

  it('I15 tells how it is with each change, numbered', async () => {
    const dealId = await aDeal(3);
    const { reservation } = await claim(dealId, 2);
    await end(harness, 'Confirm', reservation!.id);
    const told = await until(async () => {
      const events = await harness.bus.read('inventory', { after: '0-0', count: 1_000 });
      const own = events.map(({ envelope }) => envelope).filter(({ key }) => key === dealId);
      return own.length === 3 ? own : undefined;
    });
    expect(told.map(({ name, sequence }) => `${name} ${sequence}`)).toEqual(
      [1, 2, 3].map((sequence) => `${allowanceChanged.name} ${sequence}`),
    );
    expect(told.map(({ payload }) => payload as AllowanceChanged)).toEqual([
      { allowanceId: dealId, units: 3, available: 3, reserved: 0, used: 0 },
      { allowanceId: dealId, units: 3, available: 1, reserved: 2, used: 0 },
      { allowanceId: dealId, units: 3, available: 1, reserved: 0, used: 2 },
    ]);
  });

  it('I15 drifts from its counter no more than an offer does', async () => {
    const dealId = await aDeal(3);
    await claim(dealId);
    await tell(dealId, 9, 2);
    const { inventoryDrift } = await harness.ask<{ inventoryDrift: unknown[] }>(
      operator,
      'query { inventoryDrift { offer { id } counter ledger } }',
    );
    expect(inventoryDrift).toEqual([]);
  });

  it('I15 agrees with a one-thread model after any sequence of commands', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('allow' as const), units: fc.nat(8) }),
      fc.record({ do: fc.constant('claim' as const), quantity: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ do: fc.constantFrom('Confirm' as const, 'Release' as const, 'Revert' as const), which: fc.nat(5) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const dealId = await aDeal(4);
        const model = {
          allowed: 4,
          used: 0,
          held: 0,
          claims: [] as { id: string; quantity: number; status: string }[],
        };
        const free = () => Math.max(model.allowed - model.used - model.held, 0);
        let sequence = 1;
        for (const each of steps) {
          if (each.do === 'allow') {
            await tell(dealId, each.units, (sequence += 1));
            model.allowed = each.units;
          } else if (each.do === 'claim') {
            const { reservation } = await claim(dealId, each.quantity);
            expect(Boolean(reservation)).toBe(free() >= each.quantity);
            if (!reservation) continue;
            model.held += each.quantity;
            model.claims.push({ id: reservation.id, quantity: each.quantity, status: 'ACTIVE' });
          } else {
            const target = model.claims[each.which % Math.max(model.claims.length, 1)];
            if (!target) continue;
            await end(harness, each.do, target.id);
            if (target.status === 'ACTIVE') {
              model.held -= target.quantity;
              if (each.do === 'Confirm') model.used += target.quantity;
              target.status = each.do === 'Confirm' ? 'CONFIRMED' : 'RELEASED';
            } else if (target.status === 'CONFIRMED' && each.do === 'Revert') {
              model.used -= target.quantity;
              target.status = 'RELEASED';
            }
          }
          expect(await left(dealId)).toBe(free());
        }
        const [kept] = await harness.db.em.fork().execute<{ used: number; reserved: number; given: boolean }[]>(
          `select offer.granted - level.on_hand as used, level.reserved,
                  offer.granted = (select sum(on_hand_delta) from stock_movement m
                                    where m.offer_id = offer.offer_id and m.reason = 'ADJUSTMENT') as given
             from offer join stock_level level on level.offer_id = offer.offer_id where offer.offer_id = ?`,
          [dealId],
        );
        expect(kept).toEqual({ used: model.used, reserved: model.held, given: true });
      }),
      { numRuns: 25 },
    );
  });
});

describe('an allowance is no stock', () => {
  it('I15 cannot be counted, moved or seen as the units of an offer', async () => {
    const dealId = await aDeal(5);
    const warehouseId = seller.warehouses[0];
    const input = { offerId: dealId, warehouseId };
    const counted = await set(harness, { viewer: operator }, { ...input, onHand: 9, expectedVersion: 0 });
    const moved = await adjust(harness, { viewer: operator }, { ...input, delta: 1, reason: 'RECEIPT' });
    expect([counted, moved].map(({ userErrors }) => userErrors[0]?.code)).toEqual(['NOT_FOUND', 'NOT_FOUND']);
    expect(await availableOf(harness, dealId)).toBe(0);
  });

  it('I15 is kept where nothing can be put and nobody can look', async () => {
    const offerId = await anOffer(harness, seller, [1]);
    const input = { offerId, warehouseId: 'whs_allowances', onHand: 9, expectedVersion: 0 };
    for (const viewer of [seller.viewer, operator]) {
      expect((await set(harness, { viewer }, input)).userErrors[0]).toMatchObject({
        code: 'NOT_FOUND',
        field: ['warehouseId'],
      });
      expect(await harness.ask(viewer, 'query { warehouse(id: "whs_allowances") { id } }')).toEqual({
        warehouse: null,
      });
    }
    const renamed = await harness.ask<{ warehouseUpsert: { userErrors: { code: string }[] } }>(
      operator,
      'mutation($input: WarehouseInput!) { warehouseUpsert(input: $input) { userErrors { code } } }',
      { input: { id: 'whs_allowances', code: 'X', name: 'X', region: 'EU' } },
    );
    expect(renamed.warehouseUpsert.userErrors[0]?.code).toBe('NOT_FOUND');
  });

  it('I15 is no line of a reservation that is shown, and does not come back with a return', async () => {
    const [offerId, dealId] = [await anOffer(harness, seller, [5]), await aDeal(5)];
    const orderId = ids.next('ord');
    const lines = [offerId, dealId].map((id) => ({ offerId: id, quantity: 1 }));
    const { reservation } = await reserve(harness, lines, { key: orderId });
    expect(
      await harness.ask(
        operator,
        'query($id: ID!) { reservation(id: $id) { lines { offer { id } warehouse { code } } } }',
        {
          id: reservation!.id,
        },
      ),
    ).toEqual({ reservation: { lines: [{ offer: { id: offerId }, warehouse: { code: 'A' } }] } });
    await end(harness, 'Confirm', reservation!.id);
    const receive = (id: string) =>
      harness.ask<{ stockReturnReceive: { userErrors: { code: string }[] } }>(
        orders,
        'mutation($input: StockReturnInput!) { stockReturnReceive(input: $input) { userErrors { code } } }',
        { input: { id: randomUUID(), orderId, lines: [{ offerId: id, quantity: 1 }] } },
      );
    expect((await receive(dealId)).stockReturnReceive.userErrors[0]?.code).toBe('INVALID');
    expect((await receive(offerId)).stockReturnReceive.userErrors).toEqual([]);
    expect([await availableOf(harness, offerId), await left(dealId)]).toEqual([5, 4]);
  });
});
