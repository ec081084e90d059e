import type { Viewer } from '@marketgraph/platform/graphql';
import { aUser } from '@marketgraph/platform/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PriceListing, priceListing } from './price-listing.ts';
import { type Actions, actions, ids, openShop, type Seller, type Shop } from './shop.ts';

let shop: Shop;
let act: Actions;
let seller: Seller;
let other: Seller;
let listing: PriceListing;
let organizationId: string;
let purchaser: Viewer;

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  seller = await shop.aSeller();
  other = await shop.aSeller();
  listing = await priceListing(shop, act, seller);
  ({ organizationId, member: purchaser } = listing.anOrganization());
});
afterAll(() => shop?.stop());

describe('C10 what one costs when so many are bought', () => {
  it('is the contract’s, exact at its boundaries, for a member who asks for the organization, and the base price for all others', async () => {
    const offerId = await listing.anOffer();
    await listing.upserted({
      buyerOrganizationId: organizationId,
      entries: [listing.entry(offerId, 10, 900, 10), listing.entry(offerId, 11, 800)],
    });
    const asked = (viewer?: Viewer) =>
      Promise.all([9, 10, 11, 500].map((quantity) => listing.price(offerId, { quantity, organizationId }, viewer)));
    const contract = ['1000 BASE', '900 CONTRACT', '800 CONTRACT', '800 CONTRACT'];
    for (const viewer of [purchaser, shop.operator, seller.viewer]) expect(await asked(viewer)).toEqual(contract);
    expect(await asked()).toEqual(['1000 BASE', '1000 BASE', '1000 BASE', '1000 BASE']);
    expect(await listing.price(offerId, { quantity: 500 }, purchaser)).toBe('1000 BASE');
  });

  it('follows volume tiers for everybody, and prices for whoever buys for an organization', async () => {
    const offerId = await listing.anOffer();
    await listing.upserted({ entries: [listing.entry(offerId, 10, 950)] });
    await listing.upserted({
      businessOnly: true,
      entries: [listing.entry(offerId, 1, 930, 99), listing.entry(offerId, 100, 910)],
    });
    expect(await listing.price(offerId, { quantity: 9 })).toBe('1000 BASE');
    expect(await listing.price(offerId, { quantity: 10 })).toBe('950 TIER');
    expect(await listing.price(offerId, { quantity: 10, organizationId }, purchaser)).toBe('930 CUSTOMER_GROUP');
    expect(await listing.tiers(offerId, undefined, purchaser)).toEqual(['10+ 950']);
    expect(await listing.tiers(offerId, organizationId, purchaser)).toEqual(['1-99 930', '100+ 910']);
    expect(await listing.tiers(offerId, organizationId)).toEqual(['10+ 950']);
  });

  it('names the list and its end', async () => {
    const offerId = await listing.anOffer();
    const validUntil = new Date(Date.now() + 3_600_000).toISOString();
    const { id } = await listing.upserted({ entries: [listing.entry(offerId, 1, 900)], validUntil });
    const query = `query ($id: ID!) { offer(id: $id) { priceFor { listPrice { amount } validUntil appliedRuleId } } }`;
    expect(await shop.run(query, { id: offerId })).toEqual({
      offer: { priceFor: { listPrice: { amount: 1_000 }, validUntil, appliedRuleId: id } },
    });
  });

  it.each([
    ['no quantity', { quantity: 0 }],
    ['a negative quantity', { quantity: -10 }],
    ['a thousand million', { quantity: 1_000_000_000 }],
    ['a currency that is none', { currency: 'ZZZ' }],
  ])('is no answer to %s', async (_, asked) => {
    const offerId = await listing.anOffer();
    await expect(listing.price(offerId, asked)).rejects.toThrow('BAD_USER_INPUT');
  });

  it('C12 is refused to who asks for another organization, known or not, and for its tiers', async () => {
    const offerId = await listing.anOffer();
    const stranger = aUser({ memberships: [{ of: ids.next('org'), role: 'ORG_ADMIN' }] });
    for (const viewer of [stranger, other.viewer, aUser()]) {
      for (const asked of [organizationId, ids.next('org'), 'nobody', '{"$ne":null}']) {
        await expect(listing.price(offerId, { organizationId: asked }, viewer)).rejects.toThrow('FORBIDDEN');
        await expect(listing.tiers(offerId, asked, viewer)).rejects.toThrow('FORBIDDEN');
      }
    }
    expect(await listing.price(offerId, { organizationId: 'nobody' }, shop.operator)).toBe('1000 BASE');
  });

  it('is looked up for a page of offers in one call, and then in none', async () => {
    const offers = await listing.offers(8);
    await listing.upserted({
      buyerOrganizationId: organizationId,
      entries: offers.slice(0, 5).map((offerId) => listing.entry(offerId, 5, 900)),
    });
    const query = `query ($r: [_Any!]!, $organizationId: ID) { _entities(representations: $r) { ... on Offer {
      priceFor(quantity: 5, organizationId: $organizationId) { source } tiers(organizationId: $organizationId) { minQuantity } } } }`;
    const r = offers.map((id) => ({ __typename: 'Offer', id }));
    await shop.restart({ withWork: false });
    const read = () =>
      shop.run<{ _entities: { priceFor: { source: string } }[] }>(query, { r, organizationId }, purchaser);
    // Offers, their products, their price lists; the second time the lists are in the cache. There was never a deal of them.
    expect(await shop.storeCalls(read)).toEqual(['find', 'find', 'find']);
    expect(await shop.storeCalls(read)).toEqual(['find', 'find']);
    const { _entities } = await read();
    expect(_entities.map(({ priceFor }) => priceFor.source)).toEqual([
      ...Array.from({ length: 5 }, () => 'CONTRACT'),
      ...Array.from({ length: 3 }, () => 'BASE'),
    ]);
  });
});

describe('C11 a price list', () => {
  it('is made and put anew by its vendor, from the version it has read', async () => {
    const [first, second] = [await listing.anOffer(), await listing.anOffer()];
    const terms = { buyerOrganizationId: organizationId, entries: [listing.entry(first, 1, 900)] };
    const list = await listing.upserted(terms);
    expect(list.version).toBe(1);
    const changed = { ...terms, id: list.id, entries: [listing.entry(second, 1, 700)] };
    expect(listing.codes(await listing.upsert(changed, { version: 7 }))).toEqual(['VERSION_MISMATCH expectedVersion']);
    expect((await listing.upsert(changed, { version: 1 })).priceList).toMatchObject({ id: list.id, version: 2 });
    expect(await listing.price(first, { organizationId }, purchaser)).toBe('1000 BASE');
    expect(await listing.price(second, { organizationId }, purchaser)).toBe('700 CONTRACT');
    expect(listing.codes(await listing.upsert({ ...changed, buyerOrganizationId: null }))).toEqual([
      'ILLEGAL_TRANSITION buyerOrganizationId',
    ]);
  });

  it('whose tiers overlap is refused with the path, and nothing of it is stored', async () => {
    const offerId = await listing.anOffer();
    const entries = [listing.entry(offerId, 1, 900, 10), listing.entry(offerId, 10, 800)];
    const refused = await listing.upsert({ entries });
    expect(listing.codes(refused)).toEqual(['INVALID entries.1.minQuantity']);
    expect(await listing.price(offerId, { quantity: 10 })).toBe('1000 BASE');
  });

  it('of ten thousand entries is refused, one of a thousand is not', async () => {
    const offers = await listing.offers(50);
    const thousand = offers.flatMap((offerId) =>
      Array.from({ length: 20 }, (_, step) => listing.entry(offerId, step * 10 + 1, 900 - step, step * 10 + 10)),
    );
    const { id } = await listing.upserted({ buyerOrganizationId: organizationId, entries: thousand });
    expect(await listing.price(offers[49]!, { quantity: 200, organizationId }, purchaser)).toBe('881 CONTRACT');
    expect(await listing.walk(id, seller.viewer, 100)).toHaveLength(1_000);
    const tooMany = Array.from({ length: 10 }, () => thousand).flat();
    expect(listing.codes(await listing.upsert({ entries: tooMany }))).toEqual(['LIMIT_EXCEEDED entries']);
  });

  it.each([
    ['an organization nobody knows', () => ({ buyerOrganizationId: ids.next('org') }), 'NOT_FOUND buyerOrganizationId'],
    ['an organization that is no id', () => ({ buyerOrganizationId: 'EVERYBODY' }), 'NOT_FOUND buyerOrganizationId'],
    ['a list nobody has', () => ({ id: ids.next('prl') }), 'NOT_FOUND id'],
    ['another vendor', () => ({ vendorId: other.vendorId }), 'FORBIDDEN vendorId'],
  ])('that names %s is refused', async (_, terms, code) => {
    const entries = [listing.entry(await listing.anOffer(), 1, 900)];
    expect(listing.codes(await listing.upsert({ entries, ...terms() }))).toEqual([code]);
  });

  it('holds no offer of another vendor, and is no other vendor’s to change', async () => {
    const offerId = await listing.anOffer();
    const { id } = await listing.upserted({ entries: [listing.entry(offerId, 1, 900)] });
    const theirs = { vendorId: other.vendorId, entries: [listing.entry(offerId, 1, 1)] };
    expect(listing.codes(await listing.upsert(theirs, {}, other.viewer))).toEqual(['NOT_FOUND entries.0.offerId']);
    expect(listing.codes(await listing.upsert({ ...theirs, id, entries: [] }, {}, other.viewer))).toEqual([
      'NOT_FOUND id',
    ]);
    expect(await listing.price(offerId, {})).toBe('900 TIER');
    for (const viewer of [aUser(), shop.operator, purchaser]) {
      await expect(listing.upsert(theirs, {}, viewer)).rejects.toThrow('FORBIDDEN');
    }
  });

  it('is limited per audience, by those that are not over', async () => {
    const poor = await shop.aSeller();
    const own = await priceListing(shop, act, poor);
    const offerId = await own.anOffer();
    const entries = [own.entry(offerId, 1, 900)];
    const lists = [];
    for (let count = 0; count < 10; count += 1) lists.push(await own.upserted({ entries }));
    expect(own.codes(await own.upsert({ entries }))).toEqual(['LIMIT_EXCEEDED buyerOrganizationId']);
    await own.upserted({ id: lists[3]!.id, entries, validUntil: new Date(0).toISOString() });
    await own.upserted({ entries });
    await own.upserted({ entries, businessOnly: true });
  });

  it('made twice at once with one key is one, and the key takes no other', async () => {
    const offerId = await listing.anOffer();
    const terms = { buyerOrganizationId: organizationId, entries: [listing.entry(offerId, 1, 900)] };
    const key = ids.next('key');
    const made = await Promise.all([listing.upsert(terms, { key }), listing.upsert(terms, { key })]);
    expect(new Set(made.map(({ priceList }) => priceList?.id)).size).toBe(1);
    expect(listing.codes(await listing.upsert({ ...terms, name: 'Other' }, { key }))).toEqual([
      'IDEMPOTENCY_KEY_REUSED idempotencyKey',
    ]);
  });

  it('put anew by several at once is one of what they put, whole', async () => {
    const offerId = await listing.anOffer();
    const terms = (amount: number) => ({
      buyerOrganizationId: organizationId,
      entries: Array.from({ length: 5 }, (_, step) => listing.entry(offerId, step + 1, amount, step + 1)),
    });
    const { id } = await listing.upserted(terms(999));
    await Promise.all([500, 600, 700, 800].map((amount) => listing.upsert({ ...terms(amount), id })));
    const prices = await Promise.all(
      [1, 2, 3, 4, 5].map((quantity) => listing.price(offerId, { quantity, organizationId }, purchaser)),
    );
    expect(new Set(prices).size).toBe(1);
    expect(await listing.walk(id, seller.viewer, 2)).toHaveLength(5);
  });
});

describe('C11 who sees price lists', () => {
  it('the vendor, the other side of the contract and operators; for the rest there is none', async () => {
    const offerId = await listing.anOffer();
    const entries = [listing.entry(offerId, 1, 900)];
    const contract = await listing.upserted({ buyerOrganizationId: organizationId, entries });
    const tiers = await listing.upserted({ entries });
    for (const viewer of [seller.viewer, purchaser, shop.operator]) {
      expect(await listing.read(contract.id, viewer)).toMatchObject({
        seller: { id: seller.vendorId },
        buyerOrganization: { id: organizationId },
        entries: { edges: [{ node: { offer: { id: offerId }, tier: { minQuantity: 1, maxQuantity: null } } }] },
      });
    }
    for (const viewer of [undefined, other.viewer, aUser()]) expect(await listing.read(contract.id, viewer)).toBeNull();
    expect(await listing.read(tiers.id, purchaser)).toBeNull();
    expect(await listing.read(tiers.id, seller.viewer)).not.toBeNull();
  });

  it('in pages of an organization and of a vendor, with one call for several of them', async () => {
    const offerId = await listing.anOffer();
    const parties = [listing.anOrganization(), listing.anOrganization()];
    const made: string[][] = [];
    for (const party of parties) {
      const own: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        const terms = { buyerOrganizationId: party.organizationId, entries: [listing.entry(offerId, 1, 900)] };
        own.push((await listing.upserted(terms)).id);
      }
      made.push(own.toReversed());
    }
    const query = `query ($r: [_Any!]!, $after: String) { _entities(representations: $r) { ... on Organization {
      priceLists(first: 2, after: $after) { edges { node { id entries(first: 1) { edges { node { tier { unitPrice { amount } } } } } } }
        pageInfo { hasNextPage endCursor } } } } }`;
    interface Page {
      _entities: {
        priceLists: { edges: { node: { id: string } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } | null;
      }[];
    }
    const r = parties.map((party) => ({ __typename: 'Organization', id: party.organizationId }));
    const first = await shop.run<Page>(query, { r }, shop.operator);
    expect(first._entities.map((one) => one.priceLists!.edges.map(({ node }) => node.id))).toEqual(
      made.map((own) => own.slice(0, 2)),
    );
    expect(await shop.storeCalls(() => shop.run(query, { r }, shop.operator))).toEqual(['aggregate', 'aggregate']);
    const after = first._entities[0]!.priceLists!.pageInfo.endCursor;
    const next = await shop.run<Page>(query, { r: [r[0]], after }, parties[0]!.member);
    expect(next._entities[0]!.priceLists).toMatchObject({
      edges: [{ node: { id: made[0]![2] } }],
      pageInfo: { hasNextPage: false },
    });
    // Each its own.
    const seen = await shop.run<Page>(query, { r }, parties[1]!.member);
    expect(seen._entities.map(({ priceLists }) => priceLists === null)).toEqual([true, false]);

    const ofVendor = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Vendor { priceLists(first: 100) { edges { node { id } } } } } }`;
    const vendors = [
      { __typename: 'Vendor', id: seller.vendorId },
      { __typename: 'Vendor', id: other.vendorId },
    ];
    const { _entities } = await shop.run<Page>(ofVendor, { r: vendors }, seller.viewer);
    expect(_entities.map(({ priceLists }) => priceLists?.edges.map(({ node }) => node.id).slice(0, 6) ?? null)).toEqual(
      [made.toReversed().flat(), null],
    );
  });
});
