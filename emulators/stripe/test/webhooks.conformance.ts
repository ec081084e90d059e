import Stripe from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { StripeEmulator } from '../src/emulator.ts';
import { startStripeEmulator } from '../src/emulator.ts';
import { eventually } from './support/eventually.ts';
import type { Endpoint } from './support/endpoint.ts';
import { startEndpoint } from './support/endpoint.ts';
import { cardPayment, paid, refusal, sdkFor } from './support/subject.ts';

describe('Webhooks', () => {
  let endpoint: Endpoint;
  let emulator: StripeEmulator;
  let stripe: Stripe;
  const settled = (...types: string[]) =>
    eventually(() => expect(endpoint.types().toSorted()).toEqual(types.toSorted()));

  beforeEach(async () => {
    endpoint = await startEndpoint();
    emulator = await startStripeEmulator({
      webhook: endpoint,
      webhookRetry: { baseMs: 20, maxMs: 100, maxAttempts: 6, maxHoldMs: 500 },
      settings: { payoutDelayMs: 0, processingDelayMs: 0 },
    });
    stripe = sdkFor(emulator);
  });
  afterEach(async () => {
    await emulator.stop();
    await endpoint.close();
  });

  it('are signed so that the official SDK accepts them, and carry the object of that moment', async () => {
    const intent = await stripe.paymentIntents.create(cardPayment({ metadata: { order: '7' } }));
    await settled('payment_intent.created');

    expect(endpoint.received[0]).toMatchObject({
      signature: expect.stringMatching(/^t=\d+,v1=[0-9a-f]{64}$/),
      event: {
        object: 'event',
        api_version: '2026-10-28.endive',
        data: { object: { id: intent.id, metadata: { order: '7' }, status: 'requires_payment_method' } },
        livemode: false,
        pending_webhooks: 1,
      },
    });
  });

  it('are refused by the SDK with another secret, a changed byte, an old time or another signature', async () => {
    await stripe.customers.create();
    await settled('customer.created');
    const { body, signature } = endpoint.received[0]!;
    const verify =
      (text: string, header: string, secret = endpoint.secret, now?: number) =>
      () =>
        stripe.webhooks.constructEvent(text, header, secret, undefined, undefined, now);

    expect(verify(body, signature)().type).toBe('customer.created');
    expect(verify(body, signature, 'whsec_other')).toThrow(Stripe.errors.StripeSignatureVerificationError);
    expect(verify(body.replace('customer', 'Customer'), signature)).toThrow('No signatures found');
    expect(verify(body, signature.replace('v1=', 'v0='))).toThrow('No signatures found');
    expect(verify(JSON.stringify(JSON.parse(body)), signature)).toThrow('No signatures found');
    expect(verify(body, signature, endpoint.secret, Date.now() + 301_000)).toThrow('Timestamp outside');
  });

  const capture = async () => {
    const held = await stripe.paymentIntents.create(paid({ capture_method: 'manual' }));
    await stripe.paymentIntents.capture(held.id);
  };
  const cancel = async () => {
    const held = await stripe.paymentIntents.create(paid({ capture_method: 'manual' }));
    await stripe.paymentIntents.cancel(held.id);
  };
  const decline = () => refusal(stripe.paymentIntents.create(paid({ payment_method: 'pm_card_chargeDeclined' })));
  const authenticate = async () => {
    const intent = await stripe.paymentIntents.create(paid({ payment_method: 'pm_card_authenticationRequired' }));
    emulator.control.authenticate(intent.id, 'succeed');
  };
  const debit = () =>
    stripe.paymentIntents.create(
      cardPayment({
        allowed_payment_method_types: ['us_bank_account'],
        confirm: true,
        payment_method: 'pm_usBankAccount_success',
      }),
    );
  const refund = async () => {
    const intent = await stripe.paymentIntents.create(paid({ capture_method: 'automatic' }));
    await stripe.refunds.create({ payment_intent: intent.id });
  };
  const dispute = async () => {
    await stripe.paymentIntents.create(paid({ capture_method: 'automatic', payment_method: 'pm_card_createDispute' }));
  };

  it.each([
    [
      'a payment taken at once',
      () => stripe.paymentIntents.create(paid()),
      ['charge.succeeded', 'payment_intent.succeeded', 'charge.updated'],
    ],
    [
      'a held payment captured',
      capture,
      ['charge.succeeded', 'payment_intent.amount_capturable_updated', 'charge.captured', 'payment_intent.succeeded'],
    ],
    [
      'a held payment canceled',
      cancel,
      ['charge.succeeded', 'payment_intent.amount_capturable_updated', 'payment_intent.canceled'],
    ],
    ['a declined card', decline, ['charge.failed', 'payment_intent.payment_failed']],
    [
      'an authentication',
      authenticate,
      ['payment_intent.requires_action', 'charge.succeeded', 'payment_intent.succeeded', 'charge.updated'],
    ],
    [
      'a bank debit',
      debit,
      ['charge.pending', 'payment_intent.processing', 'charge.succeeded', 'payment_intent.succeeded'],
    ],
    ['a refund', refund, ['charge.succeeded', 'payment_intent.succeeded', 'refund.created', 'charge.refunded']],
    [
      'a dispute',
      dispute,
      ['charge.succeeded', 'payment_intent.succeeded', 'charge.dispute.created', 'charge.dispute.funds_withdrawn'],
    ],
  ])('tell of %s', async (_what, happens, types) => {
    await happens();

    const expected = ['payment_intent.created', ...types].toSorted();
    await eventually(() => expect(endpoint.types().toSorted()).toEqual(expected));
  });

  it('tell of transfers, reversals, payouts and accounts, with the account they belong to', async () => {
    const account = await stripe.accounts.create({ type: 'express', country: 'US' });
    emulator.control.onboard(account.id);
    const intent = await stripe.paymentIntents.create(
      paid({ payment_method: 'pm_card_bypassPending', capture_method: 'automatic' }),
    );
    const transfer = await stripe.transfers.create({
      amount: 1_000,
      currency: 'usd',
      destination: account.id,
      source_transaction: intent.latest_charge as string,
    });
    await stripe.payouts.create({ amount: 400, currency: 'usd' }, { stripeAccount: account.id });
    await stripe.transfers.createReversal(transfer.id, { amount: 100 });

    await eventually(() =>
      expect(endpoint.types()).toEqual(
        expect.arrayContaining([
          'account.updated',
          'transfer.created',
          'transfer.reversed',
          'payout.created',
          'payout.paid',
        ]),
      ),
    );
    const accountOf = (type: string) => endpoint.of(type)[0]?.account;
    expect([accountOf('account.updated'), accountOf('payout.paid')]).toEqual([account.id, account.id]);
    expect(accountOf('transfer.created')).toBeUndefined();
  });

  it('come again until the endpoint answers 2xx, each time with the same event', async () => {
    endpoint.answer = 500;
    const customer = await stripe.customers.create();
    await eventually(() => expect(endpoint.received.length).toBeGreaterThanOrEqual(3));
    endpoint.answer = 200;

    await eventually(() => expect(emulator.control.deliveries({ state: 'delivered' })).toHaveLength(1));
    expect(new Set(endpoint.received.map(({ event }) => event.id)).size).toBe(1);
    expect(endpoint.received[0]?.event.data.object).toMatchObject({ id: customer.id });
  });

  it('are given up after the last attempt, and can be sent again by hand', async () => {
    endpoint.answer = 503;
    await stripe.customers.create();
    await eventually(() => expect(emulator.control.deliveries({ state: 'failed' })).toHaveLength(1));

    expect(endpoint.received).toHaveLength(6);
    endpoint.answer = 200;
    emulator.control.redeliver(endpoint.received[0]!.event.id);
    await eventually(() => expect(endpoint.received).toHaveLength(7));
  });

  it('never hold up the answer of the API', async () => {
    await endpoint.close();
    const intent = await stripe.paymentIntents.create(paid());

    expect(intent.status).toBe('succeeded');
    await eventually(() =>
      expect(emulator.control.deliveries({ state: 'pending' })[0]).toMatchObject({
        attempts: expect.toSatisfy((attempts: number) => attempts > 0),
        last_error: expect.stringContaining('ECONNREFUSED'),
      }),
    );
  });

  it('follow the endpoint to another address', async () => {
    endpoint.answer = 500;
    await stripe.customers.create();
    await eventually(() => expect(endpoint.received.length).toBeGreaterThan(0));
    const moved = await startEndpoint();
    try {
      emulator.setWebhook(moved);
      await eventually(() => expect(moved.types()).toEqual(['customer.created']));
    } finally {
      await moved.close();
    }
  });

  describe('with scripted faults', () => {
    it('arrive more than once', async () => {
      emulator.control.addFault({ webhooks: { match: { type: 'customer.*' }, duplicate: 19 } });
      await stripe.customers.create();

      await eventually(() => expect(endpoint.received).toHaveLength(20));
      expect(new Set(endpoint.received.map(({ event }) => event.id)).size).toBe(1);
    });

    it('arrive late', async () => {
      emulator.control.addFault({ webhooks: { match: { type: 'customer.created' }, delayMs: 300 } });
      const startedMs = Date.now();
      await stripe.customers.create();
      await settled('customer.created');

      expect(endpoint.received[0]!.atMs - startedMs).toBeGreaterThanOrEqual(295);
    });

    it('arrive in the other order', async () => {
      emulator.control.addFault({ webhooks: { match: { type: 'customer.created' }, times: 4, reorder: true } });
      const ids: string[] = [];
      for (let n = 0; n < 4; n += 1) ids.push((await stripe.customers.create()).id);
      await eventually(() => expect(endpoint.received).toHaveLength(4));

      const arrived = endpoint.received.map(({ event }) => (event.data.object as { id: string }).id);
      expect(arrived).toEqual(ids.toReversed());
    });

    it('are not held back for ever by a reordering that waits for more', async () => {
      emulator.control.addFault({ webhooks: { match: { type: 'customer.created' }, times: 100, reorder: true } });
      const first = await stripe.customers.create();
      const second = await stripe.customers.create();
      await settled('customer.created', 'customer.created');

      const arrived = endpoint.received.map(({ event }) => (event.data.object as { id: string }).id);
      expect(arrived).toEqual([second.id, first.id]);
    });

    it('do not arrive at all, unless asked for', async () => {
      emulator.control.addFault({ webhooks: { match: { type: 'customer.created' }, drop: true } });
      await stripe.customers.create();
      await stripe.customers.create();
      await settled('customer.created');
      const [dropped] = emulator.control.deliveries({ state: 'dropped' });

      expect(dropped?.event).not.toBe(endpoint.received[0]?.event.id);
      emulator.control.redeliver(dropped!.event);
      await settled('customer.created', 'customer.created');
    });
  });
});
