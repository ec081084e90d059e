import type { Viewer } from '@marketgraph/platform/graphql';
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
} from './shop.ts';

let shop: Shop;
let act: Actions;
const sellers: Seller[] = [];
const categoryIds: string[] = [];

beforeAll(async () => {
  shop = await openShop();
  act = actions(shop);
  const root = present(
    (
      await act.category({
        slug: 'all',
        name: 'All',
        attributeSchema: [{ key: 'colour', type: 'string', isVariantAxis: true }],
      })
    ).category,
  ).id;
  for (let index = 0; index < 4; index += 1) {
    sellers.push(await shop.aSeller());
    const slug = `shelf-${index}`;
    categoryIds.push(present((await act.category({ slug, name: slug, parentId: root })).category).id);
  }
  for (let index = 0; index < 24; index += 1) {
    const seller = sellers[index % 4]!;
    const product = await publishedProduct(act, seller, {
      categoryId: categoryIds[index % 4]!,
      title: `Lamp ${String(index).padStart(2, '0')}`,
      variants: [
        { title: 'Black', options: [{ key: 'colour', value: 'black' }] },
        { title: 'White', options: [{ key: 'colour', value: 'white' }] },
      ],
    });
    for (const [at, other] of [seller, sellers[(index + 1) % 4]!].entries()) {
      await act.offer(other.viewer, {
        vendorId: other.vendorId,
        variantId: product.variantId,
        sku: `LAMP-${index}`,
        price: { amount: 1_000 + index * 10 + at, currencyCode: 'EUR' },
      });
    }
  }
});
afterAll(() => shop?.stop());

interface Page {
  products: {
    edges: { cursor: string; node: { id: string; title: string } }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}
const PAGE = `query ($first: Int, $after: String, $filter: ProductFilter, $orderBy: ProductOrder) {
  products(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges { cursor node { id title } } pageInfo { hasNextPage endCursor } } }`;

async function walk(variables: object, between: () => Promise<unknown> = async () => undefined): Promise<string[]> {
  const seen: string[] = [];
  for (let after: string | null = null; ;) {
    const { products }: Page = await shop.run<Page>(PAGE, { ...variables, after });
    seen.push(...products.edges.map(({ node }) => node.title));
    if (!products.pageInfo.hasNextPage) return seen;
    after = products.pageInfo.endCursor;
    await between();
  }
}

describe('pages', () => {
  it.each([
    ['TITLE', 'ASC', 'Lamp 00', 'Lamp 23'],
    ['TITLE', 'DESC', 'Lamp 23', 'Lamp 00'],
    ['PRICE', 'ASC', 'Lamp 00', 'Lamp 23'],
    ['PRICE', 'DESC', 'Lamp 23', 'Lamp 00'],
    ['CREATED_AT', 'ASC', 'Lamp 00', 'Lamp 23'],
    ['CREATED_AT', 'DESC', 'Lamp 23', 'Lamp 00'],
  ])('walks by %s %s through everything once', async (field, direction, first, last) => {
    const seen = await walk({ first: 5, orderBy: { field, direction } });
    expect(seen).toHaveLength(24);
    expect(new Set(seen).size).toBe(24);
    expect([seen[0], seen.at(-1)]).toEqual([first, last]);
  });

  it('narrows by category, by everything below a category, by vendor and by words', async () => {
    const { category } = await shop.run<{ category: { id: string } }>('{ category(slug: "all") { id } }');
    expect(await walk({ filter: { categoryId: categoryIds[1] } })).toHaveLength(6);
    expect(await walk({ filter: { categoryId: category.id } })).toHaveLength(24);
    expect(await walk({ filter: { vendorId: sellers[2]!.vendorId } })).toHaveLength(6);
    expect(await walk({ filter: { query: 'LAMP 1' } })).toHaveLength(10);
    expect(await walk({ filter: { query: 'lamp 17', vendorId: sellers[1]!.vendorId } })).toEqual(['Lamp 17']);
    expect(await walk({ filter: { query: '.*' } })).toHaveLength(24);
  });

  it.each([
    ['first: 0', { first: 0 }],
    ['first: 101', { first: 101 }],
    ['a cursor that is none', { after: 'not a cursor' }],
    ['a cursor of another list', { after: Buffer.from('["a"]').toString('base64url') }],
    ['a cursor with an operator', { after: Buffer.from('[{"$gt":""},"x"]').toString('base64url') }],
    ['a cursor of another order', { after: Buffer.from('["title","x"]').toString('base64url') }],
    ['words without end', { filter: { query: 'x'.repeat(201) } }],
  ])('refuses %s', async (_, variables) => {
    const { errors } = await shop.execute(PAGE, variables);
    expect(errors?.[0]?.extensions['code']).toBe('BAD_USER_INPUT');
  });

  it('shows drafts to their vendor and to moderators, and refuses the question to others', async () => {
    const seller = sellers[0]!;
    await act.create(seller.viewer, {
      vendorId: seller.vendorId,
      title: 'Draft',
      categoryId: categoryIds[0],
      variants: [{ title: 'One' }],
    });
    const filter = { vendorId: seller.vendorId, status: ['DRAFT'] };
    for (const viewer of [seller.viewer, shop.operator]) {
      const { products } = await shop.run<Page>(PAGE, { filter }, viewer);
      expect(products.edges.map(({ node }) => node.title)).toEqual(['Draft']);
    }
    for (const viewer of [sellers[1]!.viewer, undefined]) {
      const { errors } = await shop.execute(PAGE, { filter }, viewer);
      expect(errors?.[0]?.extensions['code']).toBe('FORBIDDEN');
    }
    const query =
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Vendor { products(status: [DRAFT]) { edges { node { title } } } } } }';
    const r = [{ __typename: 'Vendor', id: seller.vendorId }];
    expect(await shop.run(query, { r })).toEqual({ _entities: [{ products: { edges: [] } }] });
    expect(await shop.run(query, { r }, seller.viewer)).toEqual({
      _entities: [{ products: { edges: [{ node: { title: 'Draft' } }] } }],
    });
  });
});

describe('calls to the store', () => {
  // What works by itself (relay, consumer, loops) asks the store too; here only requests do.
  beforeAll(() => shop.restart({ withWork: false }));
  afterAll(() => shop.restart());

  it('C4 joins variants, category, its parent and media in one round trip to catalog', async () => {
    const { products } = await shop.run<Page>(PAGE, { first: 1 });
    const { id } = products.edges[0]!.node;
    const query = `query ($id: ID!) { product(id: $id) {
      variants { title options { key value } } category { name parent { name } } media { url } } }`;
    let answer: unknown;
    const calls = await shop.storeCalls(async () => {
      answer = await shop.run(query, { id });
    });
    expect(answer).toMatchObject({
      product: {
        variants: [{ options: [{ key: 'colour', value: 'black' }] }, { options: [{ key: 'colour', value: 'white' }] }],
        category: { name: 'shelf-3', parent: { name: 'All' } },
        media: [],
      },
    });
    // The product, and its path of categories.
    expect(calls).toEqual(['find', 'find']);
  });

  it('C1 C4 reads a product’s page in four calls: product, path of categories, offers, their vendors', async () => {
    const { products } = await shop.run<{ products: { edges: { node: { slug: string } }[] } }>(
      '{ products(first: 1) { edges { node { slug } } } }',
    );
    const { slug } = products.edges[0]!.node;
    const query = `query ($slug: String!) { product(slug: $slug) {
      id title description category { name parent { name } } attributes { key label } media { url } variants { id title }
      featuredOffer { id status } offers(first: 10) { edges { node { id price { amount } vendor { id } variant { id product { title } } } } } } }`;
    let answer: { product?: { id: string; offers: { edges: { node: { variant: unknown } }[] } } } = {};
    const reads = await shop.storeReads(async () => {
      answer = await shop.run(query, { slug });
    });
    expect(answer.product?.offers.edges[0]?.node.variant).toMatchObject({ product: { title: 'Lamp 23' } });
    expect(reads.map(({ collection }) => collection).toSorted()).toEqual([
      'categories',
      'offers',
      'products',
      'vendors',
    ]);
  });

  it('C4 reads a page of products with everything on it in as many calls as one product', async () => {
    const query = `query ($first: Int) { products(first: $first) { edges { node {
      category { name parent { name } } attributes { key } featuredOffer { id status vendor { id } } priceRange { min { amount } }
      offers { edges { node { id status variant { title product { id } } } } }
      variants { options { key } featuredOffer { id } offers { id } } } } } }`;
    const one = await shop.storeCalls(() => shop.run(query, { first: 1 }));
    const many = await shop.storeCalls(() => shop.run(query, { first: 24 }));
    expect(many).toEqual(one);
    expect(many.length).toBeLessThanOrEqual(6);
  });

  it('C13 answers what many ask at the same moment with as many calls as one of them', async () => {
    const { products } = await shop.run<{ products: { edges: { node: { featuredOffer: { id: string } } }[] } }>(
      '{ products(first: 24) { edges { node { featuredOffer { id } } } } }',
    );
    const offerIds = products.edges.map(({ node }) => node.featuredOffer.id);
    const query = `query ($id: ID!) { offer(id: $id) { id status vendor { id } priceFor(quantity: 2) { source }
      variant { product { title category { name } featuredOffer { id } } } } }`;
    const ask = (id: string) => shop.run<{ offer: { id: string } }>(query, { id });
    // What lists say is in the cache from here on.
    for (const id of offerIds) await ask(id);
    const one = await shop.storeCalls(() => ask(offerIds[0]!));
    let answers: { offer: { id: string } }[] = [];
    const many = await shop.storeCalls(async () => {
      answers = await Promise.all(offerIds.map(ask));
    });
    expect(answers.map(({ offer }) => offer.id)).toEqual(offerIds);
    expect(many.toSorted()).toEqual(one.toSorted());
  });

  it('C1 C13 reads the pages that many open at the same moment together', async () => {
    const { products } = await shop.run<{ products: { edges: { node: { id: string; slug: string } }[] } }>(
      '{ products(first: 24) { edges { node { id slug } } } }',
    );
    const nodes = products.edges.map(({ node }) => node);
    const query = `query ($slug: String!) { product(slug: $slug) { id title offers { edges { node { id } } } } }`;
    interface Answer {
      product: { id: string } | null;
    }
    let answers: Answer[] = [];
    const reads = await shop.storeReads(async () => {
      answers = await Promise.all([...nodes, { slug: 'nobody' }].map(({ slug }) => shop.run<Answer>(query, { slug })));
    });
    expect(answers.map(({ product }) => product?.id)).toEqual([...nodes.map(({ id }) => id), undefined]);
    expect(reads.map(({ collection }) => collection).toSorted()).toEqual(['offers', 'products', 'vendors']);
  });

  it('C4 C13 reads a list that many open at the same moment once', async () => {
    const query = `query ($id: ID!) { products(filter: { categoryId: $id }, first: 3) { edges { node { id priceRange { min { amount } } } } } }`;
    const ask = (id: string) => shop.run<Page>(query, { id });
    const expected = [await ask(categoryIds[0]!), await ask(categoryIds[1]!)];
    let answers: Page[] = [];
    const reads = await shop.storeReads(async () => {
      answers = await Promise.all(Array.from({ length: 10 }, (_, at) => ask(categoryIds[at % 2]!)));
    });
    expect(answers).toEqual(Array.from({ length: 10 }, (_, at) => expected[at % 2]));
    expect(reads.map(({ collection }) => collection).toSorted()).toEqual(['offers', 'products', 'products', 'vendors']);
  });

  it('S4 C13 tells many searches which of their candidates are published in one call, each its own', async () => {
    const { products } = await shop.run<Page>(PAGE, { first: 20 });
    const shown = products.edges.map(({ node }) => node.id);
    const parts = shown.map((_, at) => [...shown.slice(at, at + 3), `prd_nobody${at}`]);
    const search: Viewer = { kind: 'service', service: 'search' };
    const query = 'query ($ids: [ID!]!) { publishedProductIds(ids: $ids) }';
    interface Answer {
      publishedProductIds: string[];
    }
    // From the first on there is a mark for what is known.
    await shop.run(query, { ids: [] }, search);
    let answers: Answer[] = [];
    const calls = await shop.storeCalls(async () => {
      answers = await Promise.all(parts.map((ids) => shop.run<Answer>(query, { ids }, search)));
    });
    expect(answers.map(({ publishedProductIds }) => publishedProductIds.toSorted())).toEqual(
      parts.map((ids) => ids.slice(0, -1).toSorted()),
    );
    expect(calls).toEqual(['distinct']);
    const again = await shop.storeCalls(() => shop.run(query, { ids: shown }, search));
    expect(again).toEqual([]);
  });

  it('S4 tells search which of its candidates everybody may see: in one call, and nobody else', async () => {
    const query = 'query ($ids: [ID!]!) { publishedProductIds(ids: $ids) }';
    const search: Viewer = { kind: 'service', service: 'search' };
    const tell = async (wanted: string[]) =>
      (await shop.run<{ publishedProductIds: string[] }>(query, { ids: wanted }, search)).publishedProductIds;
    const { products } = await shop.run<Page>(PAGE, { first: 20 });
    const shown = products.edges.map(({ node }) => node.id);
    const states = ['DRAFT', 'PENDING_REVIEW', 'REJECTED', 'ARCHIVED'];
    const hidden = shown.slice(0, states.length);
    const setStatus = (id: string, status: string) =>
      shop.db.collection('products').updateOne({ _id: id as never }, { $set: { status } });
    for (const [at, id] of hidden.entries()) await setStatus(id, states[at]!);
    try {
      let answer: string[] = [];
      // Written past the catalog: a process that has just begun knows of nothing.
      await shop.restart({ withWork: false });
      const calls = await shop.storeCalls(async () => {
        answer = await tell([...shown, 'prd_nobody', '{"$gt":""}', '']);
      });
      expect(answer.toSorted()).toEqual(shown.slice(states.length).toSorted());
      expect(calls).toEqual(['distinct']);
    } finally {
      for (const id of hidden) await setStatus(id, 'PUBLISHED');
    }
    expect(await tell([])).toEqual([]);
    expect(await tell(Array.from({ length: 500 }, (_, at) => `prd_${at}`))).toEqual([]);
    await expect(tell(Array.from({ length: 501 }, (_, at) => `prd_${at}`))).rejects.toThrow('BAD_USER_INPUT');
    for (const viewer of [anonymous, sellers[0]!.viewer, shop.operator, { ...search, service: 'orders' }]) {
      await expect(shop.run(query, { ids: shown }, viewer)).rejects.toThrow('FORBIDDEN');
    }
  });

  it('reads descriptions only for lists that show them, and shows them wherever they are asked for', async () => {
    const { products } = await shop.run<Page>(PAGE, { first: 1 });
    const { node } = products.edges[0]!;
    await shop.db
      .collection('products')
      .updateOne({ _id: node.id as never }, { $set: { 'texts.0.description': 'Long words.' } });
    const read: unknown[] = [];
    const profile = async (query: string) => {
      read.push(await shop.run(`{ products(first: 1) { edges { node { ${query} } } } }`));
    };
    await profile('description');
    await profile('variants { product { description } }');
    const inList = (shown: object) => ({ products: { edges: [{ node: shown }] } });
    expect(read[0]).toEqual(inList({ description: 'Long words.' }));
    const [again] = (read[1] as { products: { edges: { node: { variants: object[] } }[] } }).products.edges;
    expect(again!.node.variants[0]).toEqual({ product: { description: 'Long words.' } });
    const reads = await shop.storeReads(() => profile('title'));
    expect(reads.map(({ fields }) => fields)).toEqual([expect.not.arrayContaining(['texts', 'texts.description'])]);
    expect(reads[0]!.fields).toContain('texts.title');
  });

  it('reads the products of all categories, and the pages of all vendors, in one call each', async () => {
    const query = `query ($parentId: ID) { categories(parentId: $parentId) { name products(first: 3) { edges { node { title } } } } }`;
    const { category } = await shop.run<{ category: { id: string } }>('{ category(slug: "all") { id } }');
    let answer: { categories?: { name: string; products: { edges: { node: { title: string } }[] } }[] } = {};
    const calls = await shop.storeCalls(async () => {
      answer = await shop.run(query, { parentId: category.id });
    });
    expect(calls).toEqual(['find', 'aggregate']);
    expect(answer.categories?.map(({ products }) => products.edges.map(({ node }) => node.title))).toEqual([
      ['Lamp 20', 'Lamp 16', 'Lamp 12'],
      ['Lamp 21', 'Lamp 17', 'Lamp 13'],
      ['Lamp 22', 'Lamp 18', 'Lamp 14'],
      ['Lamp 23', 'Lamp 19', 'Lamp 15'],
    ]);
    const vendors = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Vendor {
      products(first: 2) { edges { node { title } } } offers(first: 2) { edges { node { sku status } } } } } }`;
    const r = sellers.map(({ vendorId }) => ({ __typename: 'Vendor', id: vendorId }));
    let pages: { _entities?: { products: { edges: unknown[] }; offers: { edges: { node: { sku: string } }[] } }[] } =
      {};
    const vendorCalls = await shop.storeCalls(async () => {
      pages = await shop.run(vendors, { r });
    });
    // Products, vendors, offers, and the products that tell whether the offers are active.
    expect(vendorCalls.toSorted()).toEqual(['aggregate', 'aggregate', 'find', 'find']);
    expect(
      pages._entities?.map(({ products, offers }) => [products.edges.length, offers.edges.map(({ node }) => node.sku)]),
    ).toEqual([
      [2, ['LAMP-0', 'LAMP-3']],
      [2, ['LAMP-0', 'LAMP-1']],
      [2, ['LAMP-1', 'LAMP-2']],
      [2, ['LAMP-2', 'LAMP-3']],
    ]);
  });

  it('resolves a hundred references of each kind with one call per kind', async () => {
    const { products } = await shop.run<{
      products: { edges: { node: { id: string; variants: { id: string }[]; featuredOffer: { id: string } } }[] };
    }>('{ products(first: 24) { edges { node { id variants { id } featuredOffer { id } } } } }');
    const nodes = products.edges.map(({ node }) => node);
    const r = [
      ...nodes.map(({ id }) => ({ __typename: 'Product', id })),
      ...nodes.flatMap(({ variants }) => variants.map(({ id }) => ({ __typename: 'ProductVariant', id }))),
      ...nodes.map(({ featuredOffer }) => ({ __typename: 'Offer', id: featuredOffer.id })),
      ...categoryIds.map((id) => ({ __typename: 'Category', id })),
      ...sellers.map(({ vendorId }) => ({ __typename: 'Vendor', id: vendorId })),
      { __typename: 'Product', id: ids.next('prd') },
    ];
    const query = `query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Product { title }
      ... on ProductVariant { title } ... on Offer { sku } ... on Category { slug } ... on Vendor { id } } }`;
    let entities: ({ __typename: string } | null)[] = [];
    const calls = await shop.storeCalls(async () => {
      entities = (await shop.run<{ _entities: typeof entities }>(query, { r }))._entities;
    });
    expect(entities.map((entity) => entity?.__typename)).toEqual(
      r.map(({ __typename }, index) => (index === r.length - 1 ? undefined : __typename)),
    );
    // Products, products by variant, offers, categories; the products of the offers are those asked for anyway.
    expect(calls).toEqual(['find', 'find', 'find', 'find']);
  });
});

describe('ten thousand products', () => {
  it('C6 a walk visits each id once while inserts run', { timeout: 120_000 }, async () => {
    const vendorId = ids.next('ven');
    const model = (await shop.db.collection('products').findOne({ status: 'PUBLISHED' }))!;
    let made = 0;
    const insert = async (count: number) => {
      const documents = Array.from({ length: count }, () => {
        made += 1;
        const id = ids.next('prd');
        const title = `walked ${String((made * 7_919) % 10_007).padStart(5, '0')}`;
        return {
          ...model,
          _id: id as never,
          slug: id.toLowerCase(),
          submittedBy: vendorId,
          sortTitle: title,
          texts: [{ language: 'en', title, description: null }],
          variants: [{ ...model['variants'][0], id: ids.next('var') }],
          // Several of one moment, as an import makes them.
          createdAt: new Date(Date.UTC(2026, 0, 1) + Math.floor(made / 7)),
        };
      });
      await shop.db.collection('products').insertMany(documents);
      return documents.map(({ _id }) => String(_id));
    };
    const there: string[] = [];
    while (there.length < 10_000) there.push(...(await insert(1_000)));

    for (const orderBy of [
      { field: 'CREATED_AT', direction: 'ASC' },
      { field: 'TITLE', direction: 'ASC' },
    ]) {
      const seen: string[] = [];
      for (let after: string | null = null; ;) {
        const page: Page = await shop.run<Page>(PAGE, { first: 100, after, filter: { vendorId }, orderBy });
        seen.push(...page.products.edges.map(({ node }) => node.id));
        if (!page.products.pageInfo.hasNextPage) break;
        after = page.products.pageInfo.endCursor;
        await insert(2);
      }
      expect(new Set(seen).size).toBe(seen.length);
      const visited = new Set(seen);
      expect(there.filter((id) => !visited.has(id))).toEqual([]);
    }

    const pages: string[] = [];
    const query = `query ($r: [_Any!]!, $after: String) { _entities(representations: $r) { ... on Vendor {
      products(first: 100, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } } } }`;
    for (let after: string | null = null; ;) {
      const answer: { _entities: Page[] } = await shop.run(query, {
        r: [{ __typename: 'Vendor', id: vendorId }],
        after,
      });
      const { products } = answer._entities[0]!;
      pages.push(...products.edges.map(({ node }) => node.id));
      if (!products.pageInfo.hasNextPage) break;
      after = products.pageInfo.endCursor;
    }
    expect(new Set(pages).size).toBe(pages.length);
    expect(pages.length).toBe(made);
  });
});
