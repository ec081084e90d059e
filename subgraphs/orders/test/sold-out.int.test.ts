import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { anOffer, onSale, type OrdersHarness, shopping, startOrders, untilCheckout } from './orders-harness.ts';

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

const ADDED_BEFORE = `mutation($input: CartLinesAddInput!, $key: IdempotencyKey!) {
  cartLinesAdd(input: $input, idempotencyKey: $key) { cart { lines { quantity } } userErrors { code } } }`;

describe('a cart of what the catalog heard is sold out', () => {
  const asked = () => h.peers.calls.filter((name) => name === 'OrdersAvailable').length;

  it('is refused what inventory says is gone, and takes it as soon as it is back', async () => {
    const offer = onSale(h, { ...anOffer(), soldOut: true }, 0);
    const shop = shopping(h);
    const line = { offerId: offer.id, quantity: 2 };
    expect(await shop.add([line])).toMatchObject({
      cart: null,
      userErrors: [{ __typename: 'InsufficientStockError', code: 'INSUFFICIENT_STOCK', requested: 2, available: 0 }],
    });
    h.peers.inventory.stock(offer.id, 2);
    expect(await shop.add([line])).toMatchObject({ cart: { lines: [{ quantity: 2 }] }, userErrors: [] });
    expect(h.peers.calls).not.toContain('OrdersAdmit');
  });

  it('is not asked about where nobody said so', async () => {
    const offer = onSale(h, anOffer(), 0);
    expect((await shopping(h).add([{ offerId: offer.id, quantity: 1 }])).userErrors).toEqual([]);
    expect(asked()).toBe(0);
  });

  it('is filled when inventory does not say', async () => {
    const offer = onSale(h, { ...anOffer(), soldOut: true }, 0);
    h.peers.onCall = ({ operation }) => {
      if (operation === 'OrdersAvailable') throw new Error('inventory is away');
    };
    expect((await shopping(h).add([{ offerId: offer.id, quantity: 1 }])).userErrors).toEqual([]);
    expect(asked()).toBe(1);
  });

  it('R17 says of an addition that was made what it said, although nothing is left since', async () => {
    const offer = onSale(h, anOffer(), 1);
    const { buyer } = shopping(h);
    const add = () =>
      h.run(buyer, ADDED_BEFORE, { input: { lines: [{ offerId: offer.id, quantity: 1 }] }, key: 'added-just-once' });
    const first = await add();
    onSale(h, { ...offer, soldOut: true }, 0);
    expect(await add()).toEqual(first);
  });
});

describe('a checkout of what is sold out', () => {
  it('I6 is refused before anything is priced, written, told or reserved', async () => {
    const { shop, cartId } = await tooMany();
    h.peers.calls.length = 0;
    expect((await shop.start(cartId)).userErrors).toMatchObject(soldOut);
    expect(h.peers.calls).not.toContain('OrdersReserve');
    expect(h.peers.calls[0]).toBe('OrdersAdmit');
    expect(await checkoutsOf(cartId)).toEqual([]);
  });

  it('R02 is refused with all units of an offer counted together, however they came into the cart', async () => {
    const offer = onSale(h, anOffer(), 5);
    const shop = shopping(h);
    const cartId = await shop.cart([
      { offerId: offer.id, quantity: 3 },
      { offerId: offer.id, quantity: 3 },
    ]);
    expect((await shop.start(cartId)).userErrors).toMatchObject([
      { code: 'INSUFFICIENT_STOCK', offer: { id: offer.id }, requested: 6, available: 5 },
    ]);
    expect(h.peers.inventory.held(offer.id)).toBe(0);
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

describe('46 somebody who holds all there is again and again and never buys', () => {
  it('is stopped after eight times the life of a reservation in a day, and nobody else is', async () => {
    const offer = onSale(h, anOffer(), 5);
    const [hoarder, buyer] = [shopping(h), shopping(h)];
    const cartId = await hoarder.cart([{ offerId: offer.id, quantity: 5 }]);
    const end = async (orderId: string) => {
      h.clock.advance(h.config.reservationTtlS * 1_000 + 1);
      await untilCheckout(h, orderId, 'FAILED');
    };
    for (let times = 0; times < 8; times += 1) {
      const { order, userErrors } = await hoarder.start(cartId);
      expect({ times, userErrors }).toEqual({ times, userErrors: [] });
      await end(order!.id);
    }
    const key = 'once-more-and-again';
    expect(await hoarder.start(cartId, { key })).toMatchObject({
      order: null,
      userErrors: [{ code: 'RESERVATION_LIMIT' }],
    });
    expect(h.peers.inventory.held(offer.id)).toBe(0);
    const bought = await buyer.buy([{ offerId: offer.id, quantity: 1 }]);
    expect(bought).toMatch(/^ord_/);

    h.clock.advance(86_400_000);
    h.peers.inventory.stock(offer.id, 5);
    expect((await hoarder.start(cartId, { key })).userErrors).toEqual([]);
  });

  it('is not who thinks again and again, and buys in the end', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    for (let times = 0; times < 12; times += 1) {
      expect((await shop.start(cartId)).userErrors).toEqual([]);
      h.clock.advance(60_000);
      await shop.add([{ offerId: offer.id, quantity: 1 }], cartId);
    }
    expect((await shop.start(cartId)).userErrors).toEqual([]);
  });
});
