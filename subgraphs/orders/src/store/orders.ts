import type { EntityManager } from '@marketgraph/platform/postgres';
import {
  type FulfillmentRow,
  type LineRow,
  type OrderRow,
  type StoredFulfillment,
  type StoredLine,
  type StoredOrder,
  type StoredVendorOrder,
  toStoredFulfillment,
  toStoredLine,
  toStoredOrder,
  toStoredVendorOrder,
  type VendorOrderRow,
} from './order-rows.ts';

/** Reads by many ids at once: each is one statement however many ids there are, and keeps no order. */
const IDS = 'any(array(select jsonb_array_elements_text(?::jsonb)))';
const many = (ids: readonly string[]) => JSON.stringify(ids);

const VENDOR_ORDERS = `select v.*, o.buyer_id, o.currency_code from vendor_order v join orders o on o.id = v.order_id`;

const LINES = `select l.*, v.vendor_id, v.status as vendor_order_status, o.buyer_id, o.currency_code,
         o.confirmed_at is not null as is_confirmed,
         (select coalesce(sum(fl.quantity), 0) from fulfillment_line fl join fulfillment f on f.id = fl.fulfillment_id
          where fl.line_id = l.id and f.shipped_at is not null) as quantity_fulfilled,
         back.returning as quantity_returning, back.returned as quantity_returned, back.refunded as quantity_refunded
       from order_line l
       cross join lateral (
         select coalesce(sum(rl.quantity) filter (where r.status in ('REQUESTED', 'APPROVED', 'IN_TRANSIT')), 0) as returning,
                coalesce(sum(rl.quantity) filter (where r.status in ('RECEIVED', 'REFUNDED')), 0) as returned,
                coalesce(sum(rl.quantity) filter (where r.status = 'REFUNDED'), 0) as refunded
         from order_return_line rl join order_return r on r.id = rl.return_id where rl.line_id = l.id) back
       join vendor_order v on v.id = l.vendor_order_id
       join orders o on o.id = l.order_id`;

const FULFILLMENTS = `select f.*, v.vendor_id, o.buyer_id from fulfillment f
       join vendor_order v on v.id = f.vendor_order_id
       join orders o on o.id = f.order_id`;

/** Primary key. */
export async function ordersByIds(em: EntityManager, ids: readonly string[]): Promise<StoredOrder[]> {
  const rows = await em.execute<OrderRow[]>(`select * from orders where id = ${IDS}`, [many(ids)]);
  return rows.map(toStoredOrder);
}

/** Unique index on the number. */
export async function orderByNumber(em: EntityManager, number: string): Promise<StoredOrder | undefined> {
  const [row] = await em.execute<OrderRow[]>('select * from orders where number = ?', [number]);
  return row && toStoredOrder(row);
}

export async function vendorOrdersByIds(em: EntityManager, ids: readonly string[]): Promise<StoredVendorOrder[]> {
  const rows = await em.execute<VendorOrderRow[]>(`${VENDOR_ORDERS} where v.id = ${IDS}`, [many(ids)]);
  return rows.map(toStoredVendorOrder);
}

/** In the order of the cart. Unique index (order_id, vendor_id). */
export async function vendorOrdersOfOrders(em: EntityManager, ids: readonly string[]): Promise<StoredVendorOrder[]> {
  const rows = await em.execute<VendorOrderRow[]>(
    `${VENDOR_ORDERS} where v.order_id = ${IDS} order by v.order_id, v.position`,
    [many(ids)],
  );
  return rows.map(toStoredVendorOrder);
}

export async function linesByIds(em: EntityManager, ids: readonly string[]): Promise<StoredLine[]> {
  const rows = await em.execute<LineRow[]>(`${LINES} where l.id = ${IDS}`, [many(ids)]);
  return rows.map(toStoredLine);
}

/** Index: order_line_vendor_order. */
export async function linesOfVendorOrders(em: EntityManager, ids: readonly string[]): Promise<StoredLine[]> {
  const rows = await em.execute<LineRow[]>(
    `${LINES} where l.vendor_order_id = ${IDS} order by l.vendor_order_id, l.position`,
    [many(ids)],
  );
  return rows.map(toStoredLine);
}

export async function fulfillmentsByIds(em: EntityManager, ids: readonly string[]): Promise<StoredFulfillment[]> {
  const rows = await em.execute<FulfillmentRow[]>(`${FULFILLMENTS} where f.id = ${IDS}`, [many(ids)]);
  return rows.map(toStoredFulfillment);
}

/** Index: fulfillment_vendor_order. */
export async function fulfillmentsOfVendorOrders(
  em: EntityManager,
  ids: readonly string[],
): Promise<StoredFulfillment[]> {
  const rows = await em.execute<FulfillmentRow[]>(`${FULFILLMENTS} where f.vendor_order_id = ${IDS} order by f.id`, [
    many(ids),
  ]);
  return rows.map(toStoredFulfillment);
}

export interface StoredFulfillmentLine {
  fulfillmentId: string;
  lineId: string;
  quantity: number;
}

export async function linesOfFulfillments(em: EntityManager, ids: readonly string[]): Promise<StoredFulfillmentLine[]> {
  const rows = await em.execute<{ fulfillment_id: string; line_id: string; quantity: number }[]>(
    `select * from fulfillment_line where fulfillment_id = ${IDS} order by fulfillment_id, line_id`,
    [many(ids)],
  );
  return rows.map((row) => ({ fulfillmentId: row.fulfillment_id, lineId: row.line_id, quantity: row.quantity }));
}

export interface StoredTrackingEvent {
  fulfillmentId: string;
  at: Date;
  code: string;
  description: string;
  location: string | null;
  lat: number | null;
  lon: number | null;
}

/** Index: tracking_event_fulfillment. */
export async function trackingOfFulfillments(
  em: EntityManager,
  ids: readonly string[],
): Promise<StoredTrackingEvent[]> {
  const rows = await em.execute<
    (Omit<StoredTrackingEvent, 'fulfillmentId' | 'at'> & { fulfillment_id: string; at: string })[]
  >(`select * from tracking_event where fulfillment_id = ${IDS} order by fulfillment_id, sequence`, [many(ids)]);
  return rows.map(({ fulfillment_id, at, code, description, location, lat, lon }) => ({
    fulfillmentId: fulfillment_id,
    at: new Date(at),
    code,
    description,
    location,
    lat,
    lon,
  }));
}

export interface PageOf {
  ownerIds: readonly string[];
  statuses?: readonly string[] | null;
  /** The id of the last row of the page before. */
  after?: string;
  limit: number;
}

/**
 * One page for each buyer, newest first, in one statement: ids grow with time.
 * Index: orders_buyer.
 */
export async function ordersOfBuyers(em: EntityManager, page: PageOf): Promise<StoredOrder[]> {
  const rows = await em.execute<OrderRow[]>(
    `select page.* from jsonb_array_elements_text(?::jsonb) as owner (id)
     cross join lateral (
       select * from orders o where o.buyer_id = owner.id${pageFilter('o', page)}
       order by o.id desc limit ?) page`,
    [many(page.ownerIds), ...pageParameters(page)],
  );
  return rows.map(toStoredOrder);
}

/** One page for each vendor of what was sold, newest first. Index: vendor_order_vendor, or with one status vendor_order_vendor_status. */
export async function vendorOrdersOfVendors(em: EntityManager, page: PageOf): Promise<StoredVendorOrder[]> {
  const rows = await em.execute<VendorOrderRow[]>(
    `select page.* from jsonb_array_elements_text(?::jsonb) as owner (id)
     cross join lateral (
       ${VENDOR_ORDERS} where v.vendor_id = owner.id and v.confirmed_at is not null${pageFilter('v', page)}
       order by v.id desc limit ?) page`,
    [many(page.ownerIds), ...pageParameters(page)],
  );
  return rows.map(toStoredVendorOrder);
}

function pageFilter(table: 'o' | 'v', { statuses, after }: PageOf): string {
  const byStatus = statuses && statuses.length > 0 ? ` and ${table}.status = ${IDS}` : '';
  return byStatus + (after === undefined ? '' : ` and ${table}.id < ?`);
}

function pageParameters({ statuses, after, limit }: PageOf): (string | number)[] {
  return [...(statuses && statuses.length > 0 ? [many(statuses)] : []), ...(after === undefined ? [] : [after]), limit];
}
