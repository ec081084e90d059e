import { aUser, until } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  aCheckout,
  aPart,
  create,
  ids,
  type Marketplace,
  operator,
  orders,
  type PaymentAnswer,
  settle,
  startMarketplace,
  statusOf,
  sync,
  untilStatus,
  voidPayment,
} from './marketplace.ts';

let shop: Marketplace;
beforeAll(async () => {
  shop = await startMarketplace();
});
afterAll(async () => {
  await shop?.stop();
});

const SESSION = `mutation($input: PaymentSessionInput!, $key: IdempotencyKey!) {
  paymentSessionCreate(input: $input, idempotencyKey: $key) {
    payment { id status amount { amount currencyCode } capturedAmount { amount currencyCode } }
    clientSecret userErrors { code message field }
  } }`;

async function openSession(buyerId: string, input: object, key = ids.next('key')): Promise<PaymentAnswer> {
  const data = await shop.run<{ paymentSessionCreate: PaymentAnswer }>(aUser({ userId: buyerId }), SESSION, {
    input,
    key,
  });
  return data.paymentSessionCreate;
}

describe('a payment from checkout to capture', () => {
  it('P1 session, confirmed with a test card, webhook, captured; only brand, last4 and expiry are known', async () => {
    const checkout = aCheckout();
    const { payment } = await create(shop, checkout);
    expect(payment?.status).toBe('REQUIRES_PAYMENT_METHOD');
    const session = await openSession(checkout.buyerId, {
      cartId: checkout.cartId,
      amount: checkout.amount,
      methodKind: 'CARD',
    });
    expect(session).toMatchObject({ payment: { id: payment!.id }, userErrors: [] });

    await shop.confirm(session.clientSecret!, 'pm_card_visa');
    await untilStatus(shop, payment!.id, 'AUTHORIZED');

    const settled = await settle(shop, { paymentId: payment!.id, vendorOrders: [aPart(10_000)] });
    expect(settled).toMatchObject({ payment: { status: 'CAPTURED', capturedAmount: checkout.amount }, userErrors: [] });

    const query = '{ _entities: payment(id: "ID") { method { kind brand last4 expiry } } }'.replace('ID', payment!.id);
    const { _entities: known } = await shop.run<{ _entities: unknown }>(aUser({ userId: checkout.buyerId }), query);
    expect(known).toEqual({
      method: { kind: 'CARD', brand: 'visa', last4: '4242', expiry: expect.stringMatching(/^\d\d\/\d{4}$/) },
    });
    const [record] = shop.emulator.control
      .record()
      .payments.filter(({ metadata }) => metadata['paymentId'] === payment!.id);
    expect(record).toMatchObject({ charges: 1, captured: 10_000, authorized: 10_000 });
  });

  it('a declined card: FAILED with the words of the provider, nothing held, another card may follow', async () => {
    const checkout = aCheckout();
    const { payment, clientSecret } = await create(shop, checkout);
    await expect(shop.confirm(clientSecret!, 'pm_card_chargeDeclinedInsufficientFunds')).rejects.toThrow(
      /insufficient/,
    );
    await untilStatus(shop, payment!.id, 'FAILED');
    expect(await sync(shop, payment!.id)).toMatchObject({
      payment: { status: 'FAILED' },
      failureCode: 'insufficient_funds',
      failureMessage: 'Your card has insufficient funds.',
    });
    const refused = await settle(shop, { paymentId: payment!.id, vendorOrders: [aPart(10_000)] });
    expect(refused).toMatchObject({ payment: null, userErrors: [{ code: 'PAYMENT_DECLINED' }] });

    await shop.confirm(clientSecret!, 'pm_card_visa');
    await untilStatus(shop, payment!.id, 'AUTHORIZED');
  });

  it('a card that asks for 3-D Secure: REQUIRES_ACTION, then AUTHORIZED', async () => {
    const { payment, clientSecret } = await create(shop, aCheckout());
    const intent = await shop.confirm(clientSecret!, 'pm_card_authenticationRequired');
    await untilStatus(shop, payment!.id, 'REQUIRES_ACTION');
    shop.emulator.control.authenticate(intent.id, 'succeed');
    expect(await untilStatus(shop, payment!.id, 'AUTHORIZED')).toBe(true);
  });

  it('a voided payment releases the hold; it cannot be settled, and a captured one cannot be voided', async () => {
    const { payment, clientSecret } = await create(shop, aCheckout());
    await shop.confirm(clientSecret!, 'pm_card_visa');
    await untilStatus(shop, payment!.id, 'AUTHORIZED');
    expect(await voidPayment(shop, payment!.id)).toMatchObject({ payment: { status: 'VOIDED' }, userErrors: [] });
    expect(await settle(shop, { paymentId: payment!.id, vendorOrders: [aPart(10_000)] })).toMatchObject({
      userErrors: [{ code: 'ILLEGAL_TRANSITION' }],
    });
    const [record] = shop.emulator.control
      .record()
      .payments.filter(({ metadata }) => metadata['paymentId'] === payment!.id);
    expect(record).toMatchObject({ captured: 0, released: 10_000 });

    const other = await create(shop, aCheckout());
    await shop.confirm(other.clientSecret!, 'pm_card_visa');
    await settle(shop, { paymentId: other.payment!.id, vendorOrders: [aPart(10_000)] });
    expect(await voidPayment(shop, other.payment!.id)).toMatchObject({ userErrors: [{ code: 'ILLEGAL_TRANSITION' }] });
    expect(await statusOf(shop, other.payment!.id)).toBe('CAPTURED');
  });

  it('an operator captures a part by hand: PARTIALLY_CAPTURED; asking for more than is held is refused', async () => {
    const { payment, clientSecret } = await create(shop, aCheckout());
    await shop.confirm(clientSecret!, 'pm_card_visa');
    await untilStatus(shop, payment!.id, 'AUTHORIZED');
    const capture = (amount: number, viewer = operator) =>
      shop.execute(
        viewer,
        `mutation($input: PaymentCaptureInput!, $key: IdempotencyKey!) {
          paymentCapture(input: $input, idempotencyKey: $key) { payment { status capturedAmount { amount } } userErrors { code } } }`,
        { input: { paymentId: payment!.id, amount: { amount, currencyCode: 'EUR' } }, key: ids.next('key') },
      );
    expect((await capture(4_000, aUser())).errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    expect((await capture(10_001)).data).toMatchObject({ paymentCapture: { userErrors: [{ code: 'INVALID' }] } });
    expect((await capture(4_000)).data).toMatchObject({
      paymentCapture: { payment: { status: 'PARTIALLY_CAPTURED', capturedAmount: { amount: 4_000 } }, userErrors: [] },
    });
    expect((await capture(4_000)).data).toMatchObject({
      paymentCapture: { userErrors: [{ code: 'ILLEGAL_TRANSITION' }] },
    });
  });
});

describe('a session of the wrong kind', () => {
  const cases: [string, (checkout: { cartId: string; amount: object }) => object, string][] = [
    [
      'another amount',
      ({ cartId }) => ({ cartId, amount: { amount: 1, currencyCode: 'EUR' }, methodKind: 'CARD' }),
      'PRICE_CHANGED',
    ],
    [
      'another currency',
      ({ cartId }) => ({ cartId, amount: { amount: 10_000, currencyCode: 'USD' }, methodKind: 'CARD' }),
      'PRICE_CHANGED',
    ],
    ['an unknown cart', ({ amount }) => ({ cartId: ids.next('crt'), amount, methodKind: 'CARD' }), 'NOT_FOUND'],
    ['a method that is not offered', ({ cartId, amount }) => ({ cartId, amount, methodKind: 'BANK_DEBIT' }), 'INVALID'],
    ['a method that does not pay in euros', ({ cartId, amount }) => ({ cartId, amount, methodKind: 'UPI' }), 'INVALID'],
  ];
  it.each(cases)('%s is a typed error', async (_, inputOf, code) => {
    const checkout = aCheckout();
    await create(shop, checkout);
    const session = await openSession(checkout.buyerId, inputOf(checkout));
    expect(session).toMatchObject({ payment: null, clientSecret: null, userErrors: [{ code }] });
  });

  it("somebody else's cart reads like an unknown one", async () => {
    const checkout = aCheckout();
    await create(shop, checkout);
    const input = { cartId: checkout.cartId, amount: checkout.amount, methodKind: 'CARD' };
    expect(await openSession(ids.next('usr'), input)).toEqual(
      await openSession(checkout.buyerId, { ...input, cartId: ids.next('crt') }),
    );
    const anonymous = await shop.execute({ kind: 'anonymous' }, SESSION, { input, key: ids.next('key') });
    expect(anonymous.errors?.[0]?.extensions['code']).toBe('UNAUTHENTICATED');
  });
});

describe('P2 idempotency', () => {
  it('P2 paymentCreate with one key 50 times in parallel makes one charge and one answer', async () => {
    const checkout = aCheckout();
    const key = ids.next('key');
    const answers = await Promise.all(Array.from({ length: 50 }, () => create(shop, checkout, key)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    await shop.confirm(answers[0]!.clientSecret!, 'pm_card_visa');
    const mine = shop.emulator.control
      .record()
      .payments.filter(({ metadata }) => metadata['paymentId'] === answers[0]!.payment!.id);
    expect(mine).toHaveLength(1);
    expect(mine[0]).toMatchObject({ charges: 1, authorized: 10_000 });
  });

  it('P2 paymentSettle with one key 50 times in parallel captures once, with one answer', async () => {
    const { payment, clientSecret } = await create(shop, aCheckout());
    await shop.confirm(clientSecret!, 'pm_card_visa');
    await untilStatus(shop, payment!.id, 'AUTHORIZED');
    const input = { paymentId: payment!.id, vendorOrders: [aPart(7_000), aPart(3_000)] };
    const key = ids.next('key');
    const answers = await Promise.all(Array.from({ length: 50 }, () => settle(shop, input, key)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ payment: { status: 'CAPTURED' }, userErrors: [] });
    const [record] = shop.emulator.control
      .record()
      .payments.filter(({ metadata }) => metadata['paymentId'] === payment!.id);
    expect(record).toMatchObject({ charges: 1, captured: 10_000 });
    const [books] = await shop.sql<{ journals: string; settlements: string }>(
      `select (select count(*) from ledger_journal where payment_id = ?) as journals,
              (select count(*) from settlement where payment_id = ?) as settlements`,
      [payment!.id, payment!.id],
    );
    // The capture and the provider's fee.
    expect([Number(books!.journals), Number(books!.settlements)]).toEqual([2, 2]);
  });

  it('P2 paymentSessionCreate with one key 50 times in parallel gives one answer', async () => {
    const checkout = aCheckout();
    await create(shop, checkout);
    const key = ids.next('key');
    const input = { cartId: checkout.cartId, amount: checkout.amount, methodKind: 'CARD' };
    const answers = await Promise.all(Array.from({ length: 50 }, () => openSession(checkout.buyerId, input, key)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it('P2 one key with another input is IDEMPOTENCY_KEY_REUSED, for each mutation of money', async () => {
    const key = ids.next('key');
    const first = aCheckout();
    const { payment, clientSecret } = await create(shop, first, key);
    const reused = { userErrors: [{ code: 'IDEMPOTENCY_KEY_REUSED' }] };
    expect(await create(shop, aCheckout(), key)).toMatchObject({ payment: null, clientSecret: null, ...reused });

    await shop.confirm(clientSecret!, 'pm_card_visa');
    const parts = [aPart(10_000)];
    await settle(shop, { paymentId: payment!.id, vendorOrders: parts }, key);
    expect(await settle(shop, { paymentId: payment!.id, vendorOrders: [aPart(10_000)] }, key)).toMatchObject(reused);

    const other = await create(shop, aCheckout());
    await voidPayment(shop, other.payment!.id, key);
    expect(await voidPayment(shop, payment!.id, key)).toMatchObject(reused);
  });

  it('P2 keys of two buyers never meet', async () => {
    const key = ids.next('key');
    const [one, two] = [aCheckout(), aCheckout()];
    await Promise.all([create(shop, one), create(shop, two)]);
    const open = (checkout: typeof one) =>
      openSession(checkout.buyerId, { cartId: checkout.cartId, amount: checkout.amount, methodKind: 'CARD' }, key);
    const answers = [await open(one), await open(two)];
    expect(answers.map(({ userErrors }) => userErrors)).toEqual([[], []]);
    expect(answers[0]!.payment!.id).not.toBe(answers[1]!.payment!.id);
  });

  it('an order has one payment: another key with the same input finds it, another amount is CONFLICT', async () => {
    const checkout = aCheckout();
    const first = await create(shop, checkout);
    expect(await create(shop, checkout)).toEqual(first);
    expect(await create(shop, { ...checkout, amount: { amount: 1, currencyCode: 'EUR' } })).toMatchObject({
      userErrors: [{ code: 'CONFLICT' }],
    });
    expect(await create(shop, aCheckout({ amount: { amount: 0, currencyCode: 'EUR' } }))).toMatchObject({
      userErrors: [{ code: 'INVALID', field: ['amount'] }],
    });
  });
});

describe('P3 P4 transactions', () => {
  it('P3 a payment shows each step of its money with the reference of the provider', async () => {
    const checkout = aCheckout();
    const { payment, clientSecret } = await create(shop, checkout);
    await expect(shop.confirm(clientSecret!, 'pm_card_chargeDeclined')).rejects.toThrow(/declined/);
    await untilStatus(shop, payment!.id, 'FAILED');
    await shop.confirm(clientSecret!, 'pm_card_visa');
    await settle(shop, { paymentId: payment!.id, vendorOrders: [aPart(10_000)] });
    const query = `query($id: ID!) { payment(id: $id) { transactions { type status amount { amount } gatewayReference failureCode } } }`;
    const data = await shop.run<{ payment: { transactions: { gatewayReference: string }[] } }>(
      aUser({ userId: checkout.buyerId }),
      query,
      { id: payment!.id },
    );
    const charge = expect.stringMatching(/^ch_/) as unknown;
    expect(data.payment.transactions).toEqual([
      {
        type: 'AUTHORIZATION',
        status: 'FAILED',
        amount: { amount: 10_000 },
        gatewayReference: charge,
        failureCode: 'generic_decline',
      },
      {
        type: 'AUTHORIZATION',
        status: 'SUCCEEDED',
        amount: { amount: 10_000 },
        gatewayReference: charge,
        failureCode: null,
      },
      { type: 'CAPTURE', status: 'SUCCEEDED', amount: { amount: 10_000 }, gatewayReference: charge, failureCode: null },
    ]);
  });

  it('P3 a transaction cannot be changed or removed, by the service or by the owner of the table', async () => {
    await expect(shop.sql('update payment_transaction set amount = 0')).rejects.toThrow(/permission denied/);
    await expect(shop.sql('delete from payment_transaction')).rejects.toThrow(/permission denied/);
  });

  it('P4 a transaction is found by gateway reference, and by order, through an index', async () => {
    await shop.sql('select 1');
    for (const [column, index] of [
      ['gateway_reference', 'payment_transaction_gateway_reference'],
      ['order_id', 'payment_transaction_order'],
    ]) {
      const plan = await shop.orm.em.fork().transactional(async (em) => {
        await em.execute('set local enable_seqscan = off');
        return em.execute<object[]>(`explain select * from payment_transaction where ${column} = 'ch_1'`);
      });
      expect(JSON.stringify(plan)).toContain(index);
    }
  });
});

describe('who may call', () => {
  it('refuses the mutations of orders to everybody else', async () => {
    const create = `mutation($input: PaymentCreateInput!) { paymentCreate(input: $input, idempotencyKey: "12345678") { userErrors { code } } }`;
    for (const viewer of [
      aUser(),
      operator,
      { kind: 'anonymous' } as const,
      { kind: 'service', service: 'search' } as const,
    ]) {
      const { errors } = await shop.execute(viewer, create, { input: aCheckout() });
      expect(errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    }
    const unknown = await sync(shop, ids.next('pay'));
    expect(unknown).toMatchObject({ payment: null, userErrors: [{ code: 'NOT_FOUND' }] });
    const missing = await settle(shop, { paymentId: ids.next('pay'), vendorOrders: [aPart(1)] });
    expect(missing).toMatchObject({ payment: null, userErrors: [{ code: 'NOT_FOUND' }] });
    expect(orders.kind).toBe('service');
  });
});

it('tells of each change of status once, in order, after it is committed', async () => {
  const { payment, clientSecret } = await create(shop, aCheckout());
  await shop.confirm(clientSecret!, 'pm_card_visa');
  await untilStatus(shop, payment!.id, 'AUTHORIZED');
  await settle(shop, { paymentId: payment!.id, vendorOrders: [aPart(10_000)] });
  const events = await until(async () => {
    const rows = await shop.sql<{
      payload: { previousStatus: string; status: string };
      topics: string[];
      published_at: Date | null;
    }>('select payload, topics, published_at from outbox where key = ? order by position', [payment!.id]);
    return rows.length === 3 && rows.every((row) => row.published_at) && rows;
  });
  expect(events.map(({ payload }) => [payload.previousStatus, payload.status])).toEqual([
    [null, 'REQUIRES_PAYMENT_METHOD'],
    ['REQUIRES_PAYMENT_METHOD', 'AUTHORIZED'],
    ['AUTHORIZED', 'CAPTURED'],
  ]);
  expect(events[0]!.topics).toEqual([`paymentStatusChanged:${payment!.id}`]);
});
