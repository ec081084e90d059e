import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Marketplace } from '../launcher.ts';
import { type Account, openAccount } from './account.ts';
import { DEMO_BUYER, DEMO_OPERATOR, DEMO_VENDORS } from './accounts.ts';
import { categories, demoProducts, demoVendors } from './assortment.ts';
import { playPastOrder, type StockedOffer } from './past-orders.ts';
import { gradientPng } from './picture.ts';
import { type Random, seededRandom } from './random.ts';
import { importProducts, listVolumePrices, offersOf, openShop, plantCategories, upload } from './shops.ts';
import { fillWarehouses } from './stock.ts';

const SEED = 20_261_120;
const PRODUCTS_PER_SHOP = 50;
const PAST_ORDERS = 24;
/** Shops set up at the same time. */
const AT_ONCE = 4;
const PICTURE_SIZE = 320;

export interface DemoSize {
  shops?: number;
  productsPerShop?: number;
  pastOrders?: number;
}

/**
 * Fills an empty marketplace through the public graph, as its users would: shops,
 * products, stock, orders and reviews. Done once per data folder; cut short, it
 * goes on where it was.
 */
export async function loadDemo(
  marketplace: Marketplace,
  { dataDir, onStep = () => undefined, size = {} }: { dataDir: string; onStep?(step: string): void; size?: DemoSize },
): Promise<void> {
  const marker = join(dataDir, 'demo.json');
  if (existsSync(marker)) return;
  const { url } = marketplace;
  const { shops: shopCount, productsPerShop = PRODUCTS_PER_SHOP, pastOrders = PAST_ORDERS } = size;
  const operator = await openAccount(url, DEMO_OPERATOR);
  await plantCategories(operator);
  const pictures = await uploadPictures(url, operator);
  const vendors = demoVendors(DEMO_VENDORS).slice(0, shopCount);

  const stocked: StockedOffer[] = [];
  await inTurns(vendors, AT_ONCE, async (vendor, index) => {
    const random = seededRandom(SEED + index);
    const shop = await openShop(url, vendor, operator);
    await importProducts(shop, demoProducts(vendor, productsPerShop, random), pictures);
    const offers = await offersOf(shop);
    await fillWarehouses(shop, offers, random);
    await listVolumePrices(shop, offers);
    stocked.push(...offers.map((offer) => ({ ...offer, shop })));
  });
  onStep(`${vendors.length} shops with ${stocked.length.toLocaleString('en')} products in stock`);

  await playPastOrders(marketplace, await available(operator, stocked), pastOrders);
  onStep(`${pastOrders} past orders, delivered and reviewed`);
  await writeFile(marker, JSON.stringify({ seed: SEED }));
}

/** A picture for each category that has products. Resolves to their addresses by slug. */
export async function uploadPictures(url: string, operator: Account): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  for (const [index, { slug, kinds }] of categories.entries()) {
    if (!kinds) continue;
    const hue = (index * 37) % 200;
    const content = gradientPng(PICTURE_SIZE, [hue, 120, 220 - hue], [240, 220 - hue / 2, 200]);
    const uploadId = await upload(operator, { filename: `${slug}.png`, contentType: 'image/png', content });
    pictures.set(slug, `${url}/media/${uploadId}`);
  }
  return pictures;
}

/** Offers that can be bought, in an order that does not depend on which shop was ready first. */
async function available(operator: Account, offers: readonly StockedOffer[]): Promise<StockedOffer[]> {
  const left = new Map<string, number>();
  for (let from = 0; from < offers.length; from += 100) {
    const { availability } = await operator.ask<
      { availability: { offer: { id: string }; available: number }[] },
      { ids: string[] }
    >('query DemoAvailability($ids: [ID!]!) { availability(offerIds: $ids) { offer { id } available } }', {
      ids: offers.slice(from, from + 100).map(({ id }) => id),
    });
    for (const { offer, available: units } of availability) left.set(offer.id, units);
  }
  return offers.filter(({ id }) => (left.get(id) ?? 0) > 10).toSorted((a, b) => (a.sku < b.sku ? -1 : 1));
}

async function playPastOrders(marketplace: Marketplace, offers: readonly StockedOffer[], count: number): Promise<void> {
  const random = seededRandom(SEED);
  const { stripe } = marketplace.stores;
  const provider = { apiUrl: stripe.url, publishableKey: stripe.publishableKey };
  const buyers = await Promise.all(
    [
      { email: DEMO_BUYER, displayName: 'Bea Buyer' },
      { email: 'buyer-02@demo.example', displayName: 'Boris Buyer' },
      { email: 'buyer-03@demo.example', displayName: 'Birte Buyer' },
    ].map(({ email, displayName }) => openAccount(marketplace.url, { email, registration: { displayName } })),
  );
  const baskets = Array.from({ length: count }, () => basketOf(offers, random));
  // A buyer has one cart: buyers shop side by side, each one order after another.
  await Promise.all(
    buyers.map(async (buyer, which) => {
      for (const [index, basket] of baskets.entries()) {
        if (index % buyers.length !== which) continue;
        await playPastOrder(buyer, basket, { provider, random, key: `demo-order-${index}` });
      }
    }),
  );
}

function basketOf(offers: readonly StockedOffer[], random: Random): StockedOffer[] {
  const basket = new Map<string, StockedOffer>();
  for (let n = 1 + random.below(3); n > 0; n -= 1) {
    const offer = random.pick(offers);
    basket.set(offer.id, offer);
  }
  return [...basket.values()];
}

async function inTurns<T>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const queue = [...items.entries()];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = queue.shift(); next; next = queue.shift()) await work(next[1], next[0]);
    }),
  );
}
