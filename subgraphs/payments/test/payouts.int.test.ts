import { aUser, until } from '@marketgraph/platform/testing';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPart, ids, type Marketplace, operator, startMarketplace } from './marketplace.ts';
import {
  aSoldOrder,
  debtOf,
  type Neighbours,
  neighboursOf,
  releasePayout,
  settlementOf,
  untilSettlement,
} from './payouts.ts';
import { booksOf, refund, refundPart } from './refunds.ts';

/** `R37_RACES=500` is the long run. */
const RACES = Number(process.env['R37_RACES'] ?? 20);

let shop: Marketplace;
let neighbours: Neighbours;
beforeAll(async () => {
  shop = await startMarketplace();
  neighbours = await neighboursOf(shop);
});
afterAll(async () => {
  await neighbours?.stop();
  await shop?.stop();
});

const past = () => new Date(Date.now() - 1_000);
const later = () => new Date(Date.now() + 3_600_000);
const recordOf = (intent: string) => shop.emulator.control.record({ payment_intent: intent }).payments[0]!;

async function aPayableVendor(): Promise<{ vendorId: string; account: string }> {
  const vendorId = ids.next('ven');
  return { vendorId, account: await neighbours.onboard(vendorId) };
}

/** Sold, delivered, and paid to the vendor. */
async function aPaidOutOrder(vendorId: string, amount = 10_000) {
  const part = aPart(amount, { vendorId });
  const order = await aSoldOrder(shop, [part]);
  await neighbours.deliver(part, past());
  const settlement = await untilSettlement(shop, part, 'RELEASED');
  return { part, settlement, ...order };
}

describe('P6 P7 P8 the return window ends', () => {
  it('P6 P8 each vendor gets its net in one transfer of the order’s group; held money becomes payable and leaves', async () => {
    const [one, two] = [await aPayableVendor(), await aPayableVendor()];
    const parts = [aPart(6_000, { vendorId: one.vendorId }), aPart(4_001, { vendorId: two.vendorId })];
    const { paymentId, orderId, intent } = await aSoldOrder(shop, parts);
    await Promise.all(parts.map((part) => neighbours.deliver(part, past())));
    const settlements = await Promise.all(parts.map((part) => untilSettlement(shop, part, 'RELEASED')));
    // 10 % commission, 19 % tax on it.
    expect(settlements.map(({ net, transferred }) => [net, transferred])).toEqual([
      [5_286, 5_286],
      [3_525, 3_525],
    ]);
    const transfers = recordOf(intent).movements.filter(({ kind }) => kind === 'transfer');
    expect(transfers.map(({ transfer_group }) => transfer_group)).toEqual([orderId, orderId]);
    expect(transfers.map(({ amount }) => amount).toSorted()).toEqual([3_525, 5_286]);
    expect(await booksOf(shop, paymentId)).toMatchObject({ isBalanced: true, isWhole: true, held: 0 });
    const types = await shop.sql<{ type: string }>(
      "select type from payment_transaction where payment_id = ? and type = 'TRANSFER'",
      [paymentId],
    );
    expect(types).toHaveLength(2);
  });

  it('P8 before that an operator cannot release it either: ILLEGAL_TRANSITION, and no transfer is made', async () => {
    const { vendorId } = await aPayableVendor();
    const part = aPart(10_000, { vendorId });
    const { intent } = await aSoldOrder(shop, [part]);
    const { id } = await settlementOf(shop, part);
    const early = { payout: null, userErrors: [{ code: 'ILLEGAL_TRANSITION' }] };
    expect(await releasePayout(shop, { vendorId, settlementIds: [id] })).toMatchObject(early);
    await neighbours.deliver(part, later());
    await until(
      async () => (await shop.sql('select 1 from settlement where id = ? and release_at is not null', [id])).length,
    );
    expect(await releasePayout(shop, { vendorId, settlementIds: [id] })).toMatchObject(early);
    expect(await releasePayout(shop, { vendorId })).toMatchObject(early);
    expect(await releasePayout(shop, { vendorId, settlementIds: [ids.next('stl')] })).toMatchObject({
      userErrors: [{ code: 'NOT_FOUND', field: ['settlementIds'] }],
    });
    expect(await settlementOf(shop, part)).toMatchObject({ status: 'HELD', transferred: 0 });
    expect(recordOf(intent).transferred).toBe(0);
  });

  it('P8 cancelled or returned before: REVERSED, and no transfer is ever made', async () => {
    const { vendorId } = await aPayableVendor();
    const part = aPart(10_000, { vendorId });
    const { orderId, intent } = await aSoldOrder(shop, [part]);
    await refundPart(shop, { orderId, part });
    await neighbours.deliver(part, past());
    const marker = await aPaidOutOrder(vendorId, 2_000);
    expect(marker.settlement.status).toBe('RELEASED');
    expect(await settlementOf(shop, part)).toMatchObject({ status: 'REVERSED', transferred: 0 });
    expect(recordOf(intent)).toMatchObject({ transferred: 0, refunded: 10_000 });
  });

  it('R37 a vendor whose account is not ready keeps it RELEASABLE, with the reason, and is paid once it is', async () => {
    const { vendorId, account } = await aPayableVendor();
    shop.emulator.control.restrict(account, 'under_review');
    const restricted = "select 1 from payout_account where vendor_id = ? and status = 'RESTRICTED'";
    await until(async () => (await shop.sql(restricted, [vendorId])).length);
    const part = aPart(10_000, { vendorId });
    const { intent } = await aSoldOrder(shop, [part]);
    await neighbours.deliver(part, past());
    await until(async () => (await settlementOf(shop, part)).problem);
    expect(await settlementOf(shop, part)).toMatchObject({
      status: 'RELEASABLE',
      problem: "The vendor's account is RESTRICTED.",
    });
    expect(await releasePayout(shop, { vendorId })).toMatchObject({ userErrors: [{ code: 'KYC_REQUIRED' }] });
    expect(recordOf(intent).transferred).toBe(0);
    shop.emulator.control.restrict(account, null);
    expect(await untilSettlement(shop, part, 'RELEASED')).toMatchObject({ problem: null, transferred: 8_810 });
  });
});

describe('P11 P20 a refund after the vendor was paid', () => {
  it('P11 is taken back from its transfer: all three give their share, the rest stays', async () => {
    const { vendorId } = await aPayableVendor();
    const { part, orderId, paymentId, intent } = await aPaidOutOrder(vendorId);
    expect(await refundPart(shop, { orderId, part, amount: 2_500 })).toMatchObject({ refund: { status: 'SUCCEEDED' } });
    await until(async () => (await settlementOf(shop, part)).reversed > 0);
    expect(await settlementOf(shop, part)).toMatchObject({
      status: 'RELEASED',
      net: 6_607,
      transferred: 8_810,
      reversed: 2_203,
    });
    expect(recordOf(intent)).toMatchObject({ refunded: 2_500, transferred: 8_810, reversed: 2_203 });
    expect(await debtOf(shop, vendorId)).toBe(0);
    await refund(shop, { orderId, reason: 'The rest' });
    await untilSettlement(shop, part, 'REVERSED');
    expect(recordOf(intent)).toMatchObject({ refunded: 10_000, reversed: 8_810 });
    expect(await booksOf(shop, paymentId)).toMatchObject({
      status: 'REFUNDED',
      isBalanced: true,
      isWhole: true,
      held: 0,
    });
    expect(await debtOf(shop, vendorId)).toBe(0);
  });

  it('P20 of a vendor that has spent it: it owes, and its next settlements are set off until it does not', async () => {
    const { vendorId, account } = await aPayableVendor();
    const { part, orderId } = await aPaidOutOrder(vendorId);
    await spend(account, 8_810);
    await refundPart(shop, { orderId, part });
    await until(async () => {
      const [row] = await shop.sql<{ status: string }>(
        "select status from provider_operation where vendor_id = ? and kind = 'REVERSAL'",
        [vendorId],
      );
      return row?.status === 'FAILED';
    });
    expect(await debtOf(shop, vendorId)).toBe(8_810);
    expect(await balanceOf(vendorId)).toMatchObject({ negative: { amount: 8_810 }, paidOut: { amount: 8_810 } });

    const small = aPart(5_000, { vendorId });
    const first = await aSoldOrder(shop, [small]);
    await neighbours.deliver(small, past());
    expect(await untilSettlement(shop, small, 'OFFSET')).toMatchObject({ offset: 4_405, transferred: 0 });
    expect(recordOf(first.intent).transferred).toBe(0);
    expect(await debtOf(shop, vendorId)).toBe(4_405);

    const large = aPart(10_000, { vendorId });
    await aSoldOrder(shop, [large]);
    await neighbours.deliver(large, past());
    expect(await untilSettlement(shop, large, 'RELEASED')).toMatchObject({ offset: 4_405, transferred: 4_405 });
    expect(await debtOf(shop, vendorId)).toBe(0);
    expect(await balanceOf(vendorId)).toMatchObject({
      held: { amount: 0 },
      releasable: { amount: 0 },
      negative: { amount: 0 },
      paidOut: { amount: 8_810 + 4_405 },
    });
  });

  it(
    `R37 refund and release within a second of the end of the return window, ${RACES} times: one is first, and nobody is paid twice`,
    async () => {
      const { vendorId } = await aPayableVendor();
      const parts = await Promise.all(
        Array.from({ length: RACES }, async () => {
          const part = aPart(1_000, { vendorId });
          return { part, ...(await aSoldOrder(shop, [part])) };
        }),
      );
      await Promise.all(
        parts.flatMap(({ part, orderId }, index) => [
          // From a second ago to a second from now, most of them close to this moment.
          neighbours.deliver(part, new Date(Date.now() + Math.round(1_000 * Math.sin(index) ** 3))),
          refundPart(shop, { orderId, part }),
        ]),
      );
      await Promise.all(parts.map(({ part }) => untilSettlement(shop, part, 'REVERSED')));
      for (const { intent, paymentId } of parts) {
        const { captured, refunded, transferred, reversed } = recordOf(intent);
        expect([captured, refunded, transferred - reversed]).toEqual([1_000, 1_000, 0]);
        expect(await booksOf(shop, paymentId)).toMatchObject({ status: 'REFUNDED', isWhole: true, held: 0 });
      }
      expect(await debtOf(shop, vendorId)).toBe(0);
    },
    60_000 + RACES * 1_000,
  );
});

describe('P20 who sees payouts', () => {
  it('P20 the vendor and operators: by id, in pages, with their settlements; nobody else', async () => {
    const { vendorId } = await aPayableVendor();
    const first = await aPaidOutOrder(vendorId, 1_000);
    const second = await aPaidOutOrder(vendorId, 2_000);
    const vendor = aUser({ memberships: [{ of: vendorId, role: 'VENDOR_STAFF' }] });
    const PAGE = `query($r: [_Any!]!, $after: String) { _entities(representations: $r) { ... on Vendor { payouts(first: 1, after: $after) {
      edges { node { id status amount { amount } arrivalDate settlements { id } } } pageInfo { hasNextPage endCursor } } } } }`;
    const page = async (viewer: typeof vendor, after?: string) => {
      const r = [{ __typename: 'Vendor', id: vendorId }];
      type Page = { edges: { node: { id: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
      const data = await shop.run<{ _entities: [{ payouts: Page | null }] }>(viewer, PAGE, { r, after });
      return data._entities[0].payouts;
    };
    const newest = await page(vendor);
    expect(newest).toMatchObject({
      edges: [{ node: { status: 'PAID', amount: { amount: 1_762 }, settlements: [{ id: second.settlement.id }] } }],
      pageInfo: { hasNextPage: true },
    });
    expect(await page(operator, newest!.pageInfo.endCursor)).toMatchObject({
      edges: [{ node: { settlements: [{ id: first.settlement.id }] } }],
      pageInfo: { hasNextPage: false },
    });
    expect(await page(aUser())).toBeNull();
    const ONE = 'query($id: ID!) { payout(id: $id) { id } }';
    const { id } = newest!.edges[0]!.node;
    expect(await shop.run(vendor, ONE, { id })).toEqual({ payout: { id } });
    expect(await shop.run(aUser(), ONE, { id })).toEqual({ payout: null });
    const release = `mutation { payoutRelease(input: { vendorId: "${vendorId}" }, idempotencyKey: "0123456789abcdef") { userErrors { code } } }`;
    expect((await shop.execute(vendor, release)).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    const told = await shop.sql<{ payload: { status: string } }>(
      "select payload from outbox where name = 'payments.payoutChanged' and key = ? order by position",
      [id],
    );
    expect(told.map(({ payload }) => payload.status)).toEqual(['PROCESSING', 'PAID']);
  });
});

/** The vendor's money has gone to its bank: nothing is left on its account at the provider. */
async function spend(account: string, amount: number): Promise<void> {
  shop.emulator.control.settleBalance(account);
  const { host, port } = shop.emulator;
  const stripe = new Stripe(shop.config.stripe.secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0 });
  await stripe.accounts.createExternalAccount(account, {
    external_account: {
      object: 'bank_account',
      country: 'DE',
      currency: 'eur',
      account_number: 'DE89370400440532013000',
    },
  });
  await stripe.payouts.create({ amount, currency: 'eur' }, { stripeAccount: account });
}

async function balanceOf(vendorId: string): Promise<object> {
  const query = `query($r: [_Any!]!) { _entities(representations: $r) { ... on Vendor { balance {
    held { amount } releasable { amount } paidOut { amount } negative { amount } } } } }`;
  const r = [{ __typename: 'Vendor', id: vendorId }];
  const data = await shop.run<{ _entities: [{ balance: object }] }>(operator, query, { r });
  return data._entities[0].balance;
}
