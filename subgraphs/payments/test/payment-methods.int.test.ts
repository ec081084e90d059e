import { aUser } from '@marketgraph/platform/testing';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aCheckout,
  aPart,
  type Checkout,
  create,
  ids,
  type Marketplace,
  settle,
  startMarketplace,
  untilStatus,
} from './marketplace.ts';

let shop: Marketplace;
let provider: Stripe;
beforeAll(async () => {
  shop = await startMarketplace();
  const { host, port } = shop.emulator;
  provider = new Stripe('sk_test_payments', { host, port, protocol: 'http' });
});
afterAll(async () => {
  await shop?.stop();
});

const SESSION = `mutation($input: PaymentSessionInput!, $key: IdempotencyKey!) {
  paymentSessionCreate(input: $input, idempotencyKey: $key) { clientSecret userErrors { code } } }`;
const DETACH = 'mutation($id: ID!) { paymentMethodDetach(id: $id) { success userErrors { code field } } }';
const METHODS = `query($of: [_Any!]!) { _entities(representations: $of) {
  ... on User { paymentMethods { id kind brand last4 expiry } } } }`;

interface Method {
  id: string;
  brand: string;
  last4: string;
}

async function methodsOf(userId: string): Promise<Method[]> {
  const of = [{ __typename: 'User', id: userId }];
  const { _entities } = await shop.run<{ _entities: [{ paymentMethods: Method[] }] }>(aUser({ userId }), METHODS, {
    of,
  });
  return _entities[0].paymentMethods;
}

async function detach(userId: string, id: string) {
  return (await shop.run<{ paymentMethodDetach: unknown }>(aUser({ userId }), DETACH, { id })).paymentMethodDetach;
}

/** Paid with a card that the buyer wants kept, or not. Resolves to the payment. */
async function pay(checkout: Checkout, card: string, { saveMethod }: { saveMethod: boolean }): Promise<string> {
  const { payment, clientSecret } = await create(shop, checkout);
  const input = { cartId: checkout.cartId, amount: checkout.amount, methodKind: 'CARD', saveMethod };
  const { paymentSessionCreate } = await shop.run<{ paymentSessionCreate: object }>(
    aUser({ userId: checkout.buyerId }),
    SESSION,
    { input, key: ids.next('key') },
  );
  expect(paymentSessionCreate).toMatchObject({ userErrors: [] });
  await shop.confirm(clientSecret!, card);
  await untilStatus(shop, payment!.id, 'AUTHORIZED');
  return payment!.id;
}

async function keptFor(userId: string): Promise<string[]> {
  const [row] = await shop.sql<{ reference: string }>(
    'select provider_reference as reference from payment_customer where user_id = ?',
    [userId],
  );
  if (!row) return [];
  const listed = await provider.customers.listPaymentMethods(row.reference);
  return listed.data.map(({ card }) => `${card!.brand} ${card!.last4}`);
}

const FORGOTTEN = { success: true, userErrors: [] };
const UNKNOWN = { success: false, userErrors: [{ code: 'NOT_FOUND', field: ['id'] }] };

describe('P13 cards that a buyer has kept', () => {
  it('P13 are with the provider when the buyer asked for it, and only then; here are brand, last4 and expiry', async () => {
    const buyerId = ids.next('usr');
    await pay(aCheckout({ buyerId }), 'pm_card_mastercard', { saveMethod: false });
    expect(await keptFor(buyerId)).toEqual([]);
    await pay(aCheckout({ buyerId }), 'pm_card_visa', { saveMethod: true });
    expect(await keptFor(buyerId)).toEqual(['visa 4242']);
    expect(await methodsOf(buyerId)).toMatchObject([
      { kind: 'CARD', brand: 'visa', last4: '4242' },
      { kind: 'CARD', brand: 'mastercard', last4: '4444' },
    ]);
    const rows = JSON.stringify(await shop.sql('select * from payment_method'));
    expect(rows).not.toMatch(/pm_|\d{12,}/);
  });

  it('P13 a detached card is gone here and at the provider, as often as it was typed in; others stay', async () => {
    const buyerId = ids.next('usr');
    for (const card of ['pm_card_visa', 'pm_card_visa', 'pm_card_mastercard']) {
      await pay(aCheckout({ buyerId }), card, { saveMethod: true });
    }
    expect(await keptFor(buyerId)).toHaveLength(3);
    const visa = (await methodsOf(buyerId)).find(({ brand }) => brand === 'visa')!;
    expect(await detach(buyerId, visa.id)).toEqual(FORGOTTEN);
    expect(await keptFor(buyerId)).toEqual(['mastercard 4444']);
    expect(await methodsOf(buyerId)).toMatchObject([{ brand: 'mastercard' }]);
    expect(await detach(buyerId, visa.id)).toEqual(UNKNOWN);
  });

  it('P13 one that was not kept is forgotten here', async () => {
    const buyerId = ids.next('usr');
    await pay(aCheckout({ buyerId }), 'pm_card_visa', { saveMethod: false });
    const [visa] = await methodsOf(buyerId);
    expect(await detach(buyerId, visa!.id)).toEqual(FORGOTTEN);
    expect(await methodsOf(buyerId)).toEqual([]);
  });

  it("P13 somebody else's reads like one that nobody has; nobody's session is UNAUTHENTICATED", async () => {
    const buyerId = ids.next('usr');
    await pay(aCheckout({ buyerId }), 'pm_card_visa', { saveMethod: true });
    const [visa] = await methodsOf(buyerId);
    expect(await detach(ids.next('usr'), visa!.id)).toEqual(UNKNOWN);
    expect(await detach(buyerId, ids.next('pmt'))).toEqual(UNKNOWN);
    expect(await methodsOf(buyerId)).toHaveLength(1);
    expect(await keptFor(buyerId)).toHaveLength(1);
    const anonymous = await shop.execute({ kind: 'anonymous' }, DETACH, { id: visa!.id });
    expect(anonymous.errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED');
  });

  it('P13 a payment begun with a card goes on when it is detached, as the provider has it', async () => {
    const checkout = aCheckout();
    const paymentId = await pay(checkout, 'pm_card_visa', { saveMethod: true });
    const [visa] = await methodsOf(checkout.buyerId);
    expect(await detach(checkout.buyerId, visa!.id)).toEqual(FORGOTTEN);
    const settled = await settle(shop, { paymentId, vendorOrders: [aPart(10_000)] });
    expect(settled).toMatchObject({ payment: { status: 'CAPTURED' }, userErrors: [] });
    expect(await methodsOf(checkout.buyerId)).toEqual([]);
  });

  it('P13 R17 twenty calls at once, with answers of the provider lost, detach once and leave nothing behind', async () => {
    const buyerId = ids.next('usr');
    await pay(aCheckout({ buyerId }), 'pm_card_visa', { saveMethod: true });
    const [visa] = await methodsOf(buyerId);
    shop.emulator.control.addFault({
      kind: 'dropConnectionAfterEffect',
      match: { method: 'POST', path: '/v1/payment_methods/*/detach' },
      times: 4,
    });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => shop.execute(aUser({ userId: buyerId }), DETACH, { id: visa!.id })),
    );
    shop.emulator.control.clearFaults();
    expect(answers.some(({ data }) => data)).toBe(true);
    const again = await shop.execute(aUser({ userId: buyerId }), DETACH, { id: visa!.id });
    expect(again.errors).toBeUndefined();
    expect([await methodsOf(buyerId), await keptFor(buyerId)]).toEqual([[], []]);
  });

  it('P13 a second session after the buyer has confirmed comes too late for keeping, and is no failure', async () => {
    const checkout = aCheckout();
    await pay(checkout, 'pm_card_visa', { saveMethod: false });
    const input = { cartId: checkout.cartId, amount: checkout.amount, methodKind: 'CARD', saveMethod: true };
    const answer = await shop.run(aUser({ userId: checkout.buyerId }), SESSION, { input, key: ids.next('key') });
    expect(answer).toMatchObject({ paymentSessionCreate: { userErrors: [] } });
    expect(await keptFor(checkout.buyerId)).toEqual([]);
  });
});
