import { aUser } from '@marketgraph/platform/testing';
import type { Viewer } from '@marketgraph/platform/graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Actions,
  actions,
  ids,
  openShop,
  present,
  publishedProduct,
  type Seller,
  type Shop,
  until,
} from './shop.ts';

let shop: Shop;
let act: Actions;
let seller: Seller;
let other: Seller;
const buyer = aUser();

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  seller = await shop.aSeller();
  other = await shop.aSeller();
});
afterAll(() => shop?.stop());

interface Result {
  promotion: { id: string; code: string; status: string; version: number; usageCount: number | null } | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}
const UPSERT = `mutation ($input: PromotionInput!, $version: Int, $key: IdempotencyKey) {
  promotionUpsert(input: $input, expectedVersion: $version, idempotencyKey: $key) {
    promotion { id code status version usageCount } userErrors { code message field } } }`;
const upsert = async (viewer: Viewer, input: object, more: { version?: number; key?: string } = {}) =>
  (await shop.run<{ promotionUpsert: Result }>(UPSERT, { input, ...more }, viewer)).promotionUpsert;
const codes = (result: Result) => result.userErrors.map(({ code, field }) => `${code} ${field?.join('.')}`);

let count = 0;
const share = (more: object = {}) => {
  count += 1;
  return { code: `CASE-${count}A`, name: 'Ten off', kind: 'PERCENTAGE', basisPoints: 1_000, ...more };
};
const READ = `query ($id: ID, $code: String) { promotion(id: $id, code: $code) {
  id name status vendor { id } usageLimit usageCount basisPoints } }`;
const read = async (viewer: Viewer, by: object) =>
  (
    await shop.run<{ promotion: { id: string; usageLimit: number | null; usageCount: number | null } | null }>(
      READ,
      by,
      viewer,
    )
  ).promotion;

describe('C14 who makes promotions', () => {
  it('an operator for the whole cart, a vendor for its own lines, nobody else', async () => {
    const everywhere = present((await upsert(shop.operator, share())).promotion);
    expect(everywhere).toMatchObject({ status: 'ACTIVE', version: 1, usageCount: 0 });
    const own = await upsert(seller.viewer, share({ vendorId: seller.vendorId }));
    expect(await read(shop.operator, { id: present(own.promotion).id })).toMatchObject({
      vendor: { id: seller.vendorId },
    });

    expect(codes(await upsert(seller.viewer, share()))).toEqual(['FORBIDDEN vendorId']);
    expect(codes(await upsert(seller.viewer, share({ vendorId: other.vendorId })))).toEqual(['FORBIDDEN vendorId']);
    await expect(upsert(buyer, share())).rejects.toThrow('FORBIDDEN');
    await expect(upsert({ kind: 'anonymous' }, share())).rejects.toThrow('UNAUTHENTICATED');
  });

  it('a vendor only while it is active; an operator for a vendor that is there', async () => {
    const pending = await shop.aSeller({ status: 'SUSPENDED' });
    expect(codes(await upsert(pending.viewer, share({ vendorId: pending.vendorId })))).toEqual([
      'VENDOR_NOT_ACTIVE vendorId',
    ]);
    const made = await upsert(shop.operator, share({ vendorId: pending.vendorId }));
    expect(made.userErrors).toEqual([]);
    expect(codes(await upsert(shop.operator, share({ vendorId: ids.next('ven') })))).toEqual(['NOT_FOUND vendorId']);
  });

  it('changes only its own, and somebody else’s looks like none', async () => {
    const { id, code } = present((await upsert(seller.viewer, share({ vendorId: seller.vendorId }))).promotion);
    const change = { ...share(), code, id, name: 'Better' };
    expect(codes(await upsert(other.viewer, { ...change, vendorId: other.vendorId }))).toEqual(['NOT_FOUND id']);
    expect(codes(await upsert(other.viewer, { ...change, id: ids.next('prm') }))).toEqual(['NOT_FOUND id']);
    expect(codes(await upsert(shop.operator, { ...change, vendorId: other.vendorId }))).toEqual([
      'ILLEGAL_TRANSITION vendorId',
    ]);
    expect(codes(await upsert(seller.viewer, change, { version: 7 }))).toEqual(['VERSION_MISMATCH expectedVersion']);
    expect((await upsert(seller.viewer, change, { version: 1 })).promotion).toMatchObject({ id, version: 2 });
    expect((await upsert(shop.operator, { ...change, disabled: true })).promotion).toMatchObject({
      status: 'DISABLED',
    });
  });

  it('names what is there, and of offers its own', async () => {
    const categoryId = present((await act.category({ slug: 'lamps', name: 'Lamps' })).category).id;
    const { id: productId, variantId } = await publishedProduct(act, seller, { categoryId });
    const listing = { variantId, sku: 'S-1', price: { amount: 100, currencyCode: 'EUR' } };
    const mine = present((await act.offer(seller.viewer, { ...listing, vendorId: seller.vendorId })).offer).id;
    const theirs = present((await act.offer(other.viewer, { ...listing, vendorId: other.vendorId })).offer).id;
    const targets = { vendorId: seller.vendorId, categoryIds: [categoryId], productIds: [productId] };
    expect(codes(await upsert(seller.viewer, share({ ...targets, offerIds: [mine] })))).toEqual([]);
    expect(codes(await upsert(seller.viewer, share({ ...targets, offerIds: [mine, theirs] })))).toEqual([
      'NOT_FOUND offerIds.1',
    ]);
    const unknown = { categoryIds: [ids.next('cat')], productIds: [ids.next('prd')], offerIds: [ids.next('off')] };
    expect(codes(await upsert(shop.operator, share(unknown)))).toEqual([
      'NOT_FOUND categoryIds.0',
      'NOT_FOUND productIds.0',
      'NOT_FOUND offerIds.0',
    ]);
  });
});

describe('C14 a code', () => {
  it('belongs to one promotion, also when twenty take it at once and spell it differently', async () => {
    const spellings = ['LOOK-10', 'look10', 'L00K-1O', 'I00K-IO'];
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) => upsert(shop.operator, share({ code: spellings[index % 4] }))),
    );
    expect(results.filter(({ promotion }) => promotion)).toHaveLength(1);
    expect(new Set(results.flatMap(codes))).toEqual(new Set(['CONFLICT code']));
    expect(await shop.db.collection('promotions').countDocuments({ codeKey: '100K10' })).toBe(1);
  });

  it('is taken once by one key, however often it is sent', async () => {
    const input = share();
    const key = ids.next('key');
    const results = await Promise.all(Array.from({ length: 5 }, () => upsert(shop.operator, input, { key })));
    expect(new Set(results.map(({ promotion }) => present(promotion).id)).size).toBe(1);
    expect(codes(await upsert(shop.operator, { ...input, name: 'Other' }, { key }))).toEqual([
      'IDEMPOTENCY_KEY_REUSED idempotencyKey',
    ]);
  });

  it('tells a buyer of what can be used, and of nothing else', async () => {
    const soon = new Date(Date.now() + 60_000).toISOString();
    const past = new Date(Date.now() - 1_000).toISOString();
    const active = present((await upsert(shop.operator, share({ usageLimit: 5 }))).promotion);
    const hidden = await Promise.all(
      [{ startsAt: soon }, { endsAt: past }, { disabled: true }].map((more) => upsert(shop.operator, share(more))),
    );
    expect(await read(buyer, { code: active.code.toLowerCase() })).toMatchObject({ id: active.id, usageLimit: null });
    expect(await read(shop.operator, { code: active.code })).toMatchObject({ usageLimit: 5, usageCount: 0 });
    for (const { promotion } of hidden) {
      const { id, code } = present(promotion);
      expect(await read(buyer, { code })).toBeNull();
      expect(await read(buyer, { id })).toBeNull();
      expect(await read(shop.operator, { id })).toMatchObject({ id });
    }
    for (const code of ['NOBODY-HAS-THIS', 'a', '$gt', 'АВС']) expect(await read(buyer, { code })).toBeNull();
  });

  it('is listed for who owns it, newest first, in one call to the store', async () => {
    const shopper = await shop.aSeller();
    const made: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      made.unshift(present((await upsert(shopper.viewer, share({ vendorId: shopper.vendorId }))).promotion).id);
    }
    const LIST = `query ($vendors: [_Any!]!, $after: String) { _entities(representations: $vendors) { ... on Vendor {
      promotions(first: 2, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } } } }`;
    interface Listed {
      _entities: { promotions: { edges: { node: { id: string } }[]; pageInfo: { endCursor: string } } | null }[];
    }
    const vendors = [shopper, seller].map(({ vendorId }) => ({ __typename: 'Vendor', id: vendorId }));
    const list = (viewer: Viewer, after?: string) => shop.run<Listed>(LIST, { vendors, after }, viewer);
    const first = (await list(shopper.viewer))._entities;
    expect(first[0]!.promotions!.edges.map(({ node }) => node.id)).toEqual(made.slice(0, 2));
    expect(first[1]!.promotions).toBeNull();
    const next = (await list(shopper.viewer, first[0]!.promotions!.pageInfo.endCursor))._entities;
    expect(next[0]!.promotions!.edges.map(({ node }) => node.id)).toEqual(made.slice(2));
    expect((await list(buyer))._entities).toEqual([{ promotions: null }, { promotions: null }]);
    // What the service does by itself at the same moment is none of the list's calls; vendor by vendor it would be `find`.
    const calls = await shop.storeCalls(() => list(shop.operator));
    expect(calls.filter((name) => name === 'aggregate')).toEqual(['aggregate']);
  });
});

describe('C14 uses', () => {
  it('that are limited are told to inventory, whenever their number is another, and may not begin to be', async () => {
    const input = share({ usageLimit: 5, vendorId: seller.vendorId });
    const { id } = present((await upsert(seller.viewer, input)).promotion);
    const change = (usageLimit: number | null, version: number) =>
      upsert(seller.viewer, { ...input, id, usageLimit }, { version });
    expect((await change(5, 1)).userErrors).toEqual([]);
    expect((await change(7, 2)).userErrors).toEqual([]);
    expect(codes(await change(null, 3))).toEqual(['ILLEGAL_TRANSITION usageLimit']);
    const told = await until(async () => {
      const own = (await shop.published('catalog.allowanceSet')).filter(({ key }) => key === id);
      return own.length >= 2 && own;
    });
    const allowance = { allowanceId: id, kind: 'PROMOTION', vendorId: seller.vendorId };
    expect(told.map(({ sequence, payload }) => ({ sequence, payload }))).toEqual([
      { sequence: 1, payload: { ...allowance, units: 5 } },
      { sequence: 3, payload: { ...allowance, units: 7 } },
    ]);
  });

  it('are counted once per confirmed order, however often the order is told, and a change does not forget them', async () => {
    const { id, code } = present((await upsert(shop.operator, share())).promotion);
    const nothing = { amount: 0, currencyCode: 'EUR' };
    const confirmed = (orderId: string, promotions?: object[]) => ({
      id: `evt_${orderId.slice(4)}`,
      name: 'orders.orderConfirmed',
      version: 1,
      occurredAt: new Date().toISOString(),
      key: orderId,
      sequence: 3,
      payload: { orderId, vendorOrders: [], ...(promotions ? { promotions } : {}) },
    });
    const [first, second] = [ids.next('ord'), ids.next('ord')];
    const used = [{ promotionId: id, code, amount: nothing, shippingAmount: nothing }];
    const told = confirmed(first, used);
    await shop.bus.publish('orders', [told, told, confirmed(ids.next('ord')), told, confirmed(second, used)]);
    await until(async () => (await read(shop.operator, { id }))!.usageCount === 2);
    const changed = await upsert(shop.operator, { ...share(), id, code }, { version: 1 });
    expect(changed.promotion).toMatchObject({ usageCount: 2, version: 2 });
  });
});
