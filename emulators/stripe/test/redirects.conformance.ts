import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';
import { ownEmulator, refusal } from './support/subject.ts';

describe('Payment methods that send the buyer elsewhere', () => {
  const own = ownEmulator();
  const begin = (type: 'klarna' | 'upi', params: Partial<Stripe.PaymentIntentCreateParams>, method = `pm_${type}`) =>
    own.stripe.paymentIntents.create({
      amount: 5_000,
      currency: type === 'upi' ? 'inr' : 'eur',
      allowed_payment_method_types: [type],
      payment_method: method,
      confirm: true,
      return_url: 'https://shop.example/return',
      ...params,
    });

  it('klarna: the buyer agrees, and the money is held until it is captured', async () => {
    const intent = await begin('klarna', { capture_method: 'manual' });
    expect(intent).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
    own.control.authenticate(intent.id, 'succeed');
    const held = await own.stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] });
    expect(held).toMatchObject({
      status: 'requires_capture',
      latest_charge: { payment_method_details: { type: 'klarna' }, captured: false },
    });
    expect((await own.stripe.paymentIntents.capture(intent.id)).status).toBe('succeeded');
  });

  it('upi: the buyer agrees, the bank answers later, and the money is taken', async () => {
    const intent = await begin('upi', { capture_method: 'automatic_async' });
    expect(intent.status).toBe('requires_action');
    own.control.authenticate(intent.id, 'succeed');
    expect((await own.stripe.paymentIntents.retrieve(intent.id)).status).toBe('processing');
    own.control.advanceClock(5_000);
    expect(await own.stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] })).toMatchObject({
      status: 'succeeded',
      latest_charge: { payment_method_details: { type: 'upi' }, captured: true },
    });
  });

  it('a buyer who does not agree, and a bank that does not, leave the payment waiting for another method', async () => {
    for (const method of ['pm_upi', 'pm_upi_declined']) {
      const intent = await begin('upi', { capture_method: 'automatic_async' }, method);
      own.control.authenticate(intent.id, method === 'pm_upi' ? 'fail' : 'succeed');
      own.control.advanceClock(5_000);
      const after = await own.stripe.paymentIntents.retrieve(intent.id);
      expect(after).toMatchObject({ status: 'requires_payment_method', amount_received: 0 });
      expect(after.last_payment_error).not.toBeNull();
    }
  });

  it('upi pays in rupees only, and cannot hold money', async () => {
    expect(await refusal(begin('upi', { currency: 'eur' }))).toMatchObject({ statusCode: 400 });
    expect(await refusal(begin('upi', { capture_method: 'manual' }))).toMatchObject({ statusCode: 400 });
  });

  it('a card in a wallet says so, and has no number to type in', async () => {
    const intent = await own.stripe.paymentIntents.create({
      amount: 5_000,
      currency: 'eur',
      allowed_payment_method_types: ['card'],
      payment_method: 'pm_card_visa_applePay',
      confirm: true,
      expand: ['latest_charge'],
    });
    expect(intent.latest_charge).toMatchObject({
      payment_method_details: { card: { last4: '4242', wallet: { type: 'apple_pay', dynamic_last4: '4242' } } },
    });
    const card = { number: '4000000000004242', exp_month: 12, exp_year: new Date().getUTCFullYear() + 1, cvc: '123' };
    expect(await refusal(own.stripe.paymentMethods.create({ type: 'card', card }))).toMatchObject({ statusCode: 402 });
  });
});
