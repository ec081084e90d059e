import { setTimeout as pause } from 'node:timers/promises';
import * as operations from '@marketgraph/schema/generated/operations';
import { until } from '@marketgraph/platform/testing';
import pg from 'pg';
import { aRun, newKey, registerVendor, signIn } from '../story/cast.ts';
import type { Basket } from '../story/purchase.ts';
import { accepted, silentReport } from '../story/report.ts';
import { Random } from '../simulator/world/random.ts';
import { manyBuyers } from '../support/many-buyers.ts';
import type { TestMarketplace } from '../support/marketplace.ts';
import { Person } from '../support/person.ts';
import { type Listing, listProduct } from '../support/shop.ts';
import { killPlan } from './kill-plan.ts';
import { startKiller } from './killer.ts';
import { buyStubbornly, type Purchase } from './stubborn-buyer.ts';

export interface RandomKills {
  seed: number;
  checkouts: number;
  kills: number;
  /** Over which the checkouts begin. */
  overMs: number;
  /** How long a client goes on asking for the end of one checkout. */
  patienceMs: number;
}

export interface RandomKillsResult {
  killed: number;
  seconds: number;
  purchases: readonly Purchase[];
  /** Clients that never learned how it ended, in words. */
  undecided: readonly string[];
  /** Orders whose end in the store is another than the client was told. */
  contradictions: readonly string[];
}

const RETRY_MS = 250;
const DECLINED = 0.1;
/** There is plenty of this. */
const PLENTY = 100_000;
/** Of all checkouts so many want what is not enough for them. */
const OF_SCARCE = 0.15;

/** A stream of buyers while processes die by a plan; each of them is told one end. */
export async function buyWhileKilled(market: TestMarketplace, run: RandomKills): Promise<RandomKillsResult> {
  const { seed, checkouts, kills, overMs, patienceMs } = run;
  const { graph, processes } = market;
  const random = new Random(seed);
  const operator = await signIn(graph, 'Olga', graph.operator);
  const shopRun = aRun();
  const vendor = await registerVendor(graph, { name: 'Survivor', run: shopRun, operator, report: silentReport });
  const list = (sku: string, units: number): Promise<Listing> =>
    listProduct(vendor, operator, { title: sku, sku: `${sku}-${shopRun}`, units });
  const plenty = [await list('PLENTY-1', PLENTY), await list('PLENTY-2', PLENTY), await list('PLENTY-3', PLENTY)];
  const scarce = await list('SCARCE', Math.ceil((checkouts * OF_SCARCE) / 2));
  const tokens = await manyBuyers(market, checkouts);
  const buyers = tokens.map((accessToken, at) => ({
    person: Object.assign(new Person(`Buyer ${at}`, graph.url), { accessToken }),
    // What they want and whether they can pay is the plan's, not the clock's.
    offerId: random.chance(OF_SCARCE) ? scarce.offerId : random.pick(plenty).offerId,
    quantity: random.whole(1, 2),
    card: random.chance(DECLINED) ? 'pm_card_chargeDeclined' : 'pm_card_visa',
    beginsAtMs: (at * overMs) / checkouts,
  }));

  const begun = performance.now();
  const killer = startKiller(market, killPlan({ seed, kills, victims: [...processes!.services.keys()] }));
  const purchases: Purchase[] = [];
  const undecided: string[] = [];
  await Promise.all([
    killer.done,
    ...buyers.map(async ({ person, offerId, quantity, card, beginsAtMs }) => {
      await pause(beginsAtMs);
      try {
        const basket = await fillStubbornly(person, {
          ...{ offerId, quantity, patienceMs },
          mayRunOut: offerId === scarce.offerId,
        });
        purchases.push(
          'refused' in basket
            ? { status: 'REFUSED', codes: basket.refused }
            : await buyStubbornly(graph, person, { basket, card, patienceMs }),
        );
      } catch (error) {
        const { message, cause } = error as Error;
        undecided.push(`${person.name}: ${message} ${cause instanceof Error ? cause.message.slice(0, 300) : ''}`);
      }
    }),
  ]);
  const seconds = (performance.now() - begun) / 1_000;
  return {
    killed: killer.killed,
    seconds,
    purchases,
    undecided,
    contradictions: await contradictionsOf(market, purchases),
  };
}

/** A cart of one line, whatever dies meanwhile: what adds has a key, what sets may be said again. Of what may run out a refusal is an answer. */
async function fillStubbornly(
  buyer: Person,
  {
    offerId,
    quantity,
    patienceMs,
    mayRunOut,
  }: { offerId: string; quantity: number; patienceMs: number; mayRunOut: boolean },
): Promise<Basket | { refused: readonly string[] }> {
  const idempotencyKey = newKey();
  const patiently = <T>(what: string, work: () => Promise<T>) =>
    until(work, { timeoutMs: patienceMs, intervalMs: RETRY_MS, what });
  const filled = await patiently('a line in the cart', async () => {
    const { cartLinesAdd } = await buyer.ask(operations.CartLinesAddDocument, {
      input: { lines: [{ offerId, quantity }] },
      idempotencyKey,
    });
    const codes = cartLinesAdd.userErrors.map(({ code }) => String(code));
    if (mayRunOut && codes.includes('INSUFFICIENT_STOCK')) return { refused: codes };
    return accepted('cartLinesAdd', cartLinesAdd.cart, cartLinesAdd.userErrors);
  });
  if ('refused' in filled) return filled;
  const cartId = filled.id;
  const address = { name: 'Sam', line1: '1 Quay', city: 'Hamburg', postalCode: '20095', countryCode: 'DE' };
  const [group] = await patiently('an address', async () => {
    const { cartAddressSet } = await buyer.ask(operations.CartAddressSetDocument, {
      input: { cartId, shipping: address, billing: address },
    });
    const { vendorGroups } = accepted('cartAddressSet', cartAddressSet.cart, cartAddressSet.userErrors);
    return vendorGroups.some(({ deliveryOptions }) => deliveryOptions.length > 0) && vendorGroups;
  });
  const { total } = await patiently('a delivery', async () => {
    const { cartDeliverySelect } = await buyer.ask(operations.CartDeliverySelectDocument, {
      input: { cartId, vendorId: group!.vendor.id, deliveryOptionId: group!.deliveryOptions[0]!.id },
    });
    return accepted('cartDeliverySelect', cartDeliverySelect.cart, cartDeliverySelect.userErrors);
  });
  return { cartId, total };
}

async function contradictionsOf({ stores }: TestMarketplace, purchases: readonly Purchase[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: stores.postgres.orders.ownerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; status: string }>('select id, status from orders');
    const stored = new Map(rows.map(({ id, status }) => [id, status]));
    return purchases.flatMap(({ orderId, status }) => {
      if (orderId === undefined) return [];
      const now = stored.get(orderId);
      const agrees = status === 'CONFIRMED' ? now === 'CONFIRMED' : now === 'FAILED' || now === 'CANCELED';
      return agrees ? [] : [`${orderId} was told ${status} and is ${now}`];
    });
  } finally {
    await client.end();
  }
}
