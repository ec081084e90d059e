import { anonymous, type Viewer } from '@marketgraph/platform/graphql';
import { aUser, until } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { indexed as indexedIn, askOf, openShop, search, SEARCH, type Found, type Shop } from './shop.ts';

let shop: Shop;
const buyer = aUser();
const other = aUser({ userId: 'usr_other' });

beforeEach(async () => {
  shop = await openShop();
});
afterEach(() => shop?.stop());

const indexed = (count: number) => indexedIn(shop, count);
const track = (productId: string, viewer: Viewer = buyer, more: object = {}) =>
  shop.ask(
    'mutation($input: SearchEventInput!) { searchEventTrack(input: $input) { accepted } }',
    { input: { kind: 'CLICK', productId, ...more } },
    viewer,
  );
const found = async (query: string, viewer: Viewer, more: object = {}) => {
  const { searchProducts } = await askOf<{ searchProducts: Found }>(shop.subgraph, SEARCH, { query, ...more }, viewer);
  return searchProducts.edges.map(({ node }) => node.id);
};
const RECOMMENDATIONS = `query($r: [_Any!]!, $first: Int) {
  _entities(representations: $r) { ... on User { recommendations(first: $first) { id } } } }`;
const recommended = async (userId: string, viewer: Viewer, first = 12) => {
  const variables = { r: [{ __typename: 'User', id: userId }], first };
  const { _entities } = await shop.ask<{ _entities: { recommendations: { id: string }[] | null }[] }>(
    RECOMMENDATIONS,
    variables,
    viewer,
  );
  return _entities[0]!.recommendations?.map(({ id }) => id) ?? null;
};

/** Ten cases for phones and ten for guitars, by turns; what is asked for, fits all of them alike. */
async function openCases(): Promise<{ phone: string[]; guitar: string[] }> {
  const cases = { phone: [] as string[], guitar: [] as string[] };
  for (let count = 0; count < 10; count += 1) {
    for (const kind of ['phone', 'guitar'] as const) {
      const categoryPath = [{ id: `cat_${kind}`, name: kind }];
      cases[kind].push((await shop.sources.addProduct({ title: `Case ${kind}`, brand: null, categoryPath })).id);
    }
  }
  await indexed(20);
  return cases;
}

describe('results of one’s own', () => {
  it('S5 a click lifts what is like it, for whoever clicked and for nobody else', async () => {
    const { guitar } = await openCases();
    const before = await found('case', buyer, { first: 20 });
    await track(guitar[0]!, buyer, { query: 'case', position: 7 });
    await until(async () => (await found('case', buyer, { first: 5 })).every((id) => guitar.includes(id)));
    expect((await found('case', buyer, { first: 20 })).toSorted()).toEqual(before.toSorted());
    expect(await found('case', other, { first: 20 })).toEqual(before);
    expect(await found('case', anonymous, { first: 20 })).toEqual(before);
    expect(await found('case', buyer, { first: 20, sort: 'NEWEST' })).toEqual(
      await found('case', anonymous, { first: 20, sort: 'NEWEST' }),
    );
  });

  it('S5 pages through the own order without gap or repetition', async () => {
    const { guitar } = await openCases();
    await track(guitar[0]!);
    const all = await found('case', buyer, { first: 20 });
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const variables = { query: 'case', first: 6, after };
      const page: Found = (await askOf<{ searchProducts: Found }>(shop.subgraph, SEARCH, variables, buyer))
        .searchProducts;
      seen.push(...page.edges.map(({ node }) => node.id));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(all);
  });

  it('S5 recommends what is like the clicked, not what is known already; to others what is trending', async () => {
    const { guitar, phone } = await openCases();
    await track(guitar[0]!);
    await track(guitar[1]!);
    await until(async () => (await recommended(buyer.userId, buyer, 8))?.length === 8);
    const ids = (await recommended(buyer.userId, buyer, 8))!;
    expect(ids.every((id) => guitar.includes(id))).toBe(true);
    expect(ids).not.toContain(guitar[0]);
    await track(phone[3]!, other);
    expect(await recommended(buyer.userId, other)).toBeNull();
    expect(await recommended(buyer.userId, anonymous)).toBeNull();
    await shop.sources.setPersonalized(buyer.userId, false);
    await until(async () => (await recommended(buyer.userId, buyer))?.includes(phone[3]!));
  });

  it('S5 switched off forgets what was known and remembers nothing', async () => {
    const { guitar } = await openCases();
    const plain = await found('case', buyer, { first: 20 });
    await track(guitar[0]!);
    await until(async () => (await shop.redis.exists(`search:taste:${buyer.userId}`)) === 1);
    await shop.sources.setPersonalized(buyer.userId, false);
    await until(async () => (await shop.redis.exists(`search:taste:${buyer.userId}`)) === 0);
    await track(guitar[1]!);
    expect(await found('case', buyer, { first: 20 })).toEqual(plain);
    expect(await shop.redis.exists(`search:taste:${buyer.userId}`)).toBe(0);
  });

  it('S5 remembers nothing while accounts cannot say whether it may', async () => {
    const { guitar } = await openCases();
    shop.sources.away.add('accounts');
    await track(guitar[0]!);
    expect(await shop.redis.exists(`search:taste:${buyer.userId}`)).toBe(0);
    expect(await recommended(buyer.userId, buyer)).toContain(guitar[0]);
  });

  it.each([
    ['a query of 201 characters', { query: 'a'.repeat(201) }],
    ['place 0', { position: 0 }],
    ['place 1,001', { position: 1_001 }],
  ])('refuses %s', async (_, more) => {
    await expect(track('prd_x', buyer, more)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});

describe('synonyms', () => {
  const set = async (input: object[], viewer: Viewer = aUser({ roles: ['OPERATOR'] })) => {
    const query = `mutation($input: [SynonymInput!]!) {
      searchSynonymsSet(input: $input) { status { liveVersion } userErrors { code field } } }`;
    type Answer = { searchSynonymsSet: { status: object | null; userErrors: { code: string; field: string[] }[] } };
    return (await shop.ask<Answer>(query, { input }, viewer)).searchSynonymsSet;
  };

  it('S1 find each other, and with a root one way only, until they are replaced', async () => {
    const sofa = await shop.sources.addProduct({ title: 'Velvet sofa' });
    const phone = await shop.sources.addProduct({ title: 'Smartphone' });
    await indexed(2);
    expect(await found('couch', anonymous)).toEqual([]);
    const { status, userErrors } = await set([
      { synonyms: ['Couch', 'sofa'] },
      { root: 'handy', synonyms: ['smartphone'] },
    ]);
    expect(userErrors).toEqual([]);
    expect(status).not.toBeNull();
    expect(await found('couch', anonymous)).toEqual([sofa.id]);
    expect(await found('velvet couch', anonymous)).toEqual([sofa.id]);
    expect(await found('handy', anonymous)).toEqual([phone.id]);
    expect((await search(shop, { query: 'couch' })).correctedQuery).toBeNull();
    await set([]);
    expect(await found('couch', anonymous)).toEqual([]);
  });

  it('are for operators, and words', async () => {
    await expect(set([], buyer)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect((await set([{ synonyms: ['sofa'] }])).userErrors).toMatchObject([
      { code: 'INVALID', field: ['input', '0'] },
    ]);
    expect((await set([{ synonyms: ['sofa', '&&'] }])).userErrors).toMatchObject([{ code: 'INVALID' }]);
    expect((await set([{ synonyms: ['a', 'b'.repeat(101)] }])).userErrors).toMatchObject([{ code: 'INVALID' }]);
    const many = Array.from({ length: 1_001 }, (_, at) => ({ synonyms: [`a${at}`, `b${at}`] }));
    expect((await set(many)).userErrors).toMatchObject([{ code: 'LIMIT_EXCEEDED' }]);
  });
});

describe('words that no product has', () => {
  it('S9 find what means the same by the letters they share, behind what has one of them', async () => {
    const headphones = await shop.sources.addProduct({ title: 'Headphone adapter', brand: null, categoryPath: [] });
    const blanket = await shop.sources.addProduct({ title: 'Wool blanket', brand: null, categoryPath: [] });
    await indexed(2);
    expect(await found('adaptingheadphone', anonymous)).toEqual([headphones.id]);
    expect(await found('blankness', anonymous)).not.toContain(headphones.id);
    expect(await found('zzyzx', anonymous)).toEqual([]);
    expect(await found('adaptingheadphone', anonymous, { sort: 'NEWEST' })).toEqual([]);
    expect(await found('adaptingheadphone', anonymous, { filter: { vendorIds: ['ven_none'] } })).toEqual([]);
    expect(await found('blanket', anonymous)).toEqual([blanket.id]);
  });
});
