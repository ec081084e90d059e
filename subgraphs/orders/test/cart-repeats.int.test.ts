import { anonymous, type UserViewer } from '@marketgraph/platform/graphql';
import { aUser, testIds } from '@marketgraph/platform/testing';
import { Kind, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ordersSchema } from '../src/schema.ts';
import {
  anOffer,
  BERLIN,
  type CartAnswer,
  checkoutStatus,
  onSale,
  operations,
  type OrdersHarness,
  shopping,
  startOrders,
} from './orders-harness.ts';
import { aCode, couponing } from './promoted.ts';

let h: OrdersHarness;
const ids = testIds();

beforeAll(async () => {
  h = await startOrders();
});
afterAll(() => h?.stop());

/** A change of a cart that can be checked out before it and after it. */
interface Change {
  buyer: UserViewer;
  cartId: string;
  query: string;
  variables: Record<string, unknown>;
  /** What who asks again is told, where it is more than how the cart is. */
  doneBefore?: string;
}

const payload = (name: string, declared: string, passed: string) =>
  `mutation(${declared}) { answer: ${name}(${passed}) { cart { id } userErrors { code } } }`;

async function aCart(buyer?: UserViewer) {
  const [lamp, shade] = [onSale(h, anOffer()), onSale(h, anOffer())];
  const shop = shopping(h, buyer);
  const cartId = await shop.cart([lamp, shade].map(({ id }) => ({ offerId: id, quantity: 2 })));
  const { cart } = await h.run<{ cart: NonNullable<CartAnswer['cart']> }>(
    shop.buyer,
    'query($cartId: ID!) { cart(id: $cartId) { lines { id } } }',
    { cartId },
  );
  return { buyer: shop.buyer, cartId, lamp, lineId: cart.lines[0]!.id };
}

const changes: Record<string, () => Promise<Change>> = {
  async cartOrganizationSet() {
    const organizationId = ids.next('org');
    const { buyer, cartId } = await aCart(aUser({ memberships: [{ of: organizationId, role: 'PURCHASER' }] }));
    const query = payload(
      'cartOrganizationSet',
      '$cartId: ID!, $organizationId: ID',
      'cartId: $cartId, organizationId: $organizationId',
    );
    return { buyer, cartId, query, variables: { cartId, organizationId } };
  },
  async cartLinesUpdate() {
    const { buyer, cartId, lineId } = await aCart();
    const query = payload('cartLinesUpdate', '$input: CartLinesUpdateInput!', 'input: $input');
    return { buyer, cartId, query, variables: { input: { cartId, lines: [{ lineId, quantity: 3 }] } } };
  },
  async cartLinesRemove() {
    const { buyer, cartId, lineId } = await aCart();
    const query = payload('cartLinesRemove', '$input: CartLinesRemoveInput!', 'input: $input');
    return { buyer, cartId, query, variables: { input: { cartId, lineIds: [lineId] } }, doneBefore: 'NOT_FOUND' };
  },
  async cartAddressSet() {
    const { buyer, cartId } = await aCart();
    const query = payload('cartAddressSet', '$input: CartAddressInput!', 'input: $input');
    const input = { cartId, shipping: { ...BERLIN, line1: 'Elsewhere 9' }, billing: { ...BERLIN, company: 'Kauf' } };
    return { buyer, cartId, query, variables: { input } };
  },
  async cartDeliverySelect() {
    const { buyer, cartId, lamp } = await aCart();
    const query = payload('cartDeliverySelect', '$input: CartDeliveryInput!', 'input: $input');
    const input = { cartId, vendorId: lamp.vendor.id, deliveryOptionId: 'EXPRESS' };
    return { buyer, cartId, query, variables: { input } };
  },
  async cartPromotionApply() {
    const { buyer, cartId } = await aCart();
    const query = payload('cartPromotionApply', '$cartId: ID!, $code: String!', 'cartId: $cartId, code: $code');
    return { buyer, cartId, query, variables: { cartId, code: aCode(h).code } };
  },
  async cartPromotionRemove() {
    const { buyer, cartId } = await aCart();
    const { code } = aCode(h);
    await couponing(h, buyer).apply(cartId, code!);
    const query = payload('cartPromotionRemove', '$cartId: ID!, $code: String!', 'cartId: $cartId, code: $code');
    return { buyer, cartId, query, variables: { cartId, code }, doneBefore: 'NOT_FOUND' };
  },
  async cartMerge() {
    const { buyer, cartId, lamp } = await aCart();
    const input = { lines: [{ offerId: lamp.id, quantity: 1 }] };
    const { cartLinesAdd } = await h.run<{ cartLinesAdd: CartAnswer }>(anonymous, operations.add, { input });
    const query = payload('cartMerge', '$cartId: ID!, $token: String!', 'cartId: $cartId, guestCartToken: $token');
    return { buyer, cartId, query, variables: { cartId: cartLinesAdd.cart!.id, token: cartLinesAdd.cart!.token } };
  },
};

async function ask({ buyer, query, variables }: Change): Promise<{ cart: string | undefined; codes: string[] }> {
  const { answer } = await h.run<{ answer: { cart: { id: string } | null; userErrors: { code: string }[] } }>(
    buyer,
    query,
    variables,
  );
  return { cart: answer.cart?.id, codes: answer.userErrors.map(({ code }) => code) };
}

const SEEN = `query($id: ID!) { cart(id: $id) { version updatedAt total { amount } shippingAddress { line1 }
  lines { id quantity } vendorGroups { selectedDelivery { id } } promotions { code } organization { id } } }`;

describe('R17 a change of a cart that takes no key', () => {
  it('has a case here when it says that it may be asked again, and no case when it does not', () => {
    const mutations = parse(ordersSchema().sdl).definitions.flatMap((definition) =>
      definition.kind === Kind.OBJECT_TYPE_DEFINITION && definition.name.value === 'Mutation'
        ? (definition.fields ?? [])
        : [],
    );
    const said = mutations.filter(({ directives }) => directives?.some(({ name }) => name.value === 'idempotent'));
    expect(said.map(({ name }) => name.value).toSorted()).toEqual(Object.keys(changes).toSorted());
  });

  it.each(Object.keys(changes))(
    '%s: asked again it changes and tells nothing, and the checkout that has begun meanwhile goes on',
    async (name) => {
      const change = await changes[name]!();
      const { buyer, cartId, doneBefore } = change;
      const told = async () =>
        (await h.events('orders.cartChanged')).filter((event) => event.key === cartId).map((event) => event.sequence);
      expect(await ask(change)).toEqual({ cart: cartId, codes: [] });
      const { order, userErrors } = await shopping(h, buyer).start(cartId);
      expect(userErrors).toEqual([]);
      const before = { cart: await h.run(buyer, SEEN, { id: cartId }), told: await told() };

      expect(await ask(change)).toEqual(
        doneBefore ? { cart: undefined, codes: [doneBefore] } : { cart: cartId, codes: [] },
      );
      expect({ cart: await h.run(buyer, SEEN, { id: cartId }), told: await told() }).toEqual(before);
      expect(await checkoutStatus(h, order!.id)).toBe('AWAITING_PAYMENT');
    },
  );
});
