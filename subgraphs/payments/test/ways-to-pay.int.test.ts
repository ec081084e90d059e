import { aUser, silentLog, until } from '@marketgraph/platform/testing';
import { createRedisBus, type EventBus } from '@marketgraph/platform/messaging';
import { orderFailed } from '@marketgraph/schema/events/orders';
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
  statusOf,
  untilStatus,
  voidPayment,
} from './marketplace.ts';
import { booksOf } from './refunds.ts';

let shop: Marketplace;
let bus: EventBus;
beforeAll(async () => {
  shop = await startMarketplace({ provider: { processingDelayMs: 600 } });
  bus = await createRedisBus({ url: shop.config.redisUrl, log: silentLog });
});
afterAll(async () => {
  await bus?.close();
  await shop?.stop();
});

const SESSION = `mutation($input: PaymentSessionInput!, $key: IdempotencyKey!) {
  paymentSessionCreate(input: $input, idempotencyKey: $key) { clientSecret userErrors { code field } } }`;

async function choose(checkout: Checkout, methodKind: string) {
  const input = { cartId: checkout.cartId, amount: checkout.amount, methodKind };
  const data = await shop.run<{ paymentSessionCreate: { clientSecret: string | null; userErrors: unknown[] } }>(
    aUser({ userId: checkout.buyerId }),
    SESSION,
    { input, key: ids.next('key') },
  );
  return data.paymentSessionCreate;
}

const inr = { amount: 10_000, currencyCode: 'INR' };
const rupees = (amount: number) => aPart(amount, { gross: { amount, currencyCode: 'INR' } });

/** The statuses that were told of a payment, oldest first. */
async function toldOf(paymentId: string): Promise<string[]> {
  const rows = await shop.sql<{ status: string }>(
    "select payload->>'status' as status from outbox where key = ? order by position",
    [paymentId],
  );
  return rows.map(({ status }) => status);
}

async function methodOf(paymentId: string): Promise<object> {
  const [row] = await shop.sql<object>(
    'select method_kind as kind, method_brand as brand, method_last4 as last4 from payment where id = ?',
    [paymentId],
  );
  return row!;
}

/** Chosen, confirmed, and waiting for the buyer elsewhere. */
async function begun(methodKind: string, method: string, checkout: Checkout) {
  const { payment } = await create(shop, checkout);
  const { clientSecret, userErrors } = await choose(checkout, methodKind);
  expect(userErrors).toEqual([]);
  const intent = await shop.confirm(clientSecret!, method);
  return { id: payment!.id, intent: intent.id };
}

describe('P12 ways to pay besides a typed-in card', () => {
  it.each([
    ['pm_card_visa_applePay', 'visa'],
    ['pm_card_visa_googlePay', 'visa'],
  ])('P12 WALLET (%s): held, captured, known by its kind and last digits', async (method, brand) => {
    const { id } = await begun('WALLET', method, aCheckout());
    await untilStatus(shop, id, 'AUTHORIZED');
    const settled = await settle(shop, { paymentId: id, vendorOrders: [aPart(10_000)] });
    expect(settled).toMatchObject({ payment: { status: 'CAPTURED' }, userErrors: [] });
    expect(await methodOf(id)).toEqual({ kind: 'WALLET', brand, last4: '4242' });
  });

  it('P12 INSTALLMENTS: REQUIRES_ACTION, the buyer agrees elsewhere, AUTHORIZED, CAPTURED', async () => {
    const { id, intent } = await begun('INSTALLMENTS', 'pm_klarna', aCheckout());
    await untilStatus(shop, id, 'REQUIRES_ACTION');
    shop.emulator.control.authenticate(intent, 'succeed');
    await untilStatus(shop, id, 'AUTHORIZED');
    await settle(shop, { paymentId: id, vendorOrders: [aPart(10_000)] });
    expect(await toldOf(id)).toEqual(['REQUIRES_PAYMENT_METHOD', 'REQUIRES_ACTION', 'AUTHORIZED', 'CAPTURED']);
    expect(await methodOf(id)).toEqual({ kind: 'INSTALLMENTS', brand: 'klarna', last4: null });
  });

  it('P12 P21 UPI: REQUIRES_ACTION, PROCESSING, CAPTURED by the webhook; then settled, with its fee', async () => {
    const { id, intent } = await begun('UPI', 'pm_upi', aCheckout({ amount: inr }));
    await untilStatus(shop, id, 'REQUIRES_ACTION');
    shop.emulator.control.authenticate(intent, 'succeed');
    await untilStatus(shop, id, 'PROCESSING');
    await untilStatus(shop, id, 'CAPTURED');
    expect(await toldOf(id)).toEqual(['REQUIRES_PAYMENT_METHOD', 'REQUIRES_ACTION', 'PROCESSING', 'CAPTURED']);
    const settled = await settle(shop, { paymentId: id, vendorOrders: [rupees(6_000), rupees(4_000)] });
    expect(settled).toMatchObject({ payment: { status: 'CAPTURED' }, userErrors: [] });
    const known = 'select fee_amount as fee from payment where id = ? and fee_amount is not null';
    const row = await until(async () => (await shop.sql<{ fee: string }>(known, [id]))[0]);
    expect(Number(row.fee)).toBe(320);
    expect(await booksOf(shop, id)).toMatchObject({ held: 10_000, isWhole: true, isBalanced: true });
    expect(await methodOf(id)).toEqual({ kind: 'UPI', brand: 'upi', last4: null });
  });

  it.each([
    ['UPI', 'pm_upi_declined', inr],
    ['INSTALLMENTS', 'pm_klarna_declined', { amount: 10_000, currencyCode: 'EUR' }],
  ] as const)('P12 %s refused in the end is FAILED, and a card may follow', async (kind, method, amount) => {
    const checkout = aCheckout({ amount });
    const { id, intent } = await begun(kind, method, checkout);
    shop.emulator.control.authenticate(intent, 'succeed');
    await untilStatus(shop, id, 'FAILED');
    const { clientSecret } = await choose(checkout, 'CARD');
    await shop.confirm(clientSecret!, 'pm_card_visa');
    expect(await untilStatus(shop, id, 'AUTHORIZED')).toBe(true);
  });

  it('P12 one that is not offered in the currency is refused, and what was chosen before is still good', async () => {
    const checkout = aCheckout();
    const { payment } = await create(shop, checkout);
    expect(await choose(checkout, 'UPI')).toMatchObject({ userErrors: [{ code: 'INVALID', field: ['methodKind'] }] });
    const { clientSecret } = await choose(checkout, 'CARD');
    await shop.confirm(clientSecret!, 'pm_card_visa');
    await untilStatus(shop, payment!.id, 'AUTHORIZED');
  });
});

describe('P12 money that is taken before the goods are certain', () => {
  const taken = async () => {
    const checkout = aCheckout({ amount: inr });
    const { id, intent } = await begun('UPI', 'pm_upi', checkout);
    shop.emulator.control.authenticate(intent, 'succeed');
    await untilStatus(shop, id, 'CAPTURED');
    return { id, checkout };
  };

  it('P12 goes back, once, when orders calls the sale off', async () => {
    const { id } = await taken();
    const key = ids.next('key');
    const answers = await Promise.all(Array.from({ length: 5 }, () => voidPayment(shop, id, key)));
    expect(answers.every(({ userErrors }) => userErrors.length === 0)).toBe(true);
    await untilStatus(shop, id, 'REFUNDED');
    expect(await booksOf(shop, id)).toMatchObject({ refunded: 10_000, atProvider: 10_000, held: 0, isBalanced: true });
  });

  it('P12 goes back by itself when the order has failed, whichever came first', async () => {
    const tell = (orderId: string) =>
      bus.publish('orders', [
        {
          id: ids.next('evt'),
          name: orderFailed.name,
          version: orderFailed.version,
          occurredAt: new Date().toISOString(),
          key: orderId,
          sequence: 1,
          payload: { ...orderFailed.sample, orderId },
        },
      ]);
    const { id, checkout } = await taken();
    await tell(checkout.orderId);
    await untilStatus(shop, id, 'REFUNDED');
    expect(await booksOf(shop, id)).toMatchObject({ refunded: 10_000, atProvider: 10_000, held: 0 });

    const late = aCheckout({ amount: inr });
    const waiting = await begun('UPI', 'pm_upi_processing', late);
    shop.emulator.control.authenticate(waiting.intent, 'succeed');
    await untilStatus(shop, waiting.id, 'PROCESSING');
    await tell(late.orderId);
    await untilStatus(shop, waiting.id, 'VOIDED');
    expect(await statusOf(shop, waiting.id)).toBe('VOIDED');
  });
});
