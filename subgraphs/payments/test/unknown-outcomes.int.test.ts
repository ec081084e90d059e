import { testClock } from '@marketgraph/platform/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  aCheckout,
  anAuthorizedPayment,
  aPart,
  create,
  digestOf,
  ids,
  type Marketplace,
  settle,
  startMarketplace,
  statusOf,
  sync,
  untilStatus,
  voidPayment,
} from './marketplace.ts';

/** Nobody tells us anything: no webhooks, and the first check is half a minute of this clock away. */
const clock = testClock(new Date());
let shop: Marketplace;
beforeAll(async () => {
  shop = await startMarketplace({ webhooks: false, clock, timeoutMs: 300 });
});
afterEach(() => shop.emulator.control.clearFaults());
afterAll(async () => {
  await shop?.stop();
});

type FaultKind =
  | 'dropConnectionAfterEffect'
  | 'dropConnectionBeforeEffect'
  | 'error500AfterEffect'
  | 'error500BeforeEffect'
  | 'rateLimit429'
  | 'delayAfter'
  | 'delayBefore';

const faults: [string, { kind: FaultKind; ms?: number; times: number; remembered?: boolean }][] = [
  ['(a) the effect, and the answer is lost', { kind: 'dropConnectionAfterEffect', times: 10 }],
  ['(b) no effect, and a 500', { kind: 'error500BeforeEffect', times: 1 }],
  [
    '(b) no effect, and a 500 that the provider repeats for the key',
    { kind: 'error500BeforeEffect', times: 1, remembered: true },
  ],
  ['(c) the effect, and a 500', { kind: 'error500AfterEffect', times: 1 }],
  ['(d) the effect, and the answer hangs', { kind: 'delayAfter', ms: 10_000, times: 10 }],
  ['(d) a hang before the effect', { kind: 'delayBefore', ms: 10_000, times: 10 }],
  ['(e) too many requests', { kind: 'rateLimit429', times: 10 }],
  ['the connection is lost before anything', { kind: 'dropConnectionBeforeEffect', times: 10 }],
];

const recordOf = (paymentId: string) =>
  shop.emulator.control.record({ limit: 1_000 }).payments.filter(({ metadata }) => metadata['paymentId'] === paymentId);

/** Asks again, as orders does, until there is an answer. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    expect(String(error)).toMatch(/provider does not answer/);
    // The trouble is over, and what the provider's search may not have known yet, it knows now.
    shop.emulator.control.clearFaults();
    clock.advance(61_000);
    return ask();
  }
}

describe('R19 the provider does not tell what happened', () => {
  it.each(faults)('to the creation of a payment: %s; one intent, one charge', async (_, fault) => {
    const checkout = aCheckout();
    const key = ids.next('key');
    shop.emulator.control.addFault({ ...fault, match: { method: 'POST', path: '/v1/payment_intents' } });
    const { payment, clientSecret } = await insist(() => create(shop, checkout, key));
    shop.emulator.control.clearFaults();
    await shop.confirm(clientSecret!, 'pm_card_visa');
    expect(await sync(shop, payment!.id)).toMatchObject({ payment: { status: 'AUTHORIZED' } });
    expect(await create(shop, checkout, key)).toMatchObject({ payment: { id: payment!.id } });
    const confirmed = recordOf(payment!.id).filter(({ charges }) => charges > 0);
    expect(confirmed).toMatchObject([{ charges: 1, authorized: 10_000 }]);
  });

  it.each(faults)('to the capture: %s; taken once, booked once', async (_, fault) => {
    const { id, intent } = await anAuthorizedPayment(shop);
    shop.emulator.control.addFault({
      ...fault,
      match: { method: 'POST', path: `/v1/payment_intents/${intent}/capture` },
    });
    const input = { paymentId: id, vendorOrders: [aPart(6_000), aPart(4_000)] };
    const key = ids.next('key');
    expect(await insist(() => settle(shop, input, key))).toMatchObject({
      payment: { status: 'CAPTURED' },
      userErrors: [],
    });
    expect(recordOf(id)).toMatchObject([{ charges: 1, captured: 10_000 }]);
    expect(await digestOf(shop, id)).toMatchObject({
      // The capture is in held funds and cash, the provider's fee in fees and cash.
      entries: [{ amount: '10000' }, { amount: '320' }, { amount: '320' }, { amount: '10000' }],
      settlements: [{ status: 'HELD' }, { status: 'HELD' }],
    });
  });

  it.each(faults)('to the release of a hold: %s; released, nothing taken', async (_, fault) => {
    const { id, intent } = await anAuthorizedPayment(shop);
    shop.emulator.control.addFault({
      ...fault,
      match: { method: 'POST', path: `/v1/payment_intents/${intent}/cancel` },
    });
    const key = ids.next('key');
    expect(await insist(() => voidPayment(shop, id, key))).toMatchObject({
      payment: { status: 'VOIDED' },
      userErrors: [],
    });
    expect(recordOf(id)).toMatchObject([{ captured: 0, released: 10_000 }]);
  });

  it('after a day the provider has forgotten the key: it is looked up, not sent again', async () => {
    const checkout = aCheckout();
    shop.emulator.control.addFault({
      kind: 'dropConnectionAfterEffect',
      times: 10,
      match: { method: 'POST', path: '/v1/payment_intents' },
    });
    shop.emulator.control.addFault({
      kind: 'error500BeforeEffect',
      times: 10,
      match: { method: 'GET', path: '/v1/payment_intents/search' },
    });
    await expect(create(shop, checkout)).rejects.toThrow(/does not answer/);
    shop.emulator.control.clearFaults();
    shop.emulator.control.advanceClock(25 * 60 * 60 * 1_000);
    clock.advance(25 * 60 * 60 * 1_000);
    const { payment } = await create(shop, checkout);
    expect(recordOf(payment!.id).length).toBeLessThanOrEqual(1);
    const [row] = await shop.sql<{ create_tries: number }>('select create_tries from payment where id = ?', [
      payment!.id,
    ]);
    expect(row).toEqual({ create_tries: 1 });
  });
});

describe('nobody tells us', () => {
  it('a payment whose webhook never comes is looked up when its check is due', async () => {
    const { payment, clientSecret } = await create(shop, aCheckout());
    await shop.confirm(clientSecret!, 'pm_card_visa');
    expect(await statusOf(shop, payment!.id)).toBe('REQUIRES_PAYMENT_METHOD');
    clock.advance(31_000);
    expect(await untilStatus(shop, payment!.id, 'AUTHORIZED')).toBe(true);
  });

  it('a capture of which every answer was lost is booked by the next check, with its settlements', async () => {
    const { id, intent } = await anAuthorizedPayment(shop);
    const path = `/v1/payment_intents/${intent}`;
    shop.emulator.control.addFault({
      kind: 'dropConnectionAfterEffect',
      times: 10,
      match: { method: 'POST', path: `${path}/capture` },
    });
    shop.emulator.control.addFault({ kind: 'error500BeforeEffect', times: 100, match: { method: 'GET', path } });
    await expect(settle(shop, { paymentId: id, vendorOrders: [aPart(10_000)] })).rejects.toThrow(/does not answer/);
    shop.emulator.control.clearFaults();
    clock.advance(31_000);
    await untilStatus(shop, id, 'CAPTURED');
    expect(await digestOf(shop, id)).toMatchObject({ settlements: [{ gross: '10000', status: 'HELD' }] });
  });

  it('a capture that the provider refuses is a typed error, and nothing is taken later', async () => {
    const { id, intent, checkout } = await anAuthorizedPayment(shop);
    // The hold runs out at the provider.
    shop.emulator.control.advanceClock(8 * 24 * 60 * 60 * 1_000);
    const refused = await settle(shop, { paymentId: id, vendorOrders: [aPart(10_000)] });
    expect(refused).toMatchObject({
      payment: null,
      userErrors: [{ code: expect.stringMatching(/ILLEGAL_TRANSITION|PAYMENT_DECLINED/) }],
    });
    expect(recordOf(id)).toMatchObject([{ payment_intent: intent, captured: 0 }]);
    expect(checkout.amount.amount).toBe(10_000);
    expect(await digestOf(shop, id)).toMatchObject({ settlements: [], entries: [] });
  });
});
