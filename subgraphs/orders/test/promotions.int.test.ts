import { connectRedis, closeRedis, type Redis } from '@marketgraph/platform/redis';
import { aUser, silentLog as log, testIds, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  anOffer,
  aVendorMember,
  onSale,
  type OrdersHarness,
  shopping,
  startOrders,
  untilCheckout,
} from './orders-harness.ts';
import { aCode, couponing } from './promoted.ts';

let h: OrdersHarness;
let redis: Redis;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
  redis = await connectRedis(h.config.redisUrl, { log, name: 'test' });
});
beforeEach(() => {
  h.peers.away.clear();
  h.peers.onCall = () => undefined;
  h.peers.inventory.isBlind = false;
});
afterAll(async () => {
  if (redis) await closeRedis(redis);
  await h?.stop();
});

/** Somebody with 100.00 of one vendor in the cart, and what they can do with codes. */
async function aShopper(buyer = aUser(), vendorId = ids.next('ven')) {
  const offer = onSale(h, anOffer({ amount: 10_000, vendorId }), 1_000);
  const shop = shopping(h, buyer);
  const cartId = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
  return { offer, vendorId, shop, buyer, cartId, ...couponing(h, buyer) };
}

/** Another cart of the same buyer, as if Redis had forgotten which one is open. */
async function another(shopper: Awaited<ReturnType<typeof aShopper>>): Promise<string> {
  await redis.del(`orders:active-cart:${shopper.buyer.userId}`);
  return await shopper.shop.cart([{ offerId: shopper.offer.id, quantity: 1 }]);
}

const NOT_APPLICABLE = [{ code: 'PROMOTION_NOT_APPLICABLE' }];
const usesOf = (promotionId: string) => h.rows('select * from promotion_use where promotion_id = ?', [promotionId]);

async function pay(
  { shop }: Pick<Awaited<ReturnType<typeof aShopper>>, 'shop'>,
  cartId: string,
  started: Awaited<ReturnType<ReturnType<typeof shopping>['start']>>,
): Promise<string> {
  h.peers.payments.authorize(started.paymentId!);
  const completed = await shop.complete(cartId, started);
  expect(completed.order?.status).toBe('CONFIRMED');
  return completed.order!.id;
}

describe('C14 a code in a cart', () => {
  it('reduces the total, is written on the order to the unit, and is told with its confirmation', async () => {
    const shopper = await aShopper();
    const other = onSale(h, anOffer({ amount: 3_333 }), 10);
    await shopper.shop.add([{ offerId: other.id, quantity: 1 }], shopper.cartId);
    const before = await shopper.cart(shopper.cartId);
    const code = aCode(h);
    const { cart, userErrors } = await shopper.apply(shopper.cartId, code.code.toLowerCase());
    expect(userErrors).toEqual([]);
    // A tenth of 133.33 with the tax on it: 13.33 and 2.53.
    expect(cart).toMatchObject({ discountTotal: { amount: 1_333 }, promotionCodes: [code.code], warnings: [] });
    expect(cart!.promotions).toEqual([{ code: code.code, amount: { amount: 1_333 }, shippingAmount: { amount: 0 } }]);
    expect(before.total.amount - cart!.total.amount).toBe(1_333 + 253);

    const started = await shopper.shop.start(shopper.cartId, { total: cart!.total });
    expect(started.order?.total).toEqual(cart!.total);
    const orderId = await pay(shopper, shopper.cartId, started);

    const ORDER = `query($id: ID!) { order(id: $id) { discountTotal { amount } promotions { code name amount { amount }
      promotion { id } } lines { discountAmount { amount } } } }`;
    interface Seen {
      order: {
        discountTotal: { amount: number };
        promotions: { code: string; amount: { amount: number }; promotion: { id: string } }[];
        lines: { discountAmount: { amount: number } }[];
      };
    }
    const whole = (await h.run<Seen>(shopper.buyer, ORDER, { id: orderId })).order;
    expect(whole).toMatchObject({
      discountTotal: { amount: 1_333 },
      promotions: [{ code: code.code, name: code.name, amount: { amount: 1_333 }, promotion: { id: code.id } }],
    });
    expect(whole.lines.map((line) => line.discountAmount.amount).toSorted((a, b) => a - b)).toEqual([333, 1_000]);
    const part = (await h.run<Seen>(aVendorMember(other.vendor.id), ORDER, { id: orderId })).order;
    expect(part).toMatchObject({ discountTotal: { amount: 333 }, promotions: [{ amount: { amount: 333 } }] });

    const told = await until(async () => (await h.events('orders.orderConfirmed')).find(({ key }) => key === orderId));
    expect(told.payload).toMatchObject({
      promotions: [{ promotionId: code.id, code: code.code, amount: { amount: 1_333, currencyCode: 'EUR' } }],
    });
    // What the catalog says later changes nothing of it.
    h.peers.promotions.delete(code.id);
    expect((await h.run<Seen>(shopper.buyer, ORDER, { id: orderId })).order).toEqual(whole);
  });

  it('C14 hostile 43 is refused alike when unknown, over, for others or without effect, and twice is once', async () => {
    const shopper = await aShopper();
    const refused = [
      aCode(h, { status: 'ENDED' }),
      aCode(h, { status: 'SCHEDULED' }),
      aCode(h, { status: 'DISABLED' }),
      aCode(h, { vendor: { id: ids.next('ven') } }),
      aCode(h, { primeOnly: true }),
      aCode(h, { minimumSubtotal: { amount: 10_001, currencyCode: 'EUR' } }),
      aCode(h, { categoryIds: [ids.next('cat')] }),
      aCode(h, { usageLimit: 3, usageCount: 3 }),
      { code: 'NOBODY-HAS-THIS' },
      { code: 'x'.repeat(10_000) },
    ];
    const answers = await Promise.all(refused.map(({ code }) => shopper.apply(shopper.cartId, code)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ cart: null, userErrors: NOT_APPLICABLE });

    const code = aCode(h);
    await shopper.apply(shopper.cartId, code.code);
    const twice = await shopper.apply(shopper.cartId, code.code);
    expect(twice).toMatchObject({ cart: { promotionCodes: [code.code], discountTotal: { amount: 1_000 } } });
    expect((await shopper.apply(shopper.cartId, aCode(h).code)).userErrors).toMatchObject(NOT_APPLICABLE);
    const removed = await shopper.remove(shopper.cartId, code.code);
    expect(removed).toMatchObject({ cart: { promotionCodes: [], discountTotal: { amount: 0 } }, userErrors: [] });
    expect((await shopper.remove(shopper.cartId, code.code)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect((await couponing(h, aUser()).apply(shopper.cartId, code.code)).userErrors).toMatchObject([
      { code: 'NOT_FOUND', field: ['cartId'] },
    ]);
  });

  it('for Prime buyers is for who accounts says is one, and for no guest', async () => {
    const code = aCode(h, { primeOnly: true });
    const shopper = await aShopper();
    h.peers.prime.add(shopper.buyer.userId);
    expect((await shopper.apply(shopper.cartId, code.code)).cart).toMatchObject({ discountTotal: { amount: 1_000 } });

    h.peers.prime.delete(shopper.buyer.userId);
    expect(await shopper.cart(shopper.cartId)).toMatchObject({
      discountTotal: { amount: 0 },
      warnings: [{ code: 'PROMOTION_NOT_APPLICABLE', line: null }],
    });
    expect((await shopper.shop.start(shopper.cartId)).userErrors).toMatchObject(NOT_APPLICABLE);

    const guest = { kind: 'anonymous' } as const;
    const added = await h.run<{ cartLinesAdd: { cart: { id: string; token: string } } }>(
      guest,
      'mutation($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { cart { id token } } }',
      { input: { lines: [{ offerId: shopper.offer.id, quantity: 1 }] } },
    );
    const { id, token } = added.cartLinesAdd.cart;
    expect((await couponing(h, guest).apply(id, code.code, token)).userErrors).toMatchObject(NOT_APPLICABLE);
  });

  it('C14 hostile 43 that ended since is a warning, and refused at the till until the buyer states the new total', async () => {
    const shopper = await aShopper();
    const code = aCode(h);
    const { cart } = await shopper.apply(shopper.cartId, code.code);
    h.peers.promotions.set(code.id, { ...code, status: 'ENDED' });

    const now = await shopper.cart(shopper.cartId);
    expect(now).toMatchObject({ discountTotal: { amount: 0 }, promotions: [], promotionCodes: [code.code] });
    expect(now.warnings).toMatchObject([{ code: 'PROMOTION_NOT_APPLICABLE', line: null }]);
    expect((await shopper.shop.start(shopper.cartId)).userErrors).toMatchObject(NOT_APPLICABLE);
    expect((await shopper.shop.start(shopper.cartId, { total: cart!.total })).userErrors).toMatchObject(NOT_APPLICABLE);
    const started = await shopper.shop.start(shopper.cartId, { total: now.total });
    expect(started).toMatchObject({ userErrors: [], order: { total: now.total } });
  });

  it('is not looked up while the catalog or accounts is away, and the cart is shown without it', async () => {
    const shopper = await aShopper();
    const code = aCode(h, { primeOnly: true });
    h.peers.prime.add(shopper.buyer.userId);
    await shopper.apply(shopper.cartId, code.code);
    for (const away of ['catalog', 'accounts']) {
      h.peers.away.clear();
      h.peers.away.add(away);
      expect((await shopper.apply(shopper.cartId, 'ANY-CODE')).cart).toBeNull();
      expect(await shopper.cart(shopper.cartId)).toMatchObject({ discountTotal: { amount: 0 }, warnings: [] });
      expect((await shopper.shop.start(shopper.cartId)).userErrors).toMatchObject([{ code: 'SERVICE_UNAVAILABLE' }]);
    }
    h.peers.away.clear();
    expect((await shopper.cart(shopper.cartId)).discountTotal.amount).toBe(1_000);
  });

  it('costs one question to the catalog more, for however many carts, and none when there is no code', async () => {
    const operator = aUser({ roles: ['OPERATOR'] });
    const LIST = `query { abandonedCarts(first: 50) { edges { node { id discountTotal { amount } } } } }`;
    const codes = [aCode(h), aCode(h, { primeOnly: true }), aCode(h, { usageLimitPerBuyer: 1 })];
    const shoppers = await Promise.all(codes.map(() => aShopper()));
    for (const [index, shopper] of shoppers.entries()) {
      h.peers.prime.add(shopper.buyer.userId);
      await shopper.apply(shopper.cartId, codes[index]!.code);
    }
    h.clock.advance(61 * 60_000);
    const wanted = shoppers.map(({ cartId }) => cartId);
    const listed = await until(async () => {
      h.peers.calls.length = 0;
      const { abandonedCarts } = await h.run<{
        abandonedCarts: { edges: { node: { id: string; discountTotal: { amount: number } } }[] };
      }>(operator, LIST);
      const own = abandonedCarts.edges.filter(({ node }) => wanted.includes(node.id));
      return own.length === wanted.length && own;
    });
    expect(listed.map(({ node }) => node.discountTotal.amount)).toEqual([1_000, 1_000, 1_000]);
    expect(h.peers.calls.filter((call) => call === 'OrdersPromotions')).toHaveLength(1);
    expect(h.peers.calls.filter((call) => call === 'OrdersBuyers')).toHaveLength(1);

    const plain = await aShopper();
    h.peers.calls.length = 0;
    await plain.cart(plain.cartId);
    expect(h.peers.calls).toEqual(['OrdersQuotes']);
  });

  it('pays the delivery of whose parcel it is', async () => {
    const shopper = await aShopper();
    const small = onSale(h, anOffer({ amount: 500 }), 10);
    await shopper.shop.add([{ offerId: small.id, quantity: 1 }], shopper.cartId);
    const code = aCode(h, { kind: 'FREE_SHIPPING', basisPoints: null, vendor: { id: small.vendor.id } });
    const { cart } = await shopper.apply(shopper.cartId, code.code);
    expect(cart).toMatchObject({ shippingTotal: { amount: 0 }, discountTotal: { amount: 0 } });
    const orderId = await pay(shopper, shopper.cartId, await shopper.shop.start(shopper.cartId));
    expect(await h.rows('select amount, shipping_amount from order_promotion where order_id = ?', [orderId])).toEqual([
      { amount: '0', shipping_amount: '490' },
    ]);
  });
});

describe('C14 O14 codes that leave one vendor nothing', () => {
  it('make its part free: the order is bought, settled and cancelled as any other', async () => {
    const shopper = await aShopper();
    const gift = onSale(h, anOffer({ amount: 500 }), 10);
    await shopper.shop.add([{ offerId: gift.id, quantity: 1 }], shopper.cartId);
    const free = { vendor: { id: gift.vendor.id }, combinable: true };
    for (const more of [{ basisPoints: 10_000 }, { kind: 'FREE_SHIPPING', basisPoints: null } as const]) {
      await shopper.apply(shopper.cartId, aCode(h, { ...free, ...more }).code);
    }
    const orderId = await pay(shopper, shopper.cartId, await shopper.shop.start(shopper.cartId));
    const parts = await h.rows<{ id: string; vendor_id: string; total: string }>(
      'select id, vendor_id, total from vendor_order where order_id = ? order by total',
      [orderId],
    );
    expect(parts).toMatchObject([{ vendor_id: gift.vendor.id, total: '0' }, { vendor_id: shopper.vendorId }]);
    expect(h.peers.inventory.free.get(gift.id)).toBe(9);

    const CANCEL = `mutation($input: OrderCancelInput!, $key: IdempotencyKey!) {
      orderCancel(input: $input, idempotencyKey: $key) { userErrors { code } } }`;
    const input = { orderId, vendorOrderId: parts[0]!.id, reason: 'No longer wanted' };
    const canceled = await h.run(shopper.buyer, CANCEL, { input, key: ids.next('key') });
    expect(canceled).toEqual({ orderCancel: { userErrors: [] } });
    const stateOf = 'select status from give_back where vendor_order_id = ?';
    await until(async () => (await h.rows<{ status: string }>(stateOf, [parts[0]!.id]))[0]?.status === 'DONE');
    expect(h.peers.inventory.free.get(gift.id)).toBe(10);
  });

  it('are refused when nothing is left to pay at all', async () => {
    const shopper = await aShopper();
    for (const more of [{ basisPoints: 10_000 }, { kind: 'FREE_SHIPPING', basisPoints: null } as const]) {
      await shopper.apply(shopper.cartId, aCode(h, { combinable: true, ...more }).code);
    }
    expect(await shopper.shop.start(shopper.cartId)).toMatchObject({ order: null, userErrors: NOT_APPLICABLE });
  });
});

describe('C14 R04 a limited number of uses', () => {
  it.each([
    ['asked first', false],
    ['judged by the reservation alone', true],
  ])('is used once by twenty buyers at once, %s', async (_, isBlind) => {
    h.peers.inventory.isBlind = isBlind;
    const code = aCode(h, { usageLimit: 1 });
    const shoppers = await Promise.all(Array.from({ length: 20 }, () => aShopper()));
    for (const shopper of shoppers) expect((await shopper.apply(shopper.cartId, code.code)).userErrors).toEqual([]);
    const started = await Promise.all(shoppers.map((shopper) => shopper.shop.start(shopper.cartId)));
    const winners = started.flatMap((answer, index) => (answer.paymentId ? [index] : []));
    expect(winners).toHaveLength(1);
    for (const { userErrors } of started.filter((answer) => !answer.paymentId)) {
      expect(userErrors).toMatchObject(NOT_APPLICABLE);
    }
    const winner = shoppers[winners[0]!]!;
    await pay(winner, winner.cartId, started[winners[0]!]!);
    expect(h.peers.inventory.sold(code.id)).toBe(1);
    // Who lost takes the code out, and buys.
    const loser = shoppers.find((shopper) => shopper !== winner)!;
    await loser.remove(loser.cartId, code.code);
    expect((await loser.shop.start(loser.cartId)).userErrors).toEqual([]);
  });

  it('is free again when the payment was declined', async () => {
    const code = aCode(h, { usageLimit: 1 });
    const [first, second] = [await aShopper(), await aShopper()];
    for (const shopper of [first, second]) await shopper.apply(shopper.cartId, code.code);
    const started = await first.shop.start(first.cartId);
    expect((await second.shop.start(second.cartId)).userErrors).toMatchObject(NOT_APPLICABLE);
    h.peers.payments.decline(started.paymentId!);
    await first.shop.complete(first.cartId, started);
    await untilCheckout(h, started.order!.id, 'FAILED');
    await pay(second, second.cartId, await second.shop.start(second.cartId));
  });
});

describe('C14 R04 uses of one buyer', () => {
  it('are no more than the limit in fifty checkouts at once, and those of others are others', async () => {
    const code = aCode(h, { usageLimitPerBuyer: 1 });
    const shopper = await aShopper();
    const cartIds = [shopper.cartId];
    while (cartIds.length < 50) cartIds.push(await another(shopper));
    for (const cartId of cartIds) expect((await shopper.apply(cartId, code.code)).userErrors).toEqual([]);
    const started = await Promise.all(cartIds.map((cartId) => shopper.shop.start(cartId)));
    expect(started.filter(({ paymentId }) => paymentId)).toHaveLength(1);
    expect(started.filter(({ userErrors }) => userErrors[0]?.code === 'PROMOTION_NOT_APPLICABLE')).toHaveLength(49);
    expect(await usesOf(code.id)).toHaveLength(1);

    const stranger = await aShopper();
    expect((await stranger.apply(stranger.cartId, code.code)).userErrors).toEqual([]);
    expect((await stranger.shop.start(stranger.cartId)).userErrors).toEqual([]);
  });

  it('are one for fifty starts of one cart, which are one checkout', async () => {
    const code = aCode(h, { usageLimitPerBuyer: 1 });
    const shopper = await aShopper();
    await shopper.apply(shopper.cartId, code.code);
    const started = await Promise.all(Array.from({ length: 50 }, () => shopper.shop.start(shopper.cartId)));
    const ended = new Set(started.flatMap(({ paymentId }) => paymentId ?? []));
    expect(ended.size).toBe(1);
    expect(started.filter(({ userErrors }) => userErrors.some((e) => e.code === 'PROMOTION_NOT_APPLICABLE'))).toEqual(
      [],
    );
    expect(await usesOf(code.id)).toHaveLength(1);
    // The cart that is being paid does not stand in its own way.
    expect(await shopper.cart(shopper.cartId)).toMatchObject({ discountTotal: { amount: 1_000 }, warnings: [] });
  });

  it('come back when a checkout fails or is given up, and not when the order is cancelled later', async () => {
    const code = aCode(h, { usageLimitPerBuyer: 1 });
    const shopper = await aShopper();
    await shopper.apply(shopper.cartId, code.code);
    const first = await shopper.shop.start(shopper.cartId);
    expect(await usesOf(code.id)).toHaveLength(1);
    await shopper.shop.add([{ offerId: shopper.offer.id, quantity: 1 }], shopper.cartId);
    await untilCheckout(h, first.order!.id, 'FAILED');
    expect(await usesOf(code.id)).toEqual([]);

    const second = await shopper.shop.start(shopper.cartId);
    h.peers.payments.decline(second.paymentId!);
    await shopper.shop.complete(shopper.cartId, second);
    await untilCheckout(h, second.order!.id, 'FAILED');
    expect(await usesOf(code.id)).toEqual([]);

    const orderId = await pay(shopper, shopper.cartId, await shopper.shop.start(shopper.cartId));
    const CANCEL = `mutation($input: OrderCancelInput!, $key: IdempotencyKey!) {
      orderCancel(input: $input, idempotencyKey: $key) { order { status } userErrors { code } } }`;
    await h.run(shopper.buyer, CANCEL, { input: { orderId, reason: 'changed my mind' }, key: ids.next('key') });
    await until(async () => {
      const rows = await h.rows<{ status: string }>('select status from give_back where order_id = ?', [orderId]);
      return rows.length > 0 && rows.every(({ status }) => status === 'DONE');
    });
    expect(await usesOf(code.id)).toHaveLength(1);
    const again = await another(shopper);
    expect((await shopper.apply(again, code.code)).userErrors).toMatchObject(NOT_APPLICABLE);
  });

  it('are not used up by what took nothing off', async () => {
    const shopper = await aShopper();
    // 100.00 travel free of charge anyway.
    const code = aCode(h, { kind: 'FREE_SHIPPING', basisPoints: null, usageLimitPerBuyer: 1 });
    await shopper.apply(shopper.cartId, code.code);
    const orderId = await pay(shopper, shopper.cartId, await shopper.shop.start(shopper.cartId));
    expect(await usesOf(code.id)).toEqual([]);
    expect(await h.rows('select 1 from order_promotion where order_id = ?', [orderId])).toEqual([]);
  });
});

describe('C14 a guest’s codes', () => {
  it('go over with the cart', async () => {
    const guest = { kind: 'anonymous' } as const;
    const offer = onSale(h, anOffer({ amount: 10_000 }), 10);
    const { cartLinesAdd } = await h.run<{ cartLinesAdd: { cart: { id: string; token: string } } }>(
      guest,
      'mutation($input: CartLinesAddInput!) { cartLinesAdd(input: $input) { cart { id token } } }',
      { input: { lines: [{ offerId: offer.id, quantity: 1 }] } },
    );
    const { id, token } = cartLinesAdd.cart;
    const code = aCode(h);
    expect((await couponing(h, guest).apply(id, code.code, token)).userErrors).toEqual([]);
    const merged = await h.run<{
      cartMerge: { cart: { promotionCodes: string[]; discountTotal: { amount: number } } };
    }>(
      aUser(),
      `mutation($id: ID!, $token: String!) { cartMerge(cartId: $id, guestCartToken: $token) {
        cart { promotionCodes discountTotal { amount } } userErrors { code } } }`,
      { id, token },
    );
    expect(merged.cartMerge.cart).toEqual({ promotionCodes: [code.code], discountTotal: { amount: 1_000 } });
  });
});

describe('C14 O14 what codes took off', () => {
  it('is the discount of each part of every order there is, to the unit', async () => {
    const parts = await h.rows<{ discount: string; promoted: string; lines: string }>(
      `select v.discount_total as discount,
              (select coalesce(sum(amount), 0) from order_promotion p where p.vendor_order_id = v.id) as promoted,
              (select coalesce(sum(discount), 0) from order_line l where l.vendor_order_id = v.id) as lines
       from vendor_order v`,
    );
    expect(parts.length).toBeGreaterThan(5);
    expect(parts.filter(({ discount }) => Number(discount) > 0).length).toBeGreaterThan(2);
    expect(parts.filter(({ discount, promoted, lines }) => discount !== promoted || discount !== lines)).toEqual([]);
  });
});
