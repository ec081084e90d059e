import { until } from '@marketgraph/platform/testing';
import * as operations from '@marketgraph/schema/generated/operations';
import { print } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aRun, newKey, registerBuyer, registerVendor, signIn, type Vendor } from '../../story/cast.ts';
import { accepted, silentReport as report } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import type { Person } from '../../support/person.ts';
import { ask } from '../../support/raw-graph.ts';
import { type SecondGateway, startSecondGateway } from '../../support/second-gateway.ts';
import { buy, type Listing, listProduct } from '../../support/shop.ts';
import { deliver } from './deliver.ts';

/** What the marketplace promises for everything that follows from a change. */
const FRESH_MS = 2_000;
const PAGE = print(operations.ProductPageDocument);

interface Page {
  xCache: string | null;
  product: operations.ProductPageQuery['product'];
}

describe.each(['monolith', 'processes'] as const)('C7 the product page from the cache, %s', (shape) => {
  let market: TestMarketplace;
  let second: SecondGateway | undefined;
  let operator: Person;
  let vendor: Vendor;
  let buyer: Person;
  let lamp: Listing;
  let gateways: string[];

  beforeAll(async () => {
    market = await startTestMarketplace({ shape });
    if (shape === 'processes') second = await startSecondGateway(market);
    gateways = [market.url, ...(second ? [second.url] : [])];
    const run = aRun();
    operator = await signIn(market.graph, 'Olga', market.operator);
    vendor = await registerVendor(market.graph, { name: 'Kept Goods', run, operator, report });
    buyer = await registerBuyer(market.graph, 'Bea', run);
    lamp = await listProduct(vendor, operator, { title: 'Brass lamp', sku: `KEPT-${run}`, units: 10 });
  });
  afterAll(async () => {
    await Promise.all([vendor?.person, buyer, operator].map((person) => person?.leave()));
    await second?.stop();
    await market?.stop();
  });

  const page = async (url: string, token?: string): Promise<Page> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify({ query: PAGE, variables: { id: lamp.productId } }),
    });
    const { data, errors } = (await response.json()) as { data: { product: Page['product'] }; errors?: unknown };
    expect(errors).toBeUndefined();
    return { xCache: response.headers.get('x-cache'), product: data.product };
  };
  const warm = (url: string, token?: string): Promise<Page> =>
    until(
      async () => {
        const seen = await page(url, token);
        return seen.xCache === 'hit' && seen;
      },
      { what: 'the page comes from the cache' },
    );
  /** Every gateway has the page in its cache, then something changes, then all of them show it, from the cache again. */
  const changes = async (change: () => Promise<unknown>, shows: (product: Page['product']) => boolean) => {
    await follows(change, shows);
    const kept = await Promise.all(gateways.map(async (url) => (await warm(url)).product));
    return kept.filter(shows);
  };
  const follows = async (change: () => Promise<unknown>, shows: (product: Page['product']) => boolean) => {
    for (const url of gateways) expect(shows((await warm(url)).product)).toBe(false);
    await change();
    await Promise.all(
      gateways.map((url) =>
        until(async () => shows((await page(url)).product), { timeoutMs: FRESH_MS, what: `the change at ${url}` }),
      ),
    );
  };

  it('is a hit when it is asked for again, by whoever buys, and asks no subgraph', async () => {
    const { product } = await warm(market.url);
    expect(product).toMatchObject({ title: 'Brass lamp', rating: { count: 0 } });
    expect(product?.offers.edges[0]?.node).toMatchObject({
      id: lamp.offerId,
      price: { amount: 2_500 },
      availability: { available: 10 },
      vendor: { businessName: 'Kept Goods' },
    });
    expect((await warm(market.url, buyer.accessToken)).product).toEqual(product);
    expect((await page(market.url, vendor.person.accessToken)).xCache).toBe('bypass');
  });

  it('tells what is in a cart from it, and the cart itself anew', async () => {
    await warm(market.url, buyer.accessToken);
    const add = async (quantity: number) => {
      const { data, errors, xCache } = await ask<operations.CartLinesAddMutation>(
        market.url,
        print(operations.CartLinesAddDocument),
        {
          variables: { input: { lines: [{ offerId: lamp.offerId, quantity }] }, idempotencyKey: newKey() },
          token: buyer.accessToken,
        },
      );
      expect(errors).toEqual([]);
      return { lines: data!.cartLinesAdd.cart!.lines, xCache };
    };
    const offer = { id: lamp.offerId };
    expect((await add(1)).lines).toMatchObject([{ quantity: 1, offer }]);
    expect(await add(2)).toMatchObject({ lines: [{ quantity: 3, offer }], xCache: 'partial' });
  });

  it('shows productUpdate within two seconds', async () => {
    const kept = await changes(
      async () => {
        const { data } = await ask<{ productUpdate: { userErrors: unknown[] } }>(
          market.url,
          `mutation ($id: ID!, $version: Int!) {
            productUpdate(id: $id, expectedVersion: $version, input: { title: "Steel lamp" }) { userErrors { message } }
          }`,
          { variables: { id: lamp.productId, version: await productVersion() }, token: vendor.person.accessToken },
        );
        expect(data?.productUpdate.userErrors).toEqual([]);
      },
      (product) => product?.title === 'Steel lamp',
    );
    expect(kept).toHaveLength(gateways.length);
  });

  it('shows another price within two seconds', async () => {
    const kept = await changes(
      async () => {
        const { offerPriceSet } = await vendor.person.ask(operations.OfferPriceSetDocument, {
          id: lamp.offerId,
          price: { amount: 1_900, currencyCode: 'EUR' },
          expectedVersion: 1,
        });
        accepted('offerPriceSet', offerPriceSet.offer, offerPriceSet.userErrors);
      },
      (product) => product?.offers.edges[0]?.node.price.amount === 1_900,
    );
    expect(kept).toHaveLength(gateways.length);
  });

  it('shows other stock within two seconds', async () => {
    const kept = await changes(
      async () => {
        const { inventoryAdjust } = await vendor.person.ask(operations.InventoryAdjustDocument, {
          input: { offerId: lamp.offerId, warehouseId: vendor.warehouses[0]!, delta: 5, reason: 'RECEIPT' },
          idempotencyKey: newKey(),
        });
        accepted('inventoryAdjust', inventoryAdjust.stockLevel, inventoryAdjust.userErrors);
      },
      (product) => product?.offers.edges[0]?.node.availability?.available === 15,
    );
    expect(kept).toHaveLength(gateways.length);
  });

  it('shows a review, and what it does to the rating, within two seconds', async () => {
    const { orderId } = await buy(market.graph, buyer, [{ offerId: lamp.offerId, quantity: 1 }]);
    const lineId = await deliver(market.url, { buyer, vendor: vendor.person, orderId });
    const kept = await changes(
      () =>
        until(
          async () => {
            const { reviewSubmit } = await buyer.ask(operations.ReviewSubmitDocument, {
              input: { orderLineId: lineId, target: 'PRODUCT', rating: 5, title: 'Bright', body: 'Reads itself.' },
            });
            return reviewSubmit.review;
          },
          { what: 'the delivered line may be reviewed' },
        ),
      (product) => product?.rating?.count === 1 && product.reviews?.edges[0]?.node.title === 'Bright',
    );
    expect(kept).toHaveLength(gateways.length);
  });

  it('comes with the list of its category, which is kept until something on it changes', async () => {
    const query = `query ($id: ID!) { products(filter: { categoryId: $id }) {
      edges { node { id title priceRange { min { amount } } } } } }`;
    const { data: found } = await ask<{ product: { category: { id: string } } }>(
      market.url,
      'query ($id: ID!) { product(id: $id) { category { id } } }',
      { variables: { id: lamp.productId } },
    );
    const list = async (url: string) => {
      const { data, xCache } = await ask<{
        products: { edges: { node: { title: string; priceRange: { min: { amount: number } } | null } }[] };
      }>(url, query, { variables: { id: found!.product.category.id } });
      const [first, ...others] = data!.products.edges;
      expect(others).toEqual([]);
      return { xCache, lowest: first?.node.priceRange?.min.amount ?? null };
    };
    const listed = async (change: () => Promise<unknown>, lowest: number | null) => {
      for (const url of gateways) await until(async () => (await list(url)).xCache === 'hit');
      await change();
      for (const url of gateways) {
        await until(async () => (await list(url)).lowest === lowest, {
          timeoutMs: FRESH_MS,
          what: `${lowest} at ${url}`,
        });
      }
    };
    const asOperator = (mutation: string, variables: object) =>
      ask(market.url, mutation, { variables: { id: vendor.id, ...variables }, token: operator.accessToken });
    const suspend = () =>
      asOperator('mutation ($id: ID!) { vendorSuspend(id: $id, reason: "Looked at.") { userErrors { message } } }', {});
    const reinstate = async () =>
      asOperator(
        `mutation ($id: ID!, $version: Int!) {
          vendorReview(input: { id: $id, decision: APPROVE, expectedVersion: $version }) { userErrors { message } }
        }`,
        { version: await vendorVersion() },
      );
    expect((await list(market.url)).lowest).toBe(1_900);
    await listed(async () => {
      const { offerPriceSet } = await vendor.person.ask(operations.OfferPriceSetDocument, {
        id: lamp.offerId,
        price: { amount: 1_700, currencyCode: 'EUR' },
        expectedVersion: 2,
      });
      accepted('offerPriceSet', offerPriceSet.offer, offerPriceSet.userErrors);
    }, 1_700);
    await listed(suspend, null);
    await listed(reinstate, 1_700);
  });

  it('is gone within two seconds when the product is archived, for all but its vendor', async () => {
    const version = await productVersion();
    await follows(
      () =>
        ask(
          market.url,
          'mutation ($id: ID!, $v: Int!) { productArchive(id: $id, expectedVersion: $v) { userErrors { message } } }',
          { variables: { id: lamp.productId, v: version }, token: vendor.person.accessToken },
        ),
      (product) => product === null,
    );
    expect((await page(market.url)).product).toBeNull();
    expect((await page(market.url, buyer.accessToken)).product).toBeNull();
    expect((await page(market.url, vendor.person.accessToken)).product?.title).toBe('Steel lamp');
  });

  it('never shows a draft to who is not its vendor, whoever asked before', async () => {
    const { categories } = await operator.ask(operations.CategoriesDocument, {});
    const { productCreate } = await vendor.person.ask(operations.ProductCreateDocument, {
      input: { vendorId: vendor.id, title: 'Secret lamp', categoryId: categories[0]!.id, variants: [{ title: 'One' }] },
      idempotencyKey: newKey(),
    });
    const draft = accepted('productCreate', productCreate.product, productCreate.userErrors);
    const title = async (person?: Person) => {
      const { data } = await ask<{ product: { title: string } | null }>(
        market.url,
        'query ($id: ID!) { product(id: $id) { id title } }',
        { variables: { id: draft.id }, token: person?.accessToken },
      );
      return data?.product?.title ?? null;
    };
    for (let round = 0; round < 2; round += 1) {
      expect(await title(vendor.person)).toBe('Secret lamp');
      expect(await title()).toBeNull();
      expect(await title(buyer)).toBeNull();
      expect(await title(operator)).toBe('Secret lamp');
    }
  });

  const vendorVersion = async (): Promise<number> => {
    const { data } = await ask<{ vendor: { version: number } }>(
      market.url,
      'query ($id: ID!) { vendor(id: $id) { version } }',
      { variables: { id: vendor.id }, token: operator.accessToken },
    );
    return data!.vendor.version;
  };
  const productVersion = async (): Promise<number> => {
    const { data } = await ask<{ product: { version: number } }>(
      market.url,
      'query ($id: ID!) { product(id: $id) { version } }',
      { variables: { id: lamp.productId }, token: vendor.person.accessToken },
    );
    return data!.product.version;
  };
});
