import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { money } from '@marketgraph/platform/core';
import { until } from '@marketgraph/platform/testing';
import { anOffer, onSale, operations, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';

let h: OrdersHarness;
let deals = 0;

beforeAll(async () => {
  h = await startOrders();
});
beforeEach(() => {
  h.peers.onCall = () => undefined;
  h.peers.inventory.isBlind = false;
});
afterAll(() => h?.stop());

/** An offer at 10.00 with a deal at 7.00, and so many slots of it. */
function aDeal(slots: number, units = 100) {
  deals += 1;
  const id = `dea_${String(deals).padStart(26, '0')}`;
  const offer = onSale(h, anOffer({ price: money(1_000, 'EUR'), deal: { id, price: money(700, 'EUR') } }), units);
  h.peers.inventory.stock(id, slots);
  return { id, offer };
}

async function shown(shop: ReturnType<typeof shopping>, cartId: string) {
  const { cart } = await h.run<{ cart: { lines: { unitPrice: { amount: number } }[]; warnings: { code: string }[] } }>(
    shop.buyer,
    'query($id: ID!) { cart(id: $id) { lines { unitPrice { amount } } warnings { code } } }',
    { id: cartId },
  );
  return [cart.lines[0]!.unitPrice.amount, cart.warnings.map(({ code }) => code)];
}

const PRICE_CHANGED = [{ __typename: 'BasicUserError', code: 'PRICE_CHANGED' }];

describe('C15 a cart with an offer that has a deal', () => {
  it('has the price of the deal, and holds a slot of it with each unit', async () => {
    const { id, offer } = aDeal(5);
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 3 }]);
    expect(await shown(shop, cartId)).toEqual([700, []]);
    const started = await shop.start(cartId);
    expect(started.userErrors).toEqual([]);
    expect([h.peers.inventory.held(offer.id), h.peers.inventory.held(id)]).toEqual([3, 3]);
    const [row] = await h.rows<{
      draft: { vendorOrders: { lines: { dealId: string; unitPrice: { amount: number } }[] }[] };
    }>('select draft from checkout where order_id = ?', [started.order!.id]);
    expect(row!.draft.vendorOrders[0]!.lines[0]).toMatchObject({ dealId: id, unitPrice: { amount: 700 } });
  });

  it('is sold at the price of the deal, and what it bought of the slots stays bought when it is cancelled', async () => {
    const { id, offer } = aDeal(1);
    const shop = shopping(h);
    const orderId = await shop.buy([{ offerId: offer.id, quantity: 1 }]);
    expect([h.peers.inventory.sold(offer.id), h.peers.inventory.sold(id)]).toEqual([1, 1]);
    const cancel = `mutation($input: OrderCancelInput!, $key: IdempotencyKey!) {
      orderCancel(input: $input, idempotencyKey: $key) { userErrors { code } } }`;
    const input = { orderId, reason: 'Not needed.' };
    expect(await h.run(shop.buyer, cancel, { input, key: `cancel-${orderId}` })).toEqual({
      orderCancel: { userErrors: [] },
    });
    const back = await until(() => [...h.peers.inventory.received.values()].find((each) => each.orderId === orderId));
    expect(back.lines).toEqual([{ offerId: offer.id, quantity: 1 }]);
  });

  it('is told that the price has changed when the slots are gone, sees the new one, and can buy at it', async () => {
    const { id, offer } = aDeal(1);
    const [first, late] = [shopping(h), shopping(h)];
    const cartId = await late.cart([{ offerId: offer.id, quantity: 1 }]);
    await first.buy([{ offerId: offer.id, quantity: 1 }]);
    // The catalog still says that the deal is LIVE.
    expect((await late.start(cartId)).userErrors).toMatchObject(PRICE_CHANGED);
    expect(await shown(late, cartId)).toEqual([1_000, []]);
    expect((await late.start(cartId)).userErrors).toEqual([]);
    expect([h.peers.inventory.held(offer.id), h.peers.inventory.held(id)]).toEqual([1, 0]);
  });

  it('is told the same by the reservation, whatever the question before it said', async () => {
    const { id, offer } = aDeal(1);
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
    h.peers.inventory.isBlind = true;
    const refused = await shop.start(cartId);
    expect(refused.userErrors).toMatchObject(PRICE_CHANGED);
    expect(refused.userErrors[0]!.message).toContain('Only 1');
    expect(await shown(shop, cartId)).toEqual([1_000, []]);
    expect(h.peers.inventory.held(id)).toBe(0);
    expect((await shop.start(cartId)).userErrors).toEqual([]);
  });

  it('asks for the deal again once its quantity is another', async () => {
    const { id, offer } = aDeal(2);
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 3 }]);
    expect((await shop.start(cartId)).userErrors).toMatchObject(PRICE_CHANGED);
    const { cart } = await h.run<{ cart: { lines: { id: string }[] } }>(
      shop.buyer,
      'query($id: ID!) { cart(id: $id) { lines { id } } }',
      {
        id: cartId,
      },
    );
    const input = { cartId, lines: [{ lineId: cart.lines[0]!.id, quantity: 2 }] };
    await h.run(shop.buyer, operations.update, { input });
    expect(await shown(shop, cartId)).toEqual([700, []]);
    expect((await shop.start(cartId)).userErrors).toEqual([]);
    expect(h.peers.inventory.held(id)).toBe(2);
  });

  it('can be bought at once by who states the total that is true without the deal', async () => {
    const { id, offer } = aDeal(0);
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    // Seen in another cart: the total of one unit at its own price.
    const other = shopping(h);
    const otherCart = await other.cart([{ offerId: offer.id, quantity: 1 }]);
    await other.start(otherCart);
    const total = (await other.start(otherCart)).order!.total;
    expect((await shop.start(cartId, { total })).userErrors).toEqual([]);
    expect(h.peers.inventory.held(id)).toBe(0);
  });

  it('is told once that the deal is over', async () => {
    const { offer } = aDeal(5);
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    delete offer.deal;
    expect(await shown(shop, cartId)).toEqual([1_000, ['PRICE_CHANGED']]);
    expect((await shop.start(cartId)).userErrors).toMatchObject(PRICE_CHANGED);
    expect((await shop.start(cartId)).userErrors).toEqual([]);
  });

  it('is refused for its units alone when both are short', async () => {
    const { offer } = aDeal(0, 1);
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
    expect((await shop.start(cartId)).userErrors).toMatchObject([
      { code: 'INSUFFICIENT_STOCK', requested: 2, available: 1 },
    ]);
  });

  it('asks inventory about the slots before anything is priced', async () => {
    const { id, offer } = aDeal(1);
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    const admit = h.peers.inventory.admit.bind(h.peers.inventory);
    const asked: unknown[] = [];
    h.peers.inventory.admit = (input) => {
      asked.push(...input.lines);
      return admit(input);
    };
    await shop.start(cartId);
    h.peers.inventory.admit = admit;
    expect(asked).toEqual([
      { offerId: offer.id, quantity: 1 },
      { offerId: id, quantity: 1 },
    ]);
  });

  it('sells one slot to one of many at once, and tells all others of the new price', async () => {
    const { id, offer } = aDeal(3);
    const shops = Array.from({ length: 12 }, () => shopping(h));
    const cartIds = await Promise.all(shops.map((shop) => shop.cart([{ offerId: offer.id, quantity: 1 }])));
    const answers = await Promise.all(shops.map((shop, index) => shop.start(cartIds[index]!)));
    expect(answers.filter(({ userErrors }) => userErrors.length === 0)).toHaveLength(3);
    const refused = answers.filter(({ userErrors }) => userErrors.length > 0);
    expect(new Set(refused.map(({ userErrors }) => userErrors[0]!.code))).toEqual(new Set(['PRICE_CHANGED']));
    expect(h.peers.inventory.held(id)).toBe(3);
  });
});
