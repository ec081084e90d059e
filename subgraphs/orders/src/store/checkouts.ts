import {
  answerIn,
  askingFor,
  type EntityManager,
  executeAlong,
  executeTogether,
  type IdempotentCall,
  type KnownAnswer,
} from '@marketgraph/platform/postgres';
import type { Checkout, PaymentReport } from '../domain/checkout.ts';
import type { OrderDraft } from '../domain/order-draft.ts';
import { type LockedOrder, lockedOrderIn, lockingOrder, NEXT_NUMBER } from './order-writes.ts';

/** A saga as it is stored: its state, the order it is about, and when somebody must look at it again. */
export interface CheckoutRecord {
  orderId: string;
  cartId: string;
  principal: string;
  idempotencyKey: string;
  inputHash: string;
  /** Of what the cart would buy. */
  contentHash: string;
  state: Checkout;
  draft: OrderDraft;
  paymentId: string | null;
  attempts: number;
  nextAttemptAt: Date;
  deadlineAt: Date;
  createdAt: Date;
  /** W3C traceparent of the request that began it. */
  trace: string | null;
  /** News of its payment came before it; told where its row is locked. */
  hasParked?: boolean;
}

interface Row {
  order_id: string;
  cart_id: string;
  principal: string;
  idempotency_key: string;
  input_hash: string;
  content_hash: string;
  state: Checkout;
  draft: OrderDraft;
  payment_id: string | null;
  attempts: number;
  next_attempt_at: string;
  deadline_at: string;
  created_at: string;
  trace: string | null;
  has_parked?: boolean;
}

export type NewCheckout = Omit<CheckoutRecord, 'paymentId' | 'attempts' | 'hasParked'>;

/** Fails on `checkout_key` or `checkout_open_cart` when another checkout was first: those two indexes decide races. */
export async function insertCheckout(em: EntityManager, checkout: NewCheckout): Promise<void> {
  await executeAlong(
    em,
    `insert into checkout (order_id, cart_id, principal, idempotency_key, input_hash, content_hash, status, state, draft,
                           next_attempt_at, deadline_at, created_at, updated_at, trace)
     values (?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?::jsonb, ?, ?, ?, ?, ?)`,
    [
      checkout.orderId,
      checkout.cartId,
      checkout.principal,
      checkout.idempotencyKey,
      checkout.inputHash,
      checkout.contentHash,
      checkout.state.status,
      JSON.stringify(checkout.state),
      JSON.stringify(checkout.draft),
      checkout.nextAttemptAt.toISOString(),
      checkout.deadlineAt.toISOString(),
      checkout.createdAt.toISOString(),
      checkout.createdAt.toISOString(),
      checkout.trace,
    ],
  );
}

/**
 * Holds the row until the transaction ends: the steps of one saga follow one another. Of a checkout that is `known` only
 * what changes is read again: what is bought, and by whom, is decided when it begins.
 */
export async function lockCheckout(
  em: EntityManager,
  orderId: string,
  known?: CheckoutRecord,
): Promise<CheckoutRecord | undefined> {
  const [row] = await em.execute<Row[]>(known ? LOCK_KNOWN : LOCK, [orderId]);
  return row && toLocked(row, known);
}

const locking = (columns: string) => `select ${columns},
    exists (select 1 from parked_payment p where p.order_id = c.order_id) as has_parked
  from checkout c where c.order_id = ? for update of c`;
const LOCK = locking('c.*');
const LOCK_KNOWN = locking('c.state, c.payment_id, c.attempts, c.next_attempt_at, c.deadline_at');

/** With its order, where there is one by then, and the next number of an order where that is to have one: for a step that will change both. */
export async function lockCheckoutAndOrder(
  em: EntityManager,
  orderId: string,
  { known, isNumbered = false }: { known?: CheckoutRecord; isNumbered?: boolean } = {},
): Promise<{ record?: CheckoutRecord; order?: LockedOrder; nextNumber?: string }> {
  const [rows, ...more] = await executeTogether(em, [
    [known ? LOCK_KNOWN : LOCK, [orderId]],
    ...lockingOrder(orderId),
    ...(isNumbered ? [[NEXT_NUMBER] as const] : []),
  ]);
  const [row] = rows as Row[];
  const [next] = isNumbered ? (more.pop() as { value: string }[]) : [];
  return { record: row && toLocked(row, known), order: lockedOrderIn(more), nextNumber: next?.value };
}

export async function saveCheckout(
  em: EntityManager,
  { orderId, state }: CheckoutRecord,
  { now, nextAttemptAt, deadlineAt }: { now: Date; nextAttemptAt: Date; deadlineAt: Date },
): Promise<void> {
  const paymentId = 'paymentId' in state ? (state.paymentId ?? null) : null;
  await executeAlong(
    em,
    `update checkout
     set status = ?, state = ?::jsonb, payment_id = coalesce(?, payment_id), attempts = 0,
         next_attempt_at = ?, deadline_at = ?, updated_at = ?, version = version + 1
     where order_id = ?`,
    [
      state.status,
      JSON.stringify(state),
      paymentId,
      nextAttemptAt.toISOString(),
      deadlineAt.toISOString(),
      now.toISOString(),
      orderId,
    ],
  );
}

export async function postponeCheckout(
  em: EntityManager,
  orderId: string,
  { nextAttemptAt, failed }: { nextAttemptAt: Date; failed: boolean },
): Promise<void> {
  await executeAlong(em, 'update checkout set attempts = attempts + ?, next_attempt_at = ? where order_id = ?', [
    failed ? 1 : 0,
    nextAttemptAt.toISOString(),
    orderId,
  ]);
}

/**
 * Takes sagas that are due and puts their next look off by the lease, so that
 * two sweepers do not work on the same one. Index: checkout_due.
 */
export async function takeDueCheckouts(
  em: EntityManager,
  { now, leaseUntil, limit }: { now: Date; leaseUntil: Date; limit: number },
): Promise<{ orderId: string; isLate: boolean; trace: string | null }[]> {
  const rows = await em.execute<{ order_id: string; is_late: boolean; trace: string | null }[]>(
    `update checkout set next_attempt_at = ?
     where order_id in (
       select order_id from checkout
       where status not in ('COMPLETED', 'FAILED') and next_attempt_at <= ?
       order by next_attempt_at limit ? for update skip locked)
     returning order_id, deadline_at <= ? as is_late, trace`,
    [leaseUntil.toISOString(), now.toISOString(), limit, now.toISOString()],
  );
  return rows.map((row) => ({ orderId: row.order_id, isLate: row.is_late, trace: row.trace }));
}

/** Of those that are not ended: who waits for a buyer is not stuck before the time to pay is over. Index: checkout_due. */
export async function countStuckCheckouts(em: EntityManager, afterS: number): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(
    `select count(*) as count from checkout
     where status not in ('COMPLETED', 'FAILED')
       and case status when 'AWAITING_PAYMENT' then deadline_at else updated_at end < now() - make_interval(secs => ?)`,
    [afterS],
  );
  return Number(row?.count ?? 0);
}

const BY_KEY = 'select * from checkout where principal = ? and idempotency_key = ?';

/** What is known before a checkout begins: that of the key, what the key stands for, and the cart's latest. */
export async function readBeforeStart(
  em: EntityManager,
  { principal, key, cartId, joining }: { principal: string; key: string; cartId: string; joining: IdempotentCall },
): Promise<{ known?: CheckoutRecord; joined: KnownAnswer<string>; latest?: CheckoutRecord }> {
  const [known, joined, latest] = await executeTogether(em, [
    [BY_KEY, [principal, key]],
    askingFor(joining),
    [LATEST_OF_CART, [cartId]],
  ]);
  const [[byKey], [ofCart]] = [known as Row[], latest as Row[]];
  return {
    ...(byKey ? { known: toRecord(byKey) } : {}),
    joined: answerIn(joined!, joining),
    ...(ofCart ? { latest: toRecord(ofCart) } : {}),
  };
}

/** A key's time is over: the same key is a new request. The checkout stays, under a name no client can send. */
export async function retireCheckoutKey(em: EntityManager, orderId: string): Promise<void> {
  await em.execute(
    `update checkout set idempotency_key = idempotency_key || ' ' || order_id
     where order_id = ? and position(' ' in idempotency_key) = 0`,
    [orderId],
  );
}

/** The checkout of a cart that is not ended, or the one that ended last. Index: checkout_cart. */
export async function latestCheckoutOfCart(em: EntityManager, cartId: string): Promise<CheckoutRecord | undefined> {
  const [row] = await em.execute<Row[]>(LATEST_OF_CART, [cartId]);
  return row && toRecord(row);
}

const LATEST_OF_CART = `select * from checkout where cart_id = ?
  order by status in ('COMPLETED', 'FAILED'), created_at desc, order_id desc limit 1`;

/**
 * For how long goods were held, in seconds, by the buyer's checkouts begun since then that ran out or were given up by an
 * edit, each for `atMostS`: what took longer to end was not the buyer's doing, and neither is what failed for another
 * reason. Index: checkout_key, which is by buyer.
 */
export async function heldUnpaidS(
  em: EntityManager,
  { principal, since, atMostS }: { principal: string; since: Date; atMostS: number },
): Promise<number> {
  const [row] = await em.execute<{ seconds: string }[]>(
    `select coalesce(sum(least(extract(epoch from updated_at - created_at), ?)), 0) as seconds from checkout
     where principal = ? and status = 'FAILED' and created_at >= ?
       and state -> 'failure' ->> 'code' in ('RESERVATION_EXPIRED', 'CART_CHANGED')`,
    [atMostS, principal, since.toISOString()],
  );
  return Number(row?.seconds ?? 0);
}

export async function findCheckoutByPayment(
  em: EntityManager,
  cartId: string,
  paymentId: string,
): Promise<CheckoutRecord | undefined> {
  const [row] = await em.execute<Row[]>('select * from checkout where cart_id = ? and payment_id = ?', [
    cartId,
    paymentId,
  ]);
  return row && toRecord(row);
}

export async function readCheckout(em: EntityManager, orderId: string): Promise<CheckoutRecord | undefined> {
  const [row] = await em.execute<Row[]>('select * from checkout where order_id = ?', [orderId]);
  return row && toRecord(row);
}

/** News of a payment before the checkout it belongs to. */
export async function parkPaymentReport(
  em: EntityManager,
  parked: { orderId: string; eventId: string; report: PaymentReport; now: Date },
): Promise<void> {
  await executeAlong(
    em,
    'insert into parked_payment (order_id, event_id, report, parked_at) values (?, ?, ?::jsonb, ?) on conflict do nothing',
    [parked.orderId, parked.eventId, JSON.stringify(parked.report), parked.now.toISOString()],
  );
}

export async function takeParkedReports(em: EntityManager, orderId: string): Promise<PaymentReport[]> {
  const rows = await em.execute<{ report: PaymentReport }[]>(
    'delete from parked_payment where order_id = ? returning report',
    [orderId],
  );
  return rows.map((row) => row.report);
}

export async function dropParkedReportsBefore(em: EntityManager, before: Date): Promise<void> {
  await em.execute('delete from parked_payment where parked_at < ?', [before.toISOString()]);
}

function toRecord(row: Row): CheckoutRecord {
  return {
    orderId: row.order_id,
    cartId: row.cart_id,
    principal: row.principal,
    idempotencyKey: row.idempotency_key,
    inputHash: row.input_hash,
    contentHash: row.content_hash,
    draft: row.draft,
    createdAt: new Date(row.created_at),
    trace: row.trace,
    ...changingIn(row),
  };
}

function toLocked(row: Row, known: CheckoutRecord | undefined): CheckoutRecord {
  return known ? { ...known, ...changingIn(row) } : toRecord(row);
}

/** All that changes of a checkout. */
function changingIn(row: Row) {
  return {
    state: row.state,
    paymentId: row.payment_id,
    attempts: row.attempts,
    nextAttemptAt: new Date(row.next_attempt_at),
    deadlineAt: new Date(row.deadline_at),
    hasParked: row.has_parked ?? false,
  };
}
