import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aUser } from '@marketgraph/platform/testing';
import type { StreamRoot } from '@marketgraph/platform/graphql';
import { type Actions, actions, openShop, present, publishedProduct, type Seller, type Shop, until } from './shop.ts';

let shop: Shop;
let act: Actions;
let first: Seller;
let second: Seller;
let categoryId: string;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  first = await shop.aSeller();
  second = await shop.aSeller();
  categoryId = present((await act.category({ slug: 'lamps', name: 'Lamps' })).category).id;
});
afterAll(() => shop?.stop());

let skus = 0;
const listing = (seller: Seller, variantId: string, amount: number, more: object = {}) => {
  skus += 1;
  return { vendorId: seller.vendorId, variantId, sku: `SKU-${skus}`, price: { amount, currencyCode: 'EUR' }, ...more };
};
const codes = (result: { userErrors: { code: string }[] }) => result.userErrors.map(({ code }) => code);
const stockChanged = (offerId: string, vendorId: string, available: number, sequence: number) =>
  shop.tell('inventory', {
    name: 'inventory.stockChanged',
    key: offerId,
    sequence,
    payload: {
      offerId,
      vendorId,
      warehouseId: null,
      previousAvailable: 0,
      available,
      onHand: available,
      reserved: 0,
      lowStockThreshold: 3,
      reason: 'CORRECTION',
    },
  });
const SHELF = `query ($id: ID!) { product(id: $id) {
  featuredOffer { id } priceRange { min { amount } max { amount } }
  offers { edges { node { id status vendor { id } } } } } }`;
interface Shelf {
  product: {
    featuredOffer: { id: string } | null;
    priceRange: { min: { amount: number }; max: { amount: number } } | null;
    offers: { edges: { node: { id: string; status: string; vendor: { id: string } } }[] };
  };
}
const shelfOf = async (id: string) => (await shop.run<Shelf>(SHELF, { id })).product;

describe('several vendors on one product', () => {
  it('C9 lists offers of two vendors, features the better one, and the other when the winner sells out', async () => {
    const { id, variantId } = await publishedProduct(act, first, { categoryId });
    const dear = present((await act.offer(first.viewer, listing(first, variantId, 5_500))).offer);
    const cheap = present((await act.offer(second.viewer, listing(second, variantId, 4_900))).offer);
    await stockChanged(dear.id, first.vendorId, 10, 1);
    await stockChanged(cheap.id, second.vendorId, 10, 1);
    await until(async () => (await shelfOf(id)).featuredOffer?.id === cheap.id);
    const shelf = await shelfOf(id);
    expect(shelf.offers.edges.map(({ node }) => [node.id, node.vendor.id, node.status])).toEqual([
      [cheap.id, second.vendorId, 'ACTIVE'],
      [dear.id, first.vendorId, 'ACTIVE'],
    ]);
    expect(shelf.priceRange).toEqual({ min: { amount: 4_900 }, max: { amount: 5_500 } });

    await stockChanged(cheap.id, second.vendorId, 0, 2);
    await until(async () => (await shelfOf(id)).featuredOffer?.id === dear.id);
    // A late event from before the shelf was empty is no news.
    await stockChanged(cheap.id, second.vendorId, 9, 1);
    await stockChanged(dear.id, first.vendorId, 9, 2);
    await until(() => shop.db.collection('offers').findOne({ _id: dear.id as never, stockSequence: 2 }));
    expect((await shelfOf(id)).featuredOffer?.id).toBe(dear.id);
  });

  it('C9 features another offer as soon as its price is the better one, and the first when that is dearer again', async () => {
    const { id, variantId } = await publishedProduct(act, first, { categoryId });
    const kept = present((await act.offer(first.viewer, listing(first, variantId, 2_000))).offer);
    const moved = present((await act.offer(second.viewer, listing(second, variantId, 3_000))).offer);
    expect((await shelfOf(id)).featuredOffer?.id).toBe(kept.id);
    await act.price(second.viewer, moved.id, 1_500, 1);
    expect((await shelfOf(id)).featuredOffer?.id).toBe(moved.id);
    await act.price(second.viewer, moved.id, 2_500, 2);
    expect((await shelfOf(id)).featuredOffer?.id).toBe(kept.id);
  });

  it('lets a much better rating win over a slightly better price', async () => {
    const { id, variantId } = await publishedProduct(act, first, { categoryId });
    const rated = await shop.aSeller();
    const cheap = present((await act.offer(first.viewer, listing(first, variantId, 1_000))).offer);
    const loved = present((await act.offer(rated.viewer, listing(rated, variantId, 1_020))).offer);
    expect((await shelfOf(id)).featuredOffer?.id).toBe(cheap.id);
    const payload = { subjectId: rated.vendorId, average: 5, count: 300, histogram: [0, 0, 0, 0, 300] };
    await shop.tell('reviews', { name: 'reviews.ratingChanged', key: rated.vendorId, sequence: 1, payload });
    await until(async () => (await shelfOf(id)).featuredOffer?.id === loved.id);
  });

  it('shows no offer of a vendor that was suspended, and pauses it for whoever holds its id', async () => {
    const { id, variantId } = await publishedProduct(act, first, { categoryId });
    const gone = await shop.aSeller();
    const offer = present((await act.offer(gone.viewer, listing(gone, variantId, 1_000))).offer);
    await shop.db.collection('vendors').updateOne({ _id: gone.vendorId as never }, { $set: { status: 'SUSPENDED' } });
    const shelf = await shelfOf(id);
    expect(shelf.offers.edges).toEqual([]);
    expect(shelf.featuredOffer).toBeNull();
    const answer = await shop.run('query ($id: ID!) { offer(id: $id) { status } }', { id: offer.id });
    expect(answer).toEqual({ offer: { status: 'PAUSED' } });
  });

  it('keeps the price a list is sorted by true when two offers of a product change at once', async () => {
    const { id, variantId } = await publishedProduct(act, first, { categoryId });
    const a = present((await act.offer(first.viewer, listing(first, variantId, 300))).offer);
    const b = present((await act.offer(second.viewer, listing(second, variantId, 900))).offer);
    for (let version = 1; version <= 10; version += 1) {
      const prices = version % 2 === 1 ? ([500, 400] as const) : ([300, 900] as const);
      const results = await Promise.all([
        act.price(first.viewer, a.id, prices[0], version),
        act.price(second.viewer, b.id, prices[1], version),
      ]);
      expect(results.flatMap(codes)).toEqual([]);
      const product = await shop.db.collection('products').findOne({ _id: id as never });
      expect(product?.['sortPrice']).toBe(Math.min(...prices));
    }
  });
});

describe('listing', () => {
  it('C3 makes one offer of fifty concurrent offerUpsert with one sku', async () => {
    const { variantId } = await publishedProduct(act, first, { categoryId });
    const sku = 'FIFTY-AT-ONCE';
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        act.offer(first.viewer, listing(first, variantId, 1_000 + index, { sku })),
      ),
    );
    expect(results.flatMap(codes)).toEqual([]);
    expect(new Set(results.map(({ offer }) => present(offer).id)).size).toBe(1);
    const stored = await shop.db.collection('offers').find({ sku }).toArray();
    expect(stored).toHaveLength(1);
    const events = await until(async () => {
      const told = (await shop.published('catalog.offerChanged')).filter(({ key }) => key === String(stored[0]?._id));
      return told.length === stored[0]?.['version'] ? told : undefined;
    });
    expect(events.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: events.length }, (_, index) => index + 1),
    );
  });

  it('changes nothing and tells nothing when the same listing comes again', async () => {
    const { variantId } = await publishedProduct(act, first, { categoryId });
    const input = listing(first, variantId, 700);
    const once = present((await act.offer(first.viewer, input)).offer);
    const twice = present((await act.offer(first.viewer, input)).offer);
    expect(twice).toEqual(once);
  });

  it('lets two vendors use the same sku, and finds each by vendor and sku', async () => {
    const { variantId } = await publishedProduct(act, first, { categoryId });
    const sku = 'SAME-SKU';
    const mine = present((await act.offer(first.viewer, listing(first, variantId, 700, { sku }))).offer);
    const theirs = present((await act.offer(second.viewer, listing(second, variantId, 800, { sku }))).offer);
    const query = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Offer { id } } }';
    const r = [first, second].map(({ vendorId }) => ({
      __typename: 'Offer',
      vendor: { __typename: 'Vendor', id: vendorId },
      sku,
    }));
    expect(await shop.run(query, { r })).toEqual({ _entities: [{ id: mine.id }, { id: theirs.id }] });
  });

  it('refuses a sku that is used for another variant', async () => {
    const one = await publishedProduct(act, first, { categoryId });
    const two = await publishedProduct(act, first, { categoryId });
    const input = listing(first, one.variantId, 700);
    await act.offer(first.viewer, input);
    expect(codes(await act.offer(first.viewer, { ...input, variantId: two.variantId }))).toEqual(['CONFLICT']);
  });

  it('lets nobody else list what is not published', async () => {
    const draft = await act.create(first.viewer, {
      vendorId: first.vendorId,
      title: 'Draft',
      categoryId,
      variants: [{ title: 'One' }],
    });
    const variantId = present(draft.product).variants[0]!.id;
    expect(codes(await act.offer(second.viewer, listing(second, variantId, 100)))).toEqual(['NOT_FOUND']);
    const own = present((await act.offer(first.viewer, listing(first, variantId, 100))).offer);
    const hidden = await shop.run('query ($id: ID!) { offer(id: $id) { id } }', { id: own.id });
    expect(hidden).toEqual({ offer: null });
    const shown = await shop.run('query ($id: ID!) { offer(id: $id) { status } }', { id: own.id }, first.viewer);
    expect(shown).toEqual({ offer: { status: 'PAUSED' } });
  });

  it.each([
    ['a price of zero', { price: { amount: 0, currencyCode: 'EUR' } }, ['price', 'amount']],
    ['a negative price', { price: { amount: -1, currencyCode: 'EUR' } }, ['price', 'amount']],
    ['a price without end', { price: { amount: 9_007_199_254_740_991, currencyCode: 'EUR' } }, ['price', 'amount']],
    ['a currency nobody has', { price: { amount: 1, currencyCode: 'QQQ' } }, ['price', 'currencyCode']],
    ['a quantity of zero', { minOrderQuantity: 0 }, ['minOrderQuantity']],
    ['a multiple of a thousand million', { orderMultiple: 1_000_000_000 }, ['orderMultiple']],
    ['a negative return window', { returnWindowDays: -1 }, ['returnWindowDays']],
    ['a sku of an operator', { sku: '$ne' }, ['sku']],
    ['an empty sku', { sku: '' }, ['sku']],
  ])('refuses %s', async (_, input, field) => {
    const { variantId } = await publishedProduct(act, first, { categoryId });
    const result = await act.offer(first.viewer, listing(first, variantId, 100, input));
    expect(result.offer).toBeNull();
    expect(result.userErrors.map((error) => error.field)).toEqual([field]);
  });
});

describe('prices', () => {
  it('sets a price from the version that was read, for its own vendor only', async () => {
    const { variantId } = await publishedProduct(act, first, { categoryId });
    const offer = present((await act.offer(first.viewer, listing(first, variantId, 700))).offer);
    expect(codes(await act.price(second.viewer, offer.id, 1, 1))).toEqual(['FORBIDDEN']);
    expect(codes(await act.price(first.viewer, 'off_unknown', 1, 1))).toEqual(['NOT_FOUND']);
    expect(present((await act.price(first.viewer, offer.id, 650, 1)).offer)).toMatchObject({
      version: 2,
      price: { amount: 650 },
    });
    expect(codes(await act.price(first.viewer, offer.id, 600, 1))).toEqual(['VERSION_MISMATCH']);
  });

  it('C10 gives everybody the base price, and refuses a currency nobody has', async () => {
    const { variantId } = await publishedProduct(act, first, { categoryId });
    const offer = present((await act.offer(first.viewer, listing(first, variantId, 700))).offer);
    const query = `query ($id: ID!, $quantity: Int, $currency: CurrencyCode) { offer(id: $id) {
      priceFor(quantity: $quantity, currency: $currency) { unitPrice { amount currencyCode } source } } }`;
    expect(await shop.run(query, { id: offer.id, quantity: 500, currency: 'EUR' })).toEqual({
      offer: { priceFor: { unitPrice: { amount: 700, currencyCode: 'EUR' }, source: 'BASE' } },
    });
    for (const variables of [{ currency: 'QQQ' }, { quantity: 0 }, { quantity: -1 }]) {
      const { errors } = await shop.execute(query, { id: offer.id, ...variables });
      expect(errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
    }
  });

  it('streams a change of price to whoever watches, from a snapshot on', async () => {
    const { variantId } = await publishedProduct(act, first, { categoryId });
    const offer = present((await act.offer(first.viewer, listing(first, variantId, 700))).offer);
    const query = `subscription ($ids: [ID!]!) { priceChanged(offerIds: $ids) {
      cursor kind previous { amount } offer { id price { amount } } } }`;
    const occurredAt = new Date().toISOString();
    const listen = (event: StreamRoot, ids = [offer.id]) => shop.executeEvent(query, { ids }, aUser(), event);
    const snapshot = await listen({ kind: 'SNAPSHOT', cursor: 'c0', occurredAt, key: offer.id });
    expect(JSON.parse(JSON.stringify(snapshot.data))).toEqual({
      priceChanged: { cursor: 'c0', kind: 'SNAPSHOT', previous: null, offer: { id: offer.id, price: { amount: 700 } } },
    });

    await act.price(first.viewer, offer.id, 650, 1);
    const envelope = await until(async () =>
      (await shop.published('catalog.offerChanged')).find(({ key, sequence }) => key === offer.id && sequence === 2),
    );
    expect(envelope.topics).toEqual([`priceChanged:${offer.id}`]);
    const later = await listen({ kind: 'SNAPSHOT', cursor: 'c2', occurredAt, key: offer.id });
    expect([snapshot, later].map(({ extensions }) => extensions?.['shows'])).toEqual([
      { name: envelope.name, key: envelope.key, sequence: 1 },
      { name: envelope.name, key: envelope.key, sequence: 2 },
    ]);
    const live = await listen({ kind: 'LIVE', cursor: 'c1', occurredAt, envelope });
    expect(live.extensions).toBeUndefined();
    expect(JSON.parse(JSON.stringify(live.data))).toEqual({
      priceChanged: {
        cursor: 'c1',
        kind: 'LIVE',
        previous: { amount: 700 },
        offer: { id: offer.id, price: { amount: 650 } },
      },
    });
    const elsewhere = await listen({ kind: 'LIVE', cursor: 'c1', occurredAt, envelope }, ['off_another']);
    expect(elsewhere.errors?.[0]?.extensions['code']).toBe('EVENT_SKIPPED');
    const unknown = await listen({ kind: 'SNAPSHOT', cursor: 'c0', occurredAt, key: 'off_another' }, ['off_another']);
    expect(unknown.errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  it('names no topic for a change that is not of the price', async () => {
    const { variantId } = await publishedProduct(act, first, { categoryId });
    const input = listing(first, variantId, 700);
    const offer = present((await act.offer(first.viewer, input)).offer);
    await act.offer(first.viewer, { ...input, minOrderQuantity: 5 });
    const events = await until(async () => {
      const told = (await shop.published('catalog.offerChanged')).filter(({ key }) => key === offer.id);
      return told.length === 2 ? told : undefined;
    });
    expect(events.map(({ topics }) => topics)).toEqual([undefined, undefined]);
  });
});
