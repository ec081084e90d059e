import type { Viewer } from '@marketgraph/platform/graphql';
import { testIds } from '@marketgraph/platform/testing';
import { anOffer, aVendorMember, onSale, type OrdersHarness, shopping } from './orders-harness.ts';

const ids = testIds();

export const ORDER = `query($id: ID!) { order(id: $id) {
  id number status paymentStatus fulfillmentStatus buyer { id } shippingAddress { line1 city } billingAddress { line1 }
  subtotal { amount } taxTotal { amount } shippingTotal { amount } total { amount currencyCode }
  lines { id title sku quantity quantityFulfilled quantityReturned status unitPrice { amount } taxAmount { amount } lineTotal { amount } offer { id } }
  vendorOrders { id number status version vendor { id } total { amount } lines { id } fulfillments { id status } } } }`;

export interface OrderRead {
  id: string;
  number: string;
  status: string;
  fulfillmentStatus: string;
  billingAddress: { line1: string } | null;
  total: { amount: number };
  subtotal: { amount: number };
  lines: { id: string; offer: { id: string }; quantityFulfilled: number; status: string }[];
  vendorOrders: {
    id: string;
    number: string;
    status: string;
    version: number;
    vendor: { id: string };
    total: { amount: number };
    lines: { id: string }[];
  }[];
}

export const FULFILL = `mutation($input: FulfillmentInput!, $key: IdempotencyKey!) { fulfillmentCreate(input: $input, idempotencyKey: $key) {
  fulfillment { id status carrier trackingNumber trackingUrl labelUrl lines { quantity line { id } } trackingEvents { code description } }
  userErrors { code message field } } }`;
export const MOVE = `mutation($input: FulfillmentStatusInput!) { fulfillmentStatusUpdate(input: $input) {
  fulfillment { id status trackingNumber shippedAt deliveredAt trackingEvents { code } } userErrors { code message } } }`;
export const ACCEPT = `mutation($id: ID!, $version: Int!) { vendorOrderAccept(id: $id, expectedVersion: $version) {
  vendorOrder { id status version order { status } } userErrors { code message field } } }`;
export const REJECT = `mutation($id: ID!, $version: Int!, $reason: String!) { vendorOrderReject(id: $id, reason: $reason, expectedVersion: $version) {
  vendorOrder { id status order { status } } userErrors { code } } }`;

export interface Parcel {
  fulfillment: {
    id: string;
    status: string;
    trackingNumber: string | null;
    labelUrl: string | null;
    trackingEvents: { code: string }[];
  } | null;
  userErrors: { code: string; field?: string[] }[];
}

/** What happens to an order after it was paid, one call each. */
export function soldOrders(h: OrdersHarness) {
  const read = async (viewer: Viewer, id: string) =>
    (await h.run<{ order: OrderRead | null }>(viewer, ORDER, { id })).order;

  return {
    read,

    /** Bought from so many vendors, one line each with two units. */
    async bought(vendors = 2) {
      const offers = Array.from({ length: vendors }, (_, n) =>
        onSale(h, anOffer({ amount: 1_999 + 500 * n, sku: `SKU-${n}` })),
      );
      const shop = shopping(h);
      const orderId = await shop.buy(offers.map((offer) => ({ offerId: offer.id, quantity: 2 })));
      const order = (await read(shop.buyer, orderId))!;
      const sellers = offers.map((offer) => aVendorMember(offer.vendor.id));
      return { offers, shop, orderId, order, sellers, parts: order.vendorOrders };
    },

    async pack(
      viewer: Viewer,
      vendorOrderId: string,
      lines: { lineId: string; quantity: number }[],
      more: { key?: string; input?: object } = {},
    ): Promise<Parcel> {
      const variables = { input: { vendorOrderId, lines, ...more.input }, key: more.key ?? ids.next('key') };
      return (await h.run<{ fulfillmentCreate: Parcel }>(viewer, FULFILL, variables)).fulfillmentCreate;
    },

    async move(viewer: Viewer, id: string, status: string, more: object = {}): Promise<Parcel> {
      const variables = { input: { id, status, ...more } };
      return (await h.run<{ fulfillmentStatusUpdate: Parcel }>(viewer, MOVE, variables)).fulfillmentStatusUpdate;
    },
  };
}
