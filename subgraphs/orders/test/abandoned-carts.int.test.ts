import { anonymous } from '@marketgraph/platform/graphql';
import { closeRedis, connectRedis } from '@marketgraph/platform/redis';
import { aUser, silentLog as log, testClock, testIds, until } from '@marketgraph/platform/testing';
import { startTestRedisCluster } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newCart } from '../src/domain/cart.ts';
import { redisCarts } from '../src/store/carts.ts';
import {
  anOffer,
  aVendorMember,
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

const ABANDONED = `query($minutes: Int, $first: Int, $after: String) {
  abandonedCarts(olderThanMinutes: $minutes, first: $first, after: $after) {
    edges { cursor node { id token buyer { id } total { amount } lines { quantity } } }
    pageInfo { hasNextPage endCursor } } }`;

interface Page {
  abandonedCarts: {
    edges: { node: { id: string; token: string | null; lines: { quantity: number }[] } }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

const operator = aUser({ roles: ['OPERATOR'] });
const list = async (variables: Record<string, unknown> = {}) =>
  (await h.run<Page>(operator, ABANDONED, variables)).abandonedCarts;

async function copied(cartId: string): Promise<void> {
  await until(async () => (await h.rows('select 1 from cart_backup where cart_id = ?', [cartId])).length === 1);
}

describe('abandoned carts', () => {
  it('O5 are listed for operators 30 minutes after the last change, last left first, until their owner comes back', async () => {
    const offer = onSale(h, anOffer());
    const input = { lines: [{ offerId: offer.id, quantity: 1 }] };
    const guests = await h.run<{ cartLinesAdd: { cart: { id: string } } }>(anonymous, operations.add, { input });
    const guest = guests.cartLinesAdd.cart.id;
    const left: string[] = [guest];
    const shops = Array.from({ length: 4 }, () => shopping(h));
    for (const shop of shops) {
      h.clock.advance(60_000);
      left.push((await shop.add([{ offerId: offer.id, quantity: 2 }])).cart!.id);
    }
    h.clock.advance(27 * 60_000);
    expect((await list()).edges.map((edge) => edge.node.id)).not.toContain(guest);
    h.clock.advance(4 * 60_000);
    await Promise.all(left.map(copied));

    const newestFirst = left.toReversed();
    const all = await list();
    expect(all.edges.map((edge) => edge.node.id)).toEqual(newestFirst);
    expect(all.edges.at(-1)!.node).toMatchObject({ id: guest, token: null, lines: [{ quantity: 1 }] });
    expect((await list({ minutes: 34 })).edges.map((edge) => edge.node.id)).toEqual(newestFirst.slice(-2));

    // Page by page, each once, also when somebody comes back in between.
    const first = await list({ first: 2 });
    expect(first.edges.map((edge) => edge.node.id)).toEqual(newestFirst.slice(0, 2));
    await shops[1]!.add([{ offerId: offer.id, quantity: 1 }]);
    const second = await list({ first: 2, after: first.pageInfo.endCursor });
    expect(second.edges.map((edge) => edge.node.id)).toEqual([left[1], left[0]]);
    expect(second.pageInfo.hasNextPage).toBe(false);
    expect((await list()).edges.map((edge) => edge.node.id)).not.toContain(left[2]);
  });

  it('O5 goes on behind carts whose owners all came back, however many', async () => {
    const offer = onSale(h, anOffer());
    const old = (await shopping(h).add([{ offerId: offer.id, quantity: 7 }])).cart!.id;
    h.clock.advance(60_000);
    const shops = Array.from({ length: 25 }, () => shopping(h));
    const back = await Promise.all(shops.map((shop) => shop.add([{ offerId: offer.id, quantity: 1 }])));
    h.clock.advance(31 * 60_000);
    await Promise.all([old, ...back.map((answer) => answer.cart!.id)].map(copied));
    await Promise.all(shops.map((shop) => shop.add([{ offerId: offer.id, quantity: 1 }])));

    const seen: string[] = [];
    let after: string | null = null;
    let pages = 0;
    do {
      const page: Page['abandonedCarts'] = await list({ first: 1, after });
      seen.push(...page.edges.map((edge) => edge.node.id));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      pages += 1;
    } while (after !== null && !seen.includes(old) && pages < 10);
    expect(seen).toEqual([old]);
  });

  it('O5 are nobody else’s business, and bad questions are refused', async () => {
    for (const [viewer, code] of [
      [anonymous, 'UNAUTHENTICATED'],
      [aUser(), 'FORBIDDEN'],
      [aVendorMember('ven_1'), 'FORBIDDEN'],
    ] as const) {
      const { errors } = await h.answer(viewer, ABANDONED);
      expect(errors?.[0]?.extensions?.['code']).toBe(code);
    }
    const cursor = (key: unknown) => Buffer.from(JSON.stringify(key)).toString('base64url');
    for (const variables of [
      { minutes: 29 },
      { minutes: 10_081 },
      { first: 101 },
      { after: 'x' },
      { after: cursor(['a', 'b']) },
      { after: cursor([9e15, 'b']) },
    ]) {
      const { errors } = await h.answer(operator, ABANDONED, variables);
      expect(errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
    }
  });
});

describe('the store of carts', () => {
  it('O6 keeps each cart under one hash tag: no command of it needs two slots of a cluster', async () => {
    const cluster = await startTestRedisCluster();
    const redis = await connectRedis(cluster.url, { log, name: 'test' });
    try {
      // The server refuses what spans slots; without this the rest would prove nothing.
      await expect(redis.mget('a', 'b')).rejects.toThrow('CROSSSLOT');
      const carts = redisCarts(redis);
      const now = testClock().now();
      const cart = newCart({ id: ids.next('crt'), token: null, buyerId: ids.next('usr'), now });
      expect(await carts.replace({ ...cart, version: 1 }, 0)).toBe(true);
      expect(await carts.replace({ ...cart, version: 1 }, 0)).toBe(false);
      expect(await carts.read(cart.id)).toMatchObject({ id: cart.id, version: 1 });
      expect(await carts.claimActive(cart.buyerId!, cart.id)).toBe(cart.id);
      expect(await carts.claimActive(cart.buyerId!, ids.next('crt'))).toBe(cart.id);
      expect(await carts.activeOf(cart.buyerId!)).toBe(cart.id);
      await carts.dropActive(cart.buyerId!, cart.id);
      expect(await carts.activeOf(cart.buyerId!)).toBeUndefined();
      const [touch] = await carts.untouchedSince(now, 10);
      expect(touch).toMatchObject({ cartId: cart.id });
      await carts.forgetTouch(touch!);
      expect(await carts.untouchedSince(now, 10)).toEqual([]);
    } finally {
      await closeRedis(redis);
      await cluster.stop();
    }
  });
});
