import { describe, expect, it } from 'vitest';

import { eventually } from './support/eventually.ts';
import { cardPayment, conformance, paid, refusal } from './support/subject.ts';

conformance('Reading', (subject) => {
  it('answers 404 in the API shape for an id it does not know', async () => {
    const error = await refusal(subject.stripe.paymentIntents.retrieve('pi_none'));

    expect(error).toMatchObject({
      type: 'StripeInvalidRequestError',
      statusCode: 404,
      code: 'resource_missing',
      param: 'intent',
      message: "No such payment_intent: 'pi_none'",
    });
    expect(error.requestId).toMatch(/^req_/);
  });

  it.each([
    ['charge', () => subject.stripe.charges.retrieve('ch_none')],
    ['refund', () => subject.stripe.refunds.retrieve('re_none')],
    ['customer', () => subject.stripe.customers.retrieve('cus_none')],
    ['event', () => subject.stripe.events.retrieve('evt_none')],
    ['balance transaction', () => subject.stripe.balanceTransactions.retrieve('txn_none')],
  ])('answers 404 for an unknown %s', async (_noun, call) => {
    expect(await refusal(call())).toMatchObject({ statusCode: 404, code: 'resource_missing' });
  });

  describe('lists', () => {
    it('go newest first, page by page, without a gap or a double', async () => {
      const customer = await subject.stripe.customers.create();
      const ids: string[] = [];
      for (let n = 0; n < 5; n += 1) {
        const intent = await subject.stripe.paymentIntents.create(cardPayment({ customer: customer.id }));
        ids.unshift(intent.id);
      }
      const first = await subject.stripe.paymentIntents.list({ customer: customer.id, limit: 2 });
      const second = await subject.stripe.paymentIntents.list({
        customer: customer.id,
        limit: 3,
        starting_after: first.data[1]!.id,
      });
      const back = await subject.stripe.paymentIntents.list({
        customer: customer.id,
        limit: 2,
        ending_before: ids[3]!,
      });

      expect(first).toMatchObject({ object: 'list', has_more: true, url: '/v1/payment_intents' });
      expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(ids);
      expect(second.has_more).toBe(false);
      expect(back.data.map(({ id }) => id)).toEqual(ids.slice(1, 3));
      expect(back.has_more).toBe(true);
    });

    it('page by themselves in the SDK', async () => {
      const customer = await subject.stripe.customers.create();
      for (let n = 0; n < 3; n += 1) {
        await subject.stripe.paymentIntents.create(cardPayment({ customer: customer.id }));
      }
      const all = await subject.stripe.paymentIntents
        .list({ customer: customer.id, limit: 2 })
        .autoPagingToArray({ limit: 10 });

      expect(all).toHaveLength(3);
    });

    it.each([0, 101])('refuse a limit of %i', async (limit) => {
      const error = await refusal(subject.stripe.charges.list({ limit }));

      expect(error).toMatchObject({ statusCode: 400, param: 'limit' });
    });

    it('refuse to start after an object that does not exist', async () => {
      const error = await refusal(subject.stripe.charges.list({ starting_after: 'ch_none' }));

      expect(error).toMatchObject({ statusCode: 400, code: 'resource_missing', param: 'starting_after' });
    });

    it('find the charges of a transfer group', async () => {
      const group = `order_${Date.now()}`;
      const intent = await subject.stripe.paymentIntents.create(paid({ transfer_group: group }));
      await subject.stripe.paymentIntents.create(paid());
      const charges = await subject.stripe.charges.list({ transfer_group: group });

      expect(charges.data.map((charge) => charge.payment_intent)).toEqual([intent.id]);
    });
  });

  describe('search', () => {
    it('finds a payment by its metadata once it had time to be indexed', async () => {
      const order = `o'${Date.now()}`;
      const intent = await subject.stripe.paymentIntents.create(paid({ metadata: { order } }));
      const query = `metadata["order"]:"${order}" AND status:"succeeded"`;

      await eventually(async () => {
        const found = await subject.stripe.paymentIntents.search({ query });
        expect(found).toMatchObject({ object: 'search_result', has_more: false, next_page: null });
        expect(found.data.map(({ id }) => id)).toEqual([intent.id]);
      }, 50_000);
    });

    it.each(['', 'order=5', "secret:'x'", "status:'succeeded' nonsense"])('refuses the query %j', async (query) => {
      const error = await refusal(subject.stripe.paymentIntents.search({ query }));

      expect(error).toMatchObject({ statusCode: 400, param: 'query' });
    });
  });

  describe('expand', () => {
    it('replaces ids by objects, also inside lists and over several steps', async () => {
      const customer = await subject.stripe.customers.create({ email: 'a@shop.example' });
      const intent = await subject.stripe.paymentIntents.create(paid({ customer: customer.id }));
      const list = await subject.stripe.paymentIntents.list({
        customer: customer.id,
        expand: ['data.customer', 'data.latest_charge.payment_intent'],
      });

      expect(list.data[0]).toMatchObject({
        id: intent.id,
        customer: { email: 'a@shop.example' },
        latest_charge: { object: 'charge', payment_intent: { id: intent.id } },
      });
    });

    it('refuses a field that is not a reference', async () => {
      const intent = await subject.stripe.paymentIntents.create(cardPayment());
      const error = await refusal(subject.stripe.paymentIntents.retrieve(intent.id, { expand: ['amount'] }));

      expect(error).toMatchObject({ statusCode: 400 });
      expect(error.message).toContain('cannot be expanded');
    });
  });

  describe('events', () => {
    it('keep what happened, as it was at that moment', async () => {
      const intent = await subject.stripe.paymentIntents.create(cardPayment());
      await subject.stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' });

      await eventually(async () => {
        const events = await subject.stripe.events.list({ type: 'payment_intent.created', limit: 20 });
        const created = events.data.find((event) => (event.data.object as { id: string }).id === intent.id);
        expect(created).toMatchObject({
          object: 'event',
          data: { object: { id: intent.id, status: 'requires_payment_method' } },
          livemode: false,
          request: { id: expect.stringMatching(/^req_/), idempotency_key: expect.any(String) },
        });
        expect(await subject.stripe.events.retrieve(created!.id)).toMatchObject({ id: created!.id });
      });
    });
  });
});
