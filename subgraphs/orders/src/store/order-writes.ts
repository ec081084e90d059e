import { type EntityManager, executeAlong, executeTogether } from '@marketgraph/platform/postgres';
import type { Failure } from '../domain/checkout.ts';
import type { Order, Units, VendorOrder } from '../domain/order.ts';
import type { OrderDraft } from '../domain/order-draft.ts';
import type { FulfillmentStatus, OrderPaymentStatus, OrderStatus } from '../domain/order-status.ts';

/** Writes the rows of a new order; statuses as the draft's facts leave them. */
export async function insertOrder(
  em: EntityManager,
  draft: OrderDraft,
  { order, now }: { order: Order; now: Date },
): Promise<void> {
  await executeAlong(
    em,
    `with placed as (
       insert into orders (id, cart_id, buyer_id, organization_id, status, payment_status, currency_code, subtotal,
                           discount_total, shipping_total, tax_total, total, shipping_address, billing_address, placed_at, updated_at, version)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, 1)),
     parts as (
       insert into vendor_order (id, order_id, vendor_id, position, status, delivery, subtotal, discount_total,
                                 shipping_total, tax_total, total, version)
       select r.id, ?, r.vendor_id, r.position, r.status, r.delivery, r.subtotal, r.discount_total,
              r.shipping_total, r.tax_total, r.total, 1
       from jsonb_to_recordset(?::jsonb) as r (id text, vendor_id text, position int, status text, delivery jsonb,
         subtotal bigint, discount_total bigint, shipping_total bigint, tax_total bigint, total bigint))
     insert into order_line (id, order_id, vendor_order_id, position, offer_id, product_id, variant_id, title, sku,
                             quantity, unit_price, discount, line_total, tax, return_window_days)
     select r.id, ?, r.vendor_order_id, r.position, r.offer_id, r.product_id, r.variant_id, r.title, r.sku,
            r.quantity, r.unit_price, r.discount, r.line_total, r.tax, r.return_window_days
     from jsonb_to_recordset(?::jsonb) as r (id text, vendor_order_id text, position int, offer_id text,
       product_id text, variant_id text, title text, sku text, quantity int, unit_price bigint, discount bigint,
       line_total bigint, tax bigint, return_window_days int)`,
    [
      draft.orderId,
      draft.cartId,
      draft.buyerId,
      draft.organizationId ?? null,
      order.status,
      order.paymentStatus,
      draft.currencyCode,
      draft.subtotal.amount,
      draft.discountTotal.amount,
      draft.shippingTotal.amount,
      draft.taxTotal.amount,
      draft.total.amount,
      JSON.stringify(draft.shippingAddress),
      JSON.stringify(draft.billingAddress),
      now.toISOString(),
      now.toISOString(),
      draft.orderId,
      JSON.stringify(draft.vendorOrders.map((part, index) => vendorOrderRow(part, index, order))),
      draft.orderId,
      JSON.stringify(draft.vendorOrders.flatMap(lineRows)),
    ],
  );
  const promotions = promotionRows(draft);
  if (promotions.length === 0) return;
  await executeAlong(
    em,
    `insert into order_promotion (order_id, vendor_order_id, promotion_id, position, code, name, amount, shipping_amount)
     select ?, r.vendor_order_id, r.promotion_id, r.position, r.code, r.name, r.amount, r.shipping_amount
     from jsonb_to_recordset(?::jsonb) as r (vendor_order_id text, promotion_id text, position int, code text,
       name text, amount bigint, shipping_amount bigint)`,
    [draft.orderId, JSON.stringify(promotions)],
  );
}

function promotionRows({ promotions = [] }: OrderDraft) {
  return promotions.flatMap(({ promotionId, code, name, parts }, position) =>
    parts.map((part) => ({
      vendor_order_id: part.vendorOrderId,
      promotion_id: promotionId,
      position,
      code,
      name,
      amount: part.amount.amount,
      shipping_amount: part.shippingAmount.amount,
    })),
  );
}

function vendorOrderRow(part: OrderDraft['vendorOrders'][number], position: number, order: Order) {
  return {
    id: part.vendorOrderId,
    vendor_id: part.vendorId,
    position,
    status: order.vendorOrders[position]?.status ?? 'PENDING',
    delivery: part.delivery,
    subtotal: part.subtotal.amount,
    discount_total: part.discountTotal.amount,
    shipping_total: part.shippingTotal.amount,
    tax_total: part.taxTotal.amount,
    total: part.total.amount,
  };
}

function lineRows({ vendorOrderId, lines }: OrderDraft['vendorOrders'][number]) {
  return lines.map((line, position) => ({
    id: line.lineId,
    vendor_order_id: vendorOrderId,
    position,
    offer_id: line.offerId,
    product_id: line.productId,
    variant_id: line.variantId,
    title: line.title,
    sku: line.sku,
    quantity: line.quantity,
    unit_price: line.unitPrice.amount,
    discount: line.discount.amount,
    line_total: line.lineTotal.amount,
    tax: line.tax.amount,
    return_window_days: line.returnWindowDays,
  }));
}

export interface LockedOrder {
  order: Order;
  buyerId: string;
  version: number;
  vendorOrderVersions: Readonly<Record<string, number>>;
}

interface LockedRow {
  id: string;
  buyer_id: string;
  status: OrderStatus;
  payment_status: OrderPaymentStatus;
  version: number;
}

const unitsOf = (table: string, key: string) =>
  `(select coalesce(jsonb_agg(jsonb_build_object('lineId', u.line_id, 'quantity', u.quantity) order by u.line_id), '[]')
      from ${table} u where u.${key} = x.id)`;

/** The parts of an order in the order of the cart, with their lines, parcels and returns. */
const PARTS = `select v.id, v.vendor_id as "vendorId", v.status, v.version,
       (select coalesce(jsonb_agg(jsonb_build_object('lineId', x.id, 'quantity', x.quantity) order by x.position), '[]')
          from order_line x where x.vendor_order_id = v.id) as lines,
       (select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'status', x.status,
                 'lines', ${unitsOf('fulfillment_line', 'fulfillment_id')}) order by x.id), '[]')
          from fulfillment x where x.vendor_order_id = v.id) as fulfillments,
       (select coalesce(jsonb_agg(jsonb_build_object('id', x.id, 'status', x.status,
                 'lines', ${unitsOf('order_return_line', 'return_id')}) order by x.id), '[]')
          from order_return x where x.vendor_order_id = v.id) as returns
     from vendor_order v where v.order_id = ? order by v.position`;

/**
 * The order with its parts, its row held until the transaction ends: whoever
 * changes an order or anything in it comes through here, so changes of one
 * order follow one another and their events keep that order.
 */
export async function lockOrder(em: EntityManager, orderId: string): Promise<LockedOrder | undefined> {
  return lockedOrderIn(await executeTogether(em, lockingOrder(orderId)));
}

/** The statements of `lockOrder`. Two of them: the one that waited for the lock sees the rest as it was before. */
export function lockingOrder(orderId: string): [query: string, parameters: string[]][] {
  return [
    ['select id, buyer_id, status, payment_status, version from orders where id = ? for update', [orderId]],
    [PARTS, [orderId]],
  ];
}

/** What their rows say. */
export function lockedOrderIn(rows: readonly unknown[][]): LockedOrder | undefined {
  const [[row], parts] = rows as [LockedRow[], (VendorOrder & { version: number })[]];
  if (!row) return undefined;
  const vendorOrders = parts.map(({ version: _version, ...part }): VendorOrder => part);
  return {
    order: { id: row.id, status: row.status, paymentStatus: row.payment_status, vendorOrders },
    buyerId: row.buyer_id,
    version: row.version,
    vendorOrderVersions: Object.fromEntries(parts.map((part) => [part.id, part.version])),
  };
}

/** Every change of an order raises its version, also one of its parts alone: it is the sequence of its events. */
export async function saveOrderStatus(
  em: EntityManager,
  { id, status, paymentStatus }: Order,
  { version, now }: { version: number; now: Date },
): Promise<void> {
  await executeAlong(em, 'update orders set status = ?, payment_status = ?, version = ?, updated_at = ? where id = ?', [
    status,
    paymentStatus,
    version,
    now.toISOString(),
    id,
  ]);
}

export async function saveVendorOrderStatus(
  em: EntityManager,
  { id, status }: VendorOrder,
  { version }: { version: number },
): Promise<void> {
  await executeAlong(em, 'update vendor_order set status = ?, version = ? where id = ?', [status, version, id]);
}

/** Asked for with the locks of the order that will have it. */
export const NEXT_NUMBER = "select nextval('order_number')::text as value";

/** Numbers are taken when a sale is about to be final, so that they have no holes from unpaid orders. */
export function orderNumber(value: string, confirmedAt: Date): string {
  return `M-${confirmedAt.getUTCFullYear()}-${value.padStart(6, '0')}`;
}

export async function numberOrder(
  em: EntityManager,
  orderId: string,
  { number, confirmedAt }: { number: string; confirmedAt: Date },
): Promise<void> {
  const at = confirmedAt.toISOString();
  await executeAlong(
    em,
    `with parts as (
       update vendor_order set number = ?::text || '-' || (position + 1), confirmed_at = ?::timestamptz where order_id = ?)
     update orders set number = ?, confirmed_at = ?::timestamptz where id = ?`,
    [number, at, orderId, number, at, orderId],
  );
}

export async function savePayment(em: EntityManager, orderId: string, paymentId: string): Promise<void> {
  await executeAlong(em, 'update orders set payment_id = ? where id = ?', [paymentId, orderId]);
}

export async function saveFailure(em: EntityManager, orderId: string, failure: Failure): Promise<void> {
  await executeAlong(em, 'update orders set failure = ?::jsonb where id = ?', [JSON.stringify(failure), orderId]);
}

export async function savePurchaseOrderNumber(em: EntityManager, orderId: string, text: string): Promise<void> {
  await executeAlong(em, 'update orders set purchase_order_number = ? where id = ?', [text, orderId]);
}

export interface NewParcel {
  id: string;
  orderId: string;
  vendorOrderId: string;
  status: FulfillmentStatus;
  warehouseId: string | null;
  carrier: string | null;
  trackingNumber: string | null;
  trackingUrl: string | null;
  labelUrl: string | null;
  lines: readonly Units[];
}

export async function insertFulfillment(em: EntityManager, parcel: NewParcel, now: Date): Promise<void> {
  await executeAlong(
    em,
    `insert into fulfillment (id, order_id, vendor_order_id, status, warehouse_id, carrier, tracking_number,
                              tracking_url, label_url, created_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      parcel.id,
      parcel.orderId,
      parcel.vendorOrderId,
      parcel.status,
      parcel.warehouseId,
      parcel.carrier,
      parcel.trackingNumber,
      parcel.trackingUrl,
      parcel.labelUrl,
      now.toISOString(),
    ],
  );
  for (const line of parcel.lines) {
    await executeAlong(em, 'insert into fulfillment_line (fulfillment_id, line_id, quantity) values (?, ?, ?)', [
      parcel.id,
      line.lineId,
      line.quantity,
    ]);
  }
}

export async function saveFulfillmentStatus(
  em: EntityManager,
  id: string,
  change: { status: FulfillmentStatus; at: Date; hasLeft: boolean; tracking?: { number: string; url: string | null } },
): Promise<void> {
  await executeAlong(
    em,
    `update fulfillment
     set status = ?,
         shipped_at = case when ? then coalesce(shipped_at, ?::timestamptz) else shipped_at end,
         delivered_at = case when ? then ?::timestamptz else delivered_at end,
         tracking_number = coalesce(?, tracking_number), tracking_url = coalesce(?, tracking_url)
     where id = ?`,
    [
      change.status,
      change.hasLeft,
      change.at.toISOString(),
      change.status === 'DELIVERED',
      change.at.toISOString(),
      change.tracking?.number ?? null,
      change.tracking?.url ?? null,
      id,
    ],
  );
}

/** Of parts that were called off before anything left. */
export async function cancelParcels(em: EntityManager, vendorOrderIds: readonly string[]): Promise<void> {
  await executeAlong(
    em,
    `update fulfillment set status = 'CANCELED'
     where vendor_order_id = any(array(select jsonb_array_elements_text(?::jsonb)))`,
    [JSON.stringify(vendorOrderIds)],
  );
}

export interface Place {
  name: string;
  /** Degrees. */
  lat: number;
  lon: number;
}

export async function appendTracking(
  em: EntityManager,
  fulfillmentId: string,
  { at, code, description, place }: { at: Date; code: string; description: string; place: Place | null },
): Promise<void> {
  await executeAlong(
    em,
    'insert into tracking_event (fulfillment_id, at, code, description, location, lat, lon) values (?, ?, ?, ?, ?, ?, ?)',
    [fulfillmentId, at.toISOString(), code, description, place?.name ?? null, place?.lat ?? null, place?.lon ?? null],
  );
}

/**
 * The return window of a vendor's part runs from the last arrival; the longest of its lines counts, so none ends early.
 * By the database's clock, which also ends it: a process whose clock is wrong shortens nobody's time.
 */
export async function startReturnWindow(
  em: EntityManager,
  vendorOrderId: string,
): Promise<{ deliveredAt: Date; returnWindowEndsAt: Date }> {
  const [row] = await em.execute<{ delivered_at: string; ends_at: string }[]>(
    `update vendor_order v
     set delivered_at = now(),
         return_window_ends_at = now() + make_interval(days =>
           (select max(l.return_window_days) from order_line l where l.vendor_order_id = v.id))
     where v.id = ? returning delivered_at, return_window_ends_at as ends_at`,
    [vendorOrderId],
  );
  return { deliveredAt: new Date(row!.delivered_at), returnWindowEndsAt: new Date(row!.ends_at) };
}
