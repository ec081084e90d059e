import type { SubgraphClient } from '@marketgraph/platform/serve';
import type { OfferFacts, ProductFacts, VendorFacts } from '../domain/product-document.ts';
import { availabilityOf } from './availability.ts';

/** A product as its owners tell it now. */
export interface SourceProduct {
  productId: string;
  version: number;
  facts: ProductFacts;
  offers: { id: string; version: number; facts: OfferFacts }[];
}

export interface SourcePage {
  products: SourceProduct[];
  /** The cursor of the next page; null when this was the last. */
  next: string | null;
}

const OFFER = 'id version status sku price { amount currencyCode } vendor { id } variant { id }';
/** As deep as the catalog's tree can be. */
const CATEGORY_DEPTH = 8;
const CATEGORY = Array.from({ length: CATEGORY_DEPTH - 1 }).reduce<string>(
  (parent) => `id name parent { ${parent} }`,
  'id name',
);
const PRODUCT = `id slug title description translations { language title description } status brand version createdAt category { ${CATEGORY} }
  attributes { key value unit isFacet }
  variants { id gtin options { key value unit } }
  offers(first: 100) { edges { node { ${OFFER} } } pageInfo { hasNextPage endCursor } }`;
export const PAGE = `query($first: Int!, $after: String) {
  products(first: $first, after: $after, orderBy: { field: CREATED_AT, direction: ASC }) {
    edges { node { ${PRODUCT} } } pageInfo { hasNextPage endCursor } } }`;
export const BY_ID = `query($representations: [_Any!]!) { _entities(representations: $representations) {
  ... on Product { ${PRODUCT} } } }`;
export const MORE_OFFERS = `query($id: ID!, $after: String) { product(id: $id) {
  offers(first: 100, after: $after) { edges { node { ${OFFER} } } pageInfo { hasNextPage endCursor } } } }`;
export const RATINGS = `query($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Product { id rating { average count } } } }`;

export const VENDORS = `query($representations: [_Any!]!) {
  _entities(representations: $representations) { ... on Vendor { id version isPrimeEligible location { lat lon } shipsTo } } }`;

/** With all their offers these are some hundred documents of the catalog. */
const PAGE_SIZE = 50;
const TIMEOUT_MS = 15_000;

interface CategoryNode {
  id: string;
  name: string;
  parent?: CategoryNode | null;
}

interface OfferNode {
  id: string;
  version: number;
  status: string;
  sku: string;
  price: { amount: number; currencyCode: string };
  vendor: { id: string };
  variant: { id: string };
}

interface Offers {
  edges: { node: OfferNode }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

interface ProductNode extends Omit<ProductFacts, 'categoryPath'> {
  id: string;
  version: number;
  category: CategoryNode | null;
  offers: Offers;
}

/** A page of what the catalog has published, oldest first. */
export async function sourcePage(peers: SubgraphClient, after: string | null): Promise<SourcePage> {
  const { products } = await peers.call<{
    products: { edges: { node: ProductNode }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
  }>('catalog', PAGE, { first: PAGE_SIZE, after }, { timeoutMs: TIMEOUT_MS });
  return {
    products: await Promise.all(products.edges.map(({ node }) => toSource(peers, node))),
    next: products.pageInfo.hasNextPage ? products.pageInfo.endCursor : null,
  };
}

/** Products by id, whatever their status; what the catalog does not know is missing. */
export async function sourceProducts(peers: SubgraphClient, ids: readonly string[]): Promise<SourceProduct[]> {
  const { _entities } = await entities<ProductNode>(peers, 'catalog', BY_ID, {
    __typename: 'Product',
    ids,
  });
  return Promise.all(_entities.flatMap((node) => (node ? [toSource(peers, node)] : [])));
}

/** The published ratings, as reviews counts them. */
export async function sourceRatings(
  peers: SubgraphClient,
  productIds: readonly string[],
): Promise<Map<string, { average: number; count: number }>> {
  const { _entities } = await entities<{ id: string; rating: { average: number; count: number } | null }>(
    peers,
    'reviews',
    RATINGS,
    { __typename: 'Product', ids: productIds },
  );
  return new Map(_entities.flatMap((node) => (node?.rating ? [[node.id, node.rating] as const] : [])));
}

/** What accounts says of vendors; whom it does not know is missing. */
export async function sourceVendors(
  peers: SubgraphClient,
  vendorIds: readonly string[],
): Promise<Map<string, VendorFacts & { version: number }>> {
  if (vendorIds.length === 0) return new Map();
  const { _entities } = await entities<VendorFacts & { id: string; version: number }>(peers, 'accounts', VENDORS, {
    __typename: 'Vendor',
    ids: vendorIds,
  });
  return new Map(_entities.flatMap((node) => (node ? [[node.id, node] as const] : [])));
}

export function sourceStock(peers: SubgraphClient, offerIds: readonly string[]): Promise<Map<string, number>> {
  return availabilityOf(peers, offerIds, { timeoutMs: TIMEOUT_MS });
}

function entities<Node>(
  peers: SubgraphClient,
  subgraph: string,
  query: string,
  { __typename, ids }: { __typename: string; ids: readonly string[] },
): Promise<{ _entities: (Node | null)[] }> {
  const representations = ids.map((id) => ({ __typename, id }));
  return peers.call(subgraph, query, { representations }, { timeoutMs: TIMEOUT_MS });
}

async function toSource(peers: SubgraphClient, node: ProductNode): Promise<SourceProduct> {
  const offers = node.offers.edges.map((edge) => edge.node);
  let { hasNextPage, endCursor } = node.offers.pageInfo;
  while (hasNextPage) {
    const { product } = await peers.call<{ product: { offers: Offers } | null }>(
      'catalog',
      MORE_OFFERS,
      { id: node.id, after: endCursor },
      { timeoutMs: TIMEOUT_MS },
    );
    offers.push(...(product?.offers.edges.map((edge) => edge.node) ?? []));
    ({ hasNextPage, endCursor } = product?.offers.pageInfo ?? { hasNextPage: false, endCursor: null });
  }
  const { slug, title, description, translations, status, brand, attributes, variants, createdAt } = node;
  return {
    productId: node.id,
    version: node.version,
    facts: {
      slug,
      title,
      description,
      translations,
      status,
      brand,
      categoryPath: pathOf(node.category),
      attributes: attributes.map(({ key, value, unit, isFacet }) => ({ key, value, unit, isFacet })),
      variants,
      createdAt: new Date(createdAt).toISOString(),
    },
    offers: offers.map((offer) => ({
      id: offer.id,
      version: offer.version,
      facts: {
        vendorId: offer.vendor.id,
        status: offer.status,
        amount: offer.price.amount,
        currencyCode: offer.price.currencyCode,
        sku: offer.sku,
        variantId: offer.variant.id,
      },
    })),
  };
}

function pathOf(category: CategoryNode | null): { id: string; name: string }[] {
  const path: { id: string; name: string }[] = [];
  for (let node: CategoryNode | null | undefined = category; node; node = node.parent) {
    path.unshift({ id: node.id, name: node.name });
  }
  return path;
}
