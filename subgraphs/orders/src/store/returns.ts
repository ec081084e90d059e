import { money, type Money } from '@marketgraph/platform/core';
import type { EntityManager } from '@marketgraph/platform/postgres';
import type { Units } from '../domain/order.ts';
import type { ReturnStatus } from '../domain/order-status.ts';

/** A return with whose it is, for access. */
export interface StoredReturn {
  id: string;
  orderId: string;
  vendorOrderId: string;
  vendorId: string;
  buyerId: string;
  status: ReturnStatus;
  reason: string;
  note: string | null;
  trackingNumber: string | null;
  /** Both null until the goods are received. */
  restock: boolean | null;
  refundAmount: Money | null;
  requestedAt: Date;
  updatedAt: Date;
  lines: Units[];
}

interface Row {
  id: string;
  order_id: string;
  vendor_order_id: string;
  vendor_id: string;
  buyer_id: string;
  currency_code: string;
  status: ReturnStatus;
  reason: string;
  note: string | null;
  tracking_number: string | null;
  restock: boolean | null;
  refund_amount: string | null;
  requested_at: string;
  updated_at: string;
  lines: Units[];
}

const RETURNS = `select r.*, v.vendor_id, o.buyer_id, o.currency_code,
         (select jsonb_agg(jsonb_build_object('lineId', l.line_id, 'quantity', l.quantity) order by l.line_id)
            from order_return_line l where l.return_id = r.id) as lines
       from order_return r
       join vendor_order v on v.id = r.vendor_order_id
       join orders o on o.id = r.order_id`;
const IDS = 'any(array(select jsonb_array_elements_text(?::jsonb)))';

/** Primary key. */
export async function returnsByIds(em: EntityManager, ids: readonly string[]): Promise<StoredReturn[]> {
  return await read(em, `${RETURNS} where r.id = ${IDS}`, JSON.stringify(ids));
}

/** Oldest first; as many as the domain allows of each. Index: order_return_vendor_order. */
export async function returnsOfVendorOrders(em: EntityManager, ids: readonly string[]): Promise<StoredReturn[]> {
  return await read(em, `${RETURNS} where r.vendor_order_id = ${IDS} order by r.id`, JSON.stringify(ids));
}

/** Parts of the order whose time is over, by the clock that every process reads: the database's. */
export async function closedReturnWindows(em: EntityManager, orderId: string): Promise<Set<string>> {
  const rows = await em.execute<{ id: string }[]>(
    'select id from vendor_order where order_id = ? and return_window_ends_at <= now()',
    [orderId],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Approved so many days ago, by the database's clock, and neither sent nor received. Index: order_return_approved. */
export async function returnsNeverSent(
  em: EntityManager,
  { days, limit }: { days: number; limit: number },
): Promise<{ returnId: string; orderId: string }[]> {
  return await em.execute<{ returnId: string; orderId: string }[]>(
    `select id as "returnId", order_id as "orderId" from order_return
     where status = 'APPROVED' and updated_at <= now() - make_interval(days => ?)
     order by updated_at limit ?`,
    [days, limit],
  );
}

/** Times are the database's: it compares them, too. */
export async function insertReturn(
  em: EntityManager,
  wanted: { id: string; orderId: string; vendorOrderId: string; reason: string; lines: readonly Units[] },
): Promise<void> {
  const { id, orderId, vendorOrderId, reason, lines } = wanted;
  await em.execute(
    `insert into order_return (id, order_id, vendor_order_id, status, reason, requested_at, updated_at)
     values (?, ?, ?, 'REQUESTED', ?, now(), now())`,
    [id, orderId, vendorOrderId, reason],
  );
  await em.execute(
    `insert into order_return_line (return_id, line_id, quantity)
     select ?, r."lineId", r.quantity from jsonb_to_recordset(?::jsonb) as r ("lineId" text, quantity int)`,
    [id, JSON.stringify(lines)],
  );
}

/** What is said with a step; what is not said stays. */
export interface ReturnDetails {
  note?: string | null;
  trackingNumber?: string;
  received?: { restock: boolean; refund: Money };
}

/** Under the order's lock. */
export async function saveReturn(
  em: EntityManager,
  id: string,
  { status, details }: { status: ReturnStatus; details: ReturnDetails },
): Promise<void> {
  const { note = null, trackingNumber = null, received } = details;
  await em.execute(
    `update order_return
     set status = ?, note = coalesce(?, note), tracking_number = coalesce(?, tracking_number),
         restock = coalesce(?::boolean, restock), refund_amount = coalesce(?::bigint, refund_amount), updated_at = now()
     where id = ?`,
    [status, note, trackingNumber, received?.restock ?? null, received?.refund.amount ?? null, id],
  );
}

async function read(em: EntityManager, sql: string, parameter: string): Promise<StoredReturn[]> {
  const rows = await em.execute<Row[]>(sql, [parameter]);
  return rows.map((row) => ({
    id: row.id,
    orderId: row.order_id,
    vendorOrderId: row.vendor_order_id,
    vendorId: row.vendor_id,
    buyerId: row.buyer_id,
    status: row.status,
    reason: row.reason,
    note: row.note,
    trackingNumber: row.tracking_number,
    restock: row.restock,
    refundAmount: row.refund_amount === null ? null : money(Number(row.refund_amount), row.currency_code),
    requestedAt: new Date(row.requested_at),
    updatedAt: new Date(row.updated_at),
    lines: row.lines,
  }));
}
