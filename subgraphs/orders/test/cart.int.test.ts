import { anonymous } from '@marketgraph/platform/graphql';
import { connectRedis } from '@marketgraph/platform/redis';
import { aUser, silentLog as log, testIds, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { redisCarts } from '../src/store/carts.ts';
import {
  anOffer,
  BERLIN,
  type CartAnswer,
  onSale,
  operations,
  type OrdersHarness,
  shopping,
  startOrders,
} from './orders-harness.ts';

let h: OrdersHarness;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
});

afterAll(() => h?.stop());

const READ = `query($id: ID, $token: String) { cart(id: $id, token: $token) {
  id version subtotal { amount } taxTotal { amount } shippingTotal { amount } total { amount currencyCode }
  lines { quantity unitPrice { amount } lineTotal { amount } offer { id } }
  vendorGroups { vendor { id } selectedDelivery { id } deliveryOptions { id price { amount } } subtotal { amount } }
  warnings { code line { offer { id } } } buyer { id } } }`;

interface Read {
  cart: {
    id: string;
    version: number;
    subtotal: { amount: number };
    total: { amount: number; currencyCode: string };
    lines: { quantity: number; offer: { id: string }; unitPrice: { amount: number } }[];
    warnings: { code: string; line: { offer: { id: string } } }[];
  } | null;
}

describe('a cart', () => {
  it('O1 recomputes its totals from the catalog after every change', async () => {
    const [lamp, shade] = [onSale(h, anOffer({ amount: 2_000 })), onSale(h, anOffer({ amount: 1_500 }))];
    const shop = shopping(h);
    const cartId = await shop.cart([
      { offerId: lamp.id, quantity: 2 },
      { offerId: shade.id, quantity: 1 },
    ]);
    const { cart } = await h.run<Read>(shop.buyer, READ);
    expect(cart).toMatchObject({
      id: cartId,
      buyer: { id: shop.buyer.userId },
      subtotal: { amount: 5_500 },
      taxTotal: { amount: 760 + 285 },
      shippingTotal: { amount: 490 + 490 },
      total: { amount: 5_500 + 1_045 + 980, currencyCode: 'EUR' },
      vendorGroups: [
        { vendor: lamp.vendor, selectedDelivery: { id: 'STANDARD' }, subtotal: { amount: 4_000 } },
        { vendor: shade.vendor, subtotal: { amount: 1_500 } },
      ],
    });

    const delivery = { cartId, vendorId: lamp.vendor.id, deliveryOptionId: 'EXPRESS' };
    const chosen = await h.run<{ cartDeliverySelect: CartAnswer }>(shop.buyer, operations.delivery, {
      input: delivery,
    });
    expect(chosen.cartDeliverySelect.cart?.total.amount).toBe(5_500 + 1_045 + 490 + 1_290);

    const [first] = chosen.cartDeliverySelect.cart!.lines;
    const update = { cartId, lines: [{ lineId: first!.id, quantity: 1 }] };
    const updated = await h.run<{ cartLinesUpdate: CartAnswer }>(shop.buyer, operations.update, { input: update });
    expect(updated.cartLinesUpdate.cart?.lines.map((line) => line.quantity)).toEqual([1, 1]);

    const remove = { cartId, lineIds: [first!.id] };
    const removed = await h.run<{ cartLinesRemove: CartAnswer }>(shop.buyer, operations.remove, { input: remove });
    expect(removed.cartLinesRemove.cart?.total.amount).toBe(1_500 + 285 + 490);
  });

  it('O1 loses none of 20 parallel additions, and gives them one cart', async () => {
    const offers = Array.from({ length: 20 }, () => onSale(h, anOffer()));
    const shop = shopping(h);
    const answers = await Promise.all(offers.map((offer) => shop.add([{ offerId: offer.id, quantity: 1 }])));
    expect(answers.flatMap((answer) => answer.userErrors)).toEqual([]);
    expect(new Set(answers.map((answer) => answer.cart?.id)).size).toBe(1);
    const { cart } = await h.run<Read>(shop.buyer, READ);
    expect(cart!.lines.map((line) => line.offer.id).toSorted()).toEqual(offers.map((offer) => offer.id).toSorted());
    expect(cart!.version).toBe(20);
  });

  it('O1 adds 20 times to one line', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    await Promise.all(Array.from({ length: 20 }, () => shop.add([{ offerId: offer.id, quantity: 2 }])));
    const { cart } = await h.run<Read>(shop.buyer, READ);
    expect(cart!.lines).toMatchObject([{ quantity: 40 }]);
  });

  it('O1 refuses what cannot be bought, with the path to it, and changes nothing', async () => {
    const good = onSale(h, anOffer());
    const paused = onSale(h, anOffer({ status: 'PAUSED' }));
    const dollars = onSale(h, anOffer({ price: { amount: 100, currencyCode: 'USD' } }));
    const shop = shopping(h);
    await shop.add([{ offerId: good.id, quantity: 1 }]);
    const refusals: [string, number, string, string[]][] = [
      [ids.next('off'), 1, 'NOT_FOUND', ['lines', '1', 'offerId']],
      ['off_nonsense', 1, 'NOT_FOUND', ['lines', '1', 'offerId']],
      [paused.id, 1, 'VENDOR_NOT_ACTIVE', ['lines', '1']],
      [dollars.id, 1, 'INVALID', ['lines', '1', 'offerId']],
      [good.id, 0, 'INVALID', ['lines', '1', 'quantity']],
      [good.id, -1, 'INVALID', ['lines', '1', 'quantity']],
      [good.id, 1_000_000_000, 'INVALID', ['lines', '1', 'quantity']],
    ];
    for (const [offerId, quantity, code, field] of refusals) {
      const answer = await shop.add([
        { offerId: good.id, quantity: 1 },
        { offerId, quantity },
      ]);
      expect(answer).toMatchObject({ cart: null, userErrors: [{ __typename: 'BasicUserError', code, field }] });
    }
    const { cart } = await h.run<Read>(shop.buyer, READ);
    expect(cart).toMatchObject({ version: 1, lines: [{ quantity: 1 }] });
  });

  it('O2 holds two of SKU-001 after adding two of SKU-001', async () => {
    const offer = onSale(h, anOffer({ sku: 'SKU-001' }));
    const shop = shopping(h);
    await shop.add([{ offerId: offer.id, quantity: 2 }]);
    const { cart } = await h.run<Read>(shop.buyer, READ);
    expect(cart!.lines.map((line) => [h.peers.offers.get(line.offer.id)!.sku, line.quantity])).toEqual([
      ['SKU-001', 2],
    ]);
  });

  it('O3 lives in Redis for 604,800 s after each write, and `expiresAt` agrees', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const { cart } = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    const redis = await connectRedis(h.config.redisUrl, { log, name: 'test' });
    try {
      const key = `{orders:cart:${cart!.id}}`;
      const ttl = await redis.ttl(key);
      expect(ttl).toBeGreaterThan(604_790);
      expect(ttl).toBeLessThanOrEqual(604_800);
      expect(Date.parse(cart!.expiresAt) - h.clock.now().getTime()).toBe(604_800_000);

      await redis.expire(key, 100);
      await shop.add([{ offerId: offer.id, quantity: 1 }]);
      expect(await redis.ttl(key)).toBeGreaterThan(604_790);

      const carts = redisCarts(redis);
      const times: number[] = [];
      for (let n = 0; n < 200; n += 1) {
        const begun = performance.now();
        await carts.read(cart!.id);
        times.push(performance.now() - begun);
      }
      const median = times.toSorted((a, b) => a - b)[100]!;
      expect(median).toBeLessThan(1);
    } finally {
      redis.disconnect();
    }
  });

  it('O4 is in PostgreSQL after 30 minutes untouched, and read from there when Redis has lost it', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const cartId = await shop.cart([{ offerId: offer.id, quantity: 3 }]);
    const backups = () => h.rows<{ version: number }>('select version from cart_backup where cart_id = ?', [cartId]);
    const other = shopping(h);
    h.clock.advance(29 * 60_000);
    const touched = await other.cart([{ offerId: offer.id, quantity: 1 }]);
    expect(await backups()).toEqual([]);
    h.clock.advance(2 * 60_000);
    await until(async () => (await backups()).length === 1);
    expect(await h.rows('select 1 from cart_backup where cart_id = ?', [touched])).toEqual([]);

    const redis = await connectRedis(h.config.redisUrl, { log, name: 'test' });
    try {
      await redis.del(`{orders:cart:${cartId}}`, `orders:active-cart:${shop.buyer.userId}`);
    } finally {
      redis.disconnect();
    }
    const { cart } = await h.run<Read>(shop.buyer, READ, { id: cartId });
    expect(cart).toMatchObject({ id: cartId, lines: [{ quantity: 3, offer: { id: offer.id } }] });
    // The user's open cart is found again too, and goes on from where it was.
    const more = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    expect(more.cart).toMatchObject({ id: cartId, lines: [{ quantity: 4 }] });
  });

  it('adds once for one key, however often and whenever it is sent', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const { cart } = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    const input = { cartId: cart!.id, lines: [{ offerId: offer.id, quantity: 5 }] };
    const key = ids.next('key');
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => h.run<{ cartLinesAdd: CartAnswer }>(shop.buyer, operations.add, { input, key })),
    );
    expect(answers.map((answer) => answer.cartLinesAdd.cart?.lines[0]?.quantity)).toEqual([6, 6, 6, 6, 6]);
    const other = { ...input, lines: [{ offerId: offer.id, quantity: 1 }] };
    const reused = await h.run<{ cartLinesAdd: CartAnswer }>(shop.buyer, operations.add, { input: other, key });
    expect(reused.cartLinesAdd.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
  });

  it('is its user’s alone; to others it is not there', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const { cart } = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    for (const stranger of [aUser(), anonymous]) {
      expect((await h.run<Read>(stranger, READ, { id: cart!.id })).cart).toBeNull();
      const input = { cartId: cart!.id, lines: [{ offerId: offer.id, quantity: 1 }] };
      const answer = await h.run<{ cartLinesAdd: CartAnswer }>(stranger, operations.add, { input });
      expect(answer.cartLinesAdd).toMatchObject({ cart: null, userErrors: [{ code: 'NOT_FOUND' }] });
    }
    const reference = `query($r: [_Any!]!) { _entities(representations: $r) { ... on User { cart { id } } ... on Cart { id } } }`;
    const r = [
      { __typename: 'User', id: shop.buyer.userId },
      { __typename: 'Cart', id: cart!.id },
    ];
    expect(await h.run(shop.buyer, reference, { r })).toEqual({
      _entities: [{ cart: { id: cart!.id } }, { id: cart!.id }],
    });
    expect(await h.run(aUser(), reference, { r })).toEqual({ _entities: [{ cart: null }, null] });
  });

  it('of a guest opens to its token only', async () => {
    const offer = onSale(h, anOffer());
    const input = { lines: [{ offerId: offer.id, quantity: 1 }] };
    const { cartLinesAdd } = await h.run<{ cartLinesAdd: CartAnswer }>(anonymous, operations.add, { input });
    const { id, token } = cartLinesAdd.cart!;
    expect(token).toMatch(/^[\w-]{32}$/);
    expect((await h.run<Read>(anonymous, READ, { id, token })).cart).toMatchObject({ id });
    expect((await h.run<Read>(anonymous, READ, { id })).cart).toBeNull();
    expect((await h.run<Read>(anonymous, READ, { id, token: `${token!.slice(0, -1)}!` })).cart).toBeNull();
    const address = { cartId: id, token, shipping: BERLIN };
    const addressed = await h.run<{ cartAddressSet: CartAnswer }>(anonymous, operations.address, { input: address });
    expect(addressed.cartAddressSet.userErrors).toEqual([]);
  });

  it('warns of a price that moved, and shows the new one', async () => {
    const offer = onSale(h, anOffer({ amount: 1_000 }));
    const shop = shopping(h);
    await shop.add([{ offerId: offer.id, quantity: 1 }]);
    h.peers.offers.set(offer.id, { ...offer, price: { amount: 1_250, currencyCode: 'EUR' } });
    const { cart } = await h.run<Read>(shop.buyer, READ);
    expect(cart).toMatchObject({
      subtotal: { amount: 1_250 },
      warnings: [{ code: 'PRICE_CHANGED', line: { offer: { id: offer.id } } }],
    });
  });

  it('can be read without the catalog, and not added to', async () => {
    const offer = onSale(h, anOffer({ amount: 1_000 }));
    const shop = shopping(h);
    await shop.add([{ offerId: offer.id, quantity: 2 }]);
    h.peers.away.add('catalog');
    try {
      const { cart } = await h.run<Read>(shop.buyer, READ);
      expect(cart).toMatchObject({ subtotal: { amount: 2_000 } });
      const answer = await shop.add([{ offerId: offer.id, quantity: 1 }]);
      expect(answer.userErrors).toMatchObject([{ code: 'SERVICE_UNAVAILABLE' }]);
    } finally {
      h.peers.away.clear();
    }
  });

  it('asks the catalog once for any number of lines', async () => {
    const offers = Array.from({ length: 30 }, () => onSale(h, anOffer()));
    const shop = shopping(h);
    await shop.add(offers.map((offer) => ({ offerId: offer.id, quantity: 1 })));
    h.peers.calls.length = 0;
    await h.run<Read>(shop.buyer, READ);
    expect(h.peers.calls).toEqual(['OrdersQuotes']);
  });

  it('tells every change on its topic, in order', async () => {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const { cart } = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    await shop.add([{ offerId: offer.id, quantity: 1 }]);
    const told = (await h.events('orders.cartChanged')).filter((event) => event.key === cart!.id);
    expect(told.map((event) => event.sequence)).toEqual([1, 2]);
    expect(told[0]!.topics).toEqual([`cartChanged:${cart!.id}`]);
  });
});
