import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { completeCheckout, fillCart, payByCard, startCheckout } from '../../story/purchase.ts';
import { accepted, silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace, type TestMarketplaceOptions } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { type Listing, listProduct } from '../../support/shop.ts';

const CREATE = `mutation($input: OrganizationCreateInput!) { organizationCreate(input: $input) {
  organization { id } userErrors { code } } }`;

const PRICED = `query($id: ID!, $quantity: Int!, $organizationId: ID) { offer(id: $id) {
  priceFor(quantity: $quantity, organizationId: $organizationId) { unitPrice { amount } source } availability { available } } }`;

describe.each([
  { shape: 'monolith' },
  // Of two copies of the catalog each has kept prices of its own.
  { shape: 'processes', copies: { catalog: 2 } },
] satisfies TestMarketplaceOptions[])('C10 C12 prices of an organization, $shape', (options) => {
  const run = aRun();
  let market: TestMarketplace;
  let vendor: Vendor;
  let lamp: Listing;
  let anna: Person;
  let organizationId: string;
  let contract: { id: string; version: number };

  beforeAll(async () => {
    market = await startTestMarketplace(options);
    const operator = await signIn(market.graph, 'Olga', market.operator);
    vendor = await registerVendor(market.graph, { name: 'Bulk Lamps', run, operator, report: silentReport });
    const price = { amount: 10_000, currencyCode: 'EUR' };
    lamp = await listProduct(vendor, operator, { title: 'Brass lamp', sku: `BULK-${run}`, units: 1_000, price });
    anna = await registerBuyer(market.graph, 'Anna', run);
    organizationId = await anOrganization(anna);
    contract = await agree(7_500);
  });
  afterAll(() => market?.stop());

  /** One of one's own; what one may do for it is in the next token. */
  async function anOrganization(person: Person): Promise<string> {
    const input = { name: `${person.name} Ltd ${run}`, type: 'BUYER' };
    const created = await fetchAs<{ organizationCreate: { organization: { id: string } | null } }>(person, CREATE, {
      input,
    });
    person.accessToken = (await signInAgain(person)).accessToken;
    return created.organizationCreate.organization!.id;
  }

  const signInAgain = (person: Person) => {
    const email = `${person.name.toLowerCase()}-${run}@story.example`;
    return signIn(market.graph, person.name, { email, password: 'a long enough secret' });
  };

  async function fetchAs<Data>(person: Person | null, query: string, variables: object): Promise<Data> {
    const { data, errors } = await ask<Data>(market.url, query, {
      variables: { ...variables },
      token: person?.accessToken,
    });
    if (!data || errors.length > 0) throw new Error(JSON.stringify(errors));
    return data;
  }

  async function agree(amount: number, id?: string) {
    const unitPrice = { amount, currencyCode: 'EUR' };
    const { priceListUpsert } = await vendor.person.ask(operations.PriceListUpsertDocument, {
      input: {
        id,
        name: 'Contract',
        vendorId: vendor.id,
        buyerOrganizationId: organizationId,
        entries: [
          { offerId: lamp.offerId, minQuantity: 10, maxQuantity: 499, unitPrice: { ...unitPrice, amount: 9_000 } },
          { offerId: lamp.offerId, minQuantity: 500, unitPrice },
        ],
      },
    });
    return accepted('priceListUpsert', priceListUpsert.priceList, priceListUpsert.userErrors);
  }

  async function priced(person: Person | null, quantity: number, of: string | null = organizationId) {
    const { offer } = await fetchAs<{
      offer: { priceFor: { unitPrice: { amount: number }; source: string }; availability: { available: number } };
    }>(person, PRICED, { id: lamp.offerId, quantity, organizationId: of });
    return `${offer.priceFor.unitPrice.amount} ${offer.priceFor.source} of ${offer.availability.available}`;
  }

  it('are told with what is there in one question: the contract to its buyers, the base price to everybody else', async () => {
    expect(await Promise.all([9, 10, 499, 500].map((quantity) => priced(anna, quantity)))).toEqual([
      '10000 BASE of 1000',
      '9000 CONTRACT of 1000',
      '9000 CONTRACT of 1000',
      '7500 CONTRACT of 1000',
    ]);
    expect(await priced(null, 500)).toBe('10000 BASE of 1000');
    expect(await priced(anna, 500, null)).toBe('10000 BASE of 1000');
    const bert = await registerBuyer(market.graph, 'Bert', run);
    await expect(priced(bert, 500)).rejects.toThrow('FORBIDDEN');
    await anOrganization(bert);
    await expect(priced(bert, 500)).rejects.toThrow('FORBIDDEN');
  });

  it('are the new ones in the next answer of every copy, whoever is asked', async () => {
    for (const amount of [7_400, 7_300, 7_200]) {
      await agree(amount, contract.id);
      const read = await Promise.all(Array.from({ length: 8 }, () => priced(anna, 500)));
      expect(new Set(read)).toEqual(new Set([`${amount} CONTRACT of 1000`]));
    }
  });

  it('are what a cart and an order of the organization cost, and what is paid', async () => {
    const { cartId } = await fillCart(anna, [{ offerId: lamp.offerId, quantity: 10 }]);
    const set = `mutation($cartId: ID!, $organizationId: ID) { cartOrganizationSet(cartId: $cartId, organizationId: $organizationId) {
      cart { organization { id name } subtotal { amount currencyCode } total { amount currencyCode } } userErrors { code } } }`;
    interface Changed {
      cartOrganizationSet: { cart: { total: { amount: number; currencyCode: string } } };
    }
    const { cartOrganizationSet } = await fetchAs<Changed>(anna, set, { cartId, organizationId });
    expect(cartOrganizationSet.cart).toMatchObject({
      organization: { id: organizationId, name: `Anna Ltd ${run}` },
      subtotal: { amount: 90_000 },
    });
    const checkout = await startCheckout(anna, { cartId, total: cartOrganizationSet.cart.total });
    await payByCard(market.graph, checkout, 'pm_card_visa');
    const { order } = await completeCheckout(anna, checkout);
    expect(order?.status).toBe('CONFIRMED');
    const query = `query($id: ID!) { order(id: $id) { organization { name } subtotal { amount } total { amount }
      lines { unitPrice { amount } } payment { amount { amount } } } }`;
    const { amount } = cartOrganizationSet.cart.total;
    expect(await fetchAs(anna, query, { id: checkout.orderId })).toEqual({
      order: {
        organization: { name: `Anna Ltd ${run}` },
        subtotal: { amount: 90_000 },
        total: { amount },
        lines: [{ unitPrice: { amount: 9_000 } }],
        payment: { amount: { amount } },
      },
    });
  });

  it('C11 are in a list that its organization reads, through the graph and by its id', async () => {
    const query = `query($id: ID!) { me { memberships { organization { id priceLists { edges { node { id version seller { id businessName }
      entries(first: 1) { edges { node { offer { sku } tier { minQuantity maxQuantity unitPrice { amount } } } } } } } } } } }
      node(id: $id) { ... on PriceList { name buyerOrganization { name } } } }`;
    const { me, node } = await fetchAs<{ me: { memberships: unknown[] }; node: unknown }>(anna, query, {
      id: contract.id,
    });
    expect(node).toEqual({ name: 'Contract', buyerOrganization: { name: `Anna Ltd ${run}` } });
    expect(me.memberships).toMatchObject([
      {
        organization: {
          priceLists: {
            edges: [
              {
                node: {
                  id: contract.id,
                  version: 4,
                  seller: { businessName: 'Bulk Lamps' },
                  entries: {
                    edges: [{ node: { offer: { sku: `BULK-${run}` }, tier: { minQuantity: 10, maxQuantity: 499 } } }],
                  },
                },
              },
            ],
          },
        },
      },
    ]);
  });

  it('S14 are what a search in the buyer’s own language leads to', async () => {
    const VERSION = 'query($id: ID!) { product(id: $id) { version } }';
    const { product } = await fetchAs<{ product: { version: number } }>(null, VERSION, { id: lamp.productId });
    const UPDATE = `mutation($id: ID!, $version: Int!, $input: ProductUpdateInput!) {
      productUpdate(id: $id, input: $input, expectedVersion: $version) { product { version } userErrors { code } } }`;
    const input = { translations: [{ language: 'de', title: 'Schreibtischleuchte' }] };
    const updated = await fetchAs(vendor.person, UPDATE, { id: lamp.productId, version: product.version, input });
    expect(updated).toMatchObject({ productUpdate: { userErrors: [] } });

    const FOUND = `query($buyer: BuyerContext!, $of: ID) { searchProducts(query: "schreibtischleuchte", buyer: $buyer) { edges {
      highlights { field snippet } node { title(language: "de") attributes(language: "de") { label } }
      matchedOffer { id priceFor(quantity: 500, organizationId: $of) { source } } } } }`;
    interface Found {
      searchProducts: { edges: object[] };
    }
    const found = (person: Person, buyer: object) => fetchAs<Found>(person, FOUND, { buyer, of: organizationId });
    const buyer = { language: 'de-AT', organizationId };
    await until(async () => (await found(anna, buyer)).searchProducts.edges.length === 1);
    expect((await found(anna, buyer)).searchProducts.edges).toEqual([
      {
        highlights: [{ field: 'title', snippet: '<mark>Schreibtischleuchte</mark>' }],
        node: { title: 'Schreibtischleuchte', attributes: [] },
        matchedOffer: { id: lamp.offerId, priceFor: { source: 'CONTRACT' } },
      },
    ]);
    const carl = await registerBuyer(market.graph, 'Carl', run);
    await expect(found(carl, buyer)).rejects.toThrow('FORBIDDEN');
  });

  it('C16 can be shown in another currency, with the time of the rate', async () => {
    const { offer } = await anna.ask(operations.OfferPriceDocument, {
      id: lamp.offerId,
      quantity: 10,
      organizationId,
      currency: 'USD',
    });
    expect(offer!.priceFor).toMatchObject({
      unitPrice: { amount: 10_575, currencyCode: 'USD' },
      exchange: { from: 'EUR', rate: 1.175 },
    });
    expect(Date.parse(offer!.priceFor.exchange!.asOf)).toBeLessThanOrEqual(Date.now());
  });
});
