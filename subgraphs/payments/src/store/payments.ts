import { money } from '@marketgraph/platform/core';
import { type EntityManager, executeAlong, plainRows } from '@marketgraph/platform/postgres';
import type { MethodSummary, Payment } from '../domain/payment.ts';
import type { RecordedPayment } from '../domain/payment-news.ts';
import { PaymentRow } from './payment.entity.ts';

/**
 * The row is the payment's lock: every change reads it `for update` first, and
 * adds one to `version`. Whoever has looked at the provider in between finds
 * another version here and looks again. What is changed in it is written by the
 * next flush.
 */
export async function lockPayment(em: EntityManager, id: string): Promise<PaymentRow | null> {
  const [row] = await em.execute<object[]>('select * from payment where id = ? for update', [id]);
  return row ? em.map(PaymentRow, row) : null;
}

/** The same for whoever saves what is changed by a statement of its own. */
export async function lockPlainPayment(em: EntityManager, id: string): Promise<PaymentRow | null> {
  return first(em, 'select * from payment where id = ? for update', id);
}

export type NewPaymentRow = Pick<
  PaymentRow,
  | 'id'
  | 'orderId'
  | 'cartId'
  | 'buyerId'
  | 'description'
  | 'currency'
  | 'amount'
  | 'status'
  | 'createTries'
  | 'createTriedAt'
  | 'nextCheckAt'
  | 'createdAt'
>;

/** A payment of which nothing is known but what is asked for. */
export async function insertPayment(em: EntityManager, payment: NewPaymentRow): Promise<PaymentRow> {
  const { id, orderId, cartId, buyerId, description, currency, amount, status, createTries } = payment;
  const createdAt = payment.createdAt.toISOString();
  await executeAlong(
    em,
    `insert into payment (id, order_id, cart_id, buyer_id, description, currency, amount, status, create_tries,
                          create_tried_at, next_check_at, version, created_at, updated_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)`,
    [
      ...[id, orderId, cartId, buyerId, description, currency, amount, status, createTries],
      ...[payment.createTriedAt?.toISOString() ?? null, payment.nextCheckAt.toISOString(), createdAt, createdAt],
    ],
  );
  const nothing = { authorizedAmount: 0, capturedAmount: 0, refundedAmount: 0, refundingAmount: 0 };
  // As the columns' defaults have it.
  return {
    ...payment,
    ...nothing,
    offeredKind: 'CARD',
    checks: 0,
    version: 1,
    updatedAt: payment.createdAt,
  } as PaymentRow;
}

/** What a look at the provider has shown, of a payment that is locked. */
export async function savePayment(em: EntityManager, row: PaymentRow): Promise<void> {
  await executeAlong(
    em,
    `update payment
        set gateway_reference = ?, client_secret = ?, status = ?, authorized_amount = ?, captured_amount = ?,
            fee_amount = ?, method_kind = ?, method_brand = ?, method_last4 = ?, method_expiry = ?, failure_code = ?,
            failure_message = ?, settled_at = ?, closed_at = ?, version = ?, updated_at = ?
      where id = ?`,
    [
      ...[row.gatewayReference, row.clientSecret, row.status, row.authorizedAmount, row.capturedAmount, row.feeAmount],
      ...[row.methodKind, row.methodBrand, row.methodLast4, row.methodExpiry, row.failureCode, row.failureMessage],
      ...[row.settledAt, row.closedAt, row.version, row.updatedAt, row.id],
    ],
  );
}

/** What was decided to be settled, of a payment that is locked. */
export async function savePlan(em: EntityManager, row: PaymentRow): Promise<void> {
  await executeAlong(
    em,
    `update payment set settle_plan = ?::jsonb, closed_at = null, checks = ?, next_check_at = ?, version = ?, updated_at = ?
      where id = ?`,
    [
      JSON.stringify(row.settlePlan),
      row.checks,
      row.nextCheckAt.toISOString(),
      row.version,
      row.updatedAt.toISOString(),
      row.id,
    ],
  );
}

/** By primary key; like all that are found here, and not locked, to be read only. */
export async function findPayment(em: EntityManager, id: string): Promise<PaymentRow | null> {
  return first(em, 'select * from payment where id = ?', id);
}

/** By the unique `order_id`. */
export async function findPaymentOfOrder(em: EntityManager, orderId: string): Promise<PaymentRow | null> {
  return first(em, 'select * from payment where order_id = ?', orderId);
}

/** The newest payment of a cart; index `payment_cart`. */
export async function findPaymentOfCart(em: EntityManager, cartId: string): Promise<PaymentRow | null> {
  return first(em, 'select * from payment where cart_id = ? order by created_at desc limit 1', cartId);
}

export async function findPayments(em: EntityManager, ids: readonly string[]): Promise<PaymentRow[]> {
  return em.find(PaymentRow, { id: { $in: [...ids] } });
}

export async function findPaymentsOfOrders(em: EntityManager, orderIds: readonly string[]): Promise<PaymentRow[]> {
  return em.find(PaymentRow, { orderId: { $in: [...orderIds] } });
}

/**
 * Takes up to `limit` payments whose next look at the provider is due, and puts
 * that look off first: two processes never take the same one, and a process
 * that dies delays it, nothing more. Index `payment_due`.
 */
export async function takeDuePayments(em: EntityManager, now: Date, limit: number): Promise<string[]> {
  const rows = await em.execute<{ id: string }[]>(
    `update payment set checks = checks + 1,
            next_check_at = ?::timestamptz + least(interval '1 hour', interval '15 seconds' * power(2, least(checks, 10)))
      where id in (select id from payment where closed_at is null and next_check_at <= ?
                    order by next_check_at limit ? for update skip locked)
     returning id`,
    [now.toISOString(), now.toISOString(), limit],
  );
  return rows.map((row) => row.id);
}

async function first(em: EntityManager, query: string, value: string): Promise<PaymentRow | null> {
  const rows = await em.execute<Record<string, unknown>[]>(query, [value]);
  return plainRows(em, PaymentRow, rows)[0] ?? null;
}

export function toPayment(row: PaymentRow): Payment {
  const amount = (value: number) => money(value, row.currency);
  return {
    id: row.id,
    status: row.status,
    amount: amount(row.amount),
    authorized: amount(row.authorizedAmount),
    captured: amount(row.capturedAmount),
    refunded: amount(row.refundedAmount),
    method: methodOf(row),
    fee: row.feeAmount == null ? null : amount(row.feeAmount),
    failure: row.failureCode ? { code: row.failureCode, message: row.failureMessage ?? '' } : null,
  };
}

export function toRecorded({ status, amount, authorizedAmount, closedAt }: PaymentRow): RecordedPayment {
  return { status, amount, authorizedAmount, isClosed: Boolean(closedAt) };
}

export function methodOf(row: PaymentRow): MethodSummary | null {
  if (!row.methodKind) return null;
  return {
    // Written by us alone, from the same type.
    kind: row.methodKind as MethodSummary['kind'],
    brand: row.methodBrand ?? null,
    last4: row.methodLast4 ?? null,
    expiry: row.methodExpiry ?? null,
  };
}

/** Payments with money in them, by primary key. */
export async function capturedAfter(em: EntityManager, after: string, limit: number): Promise<PaymentRow[]> {
  return em.find(PaymentRow, { id: { $gt: after }, capturedAmount: { $gt: 0 } }, { orderBy: { id: 'asc' }, limit });
}

/** Whether money of it is on its way, to the buyer or to and from vendors. */
export async function movingOf(em: EntityManager, paymentId: string): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `select 1 from payment p where p.id = ? and (p.refunding_amount > 0 or exists (
       select 1 from settlement s join provider_operation o on o.settlement_id = s.id
        where s.payment_id = p.id and o.status in ('PENDING', 'HELD')))`,
    [paymentId],
  );
  return rows.length > 0;
}

/** The order has failed, its money is here, and some of it has not been sent back. */
export function isUnsold(row: PaymentRow): boolean {
  return Boolean(row.orderFailedAt) && !row.settledAt && row.refundedAmount + row.refundingAmount < row.capturedAmount;
}
