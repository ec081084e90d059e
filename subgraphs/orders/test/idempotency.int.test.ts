import type { UserViewer } from '@marketgraph/platform/graphql';
import { testIds } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anOffer, onSale, operations, type OrdersHarness, shopping, startOrders } from './orders-harness.ts';
import { FULFILL, soldOrders } from './sold-orders.ts';

let h: OrdersHarness;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
});

afterAll(() => h?.stop());

/** A mutation that takes a key, with everything it needs made ready for it. */
interface Subject {
  viewer: UserViewer;
  query: string;
  variables: Record<string, unknown>;
  /** The same mutation with an input that would do something else. */
  other: Record<string, unknown>;
  /** How often it took effect, as the stores and the other services have it. */
  effects(): Promise<number>;
}

async function aCheckout() {
  const offer = onSale(h, anOffer());
  const shop = shopping(h);
  const cartId = await shop.cart([{ offerId: offer.id, quantity: 2 }]);
  return { offer, shop, cartId };
}

const count = async (sql: string, parameters: unknown[]) => {
  const [row] = await h.rows<{ n: string }>(`select count(*) as n ${sql}`, parameters);
  return Number(row!.n);
};

const subjects: Record<string, () => Promise<Subject>> = {
  async checkoutStart() {
    const { offer, shop, cartId } = await aCheckout();
    return {
      viewer: shop.buyer,
      query: operations.start,
      variables: { cartId },
      other: { cartId, total: { amount: 1, currencyCode: 'EUR' } },
      // Two units are held: once two.
      effects: async () => h.peers.inventory.held(offer.id) / 2,
    };
  },

  async checkoutComplete() {
    const { shop, cartId } = await aCheckout();
    const started = await shop.start(cartId);
    h.peers.payments.authorize(started.paymentId!);
    const input = { cartId, paymentId: started.paymentId, expectedTotal: started.order!.total };
    return {
      viewer: shop.buyer,
      query: operations.complete,
      variables: { input },
      other: { input: { ...input, expectedTotal: { amount: 1, currencyCode: 'EUR' } } },
      effects: async () => h.peers.payments.of(started.order!.id).captured.length,
    };
  },

  async fulfillmentCreate() {
    const { sellers, parts } = await soldOrders(h).bought(1);
    const lineId = parts[0]!.lines[0]!.id;
    const input = { vendorOrderId: parts[0]!.id, lines: [{ lineId, quantity: 1 }] };
    return {
      viewer: sellers[0]!,
      query: FULFILL,
      variables: { input },
      other: { input: { ...input, lines: [{ lineId, quantity: 2 }] } },
      effects: () => count('from fulfillment_line where line_id = ?', [lineId]),
    };
  },

  async cartLinesAdd() {
    const offer = onSale(h, anOffer());
    const shop = shopping(h);
    const { cart } = await shop.add([{ offerId: offer.id, quantity: 1 }]);
    const input = { cartId: cart!.id, lines: [{ offerId: offer.id, quantity: 5 }] };
    return {
      viewer: shop.buyer,
      query: operations.add,
      variables: { input },
      other: { input: { ...input, lines: [{ offerId: offer.id, quantity: 6 }] } },
      async effects() {
        const again = await h.run<{ cart: { lines: { quantity: number }[] } }>(
          shop.buyer,
          '{ cart { lines { quantity } } }',
        );
        return (again.cart.lines[0]!.quantity - 1) / 5;
      },
    };
  },
};

const names = Object.keys(subjects);

/** The one mutation's payload. */
async function ask({ viewer, query }: Subject, variables: Record<string, unknown>) {
  const [payload] = Object.values(
    await h.run<Record<string, { userErrors: { code: string }[] }>>(viewer, query, variables),
  );
  return payload!;
}

describe('R17 the same key', () => {
  it.each(names)('%s: 20 times at once and five times after has one effect and one answer', async (name) => {
    const subject = await subjects[name]!();
    const variables = { ...subject.variables, key: ids.next('key') };
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(subject, variables)));
    for (let n = 0; n < 5; n += 1) answers.push(await ask(subject, variables));
    expect(answers[0]!.userErrors).toEqual([]);
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(await subject.effects()).toBe(1);
  });

  it.each(names)('%s: asked of two processes has one effect, also when the answer never arrived', async (name) => {
    const subject = await subjects[name]!();
    const other = await h.another();
    const variables = { ...subject.variables, key: ids.next('key') };
    const { query, viewer } = subject;
    const lost = await Promise.all(
      [h.orders, other].map((process) => process.execute({ query, variables, viewer, requestId: 'lost' })),
    );
    expect(lost.map((answer) => answer.errors)).toEqual([undefined, undefined]);
    expect((await ask(subject, variables)).userErrors).toEqual([]);
    expect(await subject.effects()).toBe(1);
  });
});

describe('R18 a key', () => {
  it.each(names)('%s: is refused with another input, which has no effect', async (name) => {
    const subject = await subjects[name]!();
    const key = ids.next('key');
    const first = await ask(subject, { ...subject.variables, key });
    const reused = await ask(subject, { ...subject.other, key });
    expect(reused.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    expect(await subject.effects()).toBe(1);
    expect(await ask(subject, { ...subject.variables, key })).toEqual(first);
  });

  it.each(names)('%s: is somebody else’s own in somebody else’s hand', async (name) => {
    const [mine, theirs] = [await subjects[name]!(), await subjects[name]!()];
    const key = ids.next('key');
    const first = await ask(mine, { ...mine.variables, key });
    const second = await ask(theirs, { ...theirs.variables, key });
    expect([first.userErrors, second.userErrors]).toEqual([[], []]);
    expect([await mine.effects(), await theirs.effects()]).toEqual([1, 1]);
    // What the one did is not told to the other, who asks with the first one's key and input.
    const spied = await ask({ ...mine, viewer: theirs.viewer }, { ...mine.variables, key: ids.next('key') });
    expect(spied.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  it.each(names)(
    '%s: of 256 characters, of none, with a blank or a control character is BAD_USER_INPUT',
    async (name) => {
      const subject = await subjects[name]!();
      for (const key of ['x'.repeat(256), '', 'short', 'with a blank', 'line\nbreak', 'ключ-ключ-ключ']) {
        const { errors } = await h.answer(subject.viewer, subject.query, { ...subject.variables, key });
        expect(errors?.[0]?.extensions?.['code']).toBe('BAD_USER_INPUT');
      }
      expect(await subject.effects()).toBe(0);
      expect((await ask(subject, { ...subject.variables, key: 'x'.repeat(255) })).userErrors).toEqual([]);
    },
  );

  it.each(['checkoutComplete', 'fulfillmentCreate'])('%s: is a new request after a day', async (name) => {
    const subject = await subjects[name]!();
    const key = ids.next('key');
    await ask(subject, { ...subject.variables, key });
    await h.rows(`update idempotency set created_at = now() - interval '24 hours 1 second' where key = ?`, [key]);
    // What was refused as another use of the key is judged by itself now.
    const codes = (await ask(subject, { ...subject.other, key })).userErrors.map((error) => error.code);
    expect(codes).not.toContain('IDEMPOTENCY_KEY_REUSED');
  });

  it('checkoutStart: is a new request after a day', async () => {
    const { offer, shop, cartId } = await aCheckout();
    const key = ids.next('key');
    const first = await shop.start(cartId, { key });
    h.peers.payments.authorize(first.paymentId!);
    expect((await shop.complete(cartId, first)).order?.status).toBe('CONFIRMED');
    const next = await shop.cart([{ offerId: offer.id, quantity: 1 }]);
    expect((await shop.start(next, { key })).userErrors).toMatchObject([{ code: 'IDEMPOTENCY_KEY_REUSED' }]);
    h.clock.advance(24 * 3_600_000 + 1);
    const second = await Promise.all(Array.from({ length: 5 }, () => shop.start(next, { key })));
    expect(second.flatMap((answer) => answer.userErrors)).toEqual([]);
    expect(new Set(second.map((answer) => answer.order!.id)).size).toBe(1);
    expect(second[0]!.order!.id).not.toBe(first.order!.id);
  });

  it('checkoutComplete: is not used up by a call that was refused', async () => {
    const subject = await subjects['checkoutComplete']!();
    const key = ids.next('key');
    expect((await ask(subject, { ...subject.other, key })).userErrors).toMatchObject([{ code: 'CART_CHANGED' }]);
    expect((await ask(subject, { ...subject.variables, key })).userErrors).toEqual([]);
    expect(await subject.effects()).toBe(1);
  });
});
