import type { StreamRoot, Viewer } from '@marketgraph/platform/graphql';
import { aUser } from '@marketgraph/platform/testing';
import type { DealChanged } from '@marketgraph/schema/events/catalog';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Actions,
  actions,
  anonymous,
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
let categoryId: string;
/** Of the test's clock: it only ever goes ahead. */
let aheadMs = 0;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  seller = await shop.aSeller();
  categoryId = present((await act.category({ slug: 'lamps', name: 'Lamps' })).category).id;
});
afterAll(() => shop?.stop());

const HOUR_MS = 3_600_000;
const now = () => Date.now() + aheadMs;
const inHours = (hours: number) => new Date(now() + hours * HOUR_MS).toISOString();
function laterBy(hours: number): void {
  aheadMs += hours * HOUR_MS;
  shop.shiftClock(hours * HOUR_MS);
}

async function anOffer(of: Seller = seller): Promise<string> {
  const { variantId } = await publishedProduct(act, of, { categoryId });
  const price = { amount: 1_000, currencyCode: 'EUR' };
  const input = { vendorId: of.vendorId, variantId, sku: ids.next('sku'), price };
  return present((await act.offer(of.viewer, input)).offer).id;
}

interface DealResult {
  deal: { id: string; status: string; slotsTotal: number; offer: { id: string } } | null;
  userErrors: { code: string; field: string[] | null }[];
}

async function schedule(offerId: string, input: object = {}, viewer: Viewer = seller.viewer): Promise<DealResult> {
  const query = `mutation ($input: LightningDealInput!) { lightningDealSchedule(input: $input) {
    deal { id status slotsTotal offer { id } } userErrors { code field } } }`;
  const times = { startsAt: inHours(1), endsAt: inHours(2) };
  const terms = { offerId, dealPrice: { amount: 700, currencyCode: 'EUR' }, slots: 10, ...times, ...input };
  return (await shop.run<{ lightningDealSchedule: DealResult }>(query, { input: terms }, viewer)).lightningDealSchedule;
}

async function cancel(id: string, viewer: Viewer = seller.viewer): Promise<DealResult> {
  const query = `mutation ($id: ID!) { lightningDealCancel(id: $id) {
    deal { id status slotsTotal offer { id } } userErrors { code field } } }`;
  return (await shop.run<{ lightningDealCancel: DealResult }>(query, { id }, viewer)).lightningDealCancel;
}

async function aDeal(offerId: string, input: object = {}): Promise<string> {
  const { deal, userErrors } = await schedule(offerId, input);
  return present(deal, userErrors).id;
}

interface Priced {
  priceFor: { unitPrice: { amount: number }; source: string; appliedRuleId: string | null };
  activeDeal: { id: string; status: string } | null;
}

async function priced(id: string): Promise<string> {
  const query = `query ($id: ID!) { offer(id: $id) {
    priceFor { unitPrice { amount } source appliedRuleId } activeDeal { id status } } }`;
  const { offer } = await shop.run<{ offer: Priced }>(query, { id });
  return `${offer.priceFor.unitPrice.amount} ${offer.priceFor.source} ${offer.activeDeal?.status ?? 'none'}`;
}

/** What inventory tells when so many of ten slots are free. */
async function slots(dealId: string, available: number, sequence: number): Promise<void> {
  const payload = { allowanceId: dealId, units: 10, available, reserved: 10 - available, used: 0 };
  await shop.tell('inventory', { name: 'inventory.allowanceChanged', key: dealId, sequence, payload });
}

async function told(dealId: string): Promise<string[]> {
  const events = (await shop.published('catalog.dealChanged')).filter(({ key }) => key === dealId);
  return events.map(({ payload, sequence }) => `${sequence} ${(payload as DealChanged).status}`);
}

describe('a lightning deal', () => {
  it('C15 has the base price before it starts, its own from its start without any call, and the base price from its end', async () => {
    const offerId = await anOffer();
    await aDeal(offerId);
    expect(await priced(offerId)).toBe('1000 BASE none');
    laterBy(1);
    expect(await priced(offerId)).toBe('700 DEAL LIVE');
    laterBy(1);
    expect(await priced(offerId)).toBe('1000 BASE none');
  });

  it('C15 says which deal the price comes from, and until when', async () => {
    const offerId = await anOffer();
    const endsAt = inHours(2);
    const dealId = await aDeal(offerId, { startsAt: inHours(-1), endsAt });
    const query = `query ($id: ID!) { offer(id: $id) { priceFor(quantity: 3) {
      listPrice { amount } validUntil appliedRuleId } } }`;
    expect(await shop.run(query, { id: offerId })).toEqual({
      offer: { priceFor: { listPrice: { amount: 1_000 }, validUntil: endsAt, appliedRuleId: dealId } },
    });
  });

  it('C15 tells each change once: scheduled, live, sold out, live again, ended', async () => {
    const offerId = await anOffer();
    const dealId = await aDeal(offerId);
    laterBy(1);
    await until(async () => (await told(dealId)).length === 2);
    for (const [sequence, available] of [7, 0, 0, 1, 2].entries()) await slots(dealId, available, sequence + 2);
    await until(async () => (await told(dealId)).length === 4);
    expect(await priced(offerId)).toBe('700 DEAL LIVE');
    laterBy(1);
    const all = await until(async () => {
      const statuses = await told(dealId);
      return statuses.length === 5 ? statuses : undefined;
    });
    expect(all).toEqual(['1 SCHEDULED', '2 LIVE', '3 SOLD_OUT', '4 LIVE', '5 ENDED']);
  });

  it('C15 has the base price while it is sold out, and does not believe late news of its slots', async () => {
    const offerId = await anOffer();
    const dealId = await aDeal(offerId, { startsAt: inHours(-1) });
    await slots(dealId, 0, 12);
    await until(async () => (await priced(offerId)) === '1000 BASE SOLD_OUT');
    await slots(dealId, 9, 11);
    const other = await aDeal(await anOffer(), { startsAt: inHours(-1) });
    await slots(other, 0, 1);
    await until(async () => (await told(other)).length === 2);
    expect(await told(dealId)).toEqual(['1 LIVE', '2 SOLD_OUT']);
  });

  it('C15 tells inventory how many slots there are, and of none when it is called off', async () => {
    const offerId = await anOffer();
    const dealId = await aDeal(offerId, { startsAt: inHours(-1), slots: 25 });
    expect(await priced(offerId)).toBe('700 DEAL LIVE');
    expect((await cancel(dealId)).deal?.status).toBe('CANCELED');
    expect((await cancel(dealId)).deal?.status).toBe('CANCELED');
    expect(await priced(offerId)).toBe('1000 BASE none');
    const allowances = await until(async () => {
      const events = (await shop.published('catalog.allowanceSet')).filter(({ key }) => key === dealId);
      return events.length === 2 ? events : undefined;
    });
    expect(allowances.map(({ sequence, payload }) => [sequence, payload])).toEqual([
      [1, { allowanceId: dealId, kind: 'DEAL', units: 25, vendorId: seller.vendorId }],
      [2, { allowanceId: dealId, kind: 'DEAL', units: 0, vendorId: seller.vendorId }],
    ]);
    expect(await told(dealId)).toEqual(['1 LIVE', '2 CANCELED']);
    // Nothing keeps the time free that it had.
    expect((await schedule(offerId, { startsAt: inHours(-1) })).userErrors).toEqual([]);
  });

  it('C15 is one deal, however often and at once it is asked for; of different ones at one time one is', async () => {
    const offerId = await anOffer();
    const times = { startsAt: inHours(1), endsAt: inHours(2) };
    const same = await Promise.all(Array.from({ length: 8 }, () => schedule(offerId, times)));
    expect(new Set(same.map(({ deal }) => deal?.id)).size).toBe(1);
    const other = await anOffer();
    const different = await Promise.all(
      Array.from({ length: 8 }, (_, index) => schedule(other, { ...times, slots: index + 1 })),
    );
    expect(different.filter(({ deal }) => deal)).toHaveLength(1);
    expect(different.filter(({ userErrors }) => userErrors[0]?.code === 'CONFLICT')).toHaveLength(7);
  });

  it('C15 is made and called off by the active vendor of the offer and by operators, and by nobody else', async () => {
    const offerId = await anOffer();
    const other = await shop.aSeller();
    expect((await schedule(offerId, {}, other.viewer)).userErrors[0]).toMatchObject({ code: 'FORBIDDEN' });
    expect((await schedule(ids.next('off'), {}, other.viewer)).userErrors[0]).toMatchObject({ code: 'NOT_FOUND' });
    for (const viewer of [anonymous, aUser({ roles: ['BUYER'] })]) {
      await expect(schedule(offerId, {}, viewer)).rejects.toThrow(/UNAUTHENTICATED|FORBIDDEN/);
      await expect(cancel(ids.next('dea'), viewer)).rejects.toThrow(/UNAUTHENTICATED|FORBIDDEN/);
    }
    const { deal } = await schedule(offerId, {}, shop.operator);
    expect(deal?.status).toBe('SCHEDULED');
    expect((await cancel(deal!.id, other.viewer)).userErrors[0]?.code).toBe('NOT_FOUND');
    expect((await cancel(deal!.id, shop.operator)).deal?.status).toBe('CANCELED');

    const suspended = await shop.aSeller();
    const theirs = await anOffer(suspended);
    await shop.db
      .collection<{ _id: string }>('vendors')
      .updateOne({ _id: suspended.vendorId }, { $set: { status: 'SUSPENDED' } });
    for (const viewer of [suspended.viewer, shop.operator]) {
      expect((await schedule(theirs, {}, viewer)).userErrors[0]?.code).toBe('VENDOR_NOT_ACTIVE');
    }
  });

  it('C15 is refused with each thing that is wrong with it', async () => {
    const { userErrors } = await schedule(await anOffer(), {
      dealPrice: { amount: 1_000, currencyCode: 'EUR' },
      endsAt: inHours(200),
      slots: 0,
    });
    expect(userErrors.map(({ code, field }) => `${code} ${field?.join('.')}`)).toEqual([
      'INVALID dealPrice.amount',
      'INVALID endsAt',
      'INVALID slots',
    ]);
  });

  it('C15 streams to whoever watches: a snapshot of now, and each change as it was', async () => {
    const dealId = await aDeal(await anOffer());
    const query = `subscription ($id: ID!) { lightningDealChanged(dealId: $id) { kind deal { id status } } }`;
    const occurredAt = new Date().toISOString();
    const listen = (event: StreamRoot, id = dealId) => shop.executeEvent(query, { id }, anonymous, event);
    const snapshot = await listen({ kind: 'SNAPSHOT', cursor: 'c0', occurredAt });
    expect(JSON.parse(JSON.stringify(snapshot.data))).toEqual({
      lightningDealChanged: { kind: 'SNAPSHOT', deal: { id: dealId, status: 'SCHEDULED' } },
    });
    // What it was when it was scheduled is not told behind this, however late the stream has it.
    expect(snapshot.extensions).toEqual({ shows: { name: 'catalog.dealChanged', key: dealId, sequence: 1 } });
    laterBy(1);
    const envelope = await until(async () =>
      (await shop.published('catalog.dealChanged')).find(({ key, sequence }) => key === dealId && sequence === 2),
    );
    expect(envelope.topics).toEqual([`lightningDealChanged:${dealId}`]);
    laterBy(1);
    // The event is of the moment it tells of, though the deal is over by now.
    const live = await listen({ kind: 'LIVE', cursor: 'c1', occurredAt, envelope });
    expect(JSON.parse(JSON.stringify(live.data))).toEqual({
      lightningDealChanged: { kind: 'LIVE', deal: { id: dealId, status: 'LIVE' } },
    });
    expect(live.extensions).toBeUndefined();
    const ended = await until(async () => {
      const { data, extensions } = await listen({ kind: 'SNAPSHOT', cursor: 'c2', occurredAt });
      return extensions?.['shows'] && (await told(dealId)).length === 3 ? { data, extensions } : undefined;
    });
    expect(ended).toMatchObject({ data: { lightningDealChanged: { deal: { status: 'ENDED' } } } });
    const unknown = await listen({ kind: 'SNAPSHOT', cursor: 'c0', occurredAt }, ids.next('dea'));
    expect(unknown.errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  it('C15 is listed while it runs, those that end first in front, page by page, when its offer can be seen', async () => {
    laterBy(24);
    const offers = [await anOffer(), await anOffer(), await anOffer()];
    const [last, first, middle] = await Promise.all(
      [3, 1, 2].map((hours, index) => aDeal(offers[index]!, { startsAt: inHours(-1), endsAt: inHours(hours) })),
    );
    await aDeal(await anOffer());
    const query = `query ($first: Int, $after: String) { activeDeals(first: $first, after: $after) {
      edges { node { id status } } pageInfo { hasNextPage endCursor } } }`;
    interface Page {
      activeDeals: { edges: { node: { id: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    }
    const { activeDeals: front } = await shop.run<Page>(query, { first: 2 });
    const { activeDeals: rest } = await shop.run<Page>(query, { first: 2, after: front.pageInfo.endCursor });
    const listed = [...front.edges, ...rest.edges].map(({ node }) => node.id);
    expect([listed, front.pageInfo.hasNextPage, rest.pageInfo.hasNextPage]).toEqual([
      [first, middle, last],
      true,
      false,
    ]);

    await shop.db.collection('products').updateMany({}, { $set: { status: 'ARCHIVED' } });
    expect((await shop.run<Page>(query, {})).activeDeals.edges).toEqual([]);
    const { errors } = await shop.execute(query, { after: Buffer.from('["x","y"]').toString('base64url') });
    expect(errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
    await shop.db.collection('products').updateMany({}, { $set: { status: 'PUBLISHED' } });
  });

  it('C15 prices a list of offers with one look at their deals', async () => {
    const offers = await Promise.all(Array.from({ length: 6 }, () => anOffer()));
    for (const offerId of offers.slice(0, 3)) await aDeal(offerId, { startsAt: inHours(-1) });
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Offer {
      priceFor { source } activeDeal { id offer { id } } } } }`;
    const r = offers.map((id) => ({ __typename: 'Offer', id }));
    await shop.restart({ withWork: false });
    const counted = await shop.storeCalls(() => shop.run(query, { r }));
    const { _entities } = await shop.run<{ _entities: Priced[] }>(query, { r });
    expect(_entities.map(({ priceFor }) => priceFor.source)).toEqual(['DEAL', 'DEAL', 'DEAL', 'BASE', 'BASE', 'BASE']);
    // Offers, their products, their deals, their price lists.
    expect(counted).toEqual(['find', 'find', 'find', 'find']);
  });
});
