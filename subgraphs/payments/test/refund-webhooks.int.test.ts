import { createHmac } from 'node:crypto';
import { until } from '@marketgraph/platform/testing';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anAuthorizedPayment,
  aPart,
  digestOf,
  ids,
  type Marketplace,
  startMarketplace,
  WEBHOOK_SECRET,
} from './marketplace.ts';
import { aSoldOrder } from './payouts.ts';
import { booksOf, refund, refundPart } from './refunds.ts';

let shop: Marketplace;
let quiet: Marketplace;
let desk: Stripe;
beforeAll(async () => {
  shop = await startMarketplace();
  // Nobody is told anything here but by the tests.
  quiet = await startMarketplace({ webhooks: false });
  const { host, port } = quiet.emulator;
  desk = new Stripe(quiet.config.stripe.secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0 });
});
afterAll(async () => {
  await shop?.stop();
  await quiet?.stop();
});

describe('the bank has the last word on a refund', () => {
  it('P11 one that is pending at the bank is PENDING here, and done when the bank says so', async () => {
    const part = aPart(10_000);
    const { orderId, paymentId, intent } = await aSoldOrder(shop, [part], 'pm_card_pendingRefund');
    expect(await refundPart(shop, { orderId, part, amount: 4_000 })).toMatchObject({ refund: { status: 'PENDING' } });
    const [movement] = shop.emulator.control
      .record({ payment_intent: intent })
      .payments[0]!.movements.filter(({ kind }) => kind === 'refund');
    shop.emulator.control.settleRefund(movement!.object, 'succeed');
    await until(async () => (await booksOf(shop, paymentId)).refunded === 4_000);
    expect(await booksOf(shop, paymentId)).toMatchObject({ held: 6_000, isWhole: true, isBalanced: true });
  });

  it('P11 one that comes back is FAILED: the money is held for the buyer, and goes out with the next refund', async () => {
    const part = aPart(10_000);
    const { orderId, paymentId } = await aSoldOrder(shop, [part], 'pm_card_refundFail');
    const first = await refundPart(shop, { orderId, part, amount: 4_000 });
    const statusOf = async () =>
      (await shop.sql<{ status: string }>('select status from refund where id = ?', [first.refund!.id]))[0]!.status;
    await until(async () => (await statusOf()) === 'FAILED');
    expect(await booksOf(shop, paymentId)).toMatchObject({
      status: 'CAPTURED',
      refunded: 0,
      atProvider: 0,
      held: 10_000,
      settlements: [{ gross: 6_000 }],
      isBalanced: true,
    });
    const again = await refund(shop, {
      orderId,
      amount: { amount: 4_000, currencyCode: 'EUR' },
      reason: 'Once more, to another card',
    });
    // Nobody's money first: the vendor has given its part already.
    expect(again.refund).toMatchObject({ parts: [] });
    expect(await booksOf(shop, paymentId)).toMatchObject({ settlements: [{ gross: 6_000 }] });
  });

  it('a refund made at the provider’s own desk is found, booked once, and taken from the vendors', async () => {
    const part = aPart(10_000);
    const { paymentId, intent } = await aSoldOrder(shop, [part]);
    const { host, port } = shop.emulator;
    const stripe = new Stripe(shop.config.stripe.secretKey, { host, port, protocol: 'http' });
    await stripe.refunds.create({ payment_intent: intent, amount: 1_500 });
    await until(async () => (await booksOf(shop, paymentId)).refunded === 1_500);
    expect(await booksOf(shop, paymentId)).toMatchObject({
      status: 'PARTIALLY_REFUNDED',
      settlements: [{ gross: 8_500 }],
      isWhole: true,
      isBalanced: true,
    });
  });
});

interface Told {
  type: string;
  object: { id: string; payment_intent?: string };
  account?: string;
}

async function tell(event: Told & { id: string }): Promise<number> {
  const { id, type, object, account } = event;
  const created = Math.floor(Date.now() / 1_000);
  const body = JSON.stringify({ id, object: 'event', type, created, livemode: false, account, data: { object } });
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${created}.${body}`).digest('hex');
  const response = await fetch(quiet.webhookUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': `t=${created},v1=${signature}` },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

/** Captured, partly refunded and disputed at the provider, and nobody has told us. */
async function anUnheardPayment(): Promise<{ paymentId: string; dispute: string; events: Told[] }> {
  const { id, intent } = await anAuthorizedPayment(quiet);
  const captured = await desk.paymentIntents.capture(intent);
  const charge = String(captured.latest_charge);
  await desk.refunds.create({ payment_intent: intent, amount: 2_500 });
  const dispute = quiet.emulator.control.openDispute(charge).id;
  return {
    paymentId: id,
    dispute,
    events: [
      { type: 'payment_intent.created', object: { id: intent } },
      { type: 'payment_intent.succeeded', object: { id: intent } },
      { type: 'charge.refunded', object: { id: charge, payment_intent: intent } },
      { type: 'charge.dispute.created', object: { id: dispute, payment_intent: intent } },
      { type: 'payout.paid', object: { id: ids.next('po') }, account: 'acct_somebody' },
    ],
  };
}

async function handled(eventId: string): Promise<boolean> {
  const [row] = await quiet.sql<{ status: string }>('select status from webhook_event where event_id = ?', [eventId]);
  return row !== undefined && row.status !== 'PENDING';
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

describe('what the provider tells, in any order and any number of times', () => {
  it('R21 all 120 orders of created, succeeded, refunded, dispute.created and payout.paid end in the same state', async () => {
    const orders = permutations([0, 1, 2, 3, 4]);
    expect(orders).toHaveLength(120);
    const ends = new Set<string>();
    const play = async (order: readonly number[]) => {
      const { paymentId, events } = await anUnheardPayment();
      for (const index of order) {
        const id = ids.next('evt');
        expect(await tell({ ...events[index]!, id })).toBe(200);
        await until(() => handled(id), { timeoutMs: 30_000, what: 'the event to be handled' });
      }
      ends.add(JSON.stringify([await digestOf(quiet, paymentId), (await booksOf(quiet, paymentId)).refunded]));
    };
    for (let from = 0; from < orders.length; from += 20) {
      await Promise.all(orders.slice(from, from + 20).map(play));
    }
    expect([...ends]).toHaveLength(1);
    expect([...ends][0]).toContain('"status":"DISPUTED"');
  }, 120_000);

  it('R20 each event twenty times in parallel has one effect', async () => {
    const { paymentId, events } = await anUnheardPayment();
    const named = events.map((event) => ({ ...event, id: ids.next('evt') }));
    const statuses = await Promise.all(named.flatMap((event) => Array.from({ length: 20 }, () => tell(event))));
    expect(new Set(statuses)).toEqual(new Set([200]));
    for (const { id } of named) await until(() => handled(id));
    expect(await booksOf(quiet, paymentId)).toMatchObject({
      ...{ refunded: 2_500, atProvider: 2_500, held: 7_500, withBanks: 7_500, onChargebacks: 7_500 },
    });
    const kept = await quiet.sql(
      'select 1 from webhook_event where event_id in (select value from jsonb_array_elements_text(?::jsonb) as value)',
      [JSON.stringify(named.map(({ id }) => id))],
    );
    expect(kept).toHaveLength(5);
  });

  it.each([
    ['in order', ['created', 'funds_withdrawn', 'closed']],
    ['the end first', ['closed', 'funds_withdrawn', 'created']],
    ['some of it twice', ['funds_withdrawn', 'closed', 'created', 'closed', 'funds_withdrawn']],
  ])('R21 a dispute that is lost, told %s, is booked and borne once', async (_how, types) => {
    const part = aPart(10_000);
    const { paymentId, intent } = await aSoldOrder(quiet, [part]);
    const charge = String((await desk.paymentIntents.retrieve(intent)).latest_charge);
    const dispute = quiet.emulator.control.openDispute(charge).id;
    for (const [index, type] of types.entries()) {
      if (index === 1) quiet.emulator.control.closeDispute(dispute, 'lost');
      const event = {
        id: ids.next('evt'),
        type: `charge.dispute.${type}`,
        object: { id: dispute, payment_intent: intent },
      };
      expect(await tell(event)).toBe(200);
      await until(() => handled(event.id));
    }
    expect(await booksOf(quiet, paymentId)).toMatchObject({
      ...{ status: 'REFUNDED', refunded: 10_000, viaBank: 10_000, withBanks: 10_000, onChargebacks: 0, held: 0 },
      settlements: [{ status: 'REVERSED', gross: 0 }],
      ...{ isWhole: true, isBalanced: true },
    });
  });
});
