import type { Viewer } from '@marketgraph/platform/graphql';
import { aUser } from '@marketgraph/platform/testing';
import { type Actions, ids, present, publishedProduct, type Seller, type Shop } from './shop.ts';

interface Result {
  priceList: { id: string; version: number } | null;
  userErrors: { code: string; message: string; field: string[] | null }[];
}

const UPSERT = `mutation ($input: PriceListInput!, $version: Int, $key: IdempotencyKey) {
  priceListUpsert(input: $input, expectedVersion: $version, idempotencyKey: $key) {
    priceList { id version } userErrors { code message field } } }`;
const PRICE = `query ($id: ID!, $quantity: Int, $organizationId: ID, $currency: CurrencyCode) { offer(id: $id) {
  priceFor(quantity: $quantity, organizationId: $organizationId, currency: $currency) { unitPrice { amount } source } } }`;
const TIERS = `query ($id: ID!, $organizationId: ID) { offer(id: $id) {
  tiers(organizationId: $organizationId) { minQuantity maxQuantity unitPrice { amount } } } }`;
const READ = `query ($id: ID!, $first: Int, $after: String) { priceList(id: $id) { id name seller { id } buyerOrganization { id }
  entries(first: $first, after: $after) { edges { node { offer { id } tier { minQuantity maxQuantity unitPrice { amount } } } }
    pageInfo { hasNextPage endCursor } } } }`;

interface ReadList {
  entries: { edges: { node: { offer: { id: string } } }[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
}

export type PriceListing = Awaited<ReturnType<typeof priceListing>>;

/** A vendor that makes price lists of offers at 10.00 EUR, and who asks what they cost. */
export async function priceListing(shop: Shop, act: Actions, { vendorId, viewer }: Seller) {
  const slug = ids.next('cat').toLowerCase().replace('_', '-');
  const categoryId = present((await act.category({ slug, name: slug })).category).id;
  const { variantId } = await publishedProduct(act, { vendorId, viewer }, { categoryId });
  let sku = 0;

  const upsert = async (input: object, more: { version?: number; key?: string } = {}, by: Viewer = viewer) => {
    const terms = { name: 'List', vendorId, entries: [], ...input };
    return (await shop.run<{ priceListUpsert: Result }>(UPSERT, { input: terms, ...more }, by)).priceListUpsert;
  };
  const read = async (id: string, by?: Viewer, page: object = {}) =>
    (await shop.run<{ priceList: ReadList | null }>(READ, { id, ...page }, by)).priceList;
  async function anOffer(): Promise<string> {
    sku += 1;
    const price = { amount: 1_000, currencyCode: 'EUR' };
    const { offer, userErrors } = await act.offer(viewer, { vendorId, variantId, sku: `S-${sku}`, price });
    return present(offer, userErrors).id;
  }
  return {
    upsert,
    read,
    async upserted(input: object) {
      const { priceList, userErrors } = await upsert(input);
      return present(priceList, userErrors);
    },
    codes: ({ userErrors }: Result) => userErrors.map(({ code, field }) => `${code} ${field?.join('.')}`),
    /** All entries, page by page. */
    async walk(id: string, by: Viewer, first: number) {
      const seen: string[] = [];
      for (let after: string | undefined; ;) {
        const { entries } = present(await read(id, by, { first, after }));
        seen.push(...entries.edges.map(({ node }) => JSON.stringify(node)));
        if (!entries.pageInfo.hasNextPage) return [...new Set(seen)];
        after = entries.pageInfo.endCursor;
      }
    },
    anOffer,
    /** As many, copied in the store: listing them one after the other is not what is looked at. */
    async offers(count: number) {
      const first = await anOffer();
      const collection = shop.db.collection<{ _id: string }>('offers');
      const listed = present(await collection.findOne({ _id: first }));
      const copies = Array.from({ length: count - 1 }, () => ({
        ...listed,
        _id: ids.next('off'),
        sku: ids.next('sku'),
      }));
      if (copies.length > 0) await collection.insertMany(copies);
      return [first, ...copies.map(({ _id }) => _id)];
    },
    entry: (offerId: string, minQuantity: number, amount: number, maxQuantity?: number) => ({
      offerId,
      minQuantity,
      maxQuantity,
      unitPrice: { amount, currencyCode: 'EUR' },
    }),
    /** One that accounts knows, and somebody who belongs to it. */
    anOrganization() {
      const organizationId = ids.next('org');
      shop.organizations.add(organizationId);
      return { organizationId, member: aUser({ memberships: [{ of: organizationId, role: 'PURCHASER' }] }) };
    },
    async price(id: string, asked: object, by?: Viewer) {
      const { offer } = await shop.run<{ offer: { priceFor: { unitPrice: { amount: number }; source: string } } }>(
        PRICE,
        { id, ...asked },
        by,
      );
      return `${offer.priceFor.unitPrice.amount} ${offer.priceFor.source}`;
    },
    async tiers(id: string, organizationId: string | undefined, by?: Viewer) {
      const { offer } = await shop.run<{
        offer: { tiers: { minQuantity: number; maxQuantity: number | null; unitPrice: { amount: number } }[] };
      }>(TIERS, { id, organizationId }, by);
      return offer.tiers.map(
        ({ minQuantity, maxQuantity, unitPrice }) =>
          `${minQuantity}${maxQuantity === null ? '+' : `-${maxQuantity}`} ${unitPrice.amount}`,
      );
    },
  };
}
