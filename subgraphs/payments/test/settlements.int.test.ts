import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { aUser, silentLog, until } from '@marketgraph/platform/testing';
import { vendorChanged } from '@marketgraph/schema/events/accounts';
import { orderFailed, vendorOrderDelivered } from '@marketgraph/schema/events/orders';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aCheckout,
  anAuthorizedPayment,
  aPart,
  create,
  ids,
  type Marketplace,
  operator,
  type Part,
  settle,
  startMarketplace,
  statusOf,
  untilStatus,
} from './marketplace.ts';

let shop: Marketplace;
let bus: EventBus;
beforeAll(async () => {
  shop = await startMarketplace();
  bus = await createRedisBus({ url: shop.config.redisUrl, log: silentLog });
});
afterAll(async () => {
  await bus?.close();
  await shop?.stop();
});

const eur = (amount: number) => ({ amount, currencyCode: 'EUR' });

async function publish(contract: { name: string; version: number }, key: string, payload: unknown): Promise<string> {
  const id = ids.next('evt');
  const envelope = {
    id,
    name: contract.name,
    version: contract.version,
    occurredAt: new Date().toISOString(),
    key,
    sequence: 1,
    payload,
  };
  await bus.publish(contract.name.split('.')[0]!, [envelope]);
  return id;
}

const vendorOf = (part: Part) => aUser({ memberships: [{ of: part.vendorId, role: 'VENDOR_ADMIN' }] });

const SETTLEMENT = `query($r: [_Any!]!) { _entities(representations: $r) { ... on VendorOrder { settlement {
  id status releaseAt gross { amount currencyCode } commission { amount } commissionTax { amount } net { amount } } } } }`;

interface SettlementAnswer {
  id: string;
  status: string;
  releaseAt: string | null;
  gross: { amount: number };
  commission: { amount: number };
  commissionTax: { amount: number };
  net: { amount: number };
}

async function settlementOf(part: Part, viewer = vendorOf(part)): Promise<SettlementAnswer | null> {
  const r = [{ __typename: 'VendorOrder', id: part.vendorOrderId }];
  const { _entities } = await shop.run<{ _entities: [{ settlement: SettlementAnswer | null }] }>(viewer, SETTLEMENT, {
    r,
  });
  return _entities[0].settlement;
}

async function aSettledOrder(parts: Part[]): Promise<string> {
  const amount = eur(parts.reduce((sum, part) => sum + part.gross.amount, 0));
  const { id } = await anAuthorizedPayment(shop, aCheckout({ amount }));
  expect(await settle(shop, { paymentId: id, vendorOrders: parts })).toMatchObject({ userErrors: [] });
  return id;
}

describe('P6 one order of three vendors', () => {
  it('P6 is one charge and three held settlements that sum to what was captured, in one transfer group', async () => {
    const checkout = aCheckout({ amount: eur(10_001) });
    const { id, intent } = await anAuthorizedPayment(shop, checkout);
    const parts = [aPart(5_000, { productTotal: eur(4_500) }), aPart(3_334), aPart(1_667)];
    await settle(shop, { paymentId: id, vendorOrders: parts });

    const settlements = await Promise.all(parts.map((part) => settlementOf(part)));
    expect(
      settlements.map((one) => [one!.gross.amount, one!.commission.amount, one!.commissionTax.amount, one!.net.amount]),
    ).toEqual([
      // Ten per cent of the products, and 19 % tax on that.
      [5_000, 450, 86, 4_464],
      [3_334, 333, 63, 2_938],
      [1_667, 167, 32, 1_468],
    ]);
    expect(settlements.map((one) => [one!.status, one!.releaseAt])).toEqual(settlements.map(() => ['HELD', null]));
    expect(settlements.reduce((sum, one) => sum + one!.gross.amount, 0)).toBe(10_001);

    const [record] = shop.emulator.control.record({ payment_intent: intent }).payments;
    expect(record).toMatchObject({ charges: 1, captured: 10_001 });
    expect(record!.movements.every((movement) => movement.transfer_group === checkout.orderId)).toBe(true);
  });

  it('P6 a part that costs nothing has a settlement of nothing, which waits for nobody', async () => {
    const [paid, free] = [aPart(2_500), aPart(0)];
    await aSettledOrder([paid, free]);
    expect(await settlementOf(paid)).toMatchObject({ status: 'HELD', gross: { amount: 2_500 } });
    expect(await settlementOf(free)).toMatchObject({
      ...{ status: 'RELEASED', gross: { amount: 0 }, commission: { amount: 0 }, net: { amount: 0 } },
    });
    // Delivered as any other: the news is heard, and nothing comes of it.
    const payload = { ...vendorOrderDelivered.sample, vendorOrderId: free.vendorOrderId };
    const eventId = await publish(vendorOrderDelivered, free.vendorOrderId, payload);
    await until(async () => (await shop.sql('select 1 from inbox where event_id = ?', [eventId])).length > 0);
    expect(await settlementOf(free)).toMatchObject({ status: 'RELEASED', releaseAt: null });
  });

  it('P6 refuses parts that are not the order: nothing is captured', async () => {
    const { id } = await anAuthorizedPayment(shop);
    const twice = aPart(5_000);
    for (const vendorOrders of [
      [],
      [aPart(10_001)],
      [twice, twice],
      [aPart(10_000, { gross: { amount: 10_000, currencyCode: 'USD' } })],
    ]) {
      const { userErrors } = await settle(shop, { paymentId: id, vendorOrders });
      expect(userErrors).toMatchObject([{ code: 'INVALID', field: expect.arrayContaining(['vendorOrders']) }]);
    }
    expect(await statusOf(shop, id)).toBe('AUTHORIZED');
    // A refused call has not used up anything: the right parts are taken afterwards.
    const parts = [aPart(10_000)];
    expect(await settle(shop, { paymentId: id, vendorOrders: parts })).toMatchObject({
      payment: { status: 'CAPTURED' },
    });
    expect(await settle(shop, { paymentId: id, vendorOrders: parts })).toMatchObject({ userErrors: [] });
    expect(await settle(shop, { paymentId: id, vendorOrders: [aPart(10_000)] })).toMatchObject({
      userErrors: [{ code: 'CONFLICT' }],
    });
  });

  it('P6 two settle calls with different keys at the same time make one set of settlements', async () => {
    const { id } = await anAuthorizedPayment(shop);
    const vendorOrders = [aPart(4_000), aPart(6_000)];
    const answers = await Promise.all(Array.from({ length: 10 }, () => settle(shop, { paymentId: id, vendorOrders })));
    expect(answers.map(({ userErrors }) => userErrors)).toEqual(answers.map(() => []));
    expect(await shop.sql('select 1 from settlement where payment_id = ?', [id])).toHaveLength(2);
  });
});

describe('P9 commission', () => {
  const upsert = async (input: object) => {
    const query = `mutation($input: CommissionRuleInput!) { commissionRuleUpsert(input: $input) {
      rule { id name rate fixed { amount } vendor { id } category { id } priority } userErrors { code field } } }`;
    const data = await shop.run<{
      commissionRuleUpsert: { rule: { id: string } | null; userErrors: { code: string }[] };
    }>(operator, query, { input });
    return data.commissionRuleUpsert;
  };

  it("P9 a vendor's rule goes before a category's before the default, and is frozen: a later rate changes nothing past", async () => {
    const [plain, inCategory, special] = [aPart(1_000), aPart(1_000, { categoryIds: [ids.next('cat')] }), aPart(1_000)];
    const categoryId = inCategory.categoryIds![0]!;
    await upsert({ name: 'Category', rate: 500, categoryId, priority: 10 });
    special.categoryIds = [categoryId];
    const own = await upsert({ name: 'Vendor', rate: 200, vendorId: special.vendorId, priority: 0 });
    await aSettledOrder([plain, inCategory, special]);
    const commissions = async () =>
      (await Promise.all([plain, inCategory, special].map((part) => settlementOf(part)))).map(
        (one) => one!.commission.amount,
      );
    expect(await commissions()).toEqual([100, 50, 20]);

    expect(
      (await upsert({ id: own.rule!.id, name: 'Vendor', rate: 9_000, vendorId: special.vendorId, priority: 0 }))
        .userErrors,
    ).toEqual([]);
    expect(await commissions()).toEqual([100, 50, 20]);
    const next = { ...aPart(1_000), vendorId: special.vendorId };
    await aSettledOrder([next]);
    expect((await settlementOf(next))?.commission.amount).toBe(900);
  });

  it('P9 a bad rule is a typed error, and only operators write and read rules', async () => {
    expect(await upsert({ name: ' ', rate: 1, priority: 0 })).toMatchObject({
      rule: null,
      userErrors: [{ code: 'INVALID', field: ['name'] }],
    });
    expect(await upsert({ name: 'x', rate: 1, priority: 0, fixed: eur(-1) })).toMatchObject({
      userErrors: [{ field: ['fixed'] }],
    });
    expect(await upsert({ id: ids.next('cmr'), name: 'x', rate: 1, priority: 0 })).toMatchObject({
      userErrors: [{ code: 'NOT_FOUND' }],
    });
    const tooMuch = await shop.execute(
      operator,
      'mutation { commissionRuleUpsert(input: { name: "x", rate: 10001, priority: 0 }) { userErrors { code } } }',
    );
    expect(tooMuch.errors).toHaveLength(1);
    const vendorId = ids.next('ven');
    await upsert({ name: 'Mine', rate: 1, vendorId, priority: 0, fixed: eur(25) });
    const list =
      'query($v: ID) { commissionRules(vendorId: $v) { name rate fixed { amount currencyCode } vendor { id } } }';
    expect(await shop.run(operator, list, { v: vendorId })).toEqual({
      commissionRules: [{ name: 'Mine', rate: 1, fixed: eur(25), vendor: { id: vendorId } }],
    });
    for (const operation of [
      list,
      'mutation { commissionRuleUpsert(input: { name: "x", rate: 1, priority: 0 }) { userErrors { code } } }',
    ]) {
      expect((await shop.execute(aUser(), operation)).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    }
  });
});

describe('P8 what orders tells', () => {
  it('P8 the delivery of a vendor order sets when its money may be released, once', async () => {
    const part = aPart(10_000);
    await aSettledOrder([part]);
    const delivered = (returnWindowEndsAt: string) =>
      publish(vendorOrderDelivered, part.vendorOrderId, {
        ...vendorOrderDelivered.sample,
        vendorOrderId: part.vendorOrderId,
        returnWindowEndsAt,
      });
    await delivered('2027-02-04T00:00:00.000Z');
    await until(async () => (await settlementOf(part))?.releaseAt === '2027-02-04T00:00:00.000Z');
    const again = await delivered('2029-01-01T00:00:00.000Z');
    await until(async () => (await shop.sql('select 1 from inbox where event_id = ?', [again])).length === 1);
    expect(await settlementOf(part)).toMatchObject({ status: 'HELD', releaseAt: '2027-02-04T00:00:00.000Z' });
    const events = await shop.sql<{ payload: { status: string; releaseAt: string | null }; topics: string[] }>(
      "select payload, topics from outbox where name = 'payments.settlementChanged' and payload->>'vendorOrderId' = ? order by position",
      [part.vendorOrderId],
    );
    expect(events.map(({ payload }) => payload.releaseAt)).toEqual([null, '2027-02-04T00:00:00.000Z']);
    expect(events[0]!.topics).toEqual([`payoutFeed:${part.vendorId}`]);
  });

  it('an order that failed leaves no hold: whoever confirms later is released too', async () => {
    const { id, checkout, intent } = await anAuthorizedPayment(shop);
    await publish(orderFailed, checkout.orderId, { ...orderFailed.sample, orderId: checkout.orderId });
    await untilStatus(shop, id, 'VOIDED');
    expect(shop.emulator.control.record({ payment_intent: intent }).payments).toMatchObject([
      { captured: 0, released: 10_000 },
    ]);

    const late = aCheckout();
    const { payment, clientSecret } = await create(shop, late);
    await publish(orderFailed, late.orderId, { ...orderFailed.sample, orderId: late.orderId });
    await untilStatus(shop, payment!.id, 'VOIDED');
    await expect(shop.confirm(clientSecret!, 'pm_card_visa')).rejects.toThrow(/canceled/);
  });
});

describe('P20 what a vendor sees', () => {
  const MONEY = `query($r: [_Any!]!) { _entities(representations: $r) { ... on Vendor {
    payoutAccount { status requirements } balance { held { amount currencyCode } releasable { amount } paidOut { amount } negative { amount } } } } }`;
  const moneyOf = async (
    vendorId: string,
    viewer = aUser({ memberships: [{ of: vendorId, role: 'VENDOR_STAFF' }] }),
  ) => {
    const r = [{ __typename: 'Vendor', id: vendorId }];
    return (
      await shop.run<{ _entities: { payoutAccount: object | null; balance: object | null }[] }>(viewer, MONEY, { r })
    )._entities[0]!;
  };

  it('P20 its balance by status, and nothing of it for a buyer or another vendor', async () => {
    const part = aPart(6_000);
    await aSettledOrder([part, aPart(4_000)]);
    expect((await moneyOf(part.vendorId)).balance).toEqual({
      held: { amount: 6_000 - 600 - 114, currencyCode: 'EUR' },
      releasable: { amount: 0 },
      paidOut: { amount: 0 },
      negative: { amount: 0 },
    });
    for (const stranger of [aUser(), vendorOf(aPart(1))]) {
      expect(await moneyOf(part.vendorId, stranger)).toEqual({ payoutAccount: null, balance: null });
      expect(await settlementOf(part, stranger)).toBeNull();
    }
    expect(await settlementOf(part, operator)).not.toBeNull();
    expect((await moneyOf(ids.next('ven'), operator)).balance).toBeNull();
  });

  it('P7 a vendor that becomes active gets one account at the provider, and its status follows the provider', async () => {
    const vendorId = ids.next('ven');
    const changed = { ...vendorChanged.sample, vendorId };
    await publish(vendorChanged, vendorId, { ...changed, status: 'PENDING_REVIEW' });
    await publish(vendorChanged, vendorId, changed);
    await publish(vendorChanged, vendorId, changed);
    const reference = await until(async () => {
      const [row] = await shop.sql<{ provider_reference: string | null }>(
        'select provider_reference from payout_account where vendor_id = ?',
        [vendorId],
      );
      return row?.provider_reference;
    });
    expect((await moneyOf(vendorId)).payoutAccount).toMatchObject({
      status: 'PENDING',
      requirements: expect.arrayContaining(['external_account']),
    });
    shop.emulator.control.onboard(reference);
    await until(async () => JSON.stringify((await moneyOf(vendorId)).payoutAccount).includes('ACTIVE'));
    expect((await moneyOf(vendorId)).payoutAccount).toEqual({ status: 'ACTIVE', requirements: [] });
    shop.emulator.control.restrict(reference, 'under_review');
    expect(
      await until(async () => JSON.stringify((await moneyOf(vendorId)).payoutAccount).includes('RESTRICTED')),
    ).toBe(true);
  });
});
