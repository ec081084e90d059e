import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anOffer, onSale, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';

let h: OrdersHarness;

beforeAll(async () => {
  h = await startOrders();
});

beforeEach(() => {
  h.peers.onCall = () => undefined;
  h.peers.inventory.isBlind = false;
  h.peers.calls.length = 0;
});

afterAll(() => h?.stop());

const checkoutsOf = (cartId: string) => h.rows('select order_id from checkout where cart_id = ?', [cartId]);

const soldOut = [{ __typename: 'InsufficientStockError', code: 'INSUFFICIENT_STOCK', requested: 2, available: 1 }];

async function tooMany() {
  const offer = onSale(h, anOffer(), 1);
  const shop = shopping(h);
  return { offer, shop, cartId: await shop.cart([{ offerId: offer.id, quantity: 2 }]) };
}

describe('a checkout of what is sold out', () => {
  it('I6 is refused before anything is priced, written, told or reserved', async () => {
    const { shop, cartId } = await tooMany();
    h.peers.calls.length = 0;
    expect((await shop.start(cartId)).userErrors).toMatchObject(soldOut);
    expect(h.peers.calls).not.toContain('OrdersReserve');
    expect(h.peers.calls[0]).toBe('OrdersAdmit');
    expect(await checkoutsOf(cartId)).toEqual([]);
  });

  it('can be tried again once there is enough, with the same key', async () => {
    const { offer, shop, cartId } = await tooMany();
    expect((await shop.start(cartId, { key: 'asked-once-more' })).userErrors).toMatchObject(soldOut);
    h.peers.inventory.stock(offer.id, 2);
    expect((await shop.start(cartId, { key: 'asked-once-more' })).userErrors).toEqual([]);
  });

  it('is judged by the reservation whatever the question before it said', async () => {
    const { shop, cartId } = await tooMany();
    h.peers.inventory.isBlind = true;
    expect((await shop.start(cartId)).userErrors).toMatchObject(soldOut);
    expect(h.peers.calls).toContain('OrdersReserve');
  });

  it('goes on to the reservation when inventory does not answer the question', async () => {
    const offer = onSale(h, anOffer(), 2);
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
    h.peers.onCall = ({ operation }) => {
      if (operation === 'OrdersAdmit') throw new Error('inventory is away');
    };
    expect((await shop.start(cartId)).userErrors).toEqual([]);
    expect(h.peers.inventory.held(offer.id)).toBe(2);
  });
});
