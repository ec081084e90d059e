import { until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPart, type Marketplace, startMarketplace, untilStatus } from './marketplace.ts';
import { aSoldOrder, debtOf, type Neighbours, neighboursOf, settlementOf, untilSettlement } from './payouts.ts';
import { booksOf, refund } from './refunds.ts';

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
const FEE = 1_500;

async function disputeOf(intent: string): Promise<string> {
  const found = await until(async () => (await shop.desk.disputes.list({ payment_intent: intent })).data[0]);
  return found.id;
}

async function openDispute(intent: string): Promise<string> {
  const { latest_charge: charge } = await shop.desk.paymentIntents.retrieve(intent);
  return shop.emulator.control.openDispute(String(charge)).id;
}

async function feesOf(paymentId: string): Promise<number> {
  const [row] = await shop.sql<{ total: string }>(
    `select coalesce(sum(case entry.direction when 'DEBIT' then entry.amount else -entry.amount end), 0) as total
       from ledger_entry entry join ledger_account account on account.id = entry.account_id
       join ledger_journal journal on journal.id = entry.journal_id
      where journal.payment_id = ? and journal.fact like 'dispute:%' and account.kind = 'FEES'`,
    [paymentId],
  );
  return Number(row!.total);
}

async function chargebacksOf(paymentId: string): Promise<string[]> {
  const rows = await shop.sql<{ status: string }>(
    "select status from payment_transaction where payment_id = ? and type = 'CHARGEBACK' order by position",
    [paymentId],
  );
  return rows.map(({ status }) => status);
}

describe('a buyer’s bank takes money back', () => {
  it('P3 P8 P10 books what it took and its fee; the vendor waits, refunds are refused, until the dispute is won', async () => {
    const part = aPart(10_000);
    await neighbours.onboard(part.vendorId);
    // The card whose charges are disputed by themselves.
    const { paymentId, orderId, intent } = await aSoldOrder(shop, [part], 'pm_card_createDispute');
    const dispute = await disputeOf(intent);
    await untilStatus(shop, paymentId, 'DISPUTED');
    expect(await booksOf(shop, paymentId)).toMatchObject({
      ...{ withBanks: 10_000, onChargebacks: 10_000, disputed: 10_000 },
      ...{ refunded: 0, held: 10_000, isBalanced: true, isWhole: true },
    });
    expect(await feesOf(paymentId)).toBe(FEE);
    const denied = await refund(shop, { orderId, reason: 'Not while it is disputed' });
    expect(denied.userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);

    await neighbours.deliver(part, past());
    const isDue = "select 1 from settlement where vendor_order_id = ? and release_at <= now() and status = 'HELD'";
    await until(async () => (await shop.sql(isDue, [part.vendorOrderId])).length > 0);
    expect(await settlementOf(shop, part)).toMatchObject({
      ...{ status: 'HELD', transferred: 0 },
      problem: 'The buyer’s bank has the money until a dispute is decided.',
    });

    shop.emulator.control.closeDispute(dispute, 'won');
    const released = await untilSettlement(shop, part, 'RELEASED');
    expect(released.problem).toBeNull();
    expect(await booksOf(shop, paymentId)).toMatchObject({
      ...{ status: 'CAPTURED', withBanks: 0, onChargebacks: 0, disputed: 0, refunded: 0, viaBank: 0, isWhole: true },
    });
    expect(await feesOf(paymentId)).toBe(0);
    expect(await chargebacksOf(paymentId)).toEqual(['PENDING', 'FAILED']);
  });

  it('P6 P10 a lost one is borne like a refund by those who sold, by the terms of their settlements', async () => {
    const parts = [aPart(6_000), aPart(4_000)];
    const { paymentId, orderId, intent } = await aSoldOrder(shop, parts);
    const dispute = await openDispute(intent);
    await untilStatus(shop, paymentId, 'DISPUTED');
    shop.emulator.control.closeDispute(dispute, 'lost');
    await untilStatus(shop, paymentId, 'REFUNDED');
    expect(await booksOf(shop, paymentId)).toMatchObject({
      ...{ refunded: 10_000, viaBank: 10_000, atProvider: 0, held: 0, withBanks: 10_000, onChargebacks: 0 },
      settlements: [
        { status: 'REVERSED', gross: 0, net: 0 },
        { status: 'REVERSED', gross: 0, net: 0 },
      ],
      ...{ isWhole: true, isBalanced: true },
    });
    expect(await feesOf(paymentId)).toBe(FEE);
    expect(await chargebacksOf(paymentId)).toEqual(['PENDING', 'SUCCEEDED']);
    const again = await refund(shop, { orderId, reason: 'A second time' });
    expect(again.userErrors).toMatchObject([{ code: 'REFUND_EXCEEDS' }]);
  });

  it('P11 of a vendor that was paid its share is taken back from the transfer once the dispute is lost, and not before', async () => {
    const part = aPart(10_000);
    await neighbours.onboard(part.vendorId);
    const { paymentId, intent } = await aSoldOrder(shop, [part]);
    await neighbours.deliver(part, past());
    const paid = await untilSettlement(shop, part, 'RELEASED');
    const dispute = await openDispute(intent);
    await untilStatus(shop, paymentId, 'DISPUTED');
    expect(await settlementOf(shop, part)).toMatchObject({ transferred: paid.net, reversed: 0, problem: null });
    shop.emulator.control.closeDispute(dispute, 'lost');
    expect(await untilSettlement(shop, part, 'REVERSED')).toMatchObject({ transferred: paid.net, reversed: paid.net });
    expect(await debtOf(shop, part.vendorId)).toBe(0);
    expect(await booksOf(shop, paymentId)).toMatchObject({ status: 'REFUNDED', onChargebacks: 0, isBalanced: true });
  });

  it('P11 what was refunded before is not lost again: the bank has the rest, and so have the sellers', async () => {
    const part = aPart(10_000);
    const { paymentId, orderId, intent } = await aSoldOrder(shop, [part]);
    await refund(shop, { orderId, amount: { amount: 2_500, currencyCode: 'EUR' }, reason: 'One of four' });
    const dispute = await openDispute(intent);
    shop.emulator.control.closeDispute(dispute, 'lost');
    await untilStatus(shop, paymentId, 'REFUNDED');
    expect(await booksOf(shop, paymentId)).toMatchObject({
      ...{ refunded: 10_000, viaBank: 7_500, atProvider: 2_500, disputed: 7_500, onChargebacks: 0, held: 0 },
    });
  });
});
