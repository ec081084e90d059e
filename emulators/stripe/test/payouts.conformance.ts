import { describe, expect, it } from 'vitest';

import { eventually } from './support/eventually.ts';
import { ownEmulator, paid, refusal } from './support/subject.ts';
import { onboarded } from './support/vendor.ts';

describe('Payouts', () => {
  const own = ownEmulator({ settings: { payoutDelayMs: 60_000 } });
  const funded = async (accountNumber = '000123456789') => {
    const account = await onboarded(own.stripe, own.control, accountNumber);
    const intent = await own.stripe.paymentIntents.create(
      paid({ amount: 10_000, payment_method: 'pm_card_bypassPending', capture_method: 'automatic' }),
    );
    await own.stripe.transfers.create({
      amount: 8_000,
      currency: 'usd',
      destination: account,
      source_transaction: intent.latest_charge as string,
    });
    return { stripeAccount: account };
  };

  it('are pending until the bank answers, and paid then', async () => {
    const there = await funded();
    const payout = await own.stripe.payouts.create({ amount: 8_000, currency: 'usd', metadata: { p: '1' } }, there);
    const pending = await own.stripe.payouts.retrieve(payout.id, {}, there);
    own.control.advanceClock(60_000);
    const settled = await own.stripe.payouts.retrieve(payout.id, {}, there);

    expect(payout).toMatchObject({
      object: 'payout',
      amount: 8_000,
      automatic: false,
      destination: expect.stringMatching(/^ba_/),
      metadata: { p: '1' },
      method: 'standard',
      type: 'bank_account',
    });
    expect(payout.arrival_date - payout.created).toBe(60);
    expect([pending.status, settled.status]).toEqual(['pending', 'paid']);
    const balance = await own.stripe.balance.retrieve({}, there);
    expect(balance.available).toMatchObject([{ amount: 0, currency: 'usd' }]);
  });

  it.each([
    ['000111111116', 'no_account'],
    ['000111111113', 'account_closed'],
    ['000222222227', 'insufficient_funds'],
    ['000333333335', 'debit_not_authorized'],
    ['000444444440', 'invalid_currency'],
  ])('to the bank account %s fail with %s, and the money is back', async (accountNumber, code) => {
    const there = await funded(accountNumber);
    const payout = await own.stripe.payouts.create({ amount: 8_000, currency: 'usd' }, there);
    own.control.advanceClock(60_000);
    const failed = await own.stripe.payouts.retrieve(payout.id, { expand: ['failure_balance_transaction'] }, there);

    expect(failed).toMatchObject({
      status: 'failed',
      failure_code: code,
      failure_balance_transaction: { amount: 8_000, type: 'payout_failure' },
    });
    const balance = await own.stripe.balance.retrieve({}, there);
    expect(balance.available).toMatchObject([{ amount: 8_000, currency: 'usd' }]);
  });

  it('are settled by hand, once', async () => {
    const there = await funded();
    const payout = await own.stripe.payouts.create({ amount: 1_000, currency: 'usd' }, there);
    own.control.settlePayout(payout.id, { status: 'failed', failure_code: 'account_closed' });
    own.control.settlePayout(payout.id, { status: 'paid' });

    expect((await own.stripe.payouts.retrieve(payout.id, {}, there)).status).toBe('failed');
  });

  it('can be canceled while pending', async () => {
    const there = await funded();
    const payout = await own.stripe.payouts.create({ amount: 1_000, currency: 'usd' }, there);
    const canceled = await own.stripe.payouts.cancel(payout.id, {}, there);
    own.control.advanceClock(60_000);

    expect(canceled.status).toBe('canceled');
    expect((await own.stripe.payouts.retrieve(payout.id, {}, there)).status).toBe('canceled');
    expect((await refusal(own.stripe.payouts.cancel(payout.id, {}, there))).statusCode).toBe(400);
  });

  it('refuse more than is available, a currency without a bank account, and a stopped account', async () => {
    const there = await funded();

    expect(await refusal(own.stripe.payouts.create({ amount: 8_001, currency: 'usd' }, there))).toMatchObject({
      statusCode: 400,
      code: 'balance_insufficient',
    });
    expect((await refusal(own.stripe.payouts.create({ amount: 1, currency: 'eur' }, there))).statusCode).toBe(400);
    own.control.restrict(there.stripeAccount, 'listed');
    expect(await refusal(own.stripe.payouts.create({ amount: 1, currency: 'usd' }, there))).toMatchObject({
      code: 'payouts_not_allowed',
    });
  });

  it('belong to one account: another one does not see them', async () => {
    const there = await funded();
    const payout = await own.stripe.payouts.create({ amount: 1_000, currency: 'usd' }, there);

    expect(await refusal(own.stripe.payouts.retrieve(payout.id))).toMatchObject({ statusCode: 404 });
    await eventually(async () => {
      const events = await own.stripe.events.list({ type: 'payout.created' }, there);
      expect(events.data.map(({ account }) => account)).toEqual([there.stripeAccount]);
    });
  });
});
