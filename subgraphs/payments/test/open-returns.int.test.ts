import { until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aPart, ids, type Marketplace, type Part, startMarketplace } from './marketplace.ts';
import { aSoldOrder, type Neighbours, neighboursOf, releasePayout, settlementOf, untilSettlement } from './payouts.ts';
import { booksOf, refundPart } from './refunds.ts';

let shop: Marketplace;
let neighbours: Neighbours;
let vendorId: string;
beforeAll(async () => {
  shop = await startMarketplace();
  neighbours = await neighboursOf(shop);
  vendorId = ids.next('ven');
  await neighbours.onboard(vendorId);
});
afterAll(async () => {
  await neighbours?.stop();
  await shop?.stop();
});

const past = () => new Date(Date.now() - 1_000);

async function aSale(amount = 10_000) {
  const part = aPart(amount, { vendorId });
  return { part, returnId: ids.next('ret'), ...(await aSoldOrder(shop, [part])) };
}

async function untilOpen(part: Part, open: number): Promise<void> {
  const sql = 'select 1 from settlement where vendor_order_id = ? and open_returns = ?';
  await until(async () => (await shop.sql(sql, [part.vendorOrderId, open])).length, { what: `${open} open returns` });
}

/** Everything that is due has been paid: something sold later has. */
async function released(): Promise<void> {
  const { part } = await aSale(2_000);
  await neighbours.deliver(part, past());
  await untilSettlement(shop, part, 'RELEASED');
}

describe('P8 while a return is open', () => {
  it('its vendor is not paid, by the job or by an operator, with the reason; and is when it comes to nothing', async () => {
    for (const end of ['REJECTED', 'CANCELED']) {
      const { part, returnId } = await aSale();
      await neighbours.returned(part, { returnId, status: 'REQUESTED', sequence: 5 });
      await untilOpen(part, 1);
      await neighbours.deliver(part, past());
      await released();
      const { id, ...held } = await settlementOf(shop, part);
      expect(held).toMatchObject({ status: 'HELD', transferred: 0, problem: 'A return is open.' });
      expect(await releasePayout(shop, { vendorId, settlementIds: [id] })).toMatchObject({
        payout: null,
        userErrors: [{ code: 'ILLEGAL_TRANSITION', message: 'A return of it is open.' }],
      });
      expect((await releasePayout(shop, { vendorId })).userErrors).toMatchObject([{ code: 'ILLEGAL_TRANSITION' }]);
      await neighbours.returned(part, { returnId, status: end, sequence: 6 });
      expect(await untilSettlement(shop, part, 'RELEASED')).toMatchObject({ problem: null });
    }
  });

  it('all of it must have ended; news that is told again, or is older, changes nothing', async () => {
    const { part, returnId } = await aSale();
    const other = ids.next('ret');
    const tell = (id: string, status: string, sequence: number) =>
      neighbours.returned(part, { returnId: id, status, sequence });
    await tell(returnId, 'REQUESTED', 5);
    await tell(other, 'REQUESTED', 6);
    await untilOpen(part, 2);
    await tell(returnId, 'APPROVED', 7);
    await tell(returnId, 'REJECTED', 8);
    await untilOpen(part, 1);
    // As a letter that was buried and sent again.
    await tell(returnId, 'REQUESTED', 5);
    await tell(other, 'RECEIVED', 9);
    await neighbours.deliver(part, past());
    await released();
    expect(await settlementOf(shop, part)).toMatchObject({ status: 'HELD', transferred: 0 });
    await tell(other, 'REFUNDED', 10);
    await untilSettlement(shop, part, 'RELEASED');
    expect(await shop.sql('select is_open from return_hold where vendor_order_id = ?', [part.vendorOrderId])).toEqual([
      { is_open: false },
      { is_open: false },
    ]);
  });

  it('and then refunded: in full REVERSED without any transfer, in part the vendor is paid for the rest', async () => {
    for (const [amount, status, net] of [
      [10_000, 'REVERSED', 0],
      [4_000, 'RELEASED', 5_286],
    ] as const) {
      const { part, returnId, orderId, paymentId } = await aSale();
      await neighbours.returned(part, { returnId, status: 'REQUESTED', sequence: 5 });
      await untilOpen(part, 1);
      await neighbours.deliver(part, past());
      await refundPart(shop, { orderId, part, amount });
      await neighbours.returned(part, { returnId, status: 'REFUNDED', sequence: 6 });
      expect(await untilSettlement(shop, part, status)).toMatchObject({ net, transferred: net, reversed: 0 });
      expect(await booksOf(shop, paymentId)).toMatchObject({
        refunded: amount,
        atProvider: amount,
        transferredAtProvider: net,
        isBalanced: true,
        isWhole: true,
      });
    }
  });
});

describe('R37 a return that is asked for as the window ends', () => {
  it('finds its vendor paid or not, and in either case the buyer is paid back and the vendor keeps nothing', async () => {
    const ends = { held: 0, paid: 0 };
    for (let round = 0; round < 20; round += 1) {
      const { part, returnId, orderId, paymentId } = await aSale(1_000 + round);
      const tell = (status: string, sequence: number) => neighbours.returned(part, { returnId, status, sequence });
      await Promise.all(
        round % 2 === 0
          ? [neighbours.deliver(part, past()), tell('REQUESTED', 5)]
          : [tell('REQUESTED', 5), neighbours.deliver(part, past())],
      );
      await untilOpen(part, 1);
      const before = await settlementOf(shop, part);
      expect((await refundPart(shop, { orderId, part })).userErrors).toEqual([]);
      await tell('REFUNDED', 6);
      const { transferred, reversed } = await untilSettlement(shop, part, 'REVERSED');
      expect(transferred).toBe(reversed);
      if (before.status === 'HELD') expect(transferred).toBe(0);
      ends[transferred === 0 ? 'held' : 'paid'] += 1;
      expect(await booksOf(shop, paymentId)).toMatchObject({
        refunded: 1_000 + round,
        atProvider: 1_000 + round,
        held: 0,
        isBalanced: true,
        isWhole: true,
      });
    }
    expect(ends.held + ends.paid).toBe(20);
    expect(ends.held).toBeGreaterThan(0);
  });
});
