import { setTimeout as pause } from 'node:timers/promises';
import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import { Random } from '../simulator/world/random.ts';
import { aRun, newKey, registerBuyer, registerVendor, signIn } from '../story/cast.ts';
import { availableOf, fillCart, payByCard, type StartedCheckout } from '../story/purchase.ts';
import { silentReport } from '../story/report.ts';
import { manyBuyers } from '../support/many-buyers.ts';
import { type TestMarketplace, withMarketplace } from '../support/marketplace.ts';
import { Person } from '../support/person.ts';
import { buy, listProduct } from '../support/shop.ts';
import { settled } from './linearizability/trial.ts';
import { startedStubbornly } from './stubborn-buyer.ts';

const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const CARTS = 200;
const PAYERS = 20;
/** Short, but long enough for all carts to be reserved before the first of them is over. */
const TTL_S = 90;
const AROUND_MS = 200;
/** From the end of a reservation until its units are free again. */
const BACK_WITHIN_MS = 30_000;
const LANES = 16;

const ttl = { ORDERS_RESERVATION_TTL_S: String(TTL_S), INVENTORY_RESERVATION_TTL_S: String(TTL_S) };

interface Held {
  buyer: Person;
  checkout: StartedCheckout;
  expiresAtMs: number;
}

/** So many buyers who have one unit each set aside, and have not paid. */
async function hold(market: TestMarketplace, offerId: string, tokens: readonly string[]): Promise<Held[]> {
  const held: Held[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      for (let at = next++; at < tokens.length; at = next++) {
        const buyer = Object.assign(new Person(`Buyer ${at}`, market.url), { accessToken: tokens[at] });
        const basket = await fillCart(buyer, [{ offerId, quantity: 1 }]);
        const startedAt = Date.now();
        held.push({ buyer, checkout: await startedStubbornly(buyer, basket), expiresAtMs: startedAt + TTL_S * 1_000 });
      }
    }),
  );
  return held;
}

async function aShop({ graph }: TestMarketplace, units: number) {
  const run = aRun();
  const operator = await signIn(graph, 'Olga', graph.operator);
  const vendor = await registerVendor(graph, { name: 'Patience', run, operator, report: silentReport });
  const { offerId } = await listProduct(vendor, operator, { title: run, sku: `WAIT-${run}`, units });
  return { run, operator, offerId };
}

describe(`R07 reservations that run out (CHAOS_SEED=${SEED})`, () => {
  it(
    '200 carts are never paid, 20 are paid when their time ends, whoever sweeps is killed: the units come back, none is paid without',
    { timeout: 10 * 60_000 },
    async () => {
      await withMarketplace({ shape: 'processes', settings: ttl }, async (market) => {
        const random = new Random(SEED);
        const { operator, offerId } = await aShop(market, CARTS + PAYERS);
        const held = await hold(market, offerId, await manyBuyers(market, CARTS + PAYERS));
        const services = ['inventory', 'orders'].map((name) => market.processes!.services.get(name)!);

        const payers = held.slice(-PAYERS).map(async ({ buyer, checkout, expiresAtMs }) => {
          await pause(Math.max(expiresAtMs + random.between(-AROUND_MS, AROUND_MS) - Date.now(), 0));
          await payByCard(market.graph, checkout, 'pm_card_visa').catch(() => undefined);
          const key = newKey();
          return until(
            async () => {
              const { cartId, paymentId, total } = checkout;
              const { checkoutComplete } = await buyer.ask(operations.CheckoutCompleteDocument, {
                input: { cartId, paymentId, expectedTotal: total },
                idempotencyKey: key,
              });
              const { order } = await buyer.ask(operations.OrderDetailsDocument, { id: checkout.orderId });
              const status = checkoutComplete.order?.status ?? order?.status;
              return (status === 'CONFIRMED' || status === 'FAILED') && status;
            },
            { timeoutMs: 60_000, intervalMs: 250, what: `the end of ${checkout.orderId}` },
          );
        });
        const lastEndMs = Math.max(...held.map(({ expiresAtMs }) => expiresAtMs));
        const kills = services.map(async (service) => {
          await pause(Math.max(Math.min(...held.map(({ expiresAtMs }) => expiresAtMs)) - Date.now(), 0));
          for (let times = 0; times < 3; times += 1) {
            await service.kill();
            await service.restart();
          }
        });
        await Promise.all(kills);
        const ends = await Promise.all(payers);
        const paid = ends.filter((end) => end === 'CONFIRMED').length;
        await until(async () => (await availableOf(operator, offerId)) === CARTS + PAYERS - paid, {
          timeoutMs: Math.max(lastEndMs + BACK_WITHIN_MS - Date.now(), 10_000),
          what: `all units but the ${paid} that were paid`,
        });
        process.stdout.write(`${paid} of ${PAYERS} paid in time or had their unit again\n`);
        await settled(market);
      });
    },
  );

  it('units whose time is over are there for the next, though nobody sweeps', { timeout: 5 * 60_000 }, async () => {
    const settings = { ...ttl, INVENTORY_SWEEP_INTERVAL_MS: '60000', ORDERS_CHECKOUT_SWEEP_MS: '30000' };
    await withMarketplace({ shape: 'monolith', settings }, async (market) => {
      const units = 8;
      const { run, offerId } = await aShop(market, units);
      const held = await hold(market, offerId, await manyBuyers(market, units));
      await pause(Math.max(...held.map(({ expiresAtMs }) => expiresAtMs)) - Date.now() + AROUND_MS);
      const next = await registerBuyer(market.graph, 'Next', run);
      await buy(market.graph, next, [{ offerId, quantity: units }]);
      expect(await availableOf(next, offerId)).toBe(0);
      await settled(market, { timeoutMs: 90_000 });
    });
  });
});
