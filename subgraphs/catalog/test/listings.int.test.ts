import type { EventEnvelope } from '@marketgraph/platform/messaging';
import { vendorChanged } from '@marketgraph/schema/events/accounts';
import type { CategoryChanged, ListingsChanged } from '@marketgraph/schema/events/catalog';
import { stockChanged } from '@marketgraph/schema/events/inventory';
import { ratingChanged } from '@marketgraph/schema/events/reviews';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actions, actions, openShop, present, publishedProduct, type Seller, type Shop, until } from './shop.ts';

let shop: Shop;
let act: Actions;
let categoryId: string;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  categoryId = present((await act.category({ slug: 'lamps', name: 'Lamps' })).category).id;
});
afterAll(() => shop?.stop());

/** A seller with one published product and an offer of it. */
async function aListing() {
  const seller = await shop.aSeller();
  const product = await publishedProduct(act, seller, { categoryId });
  const { offer, userErrors } = await act.offer(seller.viewer, {
    ...{ vendorId: seller.vendorId, variantId: product.variantId, sku: 'LAMP' },
    price: { amount: 4_900, currencyCode: 'EUR' },
  });
  const { id } = present(offer, userErrors);
  return { seller, product, named: { offerId: id, productId: product.id, variantId: product.variantId } };
}
const about = async (key: string) =>
  (await shop.published('catalog.listingsChanged')).filter((event) => event.key === key);
const newsAbout = (key: string, count: number): Promise<EventEnvelope[]> =>
  until(async () => {
    const news = await about(key);
    return news.length >= count && news;
  });
const payloadsOf = (news: readonly EventEnvelope[]) => news.map(({ payload }) => payload as ListingsChanged);
const named = (...offers: ListingsChanged['offers']): ListingsChanged => ({ offers, everything: false });

const stock = (offerId: string, available: number, sequence: number) =>
  shop.tell('inventory', {
    name: stockChanged.name,
    ...{ key: offerId, sequence },
    payload: { ...stockChanged.sample, offerId, available, lowStockThreshold: 3 },
  });
const standing = ({ vendorId }: Seller, status: string, sequence: number) =>
  shop.tell('accounts', {
    name: vendorChanged.name,
    ...{ key: vendorId, sequence },
    payload: { ...vendorChanged.sample, vendorId, status },
  });
const rating = ({ vendorId }: Seller, average: number, sequence: number) =>
  shop.tell('reviews', {
    name: ratingChanged.name,
    ...{ key: vendorId, sequence },
    payload: { ...ratingChanged.sample, subjectId: vendorId, average, count: 10 },
  });

describe('C7 whatever makes offers look different is told, so that nobody needs to ask again before', () => {
  it('stock that runs low, runs out or comes back, and not each unit', async () => {
    const { named: listing } = await aListing();
    const { offerId } = listing;
    for (const [sequence, available] of [10, 9, 3, 2, 0].entries()) await stock(offerId, available, sequence + 1);
    // From before anything was known to plenty, to few, to none; in between only the numbers change.
    const news = await newsAbout(offerId, 3);
    expect(news.map(({ sequence }) => sequence)).toEqual([1, 3, 5]);
    expect(payloadsOf(news)).toEqual([named(listing), named(listing), named(listing)]);
    // A late one from when there was plenty tells nothing, the next one does.
    await stock(offerId, 10, 4);
    await stock(offerId, 10, 6);
    expect((await newsAbout(offerId, 4)).map(({ sequence }) => sequence)).toEqual([1, 3, 5, 6]);
  });

  it('a crowd of counts tells the same as one after the other', async () => {
    const listings = [await aListing(), await aListing(), await aListing()].map((one) => one.named);
    const counts = [10, 9, 3, 2, 0, 12].flatMap((available, at) =>
      listings.map(({ offerId }) => ({ offerId, available, sequence: at + 1 })),
    );
    const late = listings.map(({ offerId }) => ({ offerId, available: 0, sequence: 3 }));
    const gone = { offerId: 'off_01J00000000000000000000000', available: 1, sequence: 1 };
    await Promise.all([...counts, gone, ...late].map((each) => stock(each.offerId, each.available, each.sequence)));
    for (const listing of listings) {
      const news = await newsAbout(listing.offerId, 4);
      expect(news.map(({ sequence }) => sequence)).toEqual([1, 3, 5, 6]);
      expect(payloadsOf(news)).toEqual([named(listing), named(listing), named(listing), named(listing)]);
    }
  });

  it('a vendor that is suspended or comes back, with all it offers', async () => {
    const { seller, named: listing } = await aListing();
    await standing(seller, 'SUSPENDED', 1_001);
    await newsAbout(seller.vendorId, 1);
    // Of another name, and suspended still.
    await standing(seller, 'SUSPENDED', 1_002);
    await standing(seller, 'ACTIVE', 1_003);
    const news = await newsAbout(seller.vendorId, 2);
    expect(payloadsOf(news)).toEqual([named(listing), named(listing)]);
    const [gone, back] = news.map(({ sequence }) => sequence);
    expect(back).toBeGreaterThan(gone!);
  });

  it('a vendor that comes back by being asked for, before its event does: what it brings is for sale at once', async () => {
    const { seller, product, named: listing } = await aListing();
    await standing(seller, 'SUSPENDED', 1_001);
    await newsAbout(seller.vendorId, 1);
    shop.accounts.set(seller.vendorId, { status: 'ACTIVE', kycStatus: 'VERIFIED', version: 1_003 });
    const { offer, userErrors } = await act.offer(seller.viewer, {
      ...{ vendorId: seller.vendorId, variantId: product.variantId, sku: 'LAMP' },
      price: { amount: 4_500, currencyCode: 'EUR' },
    });
    expect(present(offer, userErrors)).toMatchObject({ id: listing.offerId, status: 'ACTIVE' });
    expect(payloadsOf(await newsAbout(seller.vendorId, 2))).toEqual([named(listing), named(listing)]);
    // The events that were on their way say nothing new, the one after them does.
    await standing(seller, 'SUSPENDED', 1_002);
    await standing(seller, 'ACTIVE', 1_003);
    await standing(seller, 'SUSPENDED', 1_004);
    expect(await newsAbout(seller.vendorId, 3)).toHaveLength(3);
  });

  it('another rating of a vendor, and not the same once more', async () => {
    const { seller, named: listing } = await aListing();
    await rating(seller, 4, 1);
    await newsAbout(seller.vendorId, 1);
    await rating(seller, 4, 2);
    await rating(seller, 5, 3);
    expect(payloadsOf(await newsAbout(seller.vendorId, 2))).toEqual([named(listing), named(listing)]);
  });

  it('a product that is taken down, with the offers that go with it', async () => {
    const { seller, product, named: listing } = await aListing();
    await act.archive(seller.viewer, product.id, product.version);
    expect(payloadsOf(await newsAbout(product.id, 1))).toEqual([named(listing)]);
  });

  it('more offers than one event can name, as everything', async () => {
    const { seller, named: listing } = await aListing();
    const offers = shop.db.collection('offers');
    const { _id, ...offer } = (await offers.findOne({ _id: listing.offerId as never }))!;
    await offers.insertMany(
      Array.from({ length: 200 }, (_, count) => ({
        ...offer,
        ...{ _id: `${String(_id)}-${count}` as never, sku: `LAMP-${count}` },
      })),
    );
    await rating(seller, 5, 1);
    expect(payloadsOf(await newsAbout(seller.vendorId, 1))).toEqual([{ offers: [], everything: true }]);
  });

  it('a category that is new, renamed or moved, with where it stands and stood', async () => {
    const upsert = async (input: object) => present((await act.category(input)).category).id;
    const shed = await upsert({ slug: 'shed', name: 'Shed' });
    const attic = await upsert({ slug: 'attic', name: 'Attic' });
    const id = await upsert({ slug: 'tools', name: 'Tools', parentId: shed });
    await upsert({ id, slug: 'tools', name: 'Old tools' });
    // The same again is no news.
    await upsert({ id, slug: 'tools', name: 'Old tools' });
    await upsert({ id, slug: 'tools', name: 'Old tools', parentId: attic });
    const news = await until(async () => {
      const all = (await shop.published('catalog.categoryChanged')).filter(({ key }) => key === id);
      return all.length >= 3 && all;
    });
    expect(news.map(({ payload }) => payload as CategoryChanged)).toEqual([
      { categoryId: id, slug: 'tools', parentId: shed, previousParentId: null },
      { categoryId: id, slug: 'tools', parentId: shed, previousParentId: shed },
      { categoryId: id, slug: 'tools', parentId: attic, previousParentId: shed },
    ]);
  });
});
