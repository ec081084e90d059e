import { expect, it } from 'vitest';

import { eventually } from './support/eventually.ts';
import { cardPayment, conformance, paid, refusal } from './support/subject.ts';

conformance('Refunds', (subject) => {
  it('gives all of it back', async () => {
    const intent = await subject.stripe.paymentIntents.create(paid());
    const refund = await subject.stripe.refunds.create({
      payment_intent: intent.id,
      reason: 'requested_by_customer',
      metadata: { order: '7' },
    });

    expect(refund).toMatchObject({
      object: 'refund',
      amount: 2_000,
      charge: intent.latest_charge,
      currency: 'usd',
      metadata: { order: '7' },
      payment_intent: intent.id,
      reason: 'requested_by_customer',
      status: 'succeeded',
    });
    const charge = await subject.stripe.charges.retrieve(intent.latest_charge as string);
    expect(charge).toMatchObject({ amount_refunded: 2_000, refunded: true });
  });

  it('gives it back in parts, and never more than there was', async () => {
    const intent = await subject.stripe.paymentIntents.create(paid());
    await subject.stripe.refunds.create({ payment_intent: intent.id, amount: 500 });
    await subject.stripe.refunds.create({ charge: intent.latest_charge as string, amount: 1_000 });
    const tooMuch = await refusal(subject.stripe.refunds.create({ payment_intent: intent.id, amount: 501 }));
    const partial = await subject.stripe.charges.retrieve(intent.latest_charge as string);
    await subject.stripe.refunds.create({ payment_intent: intent.id });
    const nothingLeft = await refusal(subject.stripe.refunds.create({ payment_intent: intent.id }));

    expect(tooMuch).toMatchObject({ statusCode: 400, rawType: 'invalid_request_error', param: 'amount' });
    expect(tooMuch.message).toContain('greater than unrefunded amount on charge ($5.00)');
    expect(partial).toMatchObject({ amount_refunded: 1_500, refunded: false });
    expect(nothingLeft).toMatchObject({ statusCode: 400, code: 'charge_already_refunded' });
    const refunds = await subject.stripe.refunds.list({ payment_intent: intent.id });
    expect(refunds.data.map(({ amount }) => amount)).toEqual([500, 1_000, 500]);
  });

  it('gives back no more than was captured of a held amount', async () => {
    const held = await subject.stripe.paymentIntents.create(paid({ capture_method: 'manual' }));
    await subject.stripe.paymentIntents.capture(held.id, { amount_to_capture: 1_500 });
    const tooMuch = await refusal(subject.stripe.refunds.create({ payment_intent: held.id, amount: 1_501 }));
    const refund = await subject.stripe.refunds.create({ payment_intent: held.id });

    expect(tooMuch.statusCode).toBe(400);
    expect(refund.amount).toBe(1_500);
  });

  it('refuses what was never paid, or only held', async () => {
    const unpaid = await subject.stripe.paymentIntents.create(cardPayment());
    const held = await subject.stripe.paymentIntents.create(paid({ capture_method: 'manual' }));

    expect(await refusal(subject.stripe.refunds.create({ payment_intent: unpaid.id }))).toMatchObject({
      statusCode: 400,
      rawType: 'invalid_request_error',
    });
    expect((await refusal(subject.stripe.refunds.create({ payment_intent: held.id }))).statusCode).toBe(400);
  });

  it('refuses a payment it does not know, and no payment at all', async () => {
    expect(await refusal(subject.stripe.refunds.create({ payment_intent: 'pi_none' }))).toMatchObject({
      code: 'resource_missing',
      param: 'payment_intent',
    });
    expect((await refusal(subject.stripe.refunds.create({}))).statusCode).toBe(400);
  });

  it('takes the refund off the balance', async () => {
    const intent = await subject.stripe.paymentIntents.create(paid());
    const refund = await subject.stripe.refunds.create({
      payment_intent: intent.id,
      amount: 700,
      expand: ['balance_transaction'],
    });

    expect(refund.balance_transaction).toMatchObject({ amount: -700, type: 'refund', currency: 'usd' });
  });

  it.each([
    ['pm_card_pendingRefund', 'pending', 'succeeded'],
    ['pm_card_refundFail', 'succeeded', 'failed'],
  ])('%s: a refund is %s first and %s later', async (card, first, later) => {
    const intent = await subject.stripe.paymentIntents.create(paid({ payment_method: card }));
    const refund = await subject.stripe.refunds.create({ payment_intent: intent.id });

    expect(refund.status).toBe(first);
    await eventually(async () => expect((await subject.stripe.refunds.retrieve(refund.id)).status).toBe(later), 50_000);
  });
});
