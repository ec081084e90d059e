import { getNamedType, type GraphQLObjectType, isLeafType, isObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogSchema } from '../src/schema.ts';
import { actions, ids, openShop, present, publishedProduct, type Seller, type Shop, upload } from './shop.ts';
import { aPicture } from './pictures.ts';

let shop: Shop;
let seller: Seller;
let productId: string;
let variantId: string;
let offerId: string;
let categoryId: string;

beforeAll(async () => {
  shop = await openShop();
  const act = actions(shop);
  const attributeSchema = [
    { key: 'colour', type: 'string', isVariantAxis: true },
    { key: 'width', type: 'number', unit: 'cm' },
  ];
  categoryId = present((await act.category({ slug: 'lamps', name: 'Lamps', attributeSchema })).category).id;
  seller = await shop.aSeller();
  const uploadId = await upload(shop, seller.viewer, await aPicture(), 'image/png');
  const product = await publishedProduct(act, seller, {
    categoryId,
    title: 'Reading lamp',
    description: 'To read by.',
    brand: 'Lumen',
    translations: [{ language: 'de', title: 'Leselampe', description: 'Zum Lesen.' }],
    attributes: [{ key: 'width', value: 20 }],
    mediaUploadIds: [uploadId],
    variants: [
      { title: 'Black', gtin: '4006381333931', weightGrams: 900, options: [{ key: 'colour', value: 'black' }] },
    ],
  });
  ({ id: productId, variantId } = product);
  const price = { amount: 2_000, currencyCode: 'EUR' };
  const { offer } = await act.offer(seller.viewer, { vendorId: seller.vendorId, variantId, sku: 'LAMP', price });
  offerId = present(offer).id;
  const hour = 3_600_000;
  const now = Date.now();
  await shop.db.collection<{ _id: string }>('deals').insertOne({
    ...{ _id: ids.next('dea'), offerId, vendorId: seller.vendorId, slotsTotal: 5, slotsFree: 5, slotsSequence: 0 },
    ...{ dealPrice: { amount: 1_000, currencyCode: 'EUR' }, isCanceled: false, told: 'LIVE', version: 1 },
    ...{ createdAt: new Date(now - hour), startsAt: new Date(now - hour), endsAt: new Date(now + hour) },
  } as never);
  await shop.db.collection<{ _id: string }>('offers').updateOne({ _id: offerId }, { $set: { dealsRevision: 1 } });
  // What works by itself asks the store too; here only requests do.
  await shop.restart({ withWork: false });
});
afterAll(() => shop?.stop());

const { schema } = catalogSchema();
const fieldsOf = (type: string) => Object.values((schema.getType(type) as GraphQLObjectType).getFields());

/** A field with all leaves below it, so many types deep. */
function whole(field: ReturnType<typeof fieldsOf>[number], depth: number): string | null {
  const type = getNamedType(field.type);
  if (isLeafType(type)) return field.name;
  if (!isObjectType(type) || depth === 0) return null;
  const parts = fieldsOf(type.name).map((part) => whole(part, depth - 1));
  const selection = parts.filter((part) => part !== null).join(' ');
  return selection === '' ? null : `${field.name} { ${selection} }`;
}

/** Each type by every way there is to one of it; `path` leads to it in the answer. */
const ways: [type: string, name: string, path: (string | number)[], query: (selection: string) => string][] = [
  ['Product', 'by id', ['product'], (selection) => `{ product(id: "${productId}") { ${selection} } }`],
  ['Product', 'by slug', ['product'], (selection) => `{ product(slug: "reading-lamp") { ${selection} } }`],
  [
    'Product',
    'in a list by title',
    ['products', 'edges', 0, 'node'],
    (selection) =>
      `{ products(filter: { categoryId: "${categoryId}" }, orderBy: { field: TITLE, direction: ASC }) { edges { node { ${selection} } } } }`,
  ],
  ['Product', 'as a reference', ['_entities', 0], (selection) => entity('Product', productId, selection)],
  [
    'Product',
    'of a category',
    ['category', 'products', 'edges', 0, 'node'],
    (selection) => `{ category(id: "${categoryId}") { products { edges { node { ${selection} } } } } }`,
  ],
  [
    'Product',
    'of a vendor',
    ['_entities', 0, 'products', 'edges', 0, 'node'],
    (selection) => entity('Vendor', seller.vendorId, `products { edges { node { ${selection} } } }`),
  ],
  [
    'ProductVariant',
    'of a product',
    ['product', 'variants', 0],
    (selection) => `{ product(id: "${productId}") { variants { ${selection} } } }`,
  ],
  ['ProductVariant', 'as a reference', ['_entities', 0], (selection) => entity('ProductVariant', variantId, selection)],
  [
    'ProductVariant',
    'of an offer',
    ['offer', 'variant'],
    (selection) => `{ offer(id: "${offerId}") { variant { ${selection} } } }`,
  ],
  ['Offer', 'by id', ['offer'], (selection) => `{ offer(id: "${offerId}") { ${selection} } }`],
  ['Offer', 'as a reference', ['_entities', 0], (selection) => entity('Offer', offerId, selection)],
  [
    'Offer',
    'of a product',
    ['product', 'offers', 'edges', 0, 'node'],
    (selection) => `{ product(id: "${productId}") { offers { edges { node { ${selection} } } } } }`,
  ],
  [
    'Offer',
    'shown first',
    ['product', 'featuredOffer'],
    (selection) => `{ product(id: "${productId}") { featuredOffer { ${selection} } } }`,
  ],
  [
    'Offer',
    'of a vendor',
    ['_entities', 0, 'offers', 'edges', 0, 'node'],
    (selection) => entity('Vendor', seller.vendorId, `offers { edges { node { ${selection} } } }`),
  ],
];

function entity(type: string, id: string, selection: string): string {
  return `{ _entities(representations: [{ __typename: "${type}", id: "${id}" }]) { ... on ${type} { ${selection} } } }`;
}

const at = (answer: unknown, path: readonly (string | number)[]) =>
  path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], answer) as Record<
    string,
    unknown
  >;

describe('of the store is read what is selected', () => {
  it.each(ways)(
    'C4 and no field of a %s (%s) lacks anything when it is asked for alone',
    async (type, _, path, query) => {
      const fields = fieldsOf(type);
      const selections = fields.map((field) => whole(field, 2)!);
      const together = at(await shop.run(query(selections.join(' ')), {}, seller.viewer), path);
      for (const [index, { name }] of fields.entries()) {
        const alone = at(await shop.run(query(selections[index]!), {}, seller.viewer), path);
        expect({ [name]: together[name] }).not.toEqual({ [name]: null });
        expect(alone).toEqual({ [name]: together[name] });
      }
    },
  );

  it.each<[string, string, Record<string, string[]>]>([
    [
      'a page of a list',
      '{ products(orderBy: { field: TITLE, direction: ASC }) { edges { cursor node { id slug title priceRange { min { amount } } } } } }',
      {
        products: ['slug', 'sortTitle', 'status', 'submittedBy', 'texts.language', 'texts.title'],
        offers: ['price', 'productId', 'status', 'stock', 'variantId', 'vendorId'],
      },
    ],
    [
      'the words of a product',
      '{ product(slug: "reading-lamp") { words: description } }',
      { products: ['slug', 'status', 'submittedBy', 'texts.description', 'texts.language'] },
    ],
    [
      'an offer by reference',
      'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Offer { ...Terms } } } fragment Terms on Offer { sku }',
      {
        products: ['status', 'submittedBy'],
        offers: ['price', 'productId', 'sku', 'status', 'stock', 'variantId', 'vendorId'],
      },
    ],
  ])('C4 and no more: %s', async (_, query, expected) => {
    const reads = await shop.storeReads(() => shop.run(query, { r: [{ __typename: 'Offer', id: offerId }] }));
    const read = Object.fromEntries(reads.map(({ collection, fields }) => [collection, fields?.toSorted()]));
    expect({ products: read['products'], offers: read['offers'] }).toEqual({ offers: undefined, ...expected });
  });
});
