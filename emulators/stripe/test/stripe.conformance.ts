import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';

import { eventually } from './support/eventually.ts';
import { cardPayment, conformance, paid, refusal } from './support/subject.ts';

conformance('PaymentIntents', (subject) => {
  describe('creating', () => {
    it('waits for a payment method, and says so', async () => {
      const intent = await subject.stripe.paymentIntents.create(
        cardPayment({ metadata: { order: '7' }, transfer_group: 'order_7', description: 'Order 7' }),
      );

      expect(intent).toMatchObject({
        object: 'payment_intent',
        amount: 2_000,
        amount_capturable: 0,
        amount_received: 0,
        capture_method: 'automatic_async',
        currency: 'usd',
        latest_charge: null,
        livemode: false,
        metadata: { order: '7' },
        status: 'requires_payment_method',
        transfer_group: 'order_7',
      });
      expect(intent.id).toMatch(/^pi_\w{24}$/);
      expect(intent.client_secret).toMatch(new RegExp(`^${intent.id}_secret_\\w{25}$`));
    });

    it('accepts the currency in capitals and keeps it in small letters', async () => {
      const intent = await subject.stripe.paymentIntents.create(cardPayment({ currency: 'EUR' }));

      expect(intent.currency).toBe('eur');
    });

    it('waits for confirmation when a payment method is given', async () => {
      const intent = await subject.stripe.paymentIntents.create(cardPayment({ payment_method: 'pm_card_visa' }));

      expect(intent.status).toBe('requires_confirmation');
      expect(intent.payment_method).toMatch(/^pm_\w{24}$/);
    });

    it.each([
      ['an amount of 0', { amount: 0 }, 'parameter_invalid_integer', 'amount'],
      ['a negative amount', { amount: -1 }, 'parameter_invalid_integer', 'amount'],
      ['a fractional amount', { amount: 10.5 }, 'parameter_invalid_integer', 'amount'],
      ['an amount below the smallest charge', { amount: 49 }, 'amount_too_small', 'amount'],
      ['an amount above the largest charge', { amount: 100_000_000 }, 'amount_too_large', 'amount'],
      ['an unknown customer', { customer: 'cus_none' }, 'resource_missing', 'customer'],
      ['an unknown payment method', { payment_method: 'pm_none' }, 'resource_missing', 'payment_method'],
    ])('refuses %s', async (_what, details, code, param) => {
      const error = await refusal(subject.stripe.paymentIntents.create(cardPayment(details)));

      expect(error).toMatchObject({ rawType: 'invalid_request_error', statusCode: 400, code, param });
    });

    it('refuses an unknown currency', async () => {
      const error = await refusal(subject.stripe.paymentIntents.create(cardPayment({ currency: 'xxq' })));

      expect(error).toMatchObject({ rawType: 'invalid_request_error', statusCode: 400, param: 'currency' });
    });

    it('refuses a missing amount', async () => {
      const error = await refusal(
        subject.stripe.paymentIntents.create({ currency: 'usd' } as Stripe.PaymentIntentCreateParams),
      );

      expect(error).toMatchObject({ statusCode: 400, code: 'parameter_missing', param: 'amount' });
    });

    it('refuses to be told the payment method types, as this API version does', async () => {
      const error = await refusal(
        subject.stripe.paymentIntents.create({
          amount: 2_000,
          currency: 'usd',
          payment_method_types: ['card'],
        } as Stripe.PaymentIntentCreateParams),
      );

      expect(error).toMatchObject({ statusCode: 400, code: 'payment_method_types_no_longer_supported' });
    });

    it('offers of the allowed payment method types those that can pay', async () => {
      const intent = await subject.stripe.paymentIntents.create({
        amount: 2_000,
        currency: 'eur',
        allowed_payment_method_types: ['card', 'us_bank_account'],
      });

      expect(intent.payment_method_types).toEqual(['card']);
    });

    it('refuses a parameter it does not know', async () => {
      const error = await refusal(
        subject.stripe.paymentIntents.create({ ...cardPayment(), colour: 'red' } as Stripe.PaymentIntentCreateParams),
      );

      expect(error).toMatchObject({ statusCode: 400, code: 'parameter_unknown', param: 'colour' });
    });
  });

  describe('confirming', () => {
    it('takes the money at once and keeps what was charged', async () => {
      const created = await subject.stripe.paymentIntents.create(cardPayment({ payment_method: 'pm_card_mastercard' }));
      const intent = await subject.stripe.paymentIntents.confirm(created.id, { expand: ['latest_charge'] });

      expect(intent).toMatchObject({ status: 'succeeded', amount_received: 2_000, last_payment_error: null });
      expect(intent.latest_charge).toMatchObject({
        object: 'charge',
        amount: 2_000,
        amount_captured: 2_000,
        amount_refunded: 0,
        captured: true,
        paid: true,
        payment_intent: intent.id,
        payment_method_details: { type: 'card', card: { brand: 'mastercard', last4: '4444' } },
        status: 'succeeded',
      });
    });

    it('books an asynchronous capture on the balance a moment later', async () => {
      const intent = await subject.stripe.paymentIntents.create(paid());

      await eventually(async () => {
        const charge = await subject.stripe.charges.retrieve(intent.latest_charge as string, {
          expand: ['balance_transaction'],
        });
        expect(charge.balance_transaction).toMatchObject({ amount: 2_000, currency: 'usd', type: 'charge' });
      });
    });

    it('refuses without a payment method', async () => {
      const intent = await subject.stripe.paymentIntents.create(cardPayment());
      const error = await refusal(subject.stripe.paymentIntents.confirm(intent.id));

      expect(error).toMatchObject({ rawType: 'invalid_request_error', code: 'payment_intent_unexpected_state' });
    });

    it('refuses a second time, and takes nothing', async () => {
      const intent = await subject.stripe.paymentIntents.create(paid());
      const error = await refusal(subject.stripe.paymentIntents.confirm(intent.id));

      expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
      const charges = await subject.stripe.charges.list({ payment_intent: intent.id });
      expect(charges.data).toHaveLength(1);
    });

    it('asks for a return address when payment methods that redirect are allowed', async () => {
      const params = { amount: 2_000, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' };
      const error = await refusal(subject.stripe.paymentIntents.create(params));
      const intent = await subject.stripe.paymentIntents.create({
        ...params,
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
      });

      expect(error).toMatchObject({ statusCode: 400, message: expect.stringContaining('return_url') });
      expect(intent.status).toBe('succeeded');
    });
  });

  describe('declined cards', () => {
    it.each([
      ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
      ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
      ['pm_card_chargeDeclinedExpiredCard', 'expired_card', ''],
      ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', ''],
      ['pm_card_chargeDeclinedProcessingError', 'processing_error', ''],
    ])('%s is refused with %s and takes nothing', async (card, code, declineCode) => {
      const intent = await subject.stripe.paymentIntents.create(cardPayment());
      const error = await refusal(subject.stripe.paymentIntents.confirm(intent.id, { payment_method: card }));

      expect(error).toMatchObject({ type: 'StripeCardError', rawType: 'card_error', statusCode: 402, code });
      expect(error.decline_code).toBe(declineCode);
      expect(error.payment_intent).toMatchObject({ id: intent.id, status: 'requires_payment_method' });
      const after = await subject.stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] });
      expect(after).toMatchObject({
        status: 'requires_payment_method',
        amount_received: 0,
        payment_method: null,
        last_payment_error: { code, type: 'card_error', payment_method: { object: 'payment_method' } },
        latest_charge: { status: 'failed', paid: false },
      });
    });

    it('lets the buyer try again with another card', async () => {
      const intent = await subject.stripe.paymentIntents.create(cardPayment());
      await refusal(subject.stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_chargeDeclined' }));
      const after = await subject.stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' });

      expect(after).toMatchObject({ status: 'succeeded', amount_received: 2_000, last_payment_error: null });
    });
  });

  describe('authentication', () => {
    it('asks the buyer to authenticate, and says where', async () => {
      const intent = await subject.stripe.paymentIntents.create(
        paid({ payment_method: 'pm_card_authenticationRequired', return_url: 'https://shop.example/return' }),
      );

      expect(intent).toMatchObject({
        status: 'requires_action',
        amount_received: 0,
        next_action: { type: 'redirect_to_url', redirect_to_url: { return_url: 'https://shop.example/return' } },
      });
    });

    it('refuses a payment without the buyer when the bank wants to see the buyer', async () => {
      const customer = await subject.stripe.customers.create();
      const method = await subject.stripe.paymentMethods.attach('pm_card_authenticationRequired', {
        customer: customer.id,
      });
      const error = await refusal(
        subject.stripe.paymentIntents.create(
          paid({ customer: customer.id, payment_method: method.id, off_session: true }),
        ),
      );

      expect(error).toMatchObject({ statusCode: 402, code: 'authentication_required' });
    });

    it('fails instead of asking when told to', async () => {
      const error = await refusal(
        subject.stripe.paymentIntents.create(
          paid({ payment_method: 'pm_card_authenticationRequired', error_on_requires_action: true }),
        ),
      );

      expect(error).toMatchObject({ statusCode: 402, code: 'authentication_required' });
    });
  });

  describe('manual capture', () => {
    const held = (details: Partial<Stripe.PaymentIntentCreateParams> = {}) =>
      subject.stripe.paymentIntents.create(paid({ capture_method: 'manual', ...details }));

    it('holds the money without taking it', async () => {
      const intent = await held();

      expect(intent).toMatchObject({ status: 'requires_capture', amount_capturable: 2_000, amount_received: 0 });
      const charge = await subject.stripe.charges.retrieve(intent.latest_charge as string);
      expect(charge).toMatchObject({ captured: false, amount_captured: 0, status: 'succeeded' });
    });

    it('captures all of it', async () => {
      const intent = await subject.stripe.paymentIntents.capture((await held()).id);

      expect(intent).toMatchObject({ status: 'succeeded', amount_capturable: 0, amount_received: 2_000 });
    });

    it('captures a part and gives the rest back', async () => {
      const intent = await subject.stripe.paymentIntents.capture((await held()).id, {
        amount_to_capture: 1_500,
        expand: ['latest_charge'],
      });

      expect(intent).toMatchObject({
        status: 'succeeded',
        amount: 2_000,
        amount_received: 1_500,
        amount_capturable: 0,
      });
      expect(intent.latest_charge).toMatchObject({ captured: true, amount_captured: 1_500, amount_refunded: 0 });
    });

    it('refuses to capture more than was held', async () => {
      const intent = await held();
      const error = await refusal(subject.stripe.paymentIntents.capture(intent.id, { amount_to_capture: 2_001 }));

      expect(error).toMatchObject({ statusCode: 400, rawType: 'invalid_request_error' });
      expect((await subject.stripe.paymentIntents.retrieve(intent.id)).status).toBe('requires_capture');
    });

    it('refuses to capture twice', async () => {
      const intent = await held();
      await subject.stripe.paymentIntents.capture(intent.id);
      const error = await refusal(subject.stripe.paymentIntents.capture(intent.id));

      expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
    });

    it('refuses to capture what was never confirmed', async () => {
      const intent = await subject.stripe.paymentIntents.create(cardPayment({ capture_method: 'manual' }));
      const error = await refusal(subject.stripe.paymentIntents.capture(intent.id));

      expect(error).toMatchObject({ code: 'payment_intent_unexpected_state' });
    });
  });

  describe('canceling', () => {
    it('gives held money back', async () => {
      const created = await subject.stripe.paymentIntents.create(paid({ capture_method: 'manual' }));
      const intent = await subject.stripe.paymentIntents.cancel(created.id, {
        cancellation_reason: 'requested_by_customer',
        expand: ['latest_charge'],
      });

      expect(intent).toMatchObject({
        status: 'canceled',
        amount_capturable: 0,
        amount_received: 0,
        cancellation_reason: 'requested_by_customer',
        latest_charge: { captured: false, amount_captured: 0, amount_refunded: 0, refunded: false },
      });
      expect(intent.canceled_at).toBeTypeOf('number');
    });

    it('refuses once the money was taken', async () => {
      const intent = await subject.stripe.paymentIntents.create(paid());
      const error = await refusal(subject.stripe.paymentIntents.cancel(intent.id));

      expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
    });

    it('ends the payment: nothing can be confirmed afterwards', async () => {
      const created = await subject.stripe.paymentIntents.create(cardPayment({ payment_method: 'pm_card_visa' }));
      await subject.stripe.paymentIntents.cancel(created.id);
      const error = await refusal(subject.stripe.paymentIntents.confirm(created.id));

      expect(error).toMatchObject({ code: 'payment_intent_unexpected_state' });
    });
  });

  describe('changing', () => {
    it('changes amount and metadata, and unsets a key with empty text', async () => {
      const created = await subject.stripe.paymentIntents.create(cardPayment({ metadata: { a: '1', b: '2' } }));
      const intent = await subject.stripe.paymentIntents.update(created.id, {
        amount: 3_000,
        metadata: { a: '', c: '3' },
      });

      expect(intent).toMatchObject({ amount: 3_000, metadata: { b: '2', c: '3' } });
      expect(intent.metadata).not.toHaveProperty('a');
    });

    it('refuses another amount once paid, but takes metadata', async () => {
      const paidIntent = await subject.stripe.paymentIntents.create(paid());
      const error = await refusal(subject.stripe.paymentIntents.update(paidIntent.id, { amount: 1 }));
      const intent = await subject.stripe.paymentIntents.update(paidIntent.id, { metadata: { note: 'late' } });

      expect(error).toMatchObject({ statusCode: 400, code: 'payment_intent_unexpected_state' });
      expect(intent).toMatchObject({ amount: 2_000, metadata: { note: 'late' } });
    });
  });
});
