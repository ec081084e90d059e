import type { PageRequest, Viewer } from '@marketgraph/platform/graphql';
import DataLoader from 'dataloader';
import { type OpenPromotions, openPromotions } from '../commands/cart-promotions.ts';
import { loadActiveCart, loadCart } from '../commands/load-cart.ts';
import type { Services } from '../commands/services.ts';
import { type Cart, pricedFor, promotionsIn } from '../domain/cart.ts';
import type { OfferQuote } from '../domain/offer-quote.ts';
import { type PricedCart, priceCart } from '../domain/pricing.ts';
import type { StoredFulfillment, StoredLine, StoredOrder, StoredVendorOrder } from '../store/order-rows.ts';
import { promotionsOfOrders, type StoredPromotion } from '../store/order-promotions.ts';
import * as store from '../store/orders.ts';
import { buysFor } from './access.ts';
import { returnsByIds, returnsOfVendorOrders, type StoredReturn } from '../store/returns.ts';

export type Loaders = ReturnType<typeof createLoaders>;

/** One batch per tick and kind, for one request. Whatever is read twice in a request is read once. */
export function createLoaders(services: Services, viewer: Viewer) {
  const em = () => services.orm.em.fork();

  const byId = <Row extends { id: string }>(read: (ids: readonly string[]) => Promise<Row[]>) =>
    new DataLoader<string, Row | null>(async (ids) => {
      const rows = new Map((await read(ids)).map((row) => [row.id, row]));
      return ids.map((id) => rows.get(id) ?? null);
    });

  const manyBy = <Row>(read: (ids: readonly string[]) => Promise<Row[]>, owner: (row: Row) => string) =>
    new DataLoader<string, Row[]>(async (ids) => {
      const rows = Map.groupBy(await read(ids), owner);
      return ids.map((id) => rows.get(id) ?? []);
    });

  const quoteLoaders = new Map<string, DataLoader<string, OfferQuote | null>>();
  const quotesFor = (options: { withCategories: boolean; organizationId: string | null }) => {
    const key = JSON.stringify(options);
    const known = quoteLoaders.get(key);
    if (known) return known;
    const loader = new DataLoader<string, OfferQuote | null>(async (ids) => {
      const found = await services.catalog.quotes(ids, options);
      return ids.map((id) => found.get(id) ?? null);
    });
    quoteLoaders.set(key, loader);
    return loader;
  };
  const promotionsOf = new DataLoader<Cart, OpenPromotions>((carts) => openPromotions(services, carts));

  const priced = new WeakMap<Cart, Promise<PricedCart>>();

  return {
    orders: byId<StoredOrder>((ids) => store.ordersByIds(em(), ids)),
    vendorOrders: byId<StoredVendorOrder>((ids) => store.vendorOrdersByIds(em(), ids)),
    vendorOrdersOfOrder: manyBy<StoredVendorOrder>(
      (ids) => store.vendorOrdersOfOrders(em(), ids),
      (row) => row.orderId,
    ),
    lines: byId<StoredLine>((ids) => store.linesByIds(em(), ids)),
    linesOfVendorOrder: manyBy<StoredLine>(
      (ids) => store.linesOfVendorOrders(em(), ids),
      (row) => row.vendorOrderId,
    ),
    promotionsOfOrder: manyBy<StoredPromotion>(
      (ids) => promotionsOfOrders(em(), ids),
      (row) => row.orderId,
    ),
    fulfillments: byId<StoredFulfillment>((ids) => store.fulfillmentsByIds(em(), ids)),
    fulfillmentsOfVendorOrder: manyBy<StoredFulfillment>(
      (ids) => store.fulfillmentsOfVendorOrders(em(), ids),
      (row) => row.vendorOrderId,
    ),
    linesOfFulfillment: manyBy<store.StoredFulfillmentLine>(
      (ids) => store.linesOfFulfillments(em(), ids),
      (row) => row.fulfillmentId,
    ),
    trackingOfFulfillment: manyBy<store.StoredTrackingEvent>(
      (ids) => store.trackingOfFulfillments(em(), ids),
      (row) => row.fulfillmentId,
    ),
    returns: byId<StoredReturn>((ids) => returnsByIds(em(), ids)),
    returnsOfVendorOrder: manyBy<StoredReturn>(
      (ids) => returnsOfVendorOrders(em(), ids),
      (row) => row.vendorOrderId,
    ),
    ordersOfBuyer: pageLoaders(
      (page) => store.ordersOfBuyers(em(), page),
      (row: StoredOrder) => row.buyerId,
    ),
    vendorOrdersOfVendor: pageLoaders(
      (page) => store.vendorOrdersOfVendors(em(), page),
      (row: StoredVendorOrder) => row.vendorId,
    ),

    carts: new DataLoader<string, Cart | undefined>((ids) => Promise.all(ids.map((id) => loadCart(services, id)))),
    activeCarts: new DataLoader<string, Cart | undefined>((ids) =>
      Promise.all(ids.map((id) => loadActiveCart(services, id))),
    ),

    /** With the catalog's prices, or those last seen when the catalog cannot be asked. */
    priced(cart: Cart): Promise<PricedCart> {
      const known = priced.get(cart);
      if (known) return known;
      const computed = price(cart);
      priced.set(cart, computed);
      return computed;
    },
  };

  async function price(cart: Cart): Promise<PricedCart> {
    const { taxes, log } = services;
    try {
      const hasCodes = promotionsIn(cart).length > 0;
      // Its buyer may not buy for the organization any more; whoever else sees the cart sees it as it was meant.
      const isBuyer = viewer.kind === 'user' && viewer.userId === cart.buyerId;
      const organizationId = isBuyer ? pricedFor(cart, buysFor(viewer)) : (cart.organizationId ?? null);
      // A promotion may be for a category.
      const quotes = quotesFor({ withCategories: hasCodes, organizationId });
      const [found, promotions] = await Promise.all([
        Promise.all(cart.lines.map((line) => quotes.load(line.offerId))),
        hasCodes ? promotionsOf.load(cart) : undefined,
      ]);
      const known = new Map(found.flatMap((quote) => (quote ? [[quote.offerId, quote] as const] : [])));
      return priceCart(cart, { quotes: known, taxes, promotions });
    } catch (error) {
      log.warn({ err: error, cartId: cart.id }, 'cart priced without the catalog');
      return priceCart(cart, { quotes: undefined, taxes });
    }
  }
}

/** A batch per distinct page: owners that are asked for the same page share one statement. */
function pageLoaders<Row>(read: (page: store.PageOf) => Promise<Row[]>, owner: (row: Row) => string) {
  const loaders = new Map<string, DataLoader<string, Row[]>>();
  return (ownerId: string, page: PageRequest, statuses?: readonly string[] | null): Promise<Row[]> => {
    const after = page.after?.[0] === undefined ? undefined : String(page.after[0]);
    const key = JSON.stringify([page.limit, after, statuses ?? null]);
    let loader = loaders.get(key);
    if (!loader) {
      loader = new DataLoader<string, Row[]>(async (ownerIds) => {
        const rows = Map.groupBy(await read({ ownerIds, after, statuses, limit: page.limit + 1 }), owner);
        return ownerIds.map((id) => rows.get(id) ?? []);
      });
      loaders.set(key, loader);
    }
    return loader.load(ownerId);
  };
}
