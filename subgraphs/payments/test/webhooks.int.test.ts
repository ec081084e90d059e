import { createHmac } from 'node:crypto';
import { testIds, until } from '@marketgraph/platform/testing';
import Stripe from 'stripe';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  aCheckout,
  aPart,
  create,
  digestOf,
  ids,
  type Marketplace,
  OLD_WEBHOOK_SECRET,
  settle,
  startMarketplace,
  statusOf,
  untilStatus,
  WEBHOOK_SECRET,
} from './marketplace.ts';

let nextPaymentId: string | undefined;
const chosenIds = {
  next(prefix: string) {
    const chosen = prefix === 'pay' ? nextPaymentId : undefined;
    if (prefix === 'pay') nextPaymentId = undefined;
    return chosen ?? testIds().next(prefix);
  },
};

let shop: Marketplace;
let stripe: Stripe;
beforeAll(async () => {
  // The emulator sends nothing here: these tests are the provider's delivery.
  shop = await startMarketplace({ webhooks: false, ids: chosenIds });
  const { host, port } = shop.emulator;
  stripe = new Stripe(shop.config.stripe.secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0 });
});
afterEach(() => shop.emulator.control.clearFaults());
afterAll(async () => {
  await shop?.stop();
});

const nowS = () => Math.floor(Date.now() / 1_000);

function signatureOf(body: string, { secret = WEBHOOK_SECRET, at = nowS() as number | string } = {}): string {
  return createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
}

function headerOf(body: string, options: { secret?: string; at?: number | string } = {}): string {
  return `t=${options.at ?? nowS()},v1=${signatureOf(body, options)}`;
}

async function post(body: string, header?: string): Promise<number> {
  const response = await fetch(shop.webhookUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(header === undefined ? {} : { 'stripe-signature': header }) },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

const deliver = (event: object) => post(JSON.stringify(event), headerOf(JSON.stringify(event)));

function anEvent(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  const object = { id: `pi_${ids.next('x')}`, object: 'payment_intent', metadata: {} };
  return {
    id: `evt_${ids.next('x')}`,
    object: 'event',
    type: 'payment_intent.succeeded',
    created: nowS(),
    livemode: false,
    data: { object },
    ...overrides,
  };
}

async function storedEvents(): Promise<number> {
  const [row] = await shop.sql<{ count: string }>('select count(*) as count from webhook_event');
  return Number(row!.count);
}

async function storedStatus(eventId: unknown): Promise<string | undefined> {
  const [row] = await shop.sql<{ status: string }>('select status from webhook_event where event_id = ?', [eventId]);
  return row?.status;
}

/** A payment that the provider has captured and we know nothing of yet, with the provider's events of it. */
async function aCapturedPayment(): Promise<{ id: string; events: Stripe.Event[] }> {
  const { payment, clientSecret } = await create(shop, aCheckout());
  const intent = await shop.confirm(clientSecret!, 'pm_card_visa');
  await stripe.paymentIntents.capture(intent.id);
  const { data } = await stripe.events.list({ limit: 100 });
  const events = data.filter((event) => JSON.stringify(event.data.object).includes(intent.id)).toReversed();
  return { id: payment!.id, events };
}

describe('P5 a delivery with a valid signature', () => {
  it('X16 is believed with either secret while one replaces the other', async () => {
    for (const secret of [WEBHOOK_SECRET, OLD_WEBHOOK_SECRET]) {
      const event = anEvent();
      const body = JSON.stringify(event);
      expect(await post(body, headerOf(body, { secret }))).toBe(200);
      expect(await storedStatus(event['id'])).toBeDefined();
    }
  });

  it('P5 is kept once when many come together, also twice, and one that cannot be kept fails alone', async () => {
    const timeless = anEvent({ created: 8.64e15 });
    const events = Array.from({ length: 30 }, (_, at) =>
      anEvent(at % 2 === 0 ? { type: 'charge.updated' } : { type: 'payment_intent.processing' }),
    );
    const before = await storedEvents();
    const all = [...events, timeless, ...events];
    expect(await Promise.all(all.map(deliver))).toEqual(all.map((event) => (event === timeless ? 500 : 200)));
    expect(await storedEvents()).toBe(before + events.length);
    for (const { id } of events) expect(await storedStatus(id)).toBeDefined();
    expect(await storedStatus(timeless['id'])).toBeUndefined();
  });

  it('P5 is answered with 200 and leads to the state of the provider', async () => {
    const { id, events } = await aCapturedPayment();
    const last = events.at(-1)!;
    expect(await deliver(last)).toBe(200);
    await untilStatus(shop, id, 'CAPTURED');
    await until(async () => (await storedStatus(last.id)) === 'DONE');
  });

  it('P5 R20 row 55 the same event 20 times in parallel is kept and handled once', async () => {
    const { id, events } = await aCapturedPayment();
    const body = JSON.stringify(events.at(-1));
    const before = await storedEvents();
    const codes = await Promise.all(Array.from({ length: 20 }, () => post(body, headerOf(body))));
    expect(codes).toEqual(codes.map(() => 200));
    await untilStatus(shop, id, 'CAPTURED');
    expect(await storedEvents()).toBe(before + 1);
    const journals = await shop.sql<{ memo: string }>(
      'select memo from ledger_journal where payment_id = ? order by memo',
      [id],
    );
    expect(journals.map(({ memo }) => memo)).toEqual(['Captured from the buyer', 'Fee of the provider']);
  });

  it('P5 R21 every order of the events of a payment ends in the same state', async () => {
    const digests = new Set<string>();
    const sample = await aCapturedPayment();
    const kinds = [...new Set(sample.events.map(({ type }) => type))];
    expect(kinds).toEqual(
      expect.arrayContaining([
        'payment_intent.created',
        'payment_intent.amount_capturable_updated',
        'payment_intent.succeeded',
      ]),
    );
    for (const order of permutations([0, 1, 2, 3])) {
      const { id, events } = await aCapturedPayment();
      for (const position of order) expect(await deliver(events[position % events.length]!)).toBe(200);
      await untilStatus(shop, id, 'CAPTURED');
      digests.add(JSON.stringify(await digestOf(shop, id)));
    }
    expect(digests.size).toBe(1);
  });

  it('P5 an event that is ahead of our own row waits for it', async () => {
    const paymentId = ids.next('pay');
    const orderId = ids.next('ord');
    const made = await stripe.paymentIntents.create({
      amount: 10_000,
      currency: 'eur',
      capture_method: 'manual',
      transfer_group: orderId,
      metadata: { paymentId, orderId },
    });
    const event = anEvent({ type: 'payment_intent.created', data: { object: made } });
    expect(await deliver(event)).toBe(200);
    const error = await until(async () => {
      const [row] = await shop.sql<{ last_error: string | null }>(
        'select last_error from webhook_event where event_id = ?',
        [event['id']],
      );
      return row?.last_error;
    });
    expect(error).toBe('not known here');
    expect(await storedStatus(event['id'])).toBe('PENDING');

    // The row comes; the provider makes no second intent for it, and the first one is found by its name.
    nextPaymentId = paymentId;
    shop.emulator.control.addFault({
      kind: 'error500BeforeEffect',
      match: { method: 'POST', path: '/v1/payment_intents' },
      times: 20,
    });
    expect((await create(shop, aCheckout({ orderId }))).payment?.id).toBe(paymentId);
    await until(async () => (await storedStatus(event['id'])) === 'DONE', { timeoutMs: 20_000 });
    const [row] = await shop.sql<{ gateway_reference: string }>('select gateway_reference from payment where id = ?', [
      paymentId,
    ]);
    expect(row?.gateway_reference).toBe(made.id);
  });

  it('P5 the answer comes at once while the provider hangs, and the work is done when it is back', async () => {
    const { id, events } = await aCapturedPayment();
    shop.emulator.control.addFault({
      kind: 'error500BeforeEffect',
      match: { method: 'GET', path: '/v1/payment_intents/*' },
      times: 3,
    });
    shop.emulator.control.addFault({
      kind: 'delayBefore',
      ms: 1_500,
      match: { method: 'GET', path: '/v1/payment_intents/*' },
    });
    const before = performance.now();
    expect(await deliver(events.at(-1)!)).toBe(200);
    expect(performance.now() - before).toBeLessThan(1_000);
    expect(await statusOf(shop, id)).not.toBe('CAPTURED');
    await untilStatus(shop, id, 'CAPTURED');
  });
});

describe('R22 a delivery that nobody signed', () => {
  const upper = (header: string) => header.replace(/v1=(.*)/, (_, hex: string) => `v1=${hex.toUpperCase()}`);
  const forged: [string, (body: string) => { body?: string; header?: string }][] = [
    ['row 50 no signature', () => ({})],
    ['row 51 another secret', (body) => ({ header: headerOf(body, { secret: 'whsec_other' }) })],
    ['row 51 one byte changed', (body) => ({ body: body.replace('succeeded', 'succeedec'), header: headerOf(body) })],
    ['row 51 the signature of another event', () => ({ header: headerOf(JSON.stringify(anEvent())) })],
    ['row 52 301 s old', (body) => ({ header: headerOf(body, { at: nowS() - 301 }) })],
    ['row 52 a time that is no number', (body) => ({ header: headerOf(body, { at: 'NaN' }) })],
    ['row 52 a day ahead', (body) => ({ header: headerOf(body, { at: nowS() + 86_400 }) })],
    ['row 53 only v0', (body) => ({ header: headerOf(body).replace('v1=', 'v0=') })],
    ['row 53 v1 in upper case', (body) => ({ header: upper(headerOf(body)) })],
    ['row 53 v1 too short', (body) => ({ header: headerOf(body).slice(0, -2) })],
    ['row 53 v1 empty', () => ({ header: `t=${nowS()},v1=` })],
    [
      'row 54 the same JSON written differently',
      (body) => ({ body: JSON.stringify(JSON.parse(body), null, 1), header: headerOf(body) }),
    ],
    ['signed, but not JSON', () => ({ body: 'not json', header: headerOf('not json') })],
    ['signed, but not an event', () => ({ body: '{"id":1}', header: headerOf('{"id":1}') })],
    ['more signatures than any rotation has', (body) => ({ header: `${headerOf(body)},${'v1=aa,'.repeat(2_000)}` })],
  ];

  it.each(forged)('P5 %s: 400 and nothing is stored', async (_, forge) => {
    const body = JSON.stringify(anEvent());
    const before = await storedEvents();
    const { header, body: sent = body } = forge(body);
    expect(await post(sent, header)).toBe(400);
    expect(await storedEvents()).toBe(before);
  });

  it('row 53 the last of a hundred signatures is good: accepted', async () => {
    const body = JSON.stringify(anEvent());
    const good = signatureOf(body);
    const many = Array.from({ length: 99 }, () => `v1=${'0'.repeat(64)}`).join(',');
    expect(await post(body, `t=${nowS()},${many},v1=${good}`)).toBe(200);
  });

  it('row 56 an event of another account, of the live side, or of a kind we do not use is counted and ignored', async () => {
    const strangers = [
      anEvent({ account: 'acct_other' }),
      anEvent({ livemode: true }),
      anEvent({ type: 'customer.created' }),
      anEvent({ data: { object: null } }),
    ];
    for (const event of strangers) {
      expect(await deliver(event)).toBe(200);
      expect(await storedStatus(event['id'])).toBe('IGNORED');
    }
  });

  it('row 56 a body of 5 MB is 413, and the next delivery is served', async () => {
    const body = JSON.stringify(anEvent({ padding: 'x'.repeat(5_000_000) }));
    const before = await storedEvents();
    // The connection ends with the answer, so the client may only see that it was cut.
    const code = await post(body, headerOf(body)).catch(() => 413);
    expect(code).toBe(413);
    expect(await storedEvents()).toBe(before);
    expect(await deliver(anEvent())).toBe(200);
  });

  it('an address that only begins like ours is not ours', async () => {
    const body = JSON.stringify(anEvent());
    const response = await fetch(`${shop.webhookUrl}-other`, {
      method: 'POST',
      headers: { 'stripe-signature': headerOf(body) },
      body,
    });
    expect(response.status).toBe(404);
  });
});

it('an event of an intent that never becomes ours is given up, not kept in the queue for ever', async () => {
  const event = anEvent();
  await deliver(event);
  await until(async () => (await storedStatus(event['id'])) === 'PENDING');
  await shop.sql(
    "update webhook_event set received_at = now() - interval '2 hours', next_attempt_at = now() where event_id = ?",
    [event['id']],
  );
  expect(await until(async () => (await storedStatus(event['id'])) === 'ABANDONED')).toBe(true);
});

it('settles a planned capture whose answer was lost, once the event tells of it', async () => {
  const { payment, clientSecret } = await create(shop, aCheckout());
  const intent = await shop.confirm(clientSecret!, 'pm_card_visa');
  const path = `/v1/payment_intents/${intent.id}/capture`;
  await deliver(anEvent({ type: 'payment_intent.amount_capturable_updated', data: { object: intent } }));
  await untilStatus(shop, payment!.id, 'AUTHORIZED');
  // The capture happens, its answer is lost, and nobody can look.
  shop.emulator.control.addFault({ kind: 'dropConnectionAfterEffect', match: { method: 'POST', path }, times: 10 });
  shop.emulator.control.addFault({
    kind: 'error500BeforeEffect',
    match: { method: 'GET', path: `/v1/payment_intents/${intent.id}` },
    times: 1_000,
  });
  const input = { paymentId: payment!.id, vendorOrders: [aPart(6_000), aPart(4_000)] };
  await expect(settle(shop, input)).rejects.toThrow(/provider does not answer/);
  expect(await statusOf(shop, payment!.id)).toBe('AUTHORIZED');

  shop.emulator.control.clearFaults();
  await deliver(anEvent({ type: 'payment_intent.succeeded', data: { object: intent } }));
  await untilStatus(shop, payment!.id, 'CAPTURED');
  expect(await digestOf(shop, payment!.id)).toMatchObject({
    settlements: [{ status: 'HELD' }, { status: 'HELD' }],
    entries: [
      { kind: 'BUYER_FUNDS_HELD', direction: 'CREDIT' },
      { kind: 'FEES', direction: 'DEBIT' },
      { kind: 'PLATFORM_CASH', direction: 'CREDIT' },
      { kind: 'PLATFORM_CASH', direction: 'DEBIT' },
    ],
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) =>
    permutations([...items.slice(0, index), ...items.slice(index + 1)]).map((rest) => [item, ...rest]),
  );
}
