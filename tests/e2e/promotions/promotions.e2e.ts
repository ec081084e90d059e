import { operatorAccess } from '@marketgraph/launcher';
import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import { verifyStores } from '@marketgraph/verify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun } from '../../story/cast.ts';
import { completeCheckout, payByCard, startCheckout } from '../../story/purchase.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { aPromotionCast, type PromotionCast } from './shoppers.ts';

const ORDER = `query($id: ID!) { order(id: $id) { total { amount } discountTotal { amount } subtotal { amount }
  promotions { code amount { amount } } lines { discountAmount { amount } } payment { amount { amount } } } }`;

describe.each(['monolith', 'processes'] as const)('C14 promotions, %s', (shape) => {
  const run = aRun();
  let market: TestMarketplace;
  let cast: PromotionCast;
  let bea: Person;
  let cartId: string;

  beforeAll(async () => {
    market = await startTestMarketplace({ shape });
    cast = await aPromotionCast(market, run);
    bea = await cast.buyer('Bea');
    cartId = await cast.cart(bea);
  });
  afterAll(() => market?.stop());

  const usesOf = async (id: string) =>
    (await cast.operator.ask(operations.PromotionDocument, { id })).promotion?.usageCount;
  const buyWithCode = async (buyer: Person, cart: string, code: string) => {
    const applied = await cast.apply(buyer, cart, code);
    expect(applied.userErrors).toEqual([]);
    const checkout = await startCheckout(buyer, { cartId: cart, total: applied.cart!.total });
    await payByCard(market.graph, checkout, 'pm_card_visa');
    const { order } = await completeCheckout(buyer, checkout);
    expect(order?.status).toBe('CONFIRMED');
    return { orderId: checkout.orderId, total: applied.cart!.total };
  };

  it('C14 a code reduces the total of a cart, the order, and what is paid, and its use is counted', async () => {
    const { id, code } = await cast.promote();
    const before = (await bea.ask(operations.CartDocument, { id: cartId })).cart!;
    const { cart } = await cast.apply(bea, cartId, code.toLowerCase());
    // A tenth of 100.00, and 19 % tax on it.
    expect(before.total.amount - cart!.total.amount).toBe(1_000 + 190);
    const { orderId, total } = await buyWithCode(bea, cartId, code);
    const { data } = await ask<{ order: object }>(market.url, ORDER, {
      variables: { id: orderId },
      token: bea.accessToken,
    });
    expect(data!.order).toEqual({
      total: { amount: total.amount },
      subtotal: { amount: 10_000 },
      discountTotal: { amount: 1_000 },
      promotions: [{ code, amount: { amount: 1_000 } }],
      lines: [{ discountAmount: { amount: 1_000 } }],
      payment: { amount: { amount: total.amount } },
    });
    await until(async () => (await usesOf(id)) === 1);
  });

  it('C14 R04 a code for one order is used by exactly one of 20 buyers at once', async () => {
    const { id, code } = await cast.promote({ usageLimit: 1 });
    const buyers: { buyer: Person; cart: string }[] = [];
    for (let n = 0; n < 20; n += 1) {
      const buyer = await cast.buyer(`Twenty${n}`);
      buyers.push({ buyer, cart: await cast.cart(buyer) });
    }
    for (const { buyer, cart } of buyers) expect((await cast.apply(buyer, cart, code)).userErrors).toEqual([]);
    const started = await Promise.all(buyers.map(({ buyer, cart }) => cast.start(buyer, cart)));
    expect(started.filter(({ paymentId }) => paymentId)).toHaveLength(1);
    const lost = started.filter(({ paymentId }) => !paymentId);
    expect(new Set(lost.flatMap(({ codes }) => codes))).toEqual(new Set(['PROMOTION_NOT_APPLICABLE']));

    const winner = buyers[started.findIndex(({ paymentId }) => paymentId)]!;
    const { cart } = await winner.buyer.ask(operations.CartDocument, { id: winner.cart });
    const checkout = await startCheckout(winner.buyer, { cartId: winner.cart, total: cart!.total });
    await payByCard(market.graph, checkout, 'pm_card_visa');
    await completeCheckout(winner.buyer, checkout);
    await until(async () => (await usesOf(id)) === 1);
    const late = await cast.apply(buyers.find((each) => each !== winner)!.buyer, buyers[0]!.cart, code);
    expect(late.cart).toBeNull();
  });

  it('C14 R04 50 checkouts at once of one buyer use a code once, and there is no second time', async () => {
    const { id, code } = await cast.promote({ usageLimitPerBuyer: 1, usageLimit: 5 });
    const buyer = await cast.buyer('Fifty');
    const cart = await cast.cart(buyer);
    await cast.apply(buyer, cart, code);
    const started = await Promise.all(Array.from({ length: 50 }, () => cast.start(buyer, cart)));
    expect(new Set(started.flatMap(({ paymentId }) => paymentId ?? [])).size).toBe(1);
    await buyWithCode(buyer, cart, code);
    await until(async () => (await usesOf(id)) === 1);
    const next = await cast.cart(buyer);
    expect((await cast.apply(buyer, next, code)).userErrors).toMatchObject([{ code: 'PROMOTION_NOT_APPLICABLE' }]);
  });

  it('C14 a code for Prime buyers is for those whom an operator made one', async () => {
    const { code } = await cast.promote({ primeOnly: true });
    const buyer = await cast.buyer('Paula');
    const cart = await cast.cart(buyer);
    const { me } = await buyer.ask(operations.MeDocument, {});
    expect((await cast.apply(buyer, cart, code)).userErrors).toMatchObject([{ code: 'PROMOTION_NOT_APPLICABLE' }]);
    const forged = await ask(
      market.url,
      'mutation($id: ID!) { userPrimeSet(id: $id, isPrime: true) { user { id } } }',
      {
        variables: { id: me!.id },
        token: buyer.accessToken,
      },
    );
    expect(forged.codes).toEqual(['FORBIDDEN']);
    const { userPrimeSet } = await cast.operator.ask(operations.UserPrimeSetDocument, { id: me!.id, isPrime: true });
    expect(userPrimeSet.user).toMatchObject({ isPrime: true });
    expect((await cast.apply(buyer, cart, code)).cart?.discountTotal.amount).toBe(1_000);
  });

  it('C14 hostile 43 more than all of it, twice, another vendor’s and what has just ended take nothing off', async () => {
    const share = { code: `${run}-over`, name: 'Too much', kind: 'PERCENTAGE' as const, basisPoints: 10_000 };
    const tooMuch = await ask(
      market.url,
      'mutation($input: PromotionInput!) { promotionUpsert(input: $input) { promotion { id } } }',
      { variables: { input: { ...share, basisPoints: 10_001 } }, token: cast.operator.accessToken },
    );
    expect(tooMuch.codes).toEqual(['BAD_USER_INPUT']);
    expect(await cast.tryPromote(share, cast.vendor.person)).toEqual(['FORBIDDEN']);
    expect(await cast.tryPromote({ ...share, vendorId: cast.rival.id }, cast.vendor.person)).toEqual(['FORBIDDEN']);

    const buyer = await cast.buyer('Hugo');
    const cart = await cast.cart(buyer);
    const theirs = await cast.promote({ vendorId: cast.rival.id }, cast.rival.person);
    const refused = (await cast.apply(buyer, cart, theirs.code)).userErrors;
    expect(refused).toMatchObject([{ code: 'PROMOTION_NOT_APPLICABLE' }]);
    expect((await cast.apply(buyer, cart, 'NOBODY-HAS-IT')).userErrors).toEqual(refused);

    const { code } = await cast.promote({ vendorId: cast.vendor.id }, cast.vendor.person);
    await cast.apply(buyer, cart, code);
    expect((await cast.apply(buyer, cart, code)).cart?.discountTotal.amount).toBe(1_000);
    await buyer.ask(operations.CartPromotionRemoveDocument, { cartId: cart, code });

    const endsAt = new Date(Date.now() + 3_000).toISOString();
    const brief = await cast.promote({ endsAt });
    expect((await cast.apply(buyer, cart, brief.code)).userErrors).toEqual([]);
    const isOver = async () =>
      (await cast.operator.ask(operations.PromotionDocument, { id: brief.id })).promotion?.status === 'ENDED';
    await until(isOver);
    expect((await cast.start(buyer, cart)).codes).toEqual(['PROMOTION_NOT_APPLICABLE']);
    expect((await buyer.ask(operations.CartDocument, { id: cart })).cart?.discountTotal.amount).toBe(0);
    // By its code it is as if it had never been, for everybody but its owner.
    expect((await buyer.ask(operations.PromotionDocument, { code: brief.code })).promotion).toBeNull();
  });

  it('C14 hostile 45 who guesses codes is stopped after ten in a minute, who knows them is not', async () => {
    const { code } = await cast.promote({ combinable: true });
    const gus = await cast.buyer('Gus');
    const cart = await cast.cart(gus);
    for (let n = 0; n < 15; n += 1) expect((await cast.apply(gus, cart, code)).userErrors).toEqual([]);

    const guess = `query($code: String!) { promotion(code: $code) { id } }`;
    const asked = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        n % 2 === 0
          ? ask(market.url, guess, { variables: { code: `GUESS-${n}A` }, token: gus.accessToken })
          : ask(
              market.url,
              `mutation($id: ID!) { cartPromotionApply(cartId: $id, code: "GUESS-${n}A") { userErrors { code } } }`,
              {
                variables: { id: cart },
                token: gus.accessToken,
              },
            ),
      ),
    );
    expect(asked.filter(({ status }) => status === 200)).toHaveLength(10);
    const stopped = asked.filter(({ status }) => status === 429);
    expect(stopped).toHaveLength(30);
    expect(new Set(stopped.flatMap(({ codes }) => codes))).toEqual(new Set(['RATE_LIMITED']));

    // Aliases count each, and nobody gets round it by not signing in.
    const many = `{ ${Array.from({ length: 11 }, (_, n) => `a${n}: promotion(code: "ALIAS-${n}A") { id }`).join(' ')} }`;
    expect((await ask(market.url, many)).status).toBe(429);
    const other = await cast.buyer('Ida');
    expect((await other.ask(operations.PromotionDocument, { code })).promotion).toMatchObject({ code });
  });

  it('C14 I8 I9 leaves books and sums that agree', async () => {
    const access = operatorAccess(market.stores);
    await until(async () => {
      const broken = (await verifyStores(access)).filter(({ violations, error }) => violations > 0 || error);
      return broken.length === 0 || Promise.reject(new Error(JSON.stringify(broken)));
    });
  });
});
