import { money } from '@marketgraph/platform/core';
import { aUser, testIds } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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
const organizationId = ids.next('org');

beforeAll(async () => {
  h = await startOrders();
});
beforeEach(() => {
  h.peers.onCall = () => undefined;
});
afterAll(() => h?.stop());

const eur = (amount: number) => money(amount, 'EUR');
const purchaser = (role = 'PURCHASER', of = organizationId) => aUser({ memberships: [{ of, role }] });

/** 10.00 for everybody, 9.00 from ten on; for the organization 8.00, and 7.00 from ten on. */
function aListedOffer(more: object = {}) {
  const tiers = {
    '': [{ minQuantity: 10, maxQuantity: null, unitPrice: eur(900) }],
    [organizationId]: [
      { minQuantity: 1, maxQuantity: 9, unitPrice: eur(800) },
      { minQuantity: 10, maxQuantity: null, unitPrice: eur(700) },
    ],
  };
  return onSale(h, anOffer({ price: eur(1_000), tiers, ...more }), 1_000);
}

interface Shown {
  id: string;
  organization: { id: string } | null;
  lines: { id: string; unitPrice: { amount: number }; quantity: number }[];
  warnings: { code: string }[];
}
interface Changed {
  cart: Shown | null;
  userErrors: { code: string; field: string[] | null }[];
}
const CART = `id organization { id } lines { id unitPrice { amount } quantity } warnings { code }`;
const ADD = `mutation($input: CartLinesAddInput!, $key: IdempotencyKey) {
  cartLinesAdd(input: $input, idempotencyKey: $key) { cart { ${CART} } userErrors { code field } } }`;
const SET = `mutation($cartId: ID!, $organizationId: ID) {
  cartOrganizationSet(cartId: $cartId, organizationId: $organizationId) { cart { ${CART} } userErrors { code field } } }`;

async function add(buyer: ReturnType<typeof aUser>, input: object, key?: string): Promise<Changed> {
  return (await h.run<{ cartLinesAdd: Changed }>(buyer, ADD, { input, key })).cartLinesAdd;
}
async function set(buyer: ReturnType<typeof aUser>, cartId: string, to: string | null): Promise<Changed> {
  const variables = { cartId, organizationId: to };
  return (await h.run<{ cartOrganizationSet: Changed }>(buyer, SET, variables)).cartOrganizationSet;
}
async function show(buyer: ReturnType<typeof aUser>, cartId: string): Promise<Shown> {
  return (await h.run<{ cart: Shown }>(buyer, `query($cartId: ID!) { cart(id: $cartId) { ${CART} } }`, { cartId }))
    .cart;
}
const amounts = (cart: Shown | null) => cart?.lines.map(({ unitPrice }) => unitPrice.amount);
const withAddress = (buyer: ReturnType<typeof aUser>, cartId: string) =>
  h.run(buyer, operations.address, {
    input: {
      cartId,
      shipping: { name: 'Ada', line1: 'Hauptstr. 1', city: 'Berlin', postalCode: '10115', countryCode: 'DE' },
    },
  });

describe('C10 a cart that is bought for an organization', () => {
  it('is at the organization’s prices by quantity, and the order at what was shown', async () => {
    const offer = aListedOffer();
    const buyer = purchaser();
    const { cart } = await add(buyer, { organizationId, lines: [{ offerId: offer.id, quantity: 9 }] });
    expect(cart).toMatchObject({ organization: { id: organizationId }, warnings: [] });
    expect(amounts(cart)).toEqual([800]);
    expect(amounts((await add(buyer, { lines: [{ offerId: offer.id, quantity: 1 }] })).cart)).toEqual([700]);
    await withAddress(buyer, cart!.id);
    const shop = shopping(h, buyer);
    const started = await shop.start(cart!.id);
    expect(started.userErrors).toEqual([]);
    const [row] = await h.rows<{ organization_id: string; subtotal: string }>(
      'select organization_id, subtotal from orders where id = ?',
      [started.order!.id],
    );
    expect(row).toMatchObject({ organization_id: organizationId, subtotal: '7000' });
    h.peers.payments.authorize(started.paymentId!);
    await shop.complete(cart!.id, started);
    const query = `query($id: ID!) { order(id: $id) { organization { id } } }`;
    for (const viewer of [buyer, aVendorMember(offer.vendor.id)]) {
      expect(await h.run(viewer, query, { id: started.order!.id })).toEqual({
        order: { organization: { id: organizationId } },
      });
    }
  });

  it('and one that is not is at the prices of everybody', async () => {
    const offer = aListedOffer();
    const shop = shopping(h, purchaser());
    const orderId = await shop.buy([{ offerId: offer.id, quantity: 10 }]);
    const [row] = await h.rows<object>('select organization_id, subtotal from orders where id = ?', [orderId]);
    expect(row).toMatchObject({ organization_id: null, subtotal: '9000' });
  });

  it('is at other prices as soon as it is bought for somebody else, without a warning for what was shown', async () => {
    const [first, second] = [aListedOffer(), aListedOffer()];
    const buyer = purchaser('ORG_ADMIN');
    const lines = [first, second].map(({ id }) => ({ offerId: id, quantity: 1 }));
    const { cart } = await add(buyer, { lines });
    expect(amounts(cart)).toEqual([1_000, 1_000]);
    const theirs = await set(buyer, cart!.id, organizationId);
    expect([amounts(theirs.cart), theirs.cart!.warnings]).toEqual([[800, 800], []]);
    const own = await set(buyer, cart!.id, null);
    expect([amounts(own.cart), own.cart!.organization, own.cart!.warnings]).toEqual([[1_000, 1_000], null, []]);
    const more = await add(buyer, { organizationId, lines: lines.slice(0, 1) });
    expect([amounts(more.cart), more.cart!.warnings]).toEqual([[800, 800], []]);
  });

  it('is refused to who does not buy for it, and changes nothing', async () => {
    const offer = aListedOffer();
    const lines = [{ offerId: offer.id, quantity: 1 }];
    for (const buyer of [aUser(), purchaser('APPROVER'), purchaser('PURCHASER', ids.next('org'))]) {
      const forbidden = [{ code: 'FORBIDDEN', field: ['organizationId'] }];
      expect((await add(buyer, { organizationId, lines })).userErrors).toEqual(forbidden);
      const { cart } = await add(buyer, { lines });
      expect((await set(buyer, cart!.id, organizationId)).userErrors).toEqual(forbidden);
      expect(await show(buyer, cart!.id)).toMatchObject({ organization: null });
    }
    const { cart } = await add(purchaser(), { lines });
    expect((await set(purchaser(), cart!.id, organizationId)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  it('shows no price of an organization its buyer has left, and is not bought for it any more', async () => {
    const offer = aListedOffer();
    const buyer = purchaser();
    const { cart } = await add(buyer, { organizationId, lines: [{ offerId: offer.id, quantity: 1 }] });
    await withAddress(buyer, cart!.id);
    const gone = { ...buyer, memberships: [] };
    expect(amounts(await show(gone, cart!.id))).toEqual([1_000]);
    expect(amounts((await add(gone, { lines: [{ offerId: aListedOffer().id, quantity: 1 }] })).cart)).toEqual([
      1_000, 1_000,
    ]);
    expect((await shopping(h, gone).start(cart!.id)).userErrors).toMatchObject([{ code: 'FORBIDDEN' }]);
    expect((await set(gone, cart!.id, null)).userErrors).toEqual([]);
    expect((await shopping(h, gone).start(cart!.id)).userErrors).toEqual([]);
  });

  it('is refused once when its contract has changed since it was shown, and shows the new price', async () => {
    const offer = aListedOffer();
    const buyer = purchaser();
    const { cart } = await add(buyer, { organizationId, lines: [{ offerId: offer.id, quantity: 1 }] });
    await withAddress(buyer, cart!.id);
    offer.tiers![organizationId] = [{ minQuantity: 1, maxQuantity: null, unitPrice: eur(850) }];
    const shop = shopping(h, buyer);
    expect((await shop.start(cart!.id)).userErrors).toMatchObject([{ code: 'PRICE_CHANGED' }]);
    expect(amounts(await show(buyer, cart!.id))).toEqual([850]);
    const started = await shop.start(cart!.id);
    expect(started.userErrors).toEqual([]);
    const [row] = await h.rows<object>('select subtotal from orders where id = ?', [started.order!.id]);
    expect(row).toMatchObject({ subtotal: '850' });
  });

  it('takes no slot of a deal that is dearer than the contract', async () => {
    const deal = { id: ids.next('dea'), price: eur(750) };
    const offer = aListedOffer({ deal });
    h.peers.inventory.stock(deal.id, 100);
    const buyer = purchaser();
    const { cart } = await add(buyer, { organizationId, lines: [{ offerId: offer.id, quantity: 9 }] });
    expect(amounts(cart)).toEqual([750]);
    expect(amounts((await add(buyer, { lines: [{ offerId: offer.id, quantity: 1 }] })).cart)).toEqual([700]);
    await withAddress(buyer, cart!.id);
    expect((await shopping(h, buyer).start(cart!.id)).userErrors).toEqual([]);
    expect([h.peers.inventory.held(offer.id), h.peers.inventory.held(deal.id)]).toEqual([10, 0]);
  });

  it('added to twice with one key has it once, and the key is of that organization', async () => {
    const offer = aListedOffer();
    const buyer = purchaser();
    const key = ids.next('key');
    const input = { organizationId, lines: [{ offerId: offer.id, quantity: 2 }] };
    const { cart } = await add(buyer, input, key);
    expect((await add(buyer, input, key)).cart).toMatchObject({ id: cart!.id, lines: [{ quantity: 2 }] });
    expect((await add(buyer, { lines: input.lines }, key)).userErrors).toMatchObject([
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
  });
});
