import { describe, expect, it } from 'vitest';

import { conformance, ownEmulator, paid, refusal } from './support/subject.ts';

conformance('Customers and saved cards', (subject) => {
  it('keeps a customer, changes it, and lists it by e-mail', async () => {
    const email = `buyer-${Date.now()}@shop.example`;
    const customer = await subject.stripe.customers.create({ email, name: 'Ada', metadata: { user: '1' } });
    const changed = await subject.stripe.customers.update(customer.id, { name: 'Ada L.', metadata: { tier: 'gold' } });
    const found = await subject.stripe.customers.list({ email });

    expect(customer).toMatchObject({ object: 'customer', email, name: 'Ada', livemode: false });
    expect(changed).toMatchObject({ name: 'Ada L.', email, metadata: { user: '1', tier: 'gold' } });
    expect(found.data.map(({ id }) => id)).toEqual([customer.id]);
  });

  it('attaches a card, pays with it, lists it and detaches it', async () => {
    const customer = await subject.stripe.customers.create();
    const method = await subject.stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id });
    const intent = await subject.stripe.paymentIntents.create(
      paid({ customer: customer.id, payment_method: method.id }),
    );
    const listed = await subject.stripe.customers.listPaymentMethods(customer.id);
    const detached = await subject.stripe.paymentMethods.detach(method.id);
    const after = await subject.stripe.paymentMethods.list({ customer: customer.id, type: 'card' });

    expect(method).toMatchObject({
      object: 'payment_method',
      type: 'card',
      customer: customer.id,
      card: { brand: 'visa', last4: '4242', funding: 'credit' },
    });
    expect(intent.status).toBe('succeeded');
    expect(listed.data.map(({ id }) => id)).toEqual([method.id]);
    expect(detached.customer).toBeNull();
    expect(after.data).toEqual([]);
  });

  it('detaches a card that holds money: the payment is still captured, and nothing else is begun with it', async () => {
    const customer = await subject.stripe.customers.create();
    const held = await subject.stripe.paymentIntents.create(
      paid({ customer: customer.id, setup_future_usage: 'on_session', capture_method: 'manual' }),
    );
    const method = held.payment_method as string;
    await subject.stripe.paymentMethods.detach(method);
    const captured = await subject.stripe.paymentIntents.capture(held.id);

    expect(captured.status).toBe('succeeded');
    expect(
      await refusal(subject.stripe.paymentIntents.create(paid({ customer: customer.id, payment_method: method }))),
    ).toMatchObject({ statusCode: 400 });
    expect(await refusal(subject.stripe.paymentMethods.detach(method))).toMatchObject({ statusCode: 400 });
    expect(await refusal(subject.stripe.paymentMethods.detach('pm_unknown'))).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
    });
  });

  it('saves the card of a payment that asks for it', async () => {
    const customer = await subject.stripe.customers.create();
    const intent = await subject.stripe.paymentIntents.create(
      paid({ customer: customer.id, setup_future_usage: 'off_session' }),
    );
    const listed = await subject.stripe.customers.listPaymentMethods(customer.id, { type: 'card' });

    expect(listed.data.map(({ id }) => id)).toEqual([intent.payment_method]);
  });

  it("refuses to pay with another customer's card", async () => {
    const [owner, other] = [await subject.stripe.customers.create(), await subject.stripe.customers.create()];
    const method = await subject.stripe.paymentMethods.attach('pm_card_visa', { customer: owner.id });
    const error = await refusal(
      subject.stripe.paymentIntents.create(paid({ customer: other.id, payment_method: method.id })),
    );

    expect(error).toMatchObject({ statusCode: 400, param: 'payment_method' });
  });

  it('refuses to save a card that its bank declines', async () => {
    const customer = await subject.stripe.customers.create();
    const error = await refusal(
      subject.stripe.paymentMethods.attach('pm_card_chargeDeclined', { customer: customer.id }),
    );

    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined' });
  });

  it('saves a card that only fails when it is charged', async () => {
    const customer = await subject.stripe.customers.create();
    const method = await subject.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id });
    const error = await refusal(
      subject.stripe.paymentIntents.create(paid({ customer: customer.id, payment_method: method.id })),
    );

    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined' });
  });

  it('cannot be used for anything once deleted', async () => {
    const customer = await subject.stripe.customers.create();
    await subject.stripe.customers.del(customer.id);

    expect(await subject.stripe.customers.retrieve(customer.id)).toMatchObject({ id: customer.id, deleted: true });
    expect(await refusal(subject.stripe.paymentIntents.create(paid({ customer: customer.id })))).toMatchObject({
      statusCode: 400,
      code: 'resource_missing',
    });
  });
});

describe('Cards by their test number', () => {
  const own = ownEmulator();
  const create = (number: string, card: { exp_month?: number; exp_year?: number } = {}) =>
    own.stripe.paymentMethods.create({
      type: 'card',
      card: { number, exp_month: 12, exp_year: new Date().getUTCFullYear() + 1, cvc: '123', ...card },
      billing_details: { name: 'Ada', address: { country: 'GB' } },
    });

  it.each([
    ['4242 4242 4242 4242', 'visa', '4242', 'succeeded'],
    ['5555555555554444', 'mastercard', '4444', 'succeeded'],
    ['378282246310005', 'amex', '0005', 'succeeded'],
    ['4000002500003155', 'visa', '3155', 'requires_action'],
  ])('%s pays as %s', async (number, brand, last4, status) => {
    const method = await create(number);
    const intent = await own.stripe.paymentIntents.create(paid({ payment_method: method.id }));

    expect(method).toMatchObject({
      card: { brand, last4 },
      billing_details: { name: 'Ada', address: { country: 'GB', city: null } },
    });
    expect(intent.status).toBe(status);
  });

  it('4000000000000002 is declined', async () => {
    const method = await create('4000000000000002');
    const error = await refusal(own.stripe.paymentIntents.create(paid({ payment_method: method.id })));

    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined' });
  });

  it('a token stands for its card', async () => {
    const method = await own.stripe.paymentMethods.create({ type: 'card', card: { token: 'tok_mastercard' } });

    expect(method.card).toMatchObject({ brand: 'mastercard', last4: '4444' });
  });

  it.each([
    ['a mistyped number', '4242424242424241', {}, 'incorrect_number'],
    ['a number that may be a real card', '4539578763621486', {}, 'card_declined'],
    ['a month that does not exist', '4242424242424242', { exp_month: 13 }, 'invalid_expiry_month'],
    ['a year that has passed', '4242424242424242', { exp_year: 2020 }, 'invalid_expiry_year'],
  ])('refuses %s', async (_what, number, expiry, code) => {
    expect(await refusal(create(number, expiry))).toMatchObject({ statusCode: 402, code });
  });

  it('keeps no card number', async () => {
    const method = await create('4242424242424242');
    const everything = JSON.stringify([
      await own.stripe.paymentMethods.retrieve(method.id),
      await own.stripe.events.list({ limit: 100 }),
      own.control.record(),
    ]);

    expect(everything).not.toMatch(/4242\s?4242\s?4242/);
  });
});
