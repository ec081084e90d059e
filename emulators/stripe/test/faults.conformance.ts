import { randomUUID } from 'node:crypto';

import Stripe from 'stripe';
import { afterEach, describe, expect, it } from 'vitest';

import { ownEmulator, paid, refusal } from './support/subject.ts';

const creation = { method: 'POST', path: '/v1/payment_intents' } as const;

describe('Scripted faults', () => {
  const own = ownEmulator();
  afterEach(() => own.control.clearFaults());
  /** Payments of one order by the emulator's own record: what really happened, whatever was answered. */
  const paymentsOf = (order: string) =>
    own.control.record().payments.filter(({ metadata }) => metadata['order'] === order);
  const pay = (order: string, options: Stripe.RequestOptions = {}) =>
    own.stripe.paymentIntents.create(paid({ metadata: { order } }), options);

  it('a lost answer: the payment was made, and the same key finds it', async () => {
    // Twice: the SDK tries a closed connection once more by itself.
    own.control.addFault({ kind: 'dropConnectionAfterEffect', match: creation, times: 2 });
    const [order, idempotencyKey] = [randomUUID(), randomUUID()];
    const lost = await refusal(pay(order, { idempotencyKey }));
    const found = await pay(order, { idempotencyKey });

    expect(lost).toBeInstanceOf(Stripe.errors.StripeConnectionError);
    expect(paymentsOf(order)).toMatchObject([{ payment_intent: found.id, captured: 2_000, charges: 1 }]);
  });

  it('a lost request: nothing was done', async () => {
    own.control.addFault({ kind: 'dropConnectionBeforeEffect', match: creation, times: 2 });
    const order = randomUUID();
    const lost = await refusal(pay(order));

    expect(lost).toBeInstanceOf(Stripe.errors.StripeConnectionError);
    expect(paymentsOf(order)).toEqual([]);
  });

  it('an error 500 before the effect: nothing was done, and the same key may try again', async () => {
    own.control.addFault({ kind: 'error500BeforeEffect', match: creation, times: 3 });
    const [order, idempotencyKey] = [randomUUID(), randomUUID()];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const error = await refusal(pay(order, { idempotencyKey }));
      expect(error).toMatchObject({ type: 'StripeAPIError', statusCode: 500, rawType: 'api_error' });
    }
    expect(paymentsOf(order)).toEqual([]);

    const intent = await pay(order, { idempotencyKey });
    expect(paymentsOf(order)).toMatchObject([{ payment_intent: intent.id, captured: 2_000 }]);
  });

  it('an error 500 after the effect: the payment was made, and the key brings the error back', async () => {
    own.control.addFault({ kind: 'error500AfterEffect', match: creation });
    const [order, idempotencyKey] = [randomUUID(), randomUUID()];
    const first = await refusal(pay(order, { idempotencyKey }));
    const second = await refusal(pay(order, { idempotencyKey }));

    expect([first.statusCode, second.statusCode]).toEqual([500, 500]);
    expect(first.headers).toMatchObject({ 'stripe-should-retry': 'false' });
    expect(second.headers).toMatchObject({ 'idempotent-replayed': 'true' });
    expect(paymentsOf(order)).toMatchObject([{ captured: 2_000, charges: 1 }]);
    const listed = await own.stripe.paymentIntents.list({ limit: 5 });
    expect(listed.data.filter(({ metadata }) => metadata['order'] === order)).toHaveLength(1);
  });

  it('an error 500 after the effect that is not remembered: the key finds the payment', async () => {
    own.control.addFault({ kind: 'error500AfterEffect', match: creation, remembered: false });
    const [order, idempotencyKey] = [randomUUID(), randomUUID()];
    const error = await refusal(pay(order, { idempotencyKey }));
    const found = await pay(order, { idempotencyKey });

    expect(error.statusCode).toBe(500);
    expect(paymentsOf(order)).toMatchObject([{ payment_intent: found.id, charges: 1 }]);
  });

  it('a slow answer: a caller that gave up finds the payment made', async () => {
    own.control.addFault({ kind: 'delayAfter', ms: 60_000, match: creation });
    const [order, idempotencyKey] = [randomUUID(), randomUUID()];
    const hung = await refusal(pay(order, { idempotencyKey, timeout: 100 }));
    const found = await pay(order, { idempotencyKey });

    expect(hung.message).toContain('timeout');
    expect(paymentsOf(order)).toMatchObject([{ payment_intent: found.id, charges: 1 }]);
  });

  it('a slow start: a caller that gave up is told to wait, and the payment is made once', async () => {
    own.control.addFault({ kind: 'delayBefore', ms: 400, match: creation });
    const [order, idempotencyKey] = [randomUUID(), randomUUID()];
    await refusal(pay(order, { idempotencyKey, timeout: 50 }));
    const early = await refusal(pay(order, { idempotencyKey }));
    const patient = await pay(order, { idempotencyKey, maxNetworkRetries: 5 });

    expect(early.statusCode).toBe(409);
    expect(paymentsOf(order)).toMatchObject([{ payment_intent: patient.id, charges: 1 }]);
  });

  it('too many requests: refused before anything is done, and the key is not used up', async () => {
    own.control.addFault({ kind: 'rateLimit429', match: creation });
    const [order, idempotencyKey] = [randomUUID(), randomUUID()];
    const error = await refusal(pay(order, { idempotencyKey }));
    const intent = await pay(order, { idempotencyKey });

    expect(error).toMatchObject({ type: 'StripeRateLimitError', statusCode: 429, code: 'rate_limit' });
    expect(paymentsOf(order)).toMatchObject([{ payment_intent: intent.id }]);
  });

  it('meet only the requests they name, only as often as they say', async () => {
    own.control.addFault({ kind: 'error500BeforeEffect', match: { path: '/v1/payment_intents/*/capture' } });
    const held = await own.stripe.paymentIntents.create(paid({ capture_method: 'manual' }));
    const error = await refusal(own.stripe.paymentIntents.capture(held.id));
    const captured = await own.stripe.paymentIntents.capture(held.id);

    expect(error.statusCode).toBe(500);
    expect(captured.status).toBe('succeeded');
    expect(own.control.faults()).toEqual({ requests: [], webhooks: [] });
  });

  it('are set, listed and removed over HTTP', async () => {
    const faults = `${own.emulator.url}/_emulator/faults`;
    const post = (body: unknown) =>
      fetch(faults, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const added = await post({ kind: 'delayBefore', ms: 5, times: 2, match: { path: '/v1/refunds' } });
    const webhook = await post({ webhooks: { match: { type: 'refund.*' }, drop: true } });
    const listed = await (await fetch(faults)).json();
    await fetch(faults, { method: 'DELETE' });

    expect([added.status, webhook.status]).toEqual([200, 200]);
    expect(listed).toMatchObject({
      requests: [{ kind: 'delayBefore', ms: 5, times: 2 }],
      webhooks: [{ match: { type: 'refund.*' }, drop: true }],
    });
    expect(own.control.faults()).toEqual({ requests: [], webhooks: [] });
  });

  it.each([
    { kind: 'explode' },
    { kind: 'delayBefore' },
    { kind: 'delayBefore', ms: -1 },
    { kind: 'rateLimit429', times: 0 },
    { kind: 'rateLimit429', colour: 'red' },
    { webhooks: { duplicate: 1_000 } },
    'text',
  ])('refuse what they do not know: %j', async (body) => {
    const response = await fetch(`${own.emulator.url}/_emulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });

    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
  });
});
