import { describe, expect, it } from 'vitest';
import { codesOf } from '../../support/raw-graph.ts';
import type { AccessCast } from './cast-of-access.ts';

const EVERYTHING = `query($order: ID!, $number: String!, $part: ID!, $line: ID!, $payment: ID!, $cart: ID!, $user: ID!, $address: ID!) {
  order(id: $order) { id }
  orderByNumber(number: $number) { id }
  vendorOrder(id: $part) { id }
  payment(id: $payment) { id }
  cart(id: $cart) { id }
  user(id: $user) { id email }
  orderNode: node(id: $order) { id }
  partNode: node(id: $part) { id }
  lineNode: node(id: $line) { id }
  paymentNode: node(id: $payment) { id }
  cartNode: node(id: $cart) { id }
  addressNode: node(id: $address) { id }
  nodes(ids: [$order, $part, $line, $payment, $cart, $address]) { id }
}`;
const NOTHING = {
  ...{ order: null, orderByNumber: null, vendorOrder: null, payment: null, cart: null, user: null },
  ...{ orderNode: null, partNode: null, lineNode: null, paymentNode: null, cartNode: null, addressNode: null },
  nodes: [null, null, null, null, null, null],
};

const idsOf = ({ order, bought, annId, cartId, addressId }: AccessCast) => ({
  order: bought.orderId,
  number: order.number,
  part: order.vendorOrders[0]!.id,
  line: order.vendorOrders[0]!.lines[0]!.id,
  payment: bought.paymentId,
  cart: cartId,
  user: annId,
  address: addressId,
});

export function itKeepsWhatIsAnns(cast: () => AccessCast): void {
  describe('what is Ann’s', () => {
    it('is there for Ann', async () => {
      const { as, ann } = cast();
      const { codes, data } = await as<Record<string, unknown>>(ann, EVERYTHING, idsOf(cast()));
      expect(codes).toEqual([]);
      for (const field of ['order', 'orderByNumber', 'payment', 'cart', 'user', 'orderNode', 'cartNode', 'addressNode'])
        expect(data![field], field).not.toBeNull();
    });

    it.each(['nobody', 'another buyer', 'a vendor she never bought of'] as const)(
      '31 is not there for %s, by id, by number and by node',
      async (who) => {
        const { as, bob, gamma } = cast();
        const person = { nobody: null, 'another buyer': bob, 'a vendor she never bought of': gamma.person }[who];
        const { codes, data } = await as(person, EVERYTHING, idsOf(cast()));
        expect([codes, data]).toEqual([[], NOTHING]);
      },
    );

    it('31 is in nobody else’s lists', async () => {
      const { as, bob } = cast();
      const { codes, data } = await as(
        bob,
        `{ me {
          orders { edges { node { id } } } cart { id } addresses { id } paymentMethods { __typename }
          notifications { edges { node { id } } }
        } }`,
      );
      expect(codes).toEqual([]);
      expect(data).toMatchObject({ me: { orders: { edges: [] }, cart: null, addresses: [], paymentMethods: [] } });
    });

    it('31 is not changed by another buyer', async () => {
      const { as, ann, bob, cartId, addressId, bought } = cast();
      const state = () =>
        as(
          ann,
          '{ me { cart { version lines { id quantity } } addresses { id } orders { edges { node { id status } } } } }',
        );
      const before = await state();
      expect(before.codes).toEqual([]);
      const [line] = (before.data as { me: { cart: { lines: { id: string }[] } } }).me.cart.lines;
      const attempts: [string, Record<string, unknown>][] = [
        [
          'mutation($id: ID!, $line: ID!) { a: cartLinesUpdate(input: { cartId: $id, lines: [{ lineId: $line, quantity: 9 }] }) { userErrors { code } } }',
          { id: cartId, line: line!.id },
        ],
        [
          'mutation($id: ID!, $line: ID!) { a: cartLinesRemove(input: { cartId: $id, lineIds: [$line] }) { userErrors { code } } }',
          { id: cartId, line: line!.id },
        ],
        [
          'mutation($id: ID!) { a: checkoutStart(cartId: $id, idempotencyKey: "not-your-cart") { userErrors { code } } }',
          { id: cartId },
        ],
        ['mutation($id: ID!) { a: addressDelete(id: $id) { userErrors { code } } }', { id: addressId }],
        [
          'mutation($id: ID!, $cart: ID!) { a: checkoutComplete(input: { cartId: $cart, paymentId: $id, expectedTotal: { amount: 1, currencyCode: "EUR" } }, idempotencyKey: "not-your-payment") { order { id } userErrors { code } } }',
          { id: bought.paymentId, cart: bought.cartId },
        ],
      ];
      for (const [query, variables] of attempts) {
        const { codes, data } = await as<{ a: { userErrors: { code: string }[] } }>(bob, query, variables);
        expect([codes, data?.a.userErrors.map(({ code }) => code)], query).toEqual([[], ['NOT_FOUND']]);
      }
      expect(await state()).toEqual(before);
    });

    it.each<[string, (ids: ReturnType<typeof idsOf>) => string]>([
      ['orderStatusChanged(orderId: $id)', ({ order }) => order],
      ['cartChanged(cartId: $id)', ({ cart }) => cart],
      ['paymentStatusChanged(paymentId: $id)', ({ payment }) => payment],
    ])('31 75 is not streamed to another buyer: %s', async (field, idOf) => {
      const { bob } = cast();
      const feed = bob.watchText(`subscription($id: ID!) { ${field} { cursor } }`, { id: idOf(idsOf(cast())) });
      await expect(feed.find(() => true, 'nothing')).rejects.toThrow('The stream failed');
      expect([codesOf(feed.failure), feed.events]).toEqual([['BAD_USER_INPUT'], []]);
    });

    it('is shown to her vendors as their own part only, whichever way they come to it', async () => {
      const { as, alpha, beta, order, bought } = cast();
      for (const vendor of [alpha, beta]) {
        const own = order.vendorOrders.find((part) => part.vendor.id === vendor.id)!;
        const other = order.vendorOrders.find((part) => part.vendor.id !== vendor.id)!;
        const { codes, data } = await as(
          vendor.person,
          `query($order: ID!, $own: ID!, $other: ID!, $line: ID!, $payment: ID!, $vendor: ID!) {
            order(id: $order) { lines { id } vendorOrders { id lines { id } } payment { id } }
            vendorOrder(id: $own) { order { lines { id } vendorOrders { id } } }
            other: vendorOrder(id: $other) { id }
            otherNode: node(id: $other) { id }
            otherLine: node(id: $line) { id }
            payment(id: $payment) { id }
            vendor(id: $vendor) { orders { edges { node { order { vendorOrders { id } lines { id } } } } } }
          }`,
          {
            order: bought.orderId,
            own: own.id,
            other: other.id,
            line: other.lines[0]!.id,
            payment: bought.paymentId,
            vendor: vendor.id,
          },
        );
        const lines = own.lines.map(({ id }) => ({ id }));
        expect([codes, data]).toEqual([
          [],
          {
            order: { lines, vendorOrders: [{ id: own.id, lines }], payment: null },
            vendorOrder: { order: { lines, vendorOrders: [{ id: own.id }] } },
            ...{ other: null, otherNode: null, otherLine: null, payment: null },
            vendor: { orders: { edges: [{ node: { order: { vendorOrders: [{ id: own.id }], lines } } }] } },
          },
        ]);
      }
    });

    it('beyond what a parcel needs is not told to her vendors', async () => {
      const { as, alpha, bought } = cast();
      const { data } = await as<{ order: { buyer: Record<string, unknown> } | null }>(
        alpha.person,
        'query($id: ID!) { order(id: $id) { buyer { displayName orders { edges { node { id } } } cart { id } paymentMethods { __typename } } } }',
        { id: bought.orderId },
      );
      expect(data?.order?.buyer).toEqual({ displayName: 'Ann', orders: null, cart: null, paymentMethods: null });
      const { codes, data: more } = await as<{ order: unknown }>(
        alpha.person,
        'query($id: ID!) { order(id: $id) { buyer { email addresses { id address { line1 } } } } }',
        { id: bought.orderId },
      );
      // Both are there for Ann alone and cannot be null: for others there is an error in their place, or no buyer.
      for (const code of codes) expect(['FORBIDDEN', 'UNAUTHENTICATED']).toContain(code);
      expect(JSON.stringify(more ?? null)).not.toMatch(/story\.example|Secret Lane/);
    });
  });
}
