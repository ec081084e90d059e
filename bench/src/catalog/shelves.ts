import { openAccount } from '@marketgraph/launcher/demo/account';
import { DEMO_VENDORS } from '@marketgraph/launcher/demo/accounts';
import { categories, type DemoProduct, demoProducts, demoVendors } from '@marketgraph/launcher/demo/assortment';
import { uploadPictures } from '@marketgraph/launcher/demo/demo';
import { seededRandom } from '@marketgraph/launcher/demo/random';
import { plantCategories } from '@marketgraph/launcher/demo/shops';
import { until } from '@marketgraph/platform/testing';
import { aRun, newKey, registerVendor, signIn, type Vendor } from '@marketgraph/tests/story/cast';
import { silentReport } from '@marketgraph/tests/story/report';
import { ask } from '@marketgraph/tests/support/raw-graph';
import { parse } from 'graphql';
import type { CheckoutStage } from '../checkout/checkout-stage.ts';
import { importFeed } from '../import/import-feed.ts';

export interface ShelvesOptions {
  /** How many are published, of all vendors. */
  products: number;
  vendors: number;
  /** How many of them are sold by a second vendor: the ones whose pages are asked for. */
  pages: number;
}

/** A filled catalog, and what to ask it for. */
export interface Shelves {
  pages: { slug: string; title: string }[];
  /** Of the categories that have products. */
  categoryIds: string[];
  /** What products are called. */
  words: string[];
}

const SEED = 20_261_120;
const UNITS = 1_000;
/** Of what one request may hold. */
const OFFERS_PER_REQUEST = 10;
const COUNTS_PER_REQUEST = 100;
const MOST_PAGES_PER_VENDOR = 100;
/** How long everybody who listens may take to know of a shop, and of each product. */
const FOLLOW_MS = 10 * 60_000;
const FOLLOW_MS_PER_PRODUCT = 30;

const FIRST_OFFERS = `query BenchOffers($id: ID!, $first: Int!) {
  vendor(id: $id) { offers(first: $first) { edges { node {
    sku price { amount currencyCode } variant { id product { slug title } } } } } } }`;
const COUNT = `mutation BenchCount($input: InventorySyncInput!, $key: IdempotencyKey!) {
  inventorySyncBatch(input: $input, idempotencyKey: $key) { applied userErrors { code message } } }`;
const FOUND = '{ searchProducts(first: 1) { totalCount } }';

interface FirstOffer {
  sku: string;
  price: { amount: number; currencyCode: string };
  variant: { id: string; product: { slug: string; title: string } };
}

/**
 * The demo's seeded products in as many numbers as wanted, brought in as vendors
 * do: by a feed, with pictures, attributes and stock. Resolves when everybody
 * who listens knows of them, search included.
 */
export async function fillShelves(
  stage: CheckoutStage,
  { products, vendors: vendorCount, pages }: ShelvesOptions,
): Promise<Shelves> {
  const { graph } = stage;
  const run = aRun();
  const keeper = await openAccount(graph.url, graph.operator);
  const planted = await plantCategories(keeper);
  const pictures = await uploadPictures(graph.url, keeper);
  const operator = await signIn(graph, 'Operator', graph.operator);
  const there = await found(graph.url);
  const shops: { vendor: Vendor; rows: DemoProduct[] }[] = [];
  for (const [index, shop] of demoVendors(DEMO_VENDORS).slice(0, vendorCount).entries()) {
    const vendor = await registerVendor(graph, { name: shop.name, run, operator, report: silentReport });
    const count = Math.floor(((index + 1) * products) / vendorCount) - Math.floor((index * products) / vendorCount);
    const rows = demoProducts(shop, count, seededRandom(SEED + index));
    const lines = rows.map((row) => JSON.stringify({ ...row, currency: 'EUR', imageUrl: pictures.get(row.category) }));
    await importFeed(vendor, 'JSONL', lines.join('\n'));
    shops.push({ vendor, rows });
  }
  const asked: FirstOffer[] = [];
  const seconds = new Map<Vendor, string[]>();
  for (const [index, { vendor }] of shops.entries()) {
    const first = Math.min(MOST_PAGES_PER_VENDOR, Math.ceil(pages / vendorCount));
    const offers = await firstOffers(vendor, first);
    const other = shops[(index + 1) % shops.length]!.vendor;
    seconds.set(other, await offerToo(other, offers));
    asked.push(...offers);
  }
  const timeoutMs = FOLLOW_MS + products * FOLLOW_MS_PER_PRODUCT;
  // Inventory learns of offers by events.
  await stage.quiet({ timeoutMs });
  for (const { vendor, rows } of shops) {
    // A large shop takes longer to fill than a session lasts.
    const person = await signIn(graph, 'Vendor', vendor.credentials);
    await count(
      { person, id: vendor.id },
      [...rows.map(({ sku }) => sku), ...(seconds.get(vendor) ?? [])],
      `NORTH-${run}`,
    );
  }
  await stage.quiet({ timeoutMs });
  await until(async () => (await found(graph.url)) === there + products, {
    ...{ timeoutMs, intervalMs: 200, what: `a search to find all ${products} products` },
  });
  await Promise.all([operator, ...shops.map(({ vendor }) => vendor.person)].map((person) => person.leave()));
  const shelved = categories.filter(({ slug }) =>
    shops.some(({ rows }) => rows.some(({ category }) => category === slug)),
  );
  return {
    pages: asked.map(({ variant: { product } }) => product),
    categoryIds: shelved.map(({ slug }) => planted.get(slug)!),
    words: [...new Set(shops.flatMap(({ rows }) => rows.map(kindOf)))],
  };
}

/** “Classic kettle 12, blue oak” is a kettle. */
function kindOf({ title }: DemoProduct): string {
  const kind = /^\S+ (.+) \d+, /.exec(title)?.[1];
  if (kind === undefined) throw new Error(`A product without a kind: ${title}`);
  return kind;
}

async function firstOffers({ person, id }: Vendor, first: number): Promise<FirstOffer[]> {
  const { vendor } = await person.ask<
    { vendor: { offers: { edges: { node: FirstOffer }[] } } },
    { id: string; first: number }
  >(parse(FIRST_OFFERS) as never, { id, first });
  return vendor.offers.edges.map(({ node }) => node);
}

/** The same variants from another vendor, a euro dearer. Resolves to the skus. */
async function offerToo({ person, id }: Vendor, offers: readonly FirstOffer[]): Promise<string[]> {
  const skus: string[] = [];
  for (let from = 0; from < offers.length; from += OFFERS_PER_REQUEST) {
    const inputs = offers.slice(from, from + OFFERS_PER_REQUEST).map(({ sku, price, variant }) => ({
      ...{ vendorId: id, variantId: variant.id, sku: `ALSO-${sku}` },
      price: { amount: price.amount + 100, currencyCode: price.currencyCode },
    }));
    const document = `mutation BenchOffer(${inputs.map((_, at) => `$i${at}: OfferInput!`).join(', ')}) {
      ${inputs.map((_, at) => `o${at}: offerUpsert(input: $i${at}) { offer { id } userErrors { code message } }`).join('\n')} }`;
    const answers = await person.ask<
      Record<string, { offer: unknown; userErrors: unknown[] }>,
      Record<string, unknown>
    >(parse(document) as never, Object.fromEntries(inputs.map((input, at) => [`i${at}`, input])));
    const refused = Object.values(answers).find(({ offer }) => !offer);
    if (refused) throw new Error(`A second offer was refused: ${JSON.stringify(refused)}`);
    skus.push(...inputs.map(({ sku }) => sku));
  }
  return skus;
}

async function count(
  { person, id }: Pick<Vendor, 'person' | 'id'>,
  skus: readonly string[],
  warehouseCode: string,
): Promise<void> {
  for (let from = 0; from < skus.length; from += COUNTS_PER_REQUEST) {
    const entries = skus
      .slice(from, from + COUNTS_PER_REQUEST)
      .map((sku) => ({ sku, warehouseCode, onHand: UNITS, sourceVersion: '1' }));
    const { inventorySyncBatch } = await person.ask<
      { inventorySyncBatch: { applied: number; userErrors: unknown[] } },
      Record<string, unknown>
    >(parse(COUNT) as never, { input: { vendorId: id, source: 'bench', entries }, key: newKey() });
    if (inventorySyncBatch.applied !== entries.length) {
      throw new Error(`Stock was not taken over: ${JSON.stringify(inventorySyncBatch).slice(0, 500)}`);
    }
  }
}

async function found(url: string): Promise<number> {
  const { data, errors } = await ask<{ searchProducts: { totalCount: number } }>(url, FOUND);
  if (!data) throw new Error(JSON.stringify(errors));
  return data.searchProducts.totalCount;
}
