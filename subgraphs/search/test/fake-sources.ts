import type { EventBus, EventEnvelope } from '@marketgraph/platform/messaging';
import { type SubgraphClient, SubgraphUnavailableError } from '@marketgraph/platform/serve';
import { testIds } from '@marketgraph/platform/testing';
import { personalizationChanged, vendorChanged } from '@marketgraph/schema/events/accounts';
import * as catalog from '@marketgraph/schema/events/catalog';
import { stockChanged } from '@marketgraph/schema/events/inventory';
import * as orders from '@marketgraph/schema/events/orders';
import { ratingChanged } from '@marketgraph/schema/events/reviews';

const ids = testIds();

export interface OfferState {
  id: string;
  productId: string;
  variantId: string;
  vendorId: string;
  sku: string;
  amount: number;
  currencyCode: string;
  status: string;
  version: number;
  available: number;
  stockVersion: number;
}

export interface ProductState {
  id: string;
  title: string;
  description: string | null;
  translations: { language: string; title: string; description: string | null }[];
  brand: string | null;
  status: string;
  categoryPath: { id: string; name: string }[];
  attributes: { key: string; value: string | number | boolean; unit: string | null; isFacet: boolean }[];
  variants: catalog.VariantFact[];
  createdAt: string;
  version: number;
  rating: { average: number; count: number; version: number };
}

export interface VendorState {
  version: number;
  isPrimeEligible: boolean;
  location: { lat: number; lon: number } | null;
  shipsTo: string[] | null;
}

export interface NewProduct extends Partial<Omit<ProductState, 'id' | 'version' | 'rating'>> {
  offers?: Partial<
    Pick<OfferState, 'vendorId' | 'variantId' | 'sku' | 'amount' | 'currencyCode' | 'available' | 'status'>
  >[];
}

/** Catalog, inventory, reviews and orders as search sees them: each change is kept, and sent as an event. */
export interface FakeSources {
  peers: SubgraphClient;
  products: Map<string, ProductState>;
  offers: Map<string, OfferState>;
  calls: { subgraph: string; variables: Record<string, unknown> }[];
  /** Subgraphs that do not answer. */
  away: Set<string>;
  vendors: Map<string, VendorState>;
  /** Who wants no results of their own. */
  impersonal: Set<string>;
  /** What an offer costs somebody who has a contract: by organization and offer. */
  contracts: Map<string, number>;
  /** Changes made while this is true send no event: an indexer that has fallen behind. */
  isSilent: boolean;
  addProduct(product?: NewProduct): Promise<{ id: string; offerIds: string[] }>;
  changeProduct(id: string, change: Partial<ProductState>): Promise<void>;
  changeOffer(id: string, change: Partial<Pick<OfferState, 'amount' | 'status' | 'currencyCode'>>): Promise<void>;
  setStock(offerId: string, available: number): Promise<void>;
  rate(productId: string, average: number, count: number): Promise<void>;
  setVendor(id: string, reach: Partial<Omit<VendorState, 'version'>>): Promise<void>;
  setPersonalized(userId: string, isPersonalized: boolean): Promise<void>;
  order(lines: { productId: string; quantity?: number }[]): Promise<EventEnvelope>;
}

export function fakeSources(bus: EventBus): FakeSources {
  const products = new Map<string, ProductState>();
  const offers = new Map<string, OfferState>();
  const send = async (name: string, key: string, sequence: number, payload: unknown): Promise<EventEnvelope> => {
    const event = {
      id: ids.next('evt'),
      name,
      version: 1,
      occurredAt: new Date().toISOString(),
      key,
      sequence,
      payload,
    };
    if (!sources.isSilent) await bus.publish(name.split('.')[0]!, [event]);
    return event;
  };
  const tellProduct = ({ id, version, rating: _, ...product }: ProductState) =>
    send(catalog.productChanged.name, id, version, {
      ...catalog.productChanged.sample,
      ...product,
      productId: id,
      slug: id,
      categoryPath: product.categoryPath.map((category) => ({ ...category, slug: category.id })),
      attributes: product.attributes.map((attribute) => ({ ...attribute, label: attribute.key })),
    });
  const tellOffer = ({ id, productId, variantId, vendorId, sku, status, amount, currencyCode, version }: OfferState) =>
    send(catalog.offerChanged.name, id, version, {
      ...catalog.offerChanged.sample,
      offerId: id,
      productId,
      variantId,
      vendorId,
      sku,
      status,
      price: { amount, currencyCode },
    });
  const tellStock = ({ id, vendorId, available, stockVersion }: OfferState) =>
    send(stockChanged.name, id, stockVersion, { ...stockChanged.sample, offerId: id, vendorId, available });

  const sources: FakeSources = {
    products,
    offers,
    calls: [],
    away: new Set(),
    vendors: new Map(),
    impersonal: new Set(),
    contracts: new Map(),
    isSilent: false,
    peers: {
      async call<Data>(subgraph: string, query: unknown, variables: Record<string, unknown> = {}): Promise<Data> {
        sources.calls.push({ subgraph, variables });
        if (sources.away.has(subgraph)) throw new SubgraphUnavailableError(subgraph, 'unreachable');
        return answer(sources, subgraph, String(query), variables) as Data;
      },
    },
    async addProduct({ offers: wanted = [{}], ...given } = {}) {
      const product: ProductState = {
        id: ids.next('prd'),
        title: 'Brass reading lamp',
        description: null,
        translations: [],
        brand: 'North',
        status: 'PUBLISHED',
        categoryPath: [{ id: 'cat_home', name: 'Home' }],
        attributes: [],
        variants: [],
        createdAt: new Date().toISOString(),
        version: 1,
        rating: { average: 0, count: 0, version: 0 },
        ...given,
      };
      products.set(product.id, product);
      await tellProduct(product);
      const offerIds: string[] = [];
      for (const offer of wanted) {
        const id = ids.next('off');
        const state: OfferState = {
          id,
          productId: product.id,
          variantId: `var_of_${product.id}`,
          sku: `SKU ${id}`,
          vendorId: 'ven_a',
          amount: 4_900,
          currencyCode: 'EUR',
          status: 'ACTIVE',
          version: 1,
          available: 10,
          stockVersion: 1,
          ...offer,
        };
        offers.set(state.id, state);
        offerIds.push(state.id);
        // Stock and offers come from two services: nothing says which is told first.
        await tellStock(state);
        await tellOffer(state);
      }
      return { id: product.id, offerIds };
    },
    async changeProduct(id, change) {
      const product = Object.assign(products.get(id)!, change);
      product.version += 1;
      await tellProduct(product);
    },
    async changeOffer(id, change) {
      const offer = Object.assign(offers.get(id)!, change);
      offer.version += 1;
      await tellOffer(offer);
    },
    async setStock(offerId, available) {
      const offer = offers.get(offerId)!;
      offer.available = available;
      offer.stockVersion += 1;
      await tellStock(offer);
    },
    async rate(productId, average, count) {
      const { rating } = products.get(productId)!;
      Object.assign(rating, { average, count, version: rating.version + 1 });
      await send(ratingChanged.name, productId, rating.version, {
        subjectId: productId,
        average,
        count,
        histogram: [0, 0, 0, 0, count],
      });
    },
    async setVendor(id, reach) {
      const before = sources.vendors.get(id) ?? { version: 1, isPrimeEligible: false, location: null, shipsTo: null };
      const vendor = { ...before, ...reach, version: before.version + 1 };
      sources.vendors.set(id, vendor);
      const { version, ...facts } = vendor;
      await send(vendorChanged.name, id, version, { ...vendorChanged.sample, vendorId: id, ...facts });
    },
    async setPersonalized(userId, isPersonalized) {
      if (isPersonalized) sources.impersonal.delete(userId);
      else sources.impersonal.add(userId);
      await send(personalizationChanged.name, userId, 1, { userId, isPersonalized });
    },
    order: (lines) => {
      const sample = orders.orderConfirmed.sample;
      const [part] = sample.vendorOrders;
      return send(orders.orderConfirmed.name, ids.next('ord'), 1, {
        ...sample,
        vendorOrders: [
          {
            ...part!,
            lines: lines.map(({ productId, quantity = 1 }) => ({ ...part!.lines[0]!, productId, quantity })),
          },
        ],
      });
    },
  };
  return sources;
}

function answer(
  { products, offers, vendors, impersonal, contracts }: FakeSources,
  subgraph: string,
  query: string,
  variables: Record<string, unknown>,
): unknown {
  if (subgraph === 'inventory') {
    return {
      availability: (variables['ids'] as string[]).map((id) => ({
        offer: { id },
        available: offers.get(id)?.available ?? 0,
      })),
    };
  }
  if (query.includes('publishedProductIds')) {
    const asked = variables['ids'] as string[];
    return { publishedProductIds: asked.filter((id) => products.get(id)?.status === 'PUBLISHED') };
  }
  const representations = (variables['representations'] ?? []) as { id: string }[];
  if (subgraph === 'accounts' && query.includes('on Vendor')) {
    return { _entities: representations.map(({ id }) => (vendors.has(id) ? { id, ...vendors.get(id) } : null)) };
  }
  if (subgraph === 'accounts') {
    return { _entities: representations.map(({ id }) => ({ isPersonalized: !impersonal.has(id) })) };
  }
  if (subgraph === 'reviews') {
    return { _entities: representations.map(({ id }) => ({ id, rating: products.get(id)?.rating ?? null })) };
  }
  if (query.includes('priceFor')) {
    const buyer = String(variables['organizationId']);
    return {
      _entities: representations.map(({ id }) => {
        const { amount, currencyCode } = offers.get(id)!;
        return { id, priceFor: { unitPrice: { amount: contracts.get(`${buyer} ${id}`) ?? amount, currencyCode } } };
      }),
    };
  }
  if (query.includes('_entities')) {
    return {
      _entities: representations.map(({ id }) => {
        const product = products.get(id);
        return product ? productNode(product, offers) : null;
      }),
    };
  }
  const published = [...products.values()]
    .filter(({ status }) => status === 'PUBLISHED')
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const { first, after } = variables as { first: number; after: string | null };
  const rest = published.filter(({ id }) => after === null || id > after);
  const page = rest.slice(0, first);
  return {
    products: {
      edges: page.map((product) => ({ node: productNode(product, offers) })),
      pageInfo: { hasNextPage: rest.length > first, endCursor: page.at(-1)?.id ?? null },
    },
  };
}

function productNode({ categoryPath, rating: _, ...product }: ProductState, offers: ReadonlyMap<string, OfferState>) {
  const category = categoryPath.reduce<object | null>((parent, { id, name }) => ({ id, name, parent }), null);
  const own = [...offers.values()].filter(({ productId }) => productId === product.id);
  return {
    ...product,
    slug: product.id,
    category,
    offers: {
      edges: own.map(({ id, version, status, sku, amount, currencyCode, vendorId, variantId }) => ({
        node: {
          ...{ id, version, status, sku, price: { amount, currencyCode } },
          ...{ vendor: { id: vendorId }, variant: { id: variantId } },
        },
      })),
      pageInfo: { hasNextPage: false, endCursor: null },
    },
  };
}
