import { createHmac } from 'node:crypto';
import { testClock, until } from '@marketgraph/platform/testing';
import Stripe from 'stripe';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aCheckout, create, digestOf, type Marketplace, startMarketplace, WEBHOOK_SECRET } from './marketplace.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const MOMENT_MS = 1_000;
const clock = testClock(new Date());
let shop: Marketplace;
let stripe: Stripe;
beforeAll(async () => {
  shop = await startMarketplace({ clock, webhooks: false });
  const { host, port } = shop.emulator;
  stripe = new Stripe(shop.config.stripe.secretKey, { host, port, protocol: 'http', maxNetworkRetries: 0 });
});
afterAll(() => shop?.stop());

/** As the provider sends it again: the same event, signed anew at that time. */
async function deliver(event: object): Promise<number> {
  const body = JSON.stringify(event);
  const at = Math.floor(clock.now().getTime() / 1_000);
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${at}.${body}`).digest('hex');
  const response = await fetch(shop.webhookUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${signature}` },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

describe('R20 what the provider sends again', () => {
  it('R20 row 55 each event of a payment, 20 times at once on each of three days: one effect', async () => {
    const { payment, clientSecret } = await create(shop, aCheckout());
    const intent = await shop.confirm(clientSecret!, 'pm_card_visa');
    await stripe.paymentIntents.capture(intent.id);
    const { data } = await stripe.events.list({ limit: 100 });
    const events = data.filter((event) => JSON.stringify(event.data.object).includes(intent.id));
    expect(events.length).toBeGreaterThanOrEqual(4);
    const handled = () =>
      shop.sql("select 1 from webhook_event where status = 'PENDING'").then((pending) => pending.length === 0);
    const digests: string[] = [];
    for (let day = 0; day < 3; day += 1) {
      const answers = await Promise.all(events.flatMap((event) => Array.from({ length: 20 }, () => deliver(event))));
      expect(new Set(answers)).toEqual(new Set([200]));
      // Some wait a moment for the one they come with.
      clock.advance(MOMENT_MS);
      await until(handled);
      digests.push(JSON.stringify(await digestOf(shop, payment!.id)));
      const stored = await shop.sql('select 1 from webhook_event');
      expect(stored).toHaveLength(events.length);
      clock.advance(DAY_MS);
    }
    expect(new Set(digests).size).toBe(1);
    expect(digests[0]).toContain('"CAPTURED"');
  });
});
