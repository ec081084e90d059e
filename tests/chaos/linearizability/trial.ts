import { Random } from '../../simulator/world/random.ts';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { silentReport } from '../../story/report.ts';
import { type InsideCaller, insideCaller } from '../../support/inside-caller.ts';
import type { TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { buy, listProduct } from '../../support/shop.ts';
import { brokenInvariants } from '../broken-invariants.ts';
import { check, type Verdict } from './checker.ts';
import { type MoneyOperation, nextStockCall, recorded, recovered, type StockOperation } from './clients.ts';
import type { Model, Operation } from './history.ts';
import { offerModel } from './offer-model.ts';
import { type MoneyCall, paymentModel } from './payment-model.ts';
import { refundsUnderTest, stockUnderTest } from './stock-under-test.ts';

export interface TrialResult {
  operations: number;
  /** Of which nobody ever learned the outcome. */
  unknown: number;
  histories: number;
  /** In words: what no order of one thread explains. */
  anomalies: string[];
  /** The same of those for which the search was given up: there may be an order. */
  undecided: string[];
}

const CLIENTS = 8;
/** Few units for many: refusals, races for the last one and empty warehouses are what it is about. */
export const UNITS = [10, 0] as const;
/** Long enough for everything to happen to an offer; a history of that length is decided in a moment. */
const OPERATIONS_PER_OFFER = 250;
/** Offers that are busy at the same time: the fewer, the more clients meet. */
const BUSY_OFFERS = 3;
/** Refunds go to the provider and back, so there are fewer of them. */
const SHARE_OF_REFUNDS = 0.02;
const REFUNDS_PER_ORDER = 40;
const MANY = 10_000;

/** Eight clients do as they like to offers and payments, and what they were told is held against one thread. */
export async function runTrial(
  market: TestMarketplace,
  { operations, seed, onFaults }: { operations: number; seed: number; onFaults?(): Promise<{ stop(): Promise<void> }> },
): Promise<TrialResult> {
  const caller = insideCaller(market);
  try {
    const shop = await openShop(market);
    const offers = Math.ceil((operations * (1 - SHARE_OF_REFUNDS)) / OPERATIONS_PER_OFFER);
    const offerIds = await listOffers(shop, offers);
    const orders = Math.ceil((operations * SHARE_OF_REFUNDS) / REFUNDS_PER_ORDER);
    const bought = await buyOrders(market, shop, orders);
    const perOffer = Math.min(OPERATIONS_PER_OFFER, Math.ceil(operations / offers));

    const faults = await onFaults?.();
    const stock: StockOperation[][] = [];
    const money: MoneyOperation[][] = [];
    await Promise.all([
      inTurn(offerIds, BUSY_OFFERS, async (offerId, at) => {
        stock.push(await playOffer(caller, { offerId, vendor: shop.vendor, seed: seed + at, operations: perOffer }));
      }),
      inTurn(bought, 1, async (order, at) => {
        money.push(await playRefunds(caller, { ...order, seed: seed + MANY + at }));
      }),
    ]);
    await faults?.stop();

    const doubts = [
      ...stock.flatMap((history) => doubtOf('offer', offerModel(UNITS), history)),
      ...bought.flatMap(({ captured }, at) => doubtOf('payment', paymentModel(captured), money[at] ?? [])),
    ];
    const [anomalies, undecided] = [true, false].map((isCertain) =>
      doubts.filter((doubt) => doubt.isCertain === isCertain).map(({ text }) => text),
    ) as [string[], string[]];
    const all: readonly Operation<unknown, unknown>[] = [...stock.flat(), ...money.flat()];
    const unknown = all.filter(({ outcome }) => outcome === undefined).length;
    return { operations: all.length, unknown, histories: stock.length + bought.length, anomalies, undecided };
  } finally {
    await caller.close();
  }
}

/** What is wrong in the stores when everything had its time to settle. */
export async function settled(market: TestMarketplace, timeoutMs = 60_000): Promise<void> {
  const broken = await brokenInvariants(market, { timeoutMs });
  if (broken.length > 0) throw new Error(`The stores do not agree: ${JSON.stringify(broken).slice(0, 2_000)}`);
}

interface Shop {
  run: string;
  vendor: Vendor;
  operator: Person;
}

async function openShop({ graph }: TestMarketplace): Promise<Shop> {
  const run = aRun();
  const operator = await signIn(graph, 'Olga', graph.operator);
  return {
    run,
    operator,
    vendor: await registerVendor(graph, { name: 'Trial', run, operator, report: silentReport }),
  };
}

async function listOffers({ vendor, operator, run }: Shop, count: number): Promise<string[]> {
  const offerIds: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const sku = `TRIAL-${at}-${run}`;
    const { offerId } = await listProduct(vendor, operator, { title: sku, sku, units: UNITS[0] });
    offerIds.push(offerId);
  }
  return offerIds;
}

async function buyOrders({ graph }: TestMarketplace, { vendor, operator, run }: Shop, count: number) {
  const buyer = await registerBuyer(graph, 'Refunded', run);
  const sku = `GOLD-${run}`;
  const { offerId } = await listProduct(vendor, operator, { title: sku, sku, units: MANY });
  const orders: { orderId: string; paymentId: string; captured: number }[] = [];
  for (let at = 0; at < count; at += 1) {
    const { orderId, paymentId, total } = await buy(graph, buyer, [{ offerId, quantity: 4 }]);
    orders.push({ orderId, paymentId, captured: total.amount });
  }
  return orders;
}

/** Eight clients do as they like to one offer with units in two warehouses. */
export async function playOffer(
  caller: Pick<InsideCaller, 'call'>,
  {
    offerId,
    vendor,
    seed,
    operations,
  }: { offerId: string; vendor: Pick<Vendor, 'id' | 'warehouses'>; seed: number; operations: number },
): Promise<StockOperation[]> {
  const offer = stockUnderTest(caller, { offerId, vendor, run: offerId.slice(-8) });
  const history: StockOperation[] = [];
  const known: number[] = [];
  const last: { operation: StockOperation; key: string; random: Random }[] = [];
  let begun = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      const random = new Random(seed * CLIENTS + client);
      while (begun < operations) {
        const request = (begun += 1);
        const call = nextStockCall(random, known, request);
        const key = `${offerId}-${request}`;
        const done = await recorded(offer, call, { client, key, random });
        const operation = done.at(-1)!;
        if (operation.outcome && 'reserved' in operation.outcome) known.push(request);
        last.push({ operation, key, random });
        history.push(...done.slice(0, -1));
      }
    }),
  );
  const ended = await Promise.all(last.map(({ operation, ...asked }) => recovered(offer, operation, asked)));
  return [...history, ...ended].map(nameless);
}

/** Who was not told of a reservation cannot name it. */
function nameless(operation: StockOperation): StockOperation {
  const { call, outcome } = operation;
  return call.do === 'reserve' && !outcome
    ? { ...operation, call: { do: call.do, quantity: call.quantity } }
    : operation;
}

async function playRefunds(
  caller: InsideCaller,
  order: { orderId: string; paymentId: string; captured: number; seed: number },
): Promise<MoneyOperation[]> {
  const payment = refundsUnderTest(caller, order);
  const history: MoneyOperation[] = [];
  // Together they ask for about twice of what there is.
  const most = Math.ceil((4 * order.captured) / REFUNDS_PER_ORDER);
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      const random = new Random(order.seed * CLIENTS + client);
      for (let at = 0; at < REFUNDS_PER_ORDER / CLIENTS; at += 1) {
        const call: MoneyCall = random.chance(0.2) ? { do: 'query' } : { do: 'refund', amount: random.whole(1, most) };
        history.push(...(await recorded(payment, call, { client, key: newKey(), random })));
      }
    }),
  );
  return history;
}

/** What no order of one thread was found for, and whether there is none. */
export function doubtOf<State, Call, Outcome>(
  what: string,
  model: Model<State, Call, Outcome>,
  history: readonly Operation<Call, Outcome>[],
): { text: string; isCertain: boolean }[] {
  const verdict: Verdict<Call, Outcome> = check(model, history);
  if (verdict.isLinearizable) return [];
  const { isCertain, explained, stuckAt } = verdict;
  const stuck = stuckAt.map(({ call, outcome }) => JSON.stringify({ call, outcome })).join(' ');
  return [{ text: `${what}: ${explained} of ${history.length} explained, then ${stuck}`, isCertain }];
}

async function inTurn<Item>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item, at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let at = next++; at < items.length; at = next++) await work(items[at]!, at);
    }),
  );
}
