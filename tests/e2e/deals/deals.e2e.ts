import { operatorAccess } from '@marketgraph/launcher';
import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import { verifyStores } from '@marketgraph/verify';
import { type Db, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { completeCheckout, fillCart, payByCard } from '../../story/purchase.ts';
import { accepted, silentReport as report } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { listProduct } from '../../support/shop.ts';

const BASE = 2_500;
const DEAL = 1_900;
const SLOTS = 2;
const BUYERS = 7;
/** Long enough to pay in, short enough to wait for the end of. */
const settings = { ORDERS_RESERVATION_TTL_S: '10' };
const eur = (amount: number) => ({ amount, currencyCode: 'EUR' });
const statusOf = ({ lightningDealChanged: { deal } }: operations.LightningDealChangedSubscription) => deal.status;
const inTime = (seconds: number) => new Date(Date.now() + seconds * 1_000);
const inSeconds = (seconds: number) => inTime(seconds).toISOString();

describe.each(['monolith', 'processes'] as const)('a lightning deal (%s)', (shape) => {
  let market: TestMarketplace;
  let operator: Person;
  let vendor: Vendor;
  const buyers: Person[] = [];
  const run = aRun();

  beforeAll(async () => {
    market = await startTestMarketplace({ shape, settings });
    operator = await signIn(market.graph, 'Olga', market.graph.operator);
    vendor = await registerVendor(market.graph, { name: 'Flash', run, operator, report });
    for (let n = 0; n < BUYERS; n += 1) buyers.push(await registerBuyer(market.graph, `Buyer-${n}`, run));
  });
  afterAll(async () => {
    await Promise.all([operator, vendor?.person, ...buyers].map((person) => person?.leave()));
    await market?.stop();
  });

  async function anOffer(sku: string): Promise<string> {
    const price = eur(BASE);
    return (await listProduct(vendor, operator, { title: `Thing ${sku}`, sku: `${sku}-${run}`, units: 50, price }))
      .offerId;
  }

  async function schedule(input: { offerId: string; startsAt: string; endsAt: string; slots: number }) {
    const { lightningDealSchedule: scheduled } = await vendor.person.ask(operations.LightningDealScheduleDocument, {
      input: { dealPrice: eur(DEAL), ...input },
    });
    return accepted('lightningDealSchedule', scheduled.deal, scheduled.userErrors);
  }

  const priceOf = async (id: string) => {
    const { offer } = await buyers[0]!.ask(operations.OfferPriceDocument, { id });
    return `${offer!.priceFor.source} ${offer!.priceFor.unitPrice.amount}`;
  };

  const cartPrice = async (buyer: Person, id: string) => {
    const query = 'query($id: ID!) { cart(id: $id) { lines { unitPrice { amount } } } }';
    const { data } = await ask<{ cart: { lines: { unitPrice: { amount: number } }[] } }>(market.url, query, {
      variables: { id },
      token: buyer.accessToken,
    });
    return data!.cart.lines[0]!.unitPrice.amount;
  };

  /** A deal that begins in so many seconds and lasts as long, watched and asked for its price from before it to after it. */
  async function watchDeal(seconds: number) {
    const offerId = await anOffer(`CLOCK-${seconds}`);
    const startsAt = inSeconds(seconds);
    const deal = await schedule({ offerId, startsAt, endsAt: inSeconds(2 * seconds), slots: 5 });
    const feed = buyers[0]!.watch(operations.LightningDealChangedDocument, { dealId: deal.id });
    await feed.find(({ lightningDealChanged: { kind } }) => kind === 'SNAPSHOT', 'the snapshot');
    const prices: string[] = [];
    const looks = [Date.now()];
    let isOver = false;
    await until(
      async () => {
        const price = await priceOf(offerId);
        if (price !== prices.at(-1)) prices.push(price);
        looks.push(Date.now());
        isOver ||= feed.events.some((event) => statusOf(event) === 'ENDED');
        return isOver && price.startsWith('BASE');
      },
      { timeoutMs: 60_000, what: 'the end, and the price to rise again' },
    );
    await feed.cut();
    const told = feed.events.filter(({ lightningDealChanged: { kind } }) => kind === 'LIVE').map(statusOf);
    const longestMs = Math.max(...looks.slice(1).map((at, before) => at - looks[before]!));
    const wasInTime = looks[1]! < Date.parse(startsAt) && longestMs < (seconds * 1_000) / 2;
    return { prices, told, wasInTime };
  }

  it('C15 begins and ends by itself: base price, deal price, base price, and each change is told once', async () => {
    let seconds = 3;
    let seen = await watchDeal(seconds);
    // A machine that was busy with something else for half of the deal has not looked: the next one lasts longer.
    while (!seen.wasInTime && seconds < 20) seen = await watchDeal((seconds *= 2));
    expect(seen).toEqual({
      prices: [`BASE ${BASE}`, `DEAL ${DEAL}`, `BASE ${BASE}`],
      told: ['LIVE', 'ENDED'],
      wasInTime: true,
    });
  });

  it('C15 I15 gives its slots to as many as there are; the others see the new price, and an abandoned slot comes back', async () => {
    const offerId = await anOffer('SLOTS');
    const deal = await schedule({ offerId, startsAt: inSeconds(-60), endsAt: inSeconds(3_600), slots: SLOTS });
    const feed = buyers[0]!.watch(operations.LightningDealChangedDocument, { dealId: deal.id });
    await feed.find(({ lightningDealChanged: { kind } }) => kind === 'SNAPSHOT', 'the snapshot');

    const baskets = await Promise.all(buyers.map((buyer) => fillCart(buyer, [{ offerId, quantity: 1 }])));
    expect(await cartPrice(buyers[0]!, baskets[0]!.cartId)).toBe(DEAL);
    const answers = await Promise.all(
      buyers.map(async (buyer, index) => {
        const { cartId, total } = baskets[index]!;
        const { checkoutStart } = await buyer.ask(operations.CheckoutStartDocument, {
          cartId,
          idempotencyKey: newKey(),
        });
        return { buyer, cartId, total, ...checkoutStart };
      }),
    );
    const won = answers.filter(({ order }) => order);
    const lost = answers.filter(({ order }) => !order);
    expect(won).toHaveLength(SLOTS);
    expect(lost.map(({ userErrors }) => userErrors.map(({ code }) => code))).toEqual(lost.map(() => ['PRICE_CHANGED']));
    for (const { buyer, cartId } of lost) expect(await cartPrice(buyer, cartId)).toBe(BASE);
    await feed.find((event) => statusOf(event) === 'SOLD_OUT', 'that it is sold out');

    const [paying] = won;
    const { paymentId, paymentClientSecret, order, buyer, cartId, total } = paying!;
    const checkout = {
      ...{ cartId, total, orderId: order!.id },
      ...{ paymentId: paymentId!, clientSecret: paymentClientSecret! },
    };
    await payByCard(market.graph, checkout, 'pm_card_visa');
    const completed = await completeCheckout(buyer, checkout);
    expect(completed).toMatchObject({ order: { status: 'CONFIRMED' }, userErrors: [] });

    // The other winner leaves without paying.
    const isLiveAgain = (event: operations.LightningDealChangedSubscription) =>
      event.lightningDealChanged.kind === 'LIVE' && statusOf(event) === 'LIVE';
    await feed.find(isLiveAgain, 'that there are slots again', 40_000);
    const told = feed.events.filter(({ lightningDealChanged: { kind } }) => kind === 'LIVE');
    expect(told.map(statusOf)).toEqual(['SOLD_OUT', 'LIVE']);
    const { offer } = await buyers[0]!.ask(operations.OfferPriceDocument, { id: offerId });
    expect(offer).toMatchObject({
      priceFor: { source: 'DEAL' },
      activeDeal: { status: 'LIVE', slotsRemaining: SLOTS - 1 },
    });
    await feed.cut();
  });

  it('C15 is never told as it was before the snapshot, however late the stream has it', async () => {
    const offerId = await anOffer('LATE');
    const client = await MongoClient.connect(operatorAccess(market.stores).mongodb.catalog);
    try {
      const release = await holdBackEvents(client.db());
      const deal = await schedule({ offerId, startsAt: inSeconds(1), endsAt: inSeconds(3_600), slots: 5 });
      const saved = client.db().collection<{ _id: string; told: string }>('deals');
      await until(async () => (await saved.findOne({ _id: deal.id }))?.told === 'LIVE', { what: 'the start' });
      const feed = buyers[0]!.watch(operations.LightningDealChangedDocument, { dealId: deal.id });
      await feed.find(({ lightningDealChanged: { kind } }) => kind === 'SNAPSHOT', 'the snapshot');
      const { lightningDealCancel } = await vendor.person.ask(operations.LightningDealCancelDocument, { id: deal.id });
      expect(lightningDealCancel.userErrors).toEqual([]);
      await release();
      await feed.find((event) => statusOf(event) === 'CANCELED', 'that it is called off');
      expect(feed.events.map(statusOf)).toEqual(['LIVE', 'CANCELED']);
      await feed.cut();
    } finally {
      await client.close();
    }
  });

  it('C15 leaves stores in which every invariant holds', async () => {
    const access = operatorAccess(market.stores);
    await until(async () => {
      const broken = (await verifyStores(access)).filter(({ violations, error }) => violations > 0 || error);
      if (broken.length === 0) return true;
      throw new Error(JSON.stringify(broken.map(({ id, examples, error }) => ({ id, examples, error }))));
    });
  });
});

/** From now on no event of this service comes to its stream; returns the way to let them all come. */
async function holdBackEvents(db: Db): Promise<() => Promise<unknown>> {
  const leases = db.collection<{ _id: string }>('leases');
  const mine = { _id: 'outbox relay', holder: 'a test' };
  // What was being published is out: after this the relay begins with its lease.
  await until(async () => (await db.collection('outbox').findOne({ publishedAt: null })) === null);
  await leases.updateOne({ _id: mine._id }, { $set: { holder: mine.holder, until: inTime(3_600) } }, { upsert: true });
  return () => leases.deleteOne(mine);
}
