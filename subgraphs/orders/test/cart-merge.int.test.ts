import { anonymous, type Viewer } from '@marketgraph/platform/graphql';
import { closeRedis, connectRedis, type Redis } from '@marketgraph/platform/redis';
import { aUser, silentLog as log, testIds, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeMerged, freezeForMerge } from '../src/domain/cart-merge.ts';
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
let redis: Redis;
let carts: ReturnType<typeof redisCarts>;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
  redis = await connectRedis(h.config.redisUrl, { log, name: 'test' });
  carts = redisCarts(redis);
});

afterAll(async () => {
  if (redis) await closeRedis(redis);
  await h?.stop();
});

const MERGE = `mutation($cartId: ID!, $token: String!) { cartMerge(cartId: $cartId, guestCartToken: $token) {
  cart { id token version lines { quantity offer { id } } shippingAddress { city } }
  userErrors { code message field } } }`;

interface Merged {
  cart: { id: string; version: number; lines: { quantity: number; offer: { id: string } }[] } | null;
  userErrors: { code: string }[];
}

async function merge(viewer: Viewer, guest: { id: string; token: string }): Promise<Merged> {
  const variables = { cartId: guest.id, token: guest.token };
  return (await h.run<{ cartMerge: Merged }>(viewer, MERGE, variables)).cartMerge;
}

async function guestCart(lines: { offerId: string; quantity: number }[]): Promise<{ id: string; token: string }> {
  const { cartLinesAdd } = await h.run<{ cartLinesAdd: CartAnswer }>(anonymous, operations.add, { input: { lines } });
  return { id: cartLinesAdd.cart!.id, token: cartLinesAdd.cart!.token! };
}

const unitsOf = (answer: Merged) => answer.cart?.lines.map((line) => [line.offer.id, line.quantity]);

describe('a guest who signs in', () => {
  it('O5 finds both carts in one, units added up, and the guest’s cart is closed', async () => {
    const [lamp, shade] = [onSale(h, anOffer()), onSale(h, anOffer())];
    const shop = shopping(h);
    await shop.add([{ offerId: lamp.id, quantity: 1 }]);
    const guest = await guestCart([
      { offerId: lamp.id, quantity: 2 },
      { offerId: shade.id, quantity: 3 },
    ]);
    const input = { cartId: guest.id, token: guest.token, shipping: BERLIN };
    await h.run(anonymous, operations.address, { input });

    const merged = await merge(shop.buyer, guest);
    expect(merged.userErrors).toEqual([]);
    expect(unitsOf(merged)).toEqual([
      [lamp.id, 3],
      [shade.id, 3],
    ]);
    expect(merged.cart).toMatchObject({ token: null, shippingAddress: { city: 'Berlin' } });

    const more = { cartId: guest.id, token: guest.token, lines: [{ offerId: lamp.id, quantity: 1 }] };
    const late = await h.run<{ cartLinesAdd: CartAnswer }>(anonymous, operations.add, { input: more });
    expect(late.cartLinesAdd.userErrors).toMatchObject([{ code: 'CONFLICT' }]);
    const told = (await h.events('orders.cartChanged')).filter((event) => event.key === merged.cart!.id);
    expect(told.at(-1)!.sequence).toBe(merged.cart!.version);
  });

  it('O5 opens a cart for a user who has none', async () => {
    const offer = onSale(h, anOffer());
    const buyer = aUser();
    const merged = await merge(buyer, await guestCart([{ offerId: offer.id, quantity: 2 }]));
    expect(unitsOf(merged)).toEqual([[offer.id, 2]]);
    const more = await shopping(h, buyer).add([{ offerId: offer.id, quantity: 1 }]);
    expect(more.cart).toMatchObject({ id: merged.cart!.id, lines: [{ quantity: 3 }] });
  });

  it('O5 has them merged once, asked 20 times at once while both are added to, and nothing is lost', async () => {
    const [lamp, shade] = [onSale(h, anOffer()), onSale(h, anOffer())];
    const shop = shopping(h);
    const guest = await guestCart([{ offerId: lamp.id, quantity: 5 }]);
    const adding = { cartId: guest.id, token: guest.token, lines: [{ offerId: lamp.id, quantity: 1 }] };
    const [merged, mine, theirs] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, () => merge(shop.buyer, guest))),
      Promise.all(Array.from({ length: 10 }, () => shop.add([{ offerId: shade.id, quantity: 1 }]))),
      Promise.all(
        Array.from({ length: 10 }, () =>
          h.run<{ cartLinesAdd: CartAnswer }>(anonymous, operations.add, { input: adding }),
        ),
      ),
    ]);
    expect(merged.flatMap((answer) => answer.userErrors)).toEqual([]);
    expect(new Set(merged.map((answer) => answer.cart!.id)).size).toBe(1);
    expect(mine.flatMap((answer) => answer.userErrors)).toEqual([]);
    // What was added to the guest's cart before it was frozen went over; later additions were refused, aloud.
    const added = theirs.filter((answer) => answer.cartLinesAdd.userErrors.length === 0).length;
    const cart = (await carts.read(merged[0]!.cart!.id))!;
    const units = new Map(cart.lines.map((line) => [line.offerId, line.quantity]));
    expect(units).toEqual(
      new Map([
        [lamp.id, 5 + added],
        [shade.id, 10],
      ]),
    );
    const again = await merge(shop.buyer, guest);
    expect(again.cart).toMatchObject({ id: cart.id, version: cart.version });
  });

  it('O5 gets it, and of two who know the token only one', async () => {
    const offer = onSale(h, anOffer());
    const guest = await guestCart([{ offerId: offer.id, quantity: 1 }]);
    const people = [aUser(), aUser()];
    const answers = await Promise.all(people.map((person) => merge(person, guest)));
    const refused = answers.filter((answer) => answer.cart === null);
    expect(refused).toMatchObject([{ userErrors: [{ code: 'CONFLICT' }] }]);
    expect(answers.filter((answer) => answer.cart)).toHaveLength(1);
  });

  it('O5 gets nobody’s cart without its token, and no user’s cart at all', async () => {
    const offer = onSale(h, anOffer());
    const guest = await guestCart([{ offerId: offer.id, quantity: 1 }]);
    const victim = shopping(h);
    const { cart } = await victim.add([{ offerId: offer.id, quantity: 1 }]);
    for (const tried of [
      { id: guest.id, token: 'wrong' },
      { id: cart!.id, token: guest.token },
      { id: ids.next('crt'), token: guest.token },
      { id: '*', token: '' },
    ]) {
      expect(await merge(aUser(), tried)).toMatchObject({ cart: null, userErrors: [{ code: 'NOT_FOUND' }] });
    }
    const { errors } = await h.answer(anonymous, MERGE, { cartId: guest.id, token: guest.token });
    expect(errors?.[0]?.extensions?.['code']).toBe('UNAUTHENTICATED');
  });

  it('keeps both carts as they were when they do not fit together', async () => {
    const euros = onSale(h, anOffer());
    const dollars = onSale(h, anOffer({ price: { amount: 100, currencyCode: 'USD' } }));
    const shop = shopping(h);
    const { cart } = await shop.add([{ offerId: euros.id, quantity: 1 }]);
    const guest = await guestCart([{ offerId: dollars.id, quantity: 2 }]);
    expect(await merge(shop.buyer, guest)).toMatchObject({ cart: null, userErrors: [{ code: 'CONFLICT' }] });
    expect(await carts.read(cart!.id)).toMatchObject({ version: cart!.version });
    const input = { cartId: guest.id, token: guest.token, lines: [{ offerId: dollars.id, quantity: 1 }] };
    const open = await h.run<{ cartLinesAdd: CartAnswer }>(anonymous, operations.add, { input });
    expect(open.cartLinesAdd.cart?.lines).toMatchObject([{ quantity: 3 }]);
  });
});

describe('a merge that was cut off', () => {
  /** As a process leaves it that died between two of its writes. */
  async function cutOff(after: 'freezing' | 'adding') {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const { cart } = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    const guest = await guestCart([{ offerId: offer.id, quantity: 2 }]);
    if (after === 'adding') await merge(shop.buyer, guest);
    const now = (await carts.read(guest.id))!;
    const lines = after === 'adding' ? [{ ...cart!.lines[0]!, offerId: offer.id }] : now.lines;
    const frozen = freezeForMerge(
      { ...now, lines: lines as typeof now.lines, version: now.version + 1 },
      { intoCartId: cart!.id, buyerId: shop.buyer.userId },
    );
    expect(await carts.replace(frozen, now.version)).toBe(true);
    return { shop, guest, cartId: cart!.id };
  }

  it.each(['freezing', 'adding'] as const)('O5 after %s is finished by asking again', async (after) => {
    const { shop, guest, cartId } = await cutOff(after);
    expect(await merge(shop.buyer, guest)).toMatchObject({ cart: { id: cartId, lines: [{ quantity: 3 }] } });
    expect(await carts.read(guest.id)).toMatchObject({ status: 'CLOSED', lines: [] });
  });

  it.each(['freezing', 'adding'] as const)('O5 after %s is finished by itself in half an hour', async (after) => {
    const { guest, cartId } = await cutOff(after);
    h.clock.advance(31 * 60_000);
    await until(async () => (await carts.read(guest.id))?.status === 'CLOSED');
    expect(await carts.read(cartId)).toMatchObject({ lines: [{ quantity: 3 }] });
  });

  it('O5 goes to the user’s next cart when the one it was meant for was ordered', async () => {
    const { shop, guest, cartId } = await cutOff('freezing');
    const ordered = (await carts.read(cartId))!;
    await carts.replace({ ...closeMerged(ordered), version: ordered.version + 1 }, ordered.version);
    const merged = await merge(shop.buyer, guest);
    expect(merged.cart).toMatchObject({ lines: [{ quantity: 2 }] });
    expect(merged.cart!.id).not.toBe(cartId);
  });
});
