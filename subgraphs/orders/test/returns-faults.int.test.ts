import { until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closedReturnWindows } from '../src/store/returns.ts';
import { anOffer, aVendorMember, onSale, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';
import { type ReturnAnswer, returnedGoods } from './returned-goods.ts';

let h: OrdersHarness;
let goods: ReturnType<typeof returnedGoods>;
/** Calls that a crashed process never saw the end of; a sweeper that is stopped waits for them. */
const neverAnswered: (() => void)[] = [];

beforeAll(async () => {
  h = await startOrders();
  goods = returnedGoods(h);
});

beforeEach(() => {
  h.peers.away.clear();
  h.peers.payments.refuseRefund = undefined;
  h.peers.onCall = () => undefined;
});

afterAll(async () => {
  for (const end of neverAnswered) end();
  await h?.stop();
});

const codesOf = (answer: ReturnAnswer) => answer.userErrors.map(({ code }) => code);

describe('O23 a return that was received is paid back and put away whatever breaks on the way', () => {
  const faults = ['OrdersRefund', 'OrdersReceive'].flatMap((operation) =>
    (['before', 'after'] as const).flatMap((phase) =>
      (['error', 'crash'] as const).map((fault) => ({ operation, phase, fault })),
    ),
  );

  it.each(faults)('$fault $phase $operation: once, by whoever takes it up', async ({ operation, phase, fault }) => {
    const bought = await goods.delivered();
    const id = await goods.approved(bought, 2);
    // Another process of the service: a crashed driver does not come back.
    await h.another();
    let isBroken = false;
    h.peers.onCall = (call) => {
      if (isBroken || call.operation !== operation || call.phase !== phase) return undefined;
      isBroken = true;
      if (fault === 'error') throw new Error('The connection was reset.');
      return new Promise<void>((_, reject) => {
        neverAnswered.push(() => reject(new Error('The process is gone.')));
      });
    };
    expect((await goods.receive(bought.seller, id)).userErrors).toEqual([]);
    await until(() => isBroken);
    expect(await goods.givenBack(id)).toBe('DONE');
    expect(goods.refundsOf(bought.orderId).map(({ amount }) => amount.amount)).toEqual([bought.order.total.amount]);
    expect(goods.free(bought.offers[0]!.id)).toBe(100);
  });

  it('is REFUNDED when payments says so, also before the units are on the shelf', async () => {
    const bought = await goods.delivered();
    const id = await goods.approved(bought, 1);
    h.peers.away.add('inventory');
    await goods.receive(bought.seller, id);
    await until(() => goods.refundsOf(bought.orderId).length === 1);
    await goods.refunded(bought.orderId, id);
    await until(async () => (await goods.status(id)) === 'REFUNDED');
    expect(goods.free(bought.offers[0]!.id)).toBe(98);
    h.peers.away.clear();
    expect(await goods.givenBack(id)).toBe('DONE');
    expect(goods.free(bought.offers[0]!.id)).toBe(99);
  });

  it('stays RECEIVED when payments refuses the money for good: the units are back, and an operator has to look', async () => {
    const bought = await goods.delivered();
    const id = await goods.approved(bought, 1);
    h.peers.payments.refuseRefund = { code: 'ILLEGAL_TRANSITION', message: 'The payment is disputed.' };
    await goods.receive(bought.seller, id);
    expect(await goods.givenBack(id)).toBe('FAILED');
    await goods.refunded(bought.orderId, id, 'FAILED');
    expect(goods.free(bought.offers[0]!.id)).toBe(99);
    expect(await goods.status(id)).toBe('RECEIVED');
    // The operator has refunded it by hand, in the name of the return.
    await goods.refunded(bought.orderId, id);
    await until(async () => (await goods.status(id)) === 'REFUNDED');
  });

  it('is not done by a refund in its name before the goods are there', async () => {
    const bought = await goods.delivered();
    const id = await goods.approved(bought, 1);
    await goods.refunded(bought.orderId, id);
    const later = await goods.approved(bought, 1);
    await goods.receive(bought.seller, later);
    await goods.refunded(bought.orderId, later);
    await until(async () => (await goods.status(later)) === 'REFUNDED');
    expect(await goods.status(id)).toBe('APPROVED');
  });

  it('is done at once when nothing was paid for it; its units go back all the same', async () => {
    const offer = onSale(h, anOffer({ amount: 0 }), 5);
    const shop = shopping(h);
    const orderId = await shop.buy([{ offerId: offer.id, quantity: 2 }]);
    const [part] = (await goods.sold.read(shop.buyer, orderId))!.vendorOrders;
    const seller = aVendorMember(offer.vendor.id);
    const lineId = part!.lines[0]!.id;
    const parcel = await goods.sold.pack(seller, part!.id, [{ lineId, quantity: 2 }]);
    for (const status of ['SHIPPED', 'DELIVERED']) await goods.sold.move(seller, parcel.fulfillment!.id, status);
    const { return: asked } = await goods.request(shop.buyer, { orderId, lines: [{ lineId, quantity: 1 }] });
    await goods.decide(seller, asked!.id);
    expect(await goods.receive(seller, asked!.id)).toMatchObject({
      return: { status: 'REFUNDED', refundAmount: { amount: 0 } },
    });
    expect(await goods.givenBack(asked!.id)).toBe('DONE');
    expect([goods.refundsOf(orderId), goods.free(offer.id)]).toEqual([[], 4]);
  });
});

describe('P8 a return that is approved and never sent', () => {
  it('is called off after 30 days, so that its vendor is paid in the end; one that was sent is awaited', async () => {
    const bought = await goods.delivered();
    const [kept, sent] = [await goods.approved(bought, 1), await goods.approved(bought, 1)];
    await goods.ship(bought.buyer, sent);
    const fresh = await goods.approved(await goods.delivered(), 1);
    const age = (id: string, days: number) =>
      h.rows('update order_return set updated_at = now() - make_interval(days => ?) where id = ? returning 1', [
        days,
        id,
      ]);
    await age(fresh, 29);
    await age(sent, 31);
    await age(kept, 30);
    await until(async () => (await goods.status(kept)) === 'CANCELED');
    const told = async () =>
      (await h.events('orders.returnChanged')).some(
        ({ key, payload }) => key === kept && (payload as { status: string }).status === 'CANCELED',
      );
    await until(told);
    expect([await goods.status(sent), await goods.status(fresh)]).toEqual(['IN_TRANSIT', 'APPROVED']);
    expect(codesOf(await goods.ship(bought.buyer, kept))).toEqual(['ILLEGAL_TRANSITION']);
  });
});

describe('R23 the end of the return window', () => {
  it('belongs to the time after it, to the microsecond, on the clock of the database', async () => {
    const { orderId, parts } = await goods.delivered();
    const ends = (after: string) =>
      h.db.em.fork().transactional(async (em) => {
        await em.execute(
          `update vendor_order set return_window_ends_at = now() + interval '${after}' where order_id = ?`,
          [orderId],
        );
        return [...(await closedReturnWindows(em, orderId))];
      });
    expect(await ends('0')).toEqual([parts[0]!.id]);
    expect(await ends('1 microsecond')).toEqual([]);
  });
});
