import { randomUUID } from 'node:crypto';

import { describe, expect, it } from 'vitest';

import { cardPayment, conformance, ownEmulator, paid, refusal } from './support/subject.ts';

conformance('Idempotency keys', (subject) => {
  it('bring the first answer back, and do nothing twice', async () => {
    const idempotencyKey = randomUUID();
    const order = randomUUID();
    const params = paid({ transfer_group: order });
    const first = await subject.stripe.paymentIntents.create(params, { idempotencyKey });
    const second = await subject.stripe.paymentIntents.create(params, { idempotencyKey });

    expect(second).toEqual(first);
    expect(second.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect(second.lastResponse.headers['original-request']).toBe(first.lastResponse.requestId);
    expect(first.lastResponse.headers).not.toHaveProperty('idempotent-replayed');
    expect((await subject.stripe.charges.list({ transfer_group: order })).data).toHaveLength(1);
  });

  it('bring a refused card back as refused, without asking the bank again', async () => {
    const intent = await subject.stripe.paymentIntents.create(cardPayment());
    const idempotencyKey = randomUUID();
    const confirm = () =>
      subject.stripe.paymentIntents.confirm(
        intent.id,
        { payment_method: 'pm_card_chargeDeclined' },
        { idempotencyKey },
      );
    const first = await refusal(confirm());
    const second = await refusal(confirm());

    expect([first.code, second.code]).toEqual(['card_declined', 'card_declined']);
    expect(second.charge).toBe(first.charge);
    expect((await subject.stripe.charges.list({ payment_intent: intent.id })).data).toHaveLength(1);
  });

  it('refuse other parameters', async () => {
    const idempotencyKey = randomUUID();
    await subject.stripe.paymentIntents.create(cardPayment(), { idempotencyKey });
    const error = await refusal(
      subject.stripe.paymentIntents.create(cardPayment({ amount: 2_001 }), { idempotencyKey }),
    );

    expect(error).toMatchObject({ type: 'StripeIdempotencyError', rawType: 'idempotency_error', statusCode: 400 });
    expect(error.message).toContain('same parameters');
  });

  it('refuse another endpoint', async () => {
    const idempotencyKey = randomUUID();
    await subject.stripe.customers.create({}, { idempotencyKey });
    const error = await refusal(subject.stripe.paymentIntents.create(cardPayment(), { idempotencyKey }));

    expect(error).toMatchObject({ rawType: 'idempotency_error', statusCode: 400 });
    expect(error.message).toContain('same endpoint');
  });

  it('are not used up by a request whose parameters were refused', async () => {
    const idempotencyKey = randomUUID();
    await refusal(subject.stripe.paymentIntents.create(cardPayment({ amount: 0 }), { idempotencyKey }));
    const intent = await subject.stripe.paymentIntents.create(cardPayment(), { idempotencyKey });

    expect(intent.status).toBe('requires_payment_method');
  });

  it('refuse to be longer than 255 characters', async () => {
    const error = await refusal(subject.stripe.customers.create({}, { idempotencyKey: 'k'.repeat(256) }));

    expect(error.statusCode).toBe(400);
  });
});

describe('Idempotency keys over time and accounts', () => {
  const day = 24 * 60 * 60 * 1_000;
  let now = Date.UTC(2026, 10, 20);
  const own = ownEmulator({ clock: () => new Date(now) });

  it('twenty at once make one payment: the others get its answer', async () => {
    const idempotencyKey = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => own.stripe.paymentIntents.create(paid(), { idempotencyKey })),
    );

    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(own.control.record({ payment_intent: answers[0]!.id }).payments).toMatchObject([
      { authorized: 2_000, captured: 2_000, charges: 1 },
    ]);
  });

  it('answer 409 while the first request is still being worked on', async () => {
    own.control.addFault({ kind: 'delayBefore', ms: 300, match: { method: 'POST', path: '/v1/payment_intents' } });
    const idempotencyKey = randomUUID();
    const first = own.stripe.paymentIntents.create(paid(), { idempotencyKey });
    const second = await refusal(own.stripe.paymentIntents.create(paid(), { idempotencyKey }));

    expect(second).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    const intent = await first;
    expect((await own.stripe.paymentIntents.create(paid(), { idempotencyKey })).id).toBe(intent.id);
  });

  it('are remembered for a day and then forgotten', async () => {
    const idempotencyKey = randomUUID();
    const first = await own.stripe.customers.create({}, { idempotencyKey });
    now += day - 1_000;
    const second = await own.stripe.customers.create({}, { idempotencyKey });
    now += 2_000;
    const third = await own.stripe.customers.create({}, { idempotencyKey });

    expect(second.id).toBe(first.id);
    expect(third.id).not.toBe(first.id);
  });

  it('mean something else on another account', async () => {
    const account = await own.stripe.accounts.create({ type: 'express', country: 'US' });
    const idempotencyKey = randomUUID();
    const here = await own.stripe.customers.create({}, { idempotencyKey });
    const there = await own.stripe.customers.create({}, { idempotencyKey, stripeAccount: account.id });

    expect(there.id).not.toBe(here.id);
  });
});
