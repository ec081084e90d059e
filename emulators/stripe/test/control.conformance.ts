import { describe, expect, it } from 'vitest';

import { eventually } from './support/eventually.ts';
import { cardPayment, ownEmulator, paid, refusal } from './support/subject.ts';

describe('The buyer and the banks', () => {
  const own = ownEmulator({ settings: { processingDelayMs: 60_000 } });
  const post = (path: string, body: unknown) =>
    fetch(`${own.emulator.url}/_emulator${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const challenged = (details: object = {}) =>
    own.stripe.paymentIntents.create(
      paid({
        payment_method: 'pm_card_authenticationRequired',
        return_url: 'https://shop.example/back?o=1',
        ...details,
      }),
    );

  it('an authentication that succeeds takes the money', async () => {
    const intent = await challenged();
    const answer = await post(`/payment_intents/${intent.id}/authenticate`, { outcome: 'succeed' });
    const after = await own.stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] });

    expect(answer.status).toBe(200);
    expect(after).toMatchObject({
      status: 'succeeded',
      amount_received: 2_000,
      next_action: null,
      latest_charge: { payment_method_details: { card: { three_d_secure: { result: 'authenticated' } } } },
    });
  });

  it('an authentication that succeeds holds the money when it is to be captured later', async () => {
    const intent = await challenged({ capture_method: 'manual' });
    own.control.authenticate(intent.id, 'succeed');

    expect(await own.stripe.paymentIntents.capture(intent.id)).toMatchObject({ status: 'succeeded' });
  });

  it('an authentication that fails takes nothing and says why', async () => {
    const intent = await challenged();
    await post(`/payment_intents/${intent.id}/authenticate`, { outcome: 'fail' });
    const after = await own.stripe.paymentIntents.retrieve(intent.id);

    expect(after).toMatchObject({
      status: 'requires_payment_method',
      amount_received: 0,
      latest_charge: null,
      last_payment_error: { code: 'payment_intent_authentication_failure' },
      next_action: null,
    });
  });

  it('a card can be declined after its authentication', async () => {
    const intent = await challenged({ payment_method: 'pm_card_threeDSecureRequiredChargeDeclined' });
    own.control.authenticate(intent.id, 'succeed');

    expect(await own.stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'card_declined' },
    });
  });

  it("the bank's page does the same and sends the buyer back to the shop", async () => {
    const intent = await challenged();
    const page = await fetch(intent.next_action!.redirect_to_url!.url!);
    const html = await page.text();
    const posted = await fetch(`${own.emulator.url}${/action="([^"]+)"/.exec(html)![1]}`, {
      method: 'POST',
      body: new URLSearchParams({ outcome: 'succeed' }),
      redirect: 'manual',
    });
    const back = new URL(posted.headers.get('location')!);

    expect(html).toContain('$20.00');
    expect(posted.status).toBe(303);
    expect(`${back.origin}${back.pathname}`).toBe('https://shop.example/back');
    expect(Object.fromEntries(back.searchParams)).toEqual({
      o: '1',
      payment_intent: intent.id,
      payment_intent_client_secret: intent.client_secret,
      redirect_status: 'succeeded',
    });
  });

  it('nothing can be authenticated that does not wait for it', async () => {
    const intent = await own.stripe.paymentIntents.create(paid());
    const answer = await post(`/payment_intents/${intent.id}/authenticate`, { outcome: 'succeed' });

    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'payment_intent_unexpected_state' } });
    expect((await post('/payment_intents/pi_none/authenticate', { outcome: 'succeed' })).status).toBe(404);
    expect((await post(`/payment_intents/${intent.id}/authenticate`, { outcome: 'maybe' })).status).toBe(400);
  });

  it('a card set up with authentication asks no more', async () => {
    const customer = await own.stripe.customers.create();
    const first = await challenged({
      customer: customer.id,
      payment_method: 'pm_card_authenticationRequiredOnSetup',
      setup_future_usage: 'off_session',
    });
    own.control.authenticate(first.id, 'succeed');
    const second = await own.stripe.paymentIntents.create(
      paid({ customer: customer.id, payment_method: first.payment_method as string, off_session: true }),
    );

    expect(first.status).toBe('requires_action');
    expect(second.status).toBe('succeeded');
  });

  const debit = (payment_method: string) =>
    own.stripe.paymentIntents.create(
      cardPayment({ allowed_payment_method_types: ['us_bank_account'], confirm: true, payment_method }),
    );

  it('a debit is processing until the bank answers, and can then be paid or refused', async () => {
    const [good, bad] = [await debit('pm_usBankAccount_processing'), await debit('pm_usBankAccount_processing')];
    own.control.settlePayment(good.id, 'succeed');
    own.control.settlePayment(bad.id, 'fail');

    expect(good).toMatchObject({ status: 'processing', amount_received: 0 });
    expect(await own.stripe.paymentIntents.retrieve(good.id)).toMatchObject({
      status: 'succeeded',
      amount_received: 2_000,
    });
    expect(await own.stripe.paymentIntents.retrieve(bad.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'insufficient_funds' },
    });
  });

  it('a debit is settled by time', async () => {
    const [good, bad] = [await debit('pm_usBankAccount_success'), await debit('pm_usBankAccount_accountClosed')];
    own.control.advanceClock(60_000);

    expect((await own.stripe.paymentIntents.retrieve(good.id)).status).toBe('succeeded');
    expect(await own.stripe.paymentIntents.retrieve(bad.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'account_closed' },
    });
  });

  it('money that nobody captures for a week goes back', async () => {
    const held = await own.stripe.paymentIntents.create(paid({ capture_method: 'manual' }));
    own.control.advanceClock(7 * 24 * 60 * 60 * 1_000);

    expect(await own.stripe.paymentIntents.retrieve(held.id)).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'expired',
      amount_capturable: 0,
    });
  });

  it('a disputed charge costs its amount, cannot be refunded, and comes back when the dispute is won', async () => {
    const intent = await own.stripe.paymentIntents.create(
      paid({ payment_method: 'pm_card_createDispute', capture_method: 'automatic' }),
    );
    const dispute = await eventually(async () => {
      const { data } = await own.stripe.disputes.list({ payment_intent: intent.id });
      expect(data).toHaveLength(1);
      return data[0]!;
    });
    const error = await refusal(own.stripe.refunds.create({ payment_intent: intent.id }));
    const lost = own.control.record({ payment_intent: intent.id }).payments[0];
    const closed = own.control.closeDispute(dispute.id, 'won');

    expect(dispute).toMatchObject({ object: 'dispute', amount: 2_000, reason: 'fraudulent', status: 'needs_response' });
    expect(error.code).toBe('charge_disputed');
    expect(lost?.disputed).toBe(2_000);
    expect(closed.status).toBe('won');
    expect(own.control.record({ payment_intent: intent.id }).payments[0]?.disputed).toBe(0);
  });

  it('captured money is pending for two days and available then, less the fee', async () => {
    const intent = await own.stripe.paymentIntents.create(paid({ capture_method: 'automatic', currency: 'gbp' }));
    const charge = await own.stripe.charges.retrieve(intent.latest_charge as string, {
      expand: ['balance_transaction'],
    });
    const balance = async () => {
      const { available, pending } = await own.stripe.balance.retrieve();
      const of = (list: typeof available) => list.find(({ currency }) => currency === 'gbp')?.amount;
      return { available: of(available), pending: of(pending) };
    };
    const before = await balance();
    own.control.advanceClock(2 * 24 * 60 * 60 * 1_000);

    expect(charge.balance_transaction).toMatchObject({ amount: 2_000, fee: 88, net: 1_912, status: 'pending' });
    expect(before).toEqual({ available: 0, pending: 1_912 });
    expect(await balance()).toEqual({ available: 1_912, pending: 0 });
  });
});

describe('The record', () => {
  const own = ownEmulator();

  it('names every movement of a payment with its request and key, and adds them up', async () => {
    const held = await own.stripe.paymentIntents.create(
      paid({ amount: 5_000, capture_method: 'manual', metadata: { order: '9' } }),
      { idempotencyKey: 'authorise-9' },
    );
    await own.stripe.paymentIntents.capture(held.id, { amount_to_capture: 4_000 }, { idempotencyKey: 'capture-9' });
    await own.stripe.refunds.create({ payment_intent: held.id, amount: 1_000 }, { idempotencyKey: 'refund-9' });
    const response = await fetch(`${own.emulator.url}/_emulator/record?payment_intent=${held.id}`);
    const { payments } = (await response.json()) as ReturnType<typeof own.control.record>;

    expect(payments).toMatchObject([
      {
        payment_intent: held.id,
        metadata: { order: '9' },
        status: 'succeeded',
        authorized: 5_000,
        captured: 4_000,
        released: 1_000,
        refunded: 1_000,
        charges: 1,
      },
    ]);
    expect(payments[0]!.movements.map(({ kind, amount, idempotency_key }) => [kind, amount, idempotency_key])).toEqual([
      ['authorize', 5_000, 'authorise-9'],
      ['capture', 4_000, 'capture-9'],
      ['release', 1_000, 'capture-9'],
      ['refund', 1_000, 'refund-9'],
    ]);
  });

  it('goes page by page', async () => {
    for (let n = 0; n < 3; n += 1) await own.stripe.paymentIntents.create(paid());
    const seen: string[] = [];
    for (let after: number | null = 0; after !== null;) {
      const page: ReturnType<typeof own.control.record> = own.control.record({ after, limit: 2 });
      seen.push(...page.payments.map(({ payment_intent }) => payment_intent));
      after = page.next;
    }

    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThanOrEqual(3);
    expect(own.control.journal().length).toBeGreaterThanOrEqual(6);
  });

  it.each(['/_emulator/nothing', '/_emulator/record?colour=red', '/_emulator/record?limit=x'])(
    'refuses %s in the shape of the API',
    async (path) => {
      const response = await fetch(`${own.emulator.url}${path}`);

      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error' } });
    },
  );
});
