import { setTimeout as pause } from 'node:timers/promises';
import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../simulator/world/random.ts';
import { aRun, newKey, registerVendor, signIn, type Vendor } from '../story/cast.ts';
import { fillCart, payByCard } from '../story/purchase.ts';
import { silentReport } from '../story/report.ts';
import { manyBuyers } from '../support/many-buyers.ts';
import { startTestMarketplace, type TestMarketplace } from '../support/marketplace.ts';
import { Person } from '../support/person.ts';
import { ask } from '../support/raw-graph.ts';
import { listProduct } from '../support/shop.ts';
import { settled } from './linearizability/trial.ts';
import { startedStubbornly } from './stubborn-buyer.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const ROUNDS = Number(process.env['CHAOS_ROUNDS'] ?? 1_000);
const OFFSET_MS = 200;
/** Rounds that run beside each other; each has a buyer and an offer of its own. */
const LANES = 8;
const ENDED = new Set(['CONFIRMED', 'FAILED', 'CANCELED']);

const REMOVAL = `mutation($input: CartLinesRemoveInput!) {
  cartLinesRemove(input: $input) { userErrors { code } } }`;

/** An edit comes in time, or what it edits is being paid or was sold. */
function expectRace(userErrors: readonly { code: unknown }[]): void {
  expect(userErrors.filter(({ code }) => code !== 'CONFLICT')).toEqual([]);
}

interface Ending {
  status: string;
  total: number;
  subtotal: number;
  /** What its lines come to, as they are stored. */
  lines: number;
}

describe(`R05 R06 the cart or a price changes while it is paid (CHAOS_SEED=${SEED}, CHAOS_ROUNDS=${ROUNDS})`, () => {
  let market: TestMarketplace;
  let vendor: Vendor;
  let operator: Person;
  let orders: pg.Pool;
  let payments: pg.Pool;

  beforeAll(async () => {
    market = await startTestMarketplace({ shape: 'monolith' });
    const { graph, stores } = market;
    operator = await signIn(graph, 'Olga', graph.operator);
    vendor = await registerVendor(graph, { name: 'Racer', run: aRun(), operator, report: silentReport });
    orders = new pg.Pool({ connectionString: stores.postgres.orders.ownerUrl, max: LANES });
    payments = new pg.Pool({ connectionString: stores.postgres.payments.ownerUrl, max: LANES });
  });
  afterAll(async () => {
    await Promise.all([orders?.end(), payments?.end()]);
    await market?.stop();
  });

  const endingOf = async (orderId: string): Promise<Ending> => {
    const { rows } = await orders.query<Ending>(
      `select orders.status, orders.total::int as total, orders.subtotal::int as subtotal,
              (select sum(line_total)::int from order_line where order_id = orders.id) as lines
         from orders where id = $1`,
      [orderId],
    );
    return rows[0]!;
  };
  const takenFor = async (orderId: string): Promise<number> => {
    const { rows } = await payments.query<{ taken: number }>(
      'select (captured_amount - refunded_amount)::int as taken from payment where order_id = $1',
      [orderId],
    );
    return rows[0]?.taken ?? 0;
  };

  /** One purchase, and one change of what is bought at about the same time. */
  const race = async (buyer: Person, random: Random, offer: { id: string; version: number }): Promise<string> => {
    const basket = await fillCart(buyer, [{ offerId: offer.id, quantity: 2 }]);
    const checkout = await startedStubbornly(buyer, basket);
    const { cart } = await buyer.ask(operations.CartDocument, { id: basket.cartId });
    const lineId = cart!.lines[0]!.id;
    const change = random.pick(['quantity', 'removal', 'price'] as const);
    const changed = async (): Promise<void> => {
      await pause(random.between(0, OFFSET_MS));
      if (change === 'quantity') {
        const lines = [{ lineId, quantity: 5 }];
        const { cartLinesUpdate } = await buyer.ask(operations.CartLinesUpdateDocument, {
          input: { cartId: basket.cartId, lines },
        });
        expectRace(cartLinesUpdate.userErrors);
      } else if (change === 'removal') {
        const { data } = await ask<{ cartLinesRemove: { userErrors: { code: string }[] } }>(market.url, REMOVAL, {
          variables: { input: { cartId: basket.cartId, lineIds: [lineId] } },
          token: buyer.accessToken,
        });
        expectRace(data!.cartLinesRemove.userErrors);
      } else {
        const { offerPriceSet } = await vendor.person.ask(operations.OfferPriceSetDocument, {
          id: offer.id,
          price: { amount: random.whole(100, 9_999), currencyCode: 'EUR' },
          expectedVersion: offer.version,
        });
        offer.version = offerPriceSet.offer?.version ?? offer.version;
      }
    };
    const paid = async (): Promise<void> => {
      await pause(random.between(0, OFFSET_MS));
      // A checkout that was given up has no payment any more that could be confirmed.
      await payByCard(market.graph, checkout, 'pm_card_visa').catch(() => undefined);
      await buyer.ask(operations.CheckoutCompleteDocument, {
        input: { cartId: basket.cartId, paymentId: checkout.paymentId, expectedTotal: basket.total },
        idempotencyKey: newKey(),
      });
    };
    await Promise.all([changed(), paid()]);
    const { status, total, subtotal, lines } = await until(async () => {
      const now = await endingOf(checkout.orderId);
      return ENDED.has(now.status) && now;
    });
    const taken = await until(async () => {
      const now = await takenFor(checkout.orderId);
      return (status === 'CONFIRMED') === now > 0 && { now };
    });
    expect(total).toBe(basket.total.amount);
    expect(lines).toBe(subtotal);
    expect({ change, status, taken: taken.now }).toEqual({
      change,
      status,
      taken: status === 'CONFIRMED' ? basket.total.amount : 0,
    });
    // A new price is nothing to an order that was placed at another.
    if (change === 'price') expect(status).toBe('CONFIRMED');
    return `${change} ${status}`;
  };

  it(
    'charged is the sum of the order’s lines as stored and as shown, or nothing',
    { timeout: 60 * 60_000 },
    async () => {
      const tokens = await manyBuyers(market, ROUNDS);
      const ends: string[] = [];
      let next = 0;
      await Promise.all(
        Array.from({ length: LANES }, async (_, lane) => {
          const sku = `RACE-${lane}-${aRun()}`;
          const { offerId } = await listProduct(vendor, operator, { title: sku, sku, units: 100_000 });
          const { data } = await ask<{ offer: { id: string; version: number } }>(
            market.url,
            'query($id: ID!) { offer(id: $id) { id version } }',
            { variables: { id: offerId }, token: vendor.person.accessToken },
          );
          const { offer } = data!;
          const random = new Random(SEED + lane);
          for (let round = next++; round < ROUNDS; round = next++) {
            const buyer = Object.assign(new Person(`Buyer ${round}`, market.url), { accessToken: tokens[round] });
            ends.push(await race(buyer, random, offer));
          }
        }),
      );
      const counts = Object.entries(Object.groupBy(ends, (end) => end)).map(
        ([end, those]) => `${those!.length} ${end}`,
      );
      process.stdout.write(`${counts.toSorted().join(', ')}\n`);
      // Both ends of both edits were seen, so there was a race.
      expect(new Set(ends).size).toBe(5);
      await settled(market);
    },
  );
});
