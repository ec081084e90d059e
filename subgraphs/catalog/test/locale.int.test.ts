import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpRates } from '../src/clients/http-exchange-rates.ts';
import { currentRates, takeExchangeRates } from '../src/commands/take-exchange-rates.ts';
import { latestRates } from '../src/store/exchange-rates.ts';
import { catalogStore } from '../src/store/catalog-store.ts';
import { openMongo } from '@marketgraph/platform/mongo';
import { type PriceListing, priceListing } from './price-listing.ts';
import { type Actions, actions, openShop, present, publishedProduct, type Seller, type Shop, until } from './shop.ts';

let shop: Shop;
let act: Actions;
let seller: Seller;
let listing: PriceListing;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  seller = await shop.aSeller();
  listing = await priceListing(shop, act, seller);
});
afterAll(() => shop?.stop());

interface Priced {
  offer: {
    priceFor: {
      unitPrice: { amount: number; currencyCode: string };
      listPrice: { amount: number; currencyCode: string };
      source: string;
      exchange: { from: string; rate: number; asOf: string; isStale: boolean } | null;
    };
  };
}
const PRICE = `query ($id: ID!, $currency: CurrencyCode) { offer(id: $id) { priceFor(quantity: 10, currency: $currency) {
  unitPrice { amount currencyCode } listPrice { amount currencyCode } source exchange { from rate asOf isStale } } } }`;

describe('C16 a price in another currency', () => {
  it('goes by the rates that are stored, exact to its smallest unit, and says when they were taken', async () => {
    const offerId = await listing.anOffer();
    await listing.upserted({ entries: [listing.entry(offerId, 10, 901)] });
    const { offer } = await shop.run<Priced>(PRICE, { id: offerId, currency: 'USD' });
    const { exchange, ...price } = offer.priceFor;
    expect(exchange).toMatchObject({ from: 'EUR', rate: 1.175 });
    expect(exchange!.asOf).toMatch(/T00:00:00\.000Z$/);
    // 9.01 × 1.175 = 10.58675, 10 × 1.175 = 11.75.
    expect(price).toEqual({
      unitPrice: { amount: 1_059, currencyCode: 'USD' },
      listPrice: { amount: 1_175, currencyCode: 'USD' },
      source: 'TIER',
    });
    const inYen = (await shop.run<Priced>(PRICE, { id: offerId, currency: 'JPY' })).offer.priceFor;
    // 9.01 × 184.1 = 1658.741, without a smaller unit.
    expect(inYen.unitPrice).toEqual({ amount: 1_659, currencyCode: 'JPY' });
    expect((await shop.run<Priced>(PRICE, { id: offerId, currency: 'EUR' })).offer.priceFor.exchange).toBeNull();
  });

  it('stays what it was until other rates are stored, the same on every process', async () => {
    const offerId = await listing.anOffer();
    const other = await shop.another();
    const asOf = new Date();
    await shop.db.collection<{ _id: string }>('exchangeRates').insertOne({
      _id: asOf.toISOString(),
      base: 'USD',
      rates: [{ currencyCode: 'EUR', rate: '0.5' }],
      asOf,
    } as never);
    const here = (await shop.run<Priced>(PRICE, { id: offerId, currency: 'USD' })).offer.priceFor;
    expect(here).toMatchObject({ unitPrice: { amount: 2_000 }, exchange: { rate: 2, asOf: asOf.toISOString() } });
    const asked = { query: PRICE, variables: { id: offerId, currency: 'USD' }, viewer: { kind: 'anonymous' } as const };
    const { data } = await other.execute({ ...asked, requestId: 'test' });
    expect(JSON.parse(JSON.stringify(data))).toEqual({ offer: { priceFor: here } });
    const { errors } = await shop.execute(PRICE, { id: offerId, currency: 'JPY' });
    expect(errors?.[0]).toMatchObject({
      message: 'There is no rate from EUR to JPY.',
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it('of a page of offers takes one look at the rates', async () => {
    const offers = await listing.offers(5);
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Offer { priceFor(currency: "USD") { unitPrice { amount } } } } }`;
    const r = offers.map((id) => ({ __typename: 'Offer', id }));
    await shop.restart({ withWork: false });
    // Offers, their products, their price lists, the rates.
    expect(await shop.storeCalls(() => shop.run(query, { r }))).toEqual(['find', 'find', 'find', 'find']);
  });

  it('has the rates of the day from the first start on, once for all processes', async () => {
    await shop.restart();
    await shop.another();
    const store = catalogStore(await openMongo({ url: shop.mongodbUrl, applicationName: 'test' }));
    try {
      await until(() => latestRates(store, new Date()));
      const days = await store.exchangeRates.distinct('_id', { base: 'EUR' });
      expect(new Set(days.map((id) => id.slice(0, 10))).size).toBe(days.length);
    } finally {
      await store.database.client.close();
    }
  });
});

describe('C16 rates from an address that is away', () => {
  it('leaves those of before standing, says that they are old, and takes new ones when it is back', async () => {
    const offerId = await listing.anOffer();
    const store = catalogStore(await openMongo({ url: shop.mongodbUrl, applicationName: 'test' }));
    const told: unknown[] = [];
    const log = {
      ...silentLog,
      warn: (...said: unknown[]) => told.push(said),
      error: (...said: unknown[]) => told.push(said),
    };
    const clock = { now: () => new Date('2031-06-10T12:00:00.000Z') };
    let isAway = false;
    const source = createServer((_, response) => {
      if (isAway) response.writeHead(503).end();
      else response.end(JSON.stringify({ base: 'EUR', date: '2031-06-10', rates: { USD: 2 } }));
    });
    await new Promise<void>((resolve) => {
      source.listen(0, '127.0.0.1', resolve);
    });
    try {
      const url = `http://127.0.0.1:${(source.address() as AddressInfo).port}/`;
      const take = (now: string) => {
        const at = { now: () => new Date(now) };
        return takeExchangeRates({ store, clock: at, log, rateSource: httpRates(url, { clock: at }) });
      };
      expect(await take(clock.now().toISOString())).toMatchObject({ rates: [{ currencyCode: 'USD', rate: '2' }] });
      isAway = true;
      expect(await take('2031-06-12T12:00:00.000Z')).toMatchObject({ asOf: new Date('2031-06-10T00:00:00.000Z') });
      expect(told).toHaveLength(1);
      shop.shiftClock(new Date('2031-06-13T12:00:00.000Z').getTime() - Date.now());
      const shown = async () => (await shop.run<Priced>(PRICE, { id: offerId, currency: 'USD' })).offer.priceFor;
      expect(await shown()).toMatchObject({ unitPrice: { amount: 2_000 }, exchange: { isStale: false } });
      shop.shiftClock(new Date('2031-06-15T12:00:00.000Z').getTime() - Date.now());
      expect(await shown()).toMatchObject({ unitPrice: { amount: 2_000 }, exchange: { isStale: true } });
    } finally {
      shop.shiftClock(0);
      source.close();
      source.closeAllConnections();
      await store.exchangeRates.deleteMany({ asOf: { $gt: new Date('2031-01-01') } });
      await store.database.client.close();
    }
  });

  it('is a typed error where nothing is stored yet', async () => {
    // Before there were any.
    const clock = { now: () => new Date('2001-01-01T00:00:00.000Z') };
    const rateSource = httpRates('http://127.0.0.1:9/', { clock });
    const store = catalogStore(await openMongo({ url: shop.mongodbUrl, applicationName: 'test' }));
    await expect(currentRates({ store, clock, log: silentLog, rateSource })).rejects.toMatchObject({
      extensions: { code: 'SUBGRAPH_UNAVAILABLE' },
    });
    await store.database.client.close();
  });
});

describe('C16 what is said about a product', () => {
  it('has its measures in the units asked for, and the rest as it is', async () => {
    const attributeSchema = [
      { key: 'height', type: 'number', unit: 'cm' },
      { key: 'weight', type: 'number', unit: 'kg' },
      { key: 'power', type: 'number', unit: 'W' },
      { key: 'finish', type: 'string', label: 'Finish', labels: [{ language: 'de', label: 'Oberfläche' }] },
    ];
    const { category, userErrors } = await act.category({ slug: 'measured', name: 'Measured', attributeSchema });
    const { id } = await publishedProduct(act, seller, {
      categoryId: present(category, userErrors).id,
      attributes: [
        { key: 'height', value: 38.1 },
        { key: 'weight', value: 2.5 },
        { key: 'power', value: 40 },
        { key: 'finish', value: 'brass' },
      ],
    });
    const query = `query ($id: ID!, $units: UnitSystem) { product(id: $id) { attributes(units: $units) { key value unit } } }`;
    const shown = async (units?: string) => {
      const { product } = await shop.run<{
        product: { attributes: { key: string; value: unknown; unit: string | null }[] };
      }>(query, { id, units });
      return product.attributes.map(({ value, unit }) => `${String(value)}${unit ? ` ${unit}` : ''}`);
    };
    const given = ['38.1 cm', '2.5 kg', '40 W', 'brass'];
    expect(await shown()).toEqual(given);
    expect(await shown('METRIC')).toEqual(given);
    expect(await shown('IMPERIAL')).toEqual(['15 in', '5.512 lb', '40 W', 'brass']);
    const LABELS = `query ($id: ID!, $language: LanguageTag) { product(id: $id) { attributes(language: $language) { label value } } }`;
    const labelOf = async (language?: string) => {
      const { product } = await shop.run<{ product: { attributes: { label: string; value: unknown }[] } }>(LABELS, {
        id,
        language,
      });
      return product.attributes.find(({ value }) => value === 'brass')!.label;
    };
    expect(await Promise.all([undefined, 'de-CH', 'fi'].map(labelOf))).toEqual(['Finish', 'Oberfläche', 'Finish']);
    const { errors } = await shop.execute(query, { id, units: 'NAUTICAL' });
    expect(errors).toHaveLength(1);
  });

  it('is told in the language asked for, else a related one, else the one it was written in', async () => {
    const { category } = await act.category({ slug: 'spoken', name: 'Spoken' });
    const { id, version } = await publishedProduct(act, seller, { categoryId: present(category).id, title: 'Lamp' });
    await act.update(
      seller.viewer,
      id,
      {
        translations: [
          { language: 'de', title: 'Leuchte' },
          { language: 'pt-BR', title: 'Luminária' },
        ],
      },
      version,
    );
    const query = `query ($id: ID!, $language: LanguageTag) { product(id: $id) { title(language: $language) } }`;
    const title = async (language?: string) =>
      (await shop.run<{ product: { title: string } }>(query, { id, language })).product.title;
    expect(await Promise.all([undefined, 'de', 'de-AT', 'pt', 'pt-PT', 'fr'].map(title))).toEqual([
      'Lamp',
      'Leuchte',
      'Leuchte',
      'Luminária',
      'Luminária',
      'Lamp',
    ]);
    // Search is told all of them, by the event and when it asks.
    const translations = [
      { language: 'de', title: 'Leuchte', description: null },
      { language: 'pt-BR', title: 'Luminária', description: null },
    ];
    const last = async () => (await shop.published('catalog.productChanged')).findLast(({ key }) => key === id);
    await until(async () => JSON.stringify((await last())?.payload).includes('Leuchte'));
    expect((await last())!.payload).toMatchObject({ title: 'Lamp', translations });
    const ASKED = `query ($id: ID!) { product(id: $id) { translations { language title description } } }`;
    const search = { kind: 'service', service: 'search' } as const;
    expect(await shop.run(ASKED, { id }, search)).toEqual({ product: { translations } });
  });
});
