import { aUser, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anAuthorizedPayment,
  aPart,
  type Marketplace,
  operator,
  settle,
  startMarketplace,
  statusOf,
  sync,
} from './marketplace.ts';
import { aSoldOrder } from './payouts.ts';
import { booksOf, refundPart } from './refunds.ts';

/** 2.9 % and 30, as the provider of these tests has it. */
const FEE_OF_10_000 = 320;

async function feesOf(shop: Marketplace, paymentId: string): Promise<{ known: number | null; booked: number[] }> {
  const [row] = await shop.sql<{ fee: string | null }>('select fee_amount as fee from payment where id = ?', [
    paymentId,
  ]);
  const entries = await shop.sql<{ amount: string }>(
    `select entry.amount from ledger_entry entry join ledger_account account on account.id = entry.account_id
       join ledger_journal journal on journal.id = entry.journal_id
      where journal.payment_id = ? and account.kind = 'FEES' and entry.direction = 'DEBIT'`,
    [paymentId],
  );
  return { known: row?.fee == null ? null : Number(row.fee), booked: entries.map(({ amount }) => Number(amount)) };
}

async function isClosed(shop: Marketplace, paymentId: string): Promise<boolean> {
  const [row] = await shop.sql<{ closed: boolean }>(
    'select closed_at is not null as closed from payment where id = ?',
    [paymentId],
  );
  return row!.closed;
}

const BOOKED = { known: FEE_OF_10_000, booked: [FEE_OF_10_000] };

describe('P10 I6 what the provider keeps of a charge', () => {
  let shop: Marketplace;
  beforeAll(async () => {
    shop = await startMarketplace();
  });
  afterAll(() => shop?.stop());

  it('P10 I6 is booked at the capture, once, out of our cash: buyer and vendors lose nothing by it', async () => {
    const parts = [aPart(7_000), aPart(3_000)];
    const { paymentId } = await aSoldOrder(shop, parts);
    await Promise.all(Array.from({ length: 20 }, () => sync(shop, paymentId)));
    expect(await feesOf(shop, paymentId)).toEqual(BOOKED);
    expect(await booksOf(shop, paymentId)).toMatchObject({ held: 10_000, isWhole: true, isBalanced: true });
    const [cash] = await shop.sql<{ cash: string }>(
      `select sum(case entry.direction when 'DEBIT' then entry.amount else -entry.amount end) as cash
         from ledger_entry entry join ledger_account account on account.id = entry.account_id
         join ledger_journal journal on journal.id = entry.journal_id
        where journal.payment_id = ? and account.kind = 'PLATFORM_CASH'`,
      [paymentId],
    );
    expect(Number(cash!.cash)).toBe(10_000 - FEE_OF_10_000);
    expect(await isClosed(shop, paymentId)).toBe(true);
  });

  it('P10 is not given back with a refund', async () => {
    const part = aPart(10_000);
    const { orderId, paymentId } = await aSoldOrder(shop, [part]);
    await refundPart(shop, { orderId, part });
    expect(await statusOf(shop, paymentId)).toBe('REFUNDED');
    await sync(shop, paymentId);
    expect(await feesOf(shop, paymentId)).toEqual(BOOKED);
  });

  it('P3 is a transaction for operators, and nothing that buyers or vendors see', async () => {
    const { paymentId, buyerId } = await aSoldOrder(shop, [aPart(10_000)]);
    const query = 'query($id: ID!) { payment(id: $id) { transactions { id type amount { amount } } } }';
    const seenBy = async (viewer: typeof operator) =>
      (
        await shop.run<{ payment: { transactions: { id: string; type: string; amount: { amount: number } }[] } }>(
          viewer,
          query,
          { id: paymentId },
        )
      ).payment.transactions;
    const all = await seenBy(operator);
    expect(all.map(({ type }) => type)).toEqual(['AUTHORIZATION', 'CAPTURE', 'FEE']);
    const fee = all.find(({ type }) => type === 'FEE')!;
    expect(fee.amount.amount).toBe(FEE_OF_10_000);
    const buyer = aUser({ userId: buyerId });
    expect((await seenBy(buyer)).map(({ type }) => type)).toEqual(['AUTHORIZATION', 'CAPTURE']);
    const byId = 'query($of: [_Any!]!) { _entities(representations: $of) { ... on PaymentTransaction { type } } }';
    const of = [{ __typename: 'PaymentTransaction', id: fee.id }];
    expect(await shop.run(buyer, byId, { of })).toEqual({ _entities: [null] });
    expect(await shop.run(operator, byId, { of })).toEqual({ _entities: [{ type: 'FEE' }] });
  });
});

describe('P10 R21 a fee that is known later than the capture', () => {
  let shop: Marketplace;
  beforeAll(async () => {
    shop = await startMarketplace({ provider: { bookingLagMs: 60_000 } });
  });
  afterAll(() => shop?.stop());

  it('P10 R21 is booked when the provider tells of it, also of a payment that was refunded since', async () => {
    const [kept, part] = [await aSoldOrder(shop, [aPart(10_000)]), aPart(10_000)];
    const refunded = await aSoldOrder(shop, [part]);
    await refundPart(shop, { orderId: refunded.orderId, part });
    for (const { paymentId } of [kept, refunded]) {
      await sync(shop, paymentId);
      expect(await feesOf(shop, paymentId)).toEqual({ known: null, booked: [] });
      expect(await isClosed(shop, paymentId)).toBe(false);
    }
    shop.emulator.control.advanceClock(60_000);
    for (const { paymentId } of [kept, refunded]) {
      await until(() => isClosed(shop, paymentId), { what: `${paymentId} is closed` });
      expect(await feesOf(shop, paymentId)).toEqual(BOOKED);
      expect(await booksOf(shop, paymentId)).toMatchObject({ isWhole: true, isBalanced: true });
    }
    expect(await statusOf(shop, kept.paymentId)).toBe('CAPTURED');
    expect(await statusOf(shop, refunded.paymentId)).toBe('REFUNDED');
  });
});

describe('P10 a provider whose news do not come, and one that keeps nothing', () => {
  it('P10 the fee is found by the next check', async () => {
    const shop = await startMarketplace({ webhooks: false, provider: { bookingLagMs: 60_000 } });
    try {
      const { id } = await anAuthorizedPayment(shop);
      await settle(shop, { paymentId: id, vendorOrders: [aPart(10_000)] });
      shop.emulator.control.advanceClock(60_000);
      await shop.sql('update payment set next_check_at = now() where id = ?', [id]);
      await until(() => isClosed(shop, id));
      expect(await feesOf(shop, id)).toEqual(BOOKED);
    } finally {
      await shop.stop();
    }
  });

  it('P10 no fee is no entry, and the payment is closed', async () => {
    const shop = await startMarketplace({ provider: { feeBasisPoints: 0, feeFixedMinor: 0 } });
    try {
      const { paymentId } = await aSoldOrder(shop, [aPart(10_000)]);
      expect(await feesOf(shop, paymentId)).toEqual({ known: 0, booked: [] });
      expect(await isClosed(shop, paymentId)).toBe(true);
    } finally {
      await shop.stop();
    }
  });
});
