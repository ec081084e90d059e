import { anonymous, type Viewer } from '@marketgraph/platform/graphql';
import { aUser, until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { typesenseIndex } from '../src/clients/search-index.ts';
import { diffIndex } from '../src/queries/diff-index.ts';
import { type Found, foundIds, indexed as indexedIn, openShop, SEARCH, search, type Shop } from './shop.ts';

const BERLIN = { lat: 52.52, lon: 13.405 };
const POTSDAM = { lat: 52.39, lon: 13.06 };
const ROME = { lat: 41.9, lon: 12.5 };

let shop: Shop;
beforeEach(async () => {
  shop = await openShop();
  await until(async () => (await shop.redis.exists('search:seeded')) === 1);
});
afterEach(() => shop?.stop());

const indexed = (count: number) => indexedIn(shop, count);
const near = (place: { lat: number; lon: number }, radiusKm: number, more: object = {}) =>
  foundIds(shop, { filter: { near: { ...place, radiusKm }, ...more } });
const differences = () =>
  diffIndex({
    redis: shop.redis,
    index: typesenseIndex({ url: shop.config.typesenseUrl, apiKey: shop.config.typesenseApiKey }),
    peers: shop.sources.peers,
  });

/** Two lamps, one in Berlin and one in Rome, and one that both sell. */
async function openShops() {
  const { sources } = shop;
  const berlin = await sources.addProduct({ brand: 'North', offers: [{ vendorId: 'ven_berlin', amount: 300 }] });
  const rome = await sources.addProduct({ brand: 'South', offers: [{ vendorId: 'ven_rome', amount: 200 }] });
  const both = await sources.addProduct({
    brand: 'North',
    offers: [
      { vendorId: 'ven_berlin', amount: 900 },
      { vendorId: 'ven_rome', amount: 100 },
    ],
  });
  await sources.setVendor('ven_berlin', { location: BERLIN });
  await sources.setVendor('ven_rome', { location: ROME });
  await indexed(3);
  return { berlin, rome, both };
}

describe('a search near a place', () => {
  it('S9 finds what somebody there sells, with that one’s offer, and counts facets of it', async () => {
    const { berlin, rome, both } = await openShops();
    await until(async () => (await near(POTSDAM, 50)).length === 2);
    expect((await near(POTSDAM, 50)).toSorted()).toEqual([berlin.id, both.id].toSorted());
    expect(await near(POTSDAM, 5)).toEqual([]);
    expect((await near(ROME, 10)).toSorted()).toEqual([rome.id, both.id].toSorted());
    expect(await near(BERLIN, 2_000)).toHaveLength(3);
    expect(await near(BERLIN, 2_000, { vendorIds: ['ven_rome', 'ven_none'] })).toHaveLength(2);
    const { edges, facets } = await search(shop, {
      filter: { near: { ...BERLIN, radiusKm: 10 } },
      facets: ['brand'],
      sort: 'PRICE_DESC',
    });
    expect(edges.find(({ node }) => node.id === both.id)?.matchedOffer?.id).toBe(both.offerIds[0]);
    expect(facets[0]?.buckets).toEqual([{ value: 'North', count: 2 }]);
    await shop.sources.setVendor('ven_berlin', { location: null });
    await until(async () => (await near(BERLIN, 10)).length === 0);
  });

  it.each([
    ['a radius of nothing', { ...BERLIN, radiusKm: 0 }],
    ['a radius around the globe', { ...BERLIN, radiusKm: 20_001 }],
    ['a pole', { lat: 90, lon: 0, radiusKm: 1 }],
    ['no place on the globe', { lat: 0, lon: 181, radiusKm: 1 }],
  ])('refuses %s', async (_, place) => {
    await expect(search(shop, { filter: { near: place } })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

const found = async (query: string, language?: string) => {
  const { edges } = await search(shop, { query, ...(language ? { buyer: { language } } : {}) });
  return edges.map(({ node, highlights }) => [node.id, highlights.find(({ field }) => field === 'title')?.snippet]);
};

describe('a search in a language', () => {
  it('S14 finds and shows the buyer’s own words, and those of the source for what has none', async () => {
    const translations = [
      { language: 'de', title: 'Schreibtischleuchte aus Messing', description: 'Zum Lesen.' },
      { language: 'pt-BR', title: 'Luminária de latão', description: null },
    ];
    const spoken = await shop.sources.addProduct({ title: 'Brass reading lamp', translations });
    const plain = await shop.sources.addProduct({ title: 'Walnut shelf' });
    await indexed(2);
    const german = [[spoken.id, '<mark>Schreibtischleuchte</mark> aus Messing']];
    expect(await found('schreibtischleuchte', 'de')).toEqual(german);
    expect(await found('schreibtischleuchte', 'de-AT')).toEqual(german);
    expect(await found('schreibtischlauchte', 'de')).toEqual(german);
    expect(await found('luminária', 'pt')).toEqual([[spoken.id, '<mark>Luminária</mark> de latão']]);
    expect(await found('walnut', 'de')).toEqual([[plain.id, '<mark>Walnut</mark> shelf']]);
    expect(await found('reading', 'de')).toEqual([[spoken.id, 'Brass <mark>reading</mark> lamp']]);
    // Who asks in no language, or in one that nothing is written in, is answered by the source's words alone.
    expect(await found('schreibtischleuchte')).toEqual([]);
    expect(await found('reading', 'fi')).toEqual(await found('reading'));
    await shop.sources.changeProduct(spoken.id, { translations: [{ ...translations[0]!, title: 'Lesefunzel' }] });
    await until(async () => (await found('lesefunzel', 'de')).length === 1);
    expect(await found('luminária', 'pt')).toEqual([]);
    expect(await differences()).toEqual([]);
  });

  it('S14 survives a rebuild from the sources', async () => {
    const translations = [{ language: 'de', title: 'Leuchte', description: null }];
    await shop.sources.addProduct({ title: 'Lamp', translations });
    await indexed(1);
    const operator = aUser({ roles: ['OPERATOR'] });
    const { indexVersion } = await search(shop);
    // While the first version is still read in, another one is refused.
    await until(async () => {
      const { searchReindex } = await shop.ask<{ searchReindex: { userErrors: object[] } }>(
        'mutation { searchReindex(reason: "Words") { userErrors { code } } }',
        {},
        operator,
      );
      return searchReindex.userErrors.length === 0;
    });
    await until(async () => (await search(shop)).indexVersion !== indexVersion);
    expect(await found('leuchte', 'de')).toHaveLength(1);
  });
});

describe('S14 a search for an organization', () => {
  it('S14 matches the offer that costs it least, for its members alone', async () => {
    const { sources } = shop;
    const lamp = await sources.addProduct({ offers: [{ amount: 500 }, { amount: 400 }, { amount: 700 }] });
    await indexed(1);
    const organizationId = 'org_01J00000000000000000000001';
    sources.contracts.set(`${organizationId} ${lamp.offerIds[2]}`, 350);
    const member = aUser({ memberships: [{ of: organizationId, role: 'PURCHASER' }] });
    const matched = async (viewer: Viewer) => {
      const variables = { buyer: { organizationId } };
      const { searchProducts } = await shop.ask<{ searchProducts: Found }>(SEARCH, variables, viewer);
      return searchProducts.edges[0]?.matchedOffer?.id;
    };
    expect(await matched(member)).toBe(lamp.offerIds[2]);
    // Nobody in particular pays what everybody pays; a stranger is not told whether there is such an organization.
    expect(await matched(anonymous)).toBe(lamp.offerIds[1]);
    await expect(matched(aUser())).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await sources.setStock(lamp.offerIds[2]!, 0);
    expect(await matched(member)).toBe(lamp.offerIds[1]);
    await sources.setStock(lamp.offerIds[2]!, 5);
    sources.away.add('catalog');
    expect(await matched(member)).toBe(lamp.offerIds[1]);
  });
});

describe('for whom a search is', () => {
  it('S14 shows only what is shipped to the buyer’s country, at the price of who does', async () => {
    const { berlin, rome, both } = await openShops();
    const to = (countryCode: string) => search(shop, { buyer: { countryCode }, sort: 'PRICE_ASC' });
    expect((await to('US')).edges).toHaveLength(3);
    await shop.sources.setVendor('ven_rome', { shipsTo: ['IT', 'FR'] });
    await until(async () => (await to('US')).totalCount === 2);
    const shown = await to('US');
    expect(shown.edges.map(({ node }) => node.id).toSorted()).toEqual([berlin.id, both.id].toSorted());
    expect(shown.edges.find(({ node }) => node.id === both.id)?.matchedOffer?.id).toBe(both.offerIds[0]);
    expect((await to('IT')).edges.map(({ node }) => node.id)).toEqual([both.id, rome.id, berlin.id]);
    expect(await differences()).toEqual([]);
    await expect(to('it`')).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  it('S9 shows what somebody of Prime sells, and what somebody else does', async () => {
    const { berlin, rome, both } = await openShops();
    const prime = (primeEligible: boolean) => search(shop, { filter: { primeEligible } });
    expect((await prime(true)).totalCount).toBe(0);
    await shop.sources.setVendor('ven_berlin', { isPrimeEligible: true });
    await until(async () => (await prime(true)).totalCount === 2);
    const { edges } = await prime(true);
    expect(edges.map(({ node }) => node.id).toSorted()).toEqual([berlin.id, both.id].toSorted());
    expect(edges.find(({ node }) => node.id === both.id)?.matchedOffer?.id).toBe(both.offerIds[0]);
    const others = (await prime(false)).edges.map(({ node }) => node.id);
    expect(others.toSorted()).toEqual([rome.id, both.id].toSorted());
    expect((await prime(false)).suppressedOutOfStock).toBe(0);
    expect(await differences()).toEqual([]);
  });
});
