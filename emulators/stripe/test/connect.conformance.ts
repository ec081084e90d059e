import type Stripe from 'stripe';
import { describe, expect, it } from 'vitest';

import { bank, onboarded } from './support/vendor.ts';
import { ownEmulator, paid, refusal } from './support/subject.ts';

describe('Connected accounts', () => {
  const own = ownEmulator();

  it('start without the right to receive money, and say what is missing', async () => {
    const account = await own.stripe.accounts.create({
      type: 'express',
      country: 'US',
      email: 'vendor@shop.example',
      metadata: { vendor: 'v1' },
    });

    expect(account).toMatchObject({
      object: 'account',
      type: 'express',
      charges_enabled: false,
      payouts_enabled: false,
      details_submitted: false,
      capabilities: { transfers: 'inactive' },
      metadata: { vendor: 'v1' },
      requirements: {
        currently_due: expect.arrayContaining(['external_account', 'tos_acceptance.date']),
        disabled_reason: 'requirements.past_due',
      },
    });
    expect(account.id).toMatch(/^acct_\w{16}$/);
    const error = await refusal(own.stripe.transfers.create({ amount: 100, currency: 'usd', destination: account.id }));
    expect(error).toMatchObject({ statusCode: 400, code: 'insufficient_capabilities_for_transfer' });
  });

  it('are enabled by the pages an account link leads to; the link is good once', async () => {
    const account = await own.stripe.accounts.create({ type: 'express', country: 'US' });
    const link = await own.stripe.accountLinks.create({
      account: account.id,
      type: 'account_onboarding',
      refresh_url: 'https://shop.example/again',
      return_url: 'https://shop.example/done',
    });
    const page = await fetch(link.url);
    const form = { method: 'POST', body: new URLSearchParams(), redirect: 'manual' as const };
    const posted = await fetch(link.url, form);
    const again = await fetch(link.url, form);

    expect(link).toMatchObject({ object: 'account_link', expires_at: link.created + 300 });
    expect(await page.text()).toContain('<form method="post"');
    expect([posted.status, posted.headers.get('location')]).toEqual([303, 'https://shop.example/done']);
    expect([again.status, again.headers.get('location')]).toEqual([303, 'https://shop.example/again']);
    expect(await own.stripe.accounts.retrieve(account.id)).toMatchObject({
      charges_enabled: true,
      payouts_enabled: true,
      details_submitted: true,
      capabilities: { transfers: 'active' },
      external_accounts: { data: [{ object: 'bank_account', last4: '6789', default_for_currency: true }] },
      requirements: { currently_due: [], disabled_reason: null },
    });
    const events = await own.stripe.events.list({ type: 'account.updated' }, { stripeAccount: account.id });
    expect(events.data[0]).toMatchObject({
      account: account.id,
      data: { object: { payouts_enabled: true }, previous_attributes: { payouts_enabled: false } },
    });
  });

  it('of the custom kind are enabled by what the platform tells about them', async () => {
    const account = await own.stripe.accounts.create({
      type: 'custom',
      country: 'US',
      capabilities: { transfers: { requested: true } },
      business_type: 'individual',
      business_profile: { mcc: '5734', url: 'https://vendor.example' },
      individual: { first_name: 'Ada', last_name: 'Lovelace' },
    });
    const updated = await own.stripe.accounts.update(account.id, {
      external_account: bank('000123456789'),
      tos_acceptance: { date: 1_760_000_000, ip: '203.0.113.7' },
    });

    expect(account.requirements?.currently_due).toEqual([
      'external_account',
      'tos_acceptance.date',
      'tos_acceptance.ip',
    ]);
    expect(updated).toMatchObject({ payouts_enabled: true, capabilities: { transfers: 'active' } });
  });

  it('can be stopped and let go on', async () => {
    const account = await onboarded(own.stripe, own.control);
    own.control.restrict(account, 'under_review');
    const stopped = await own.stripe.accounts.retrieve(account);
    own.control.restrict(account, null);
    const resumed = await own.stripe.accounts.retrieve(account);

    expect(stopped).toMatchObject({ payouts_enabled: false, requirements: { disabled_reason: 'under_review' } });
    expect(resumed).toMatchObject({ payouts_enabled: true, requirements: { disabled_reason: null } });
  });

  it('take only the documented test bank accounts', async () => {
    const account = await own.stripe.accounts.create({ type: 'custom', country: 'US' });
    const error = await refusal(
      own.stripe.accounts.createExternalAccount(account.id, { external_account: bank('123456789012') }),
    );

    expect(error).toMatchObject({ statusCode: 400, code: 'account_number_invalid' });
  });
});

describe('Transfers', () => {
  const own = ownEmulator();
  const chargeOf = async (details: Partial<Stripe.PaymentIntentCreateParams> = {}) => {
    const intent = await own.stripe.paymentIntents.create(
      paid({ amount: 10_000, capture_method: 'automatic', ...details }),
    );
    return { intent: intent.id, charge: intent.latest_charge as string };
  };

  it('share one charge out among three vendors, before its money has arrived', async () => {
    const { intent, charge } = await chargeOf({ transfer_group: 'order_1' });
    const vendors = await Promise.all([1, 2, 3].map(() => onboarded(own.stripe, own.control)));
    const transfers = [];
    for (const [index, destination] of vendors.entries()) {
      transfers.push(
        await own.stripe.transfers.create({
          amount: 3_000 + index,
          currency: 'usd',
          destination,
          source_transaction: charge,
          transfer_group: 'order_1',
          metadata: { vendor_order: String(index) },
        }),
      );
    }

    expect(transfers[0]).toMatchObject({
      object: 'transfer',
      amount: 3_000,
      amount_reversed: 0,
      destination: vendors[0],
      reversed: false,
      reversals: { object: 'list', data: [] },
      source_transaction: charge,
      transfer_group: 'order_1',
    });
    const listed = await own.stripe.transfers.list({ transfer_group: 'order_1' });
    expect(listed.data.map(({ id }) => id)).toEqual(transfers.map(({ id }) => id).toReversed());
    for (const [index, stripeAccount] of vendors.entries()) {
      const balance = await own.stripe.balance.retrieve({}, { stripeAccount });
      expect(balance.pending).toMatchObject([{ amount: 3_000 + index, currency: 'usd' }]);
      expect(balance.available).toMatchObject([{ amount: 0, currency: 'usd' }]);
    }
    expect(own.control.record({ payment_intent: intent }).payments).toMatchObject([
      { captured: 10_000, transferred: 9_003, reversed: 0 },
    ]);
  });

  it('never share out more of a charge than was captured', async () => {
    const { charge } = await chargeOf();
    const destination = await onboarded(own.stripe, own.control);
    const transfer = (amount: number) =>
      own.stripe.transfers.create({ amount, currency: 'usd', destination, source_transaction: charge });
    await transfer(9_000);
    const error = await refusal(transfer(1_001));

    expect(error).toMatchObject({ statusCode: 400, param: 'amount' });
    expect((await transfer(1_000)).amount).toBe(1_000);
  });

  it('find a charge again by the group its first transfer gave it', async () => {
    const { intent, charge } = await chargeOf();
    const destination = await onboarded(own.stripe, own.control);
    const transfer = await own.stripe.transfers.create({
      amount: 100,
      currency: 'usd',
      destination,
      source_transaction: charge,
    });

    expect(transfer.transfer_group).toBe(`group_${intent}`);
    expect((await own.stripe.charges.retrieve(charge)).transfer_group).toBe(`group_${intent}`);
  });

  it('from the balance need money that has arrived', async () => {
    const fresh = ownBalance(own.stripe);
    const destination = await onboarded(own.stripe, own.control);
    const before = await fresh.available();
    const transfer = () => own.stripe.transfers.create({ amount: before + 100, currency: 'usd', destination });
    const error = await refusal(transfer());
    await own.stripe.paymentIntents.create(
      paid({ amount: 1_000, payment_method: 'pm_card_bypassPending', capture_method: 'automatic' }),
    );

    expect(error).toMatchObject({ statusCode: 400, code: 'balance_insufficient' });
    expect((await transfer()).source_transaction).toBeNull();
  });

  it('refuse a destination that is not there and a charge in another currency', async () => {
    const { charge } = await chargeOf({ currency: 'eur' });
    const destination = await onboarded(own.stripe, own.control);

    expect(
      await refusal(own.stripe.transfers.create({ amount: 1, currency: 'usd', destination: 'acct_none' })),
    ).toMatchObject({ statusCode: 400, code: 'resource_missing', param: 'destination' });
    expect(
      await refusal(
        own.stripe.transfers.create({ amount: 1, currency: 'usd', destination, source_transaction: charge }),
      ),
    ).toMatchObject({ statusCode: 400, param: 'currency' });
  });

  it('are reversed in parts, as far as they go', async () => {
    const { intent, charge } = await chargeOf();
    const destination = await onboarded(own.stripe, own.control);
    const transfer = await own.stripe.transfers.create({
      amount: 5_000,
      currency: 'usd',
      destination,
      source_transaction: charge,
    });
    const reversal = await own.stripe.transfers.createReversal(transfer.id, {
      amount: 2_000,
      metadata: { why: 'return' },
    });
    const partly = await own.stripe.transfers.retrieve(transfer.id);
    const tooMuch = await refusal(own.stripe.transfers.createReversal(transfer.id, { amount: 3_001 }));
    await own.stripe.transfers.createReversal(transfer.id);
    const wholly = await own.stripe.transfers.retrieve(transfer.id);

    expect(reversal).toMatchObject({
      object: 'transfer_reversal',
      amount: 2_000,
      metadata: { why: 'return' },
      transfer: transfer.id,
    });
    expect(partly).toMatchObject({ amount_reversed: 2_000, reversed: false });
    expect(tooMuch).toMatchObject({ statusCode: 400, param: 'amount' });
    expect(wholly).toMatchObject({
      amount_reversed: 5_000,
      reversed: true,
      reversals: { data: [{}, { id: reversal.id }] },
    });
    const balance = await own.stripe.balance.retrieve({}, { stripeAccount: destination });
    expect(balance.pending).toMatchObject([{ amount: 0 }]);
    expect(own.control.record({ payment_intent: intent }).payments).toMatchObject([
      { transferred: 5_000, reversed: 5_000 },
    ]);
  });

  it('cannot be reversed once the money has gone to the bank', async () => {
    const { charge } = await chargeOf();
    const destination = await onboarded(own.stripe, own.control);
    const transfer = await own.stripe.transfers.create({
      amount: 5_000,
      currency: 'usd',
      destination,
      source_transaction: charge,
    });
    own.control.settleBalance(destination);
    await own.stripe.payouts.create({ amount: 4_000, currency: 'usd' }, { stripeAccount: destination });
    const error = await refusal(own.stripe.transfers.createReversal(transfer.id));

    expect(error).toMatchObject({ statusCode: 400, code: 'balance_insufficient' });
    expect((await own.stripe.transfers.createReversal(transfer.id, { amount: 1_000 })).amount).toBe(1_000);
  });
});

function ownBalance(stripe: Stripe) {
  return {
    async available(): Promise<number> {
      const { available } = await stripe.balance.retrieve();
      return available.find(({ currency }) => currency === 'usd')?.amount ?? 0;
    },
  };
}
