import { finding, type Invariant, together } from '../invariant.ts';
import type { StoreReaders } from '../store-readers.ts';

interface PaymentRow {
  id: string;
  orderId: string;
  amount: number;
  authorized: number;
  captured: number;
  refunded: number;
  booked: number;
  reference: string | null;
}

/** What counts as paid: the order went on from its confirmation, wherever it is now. */
const PAID = [
  'CONFIRMED',
  'PROCESSING',
  'PARTIALLY_SHIPPED',
  'SHIPPED',
  'PARTIALLY_DELIVERED',
  'DELIVERED',
  'COMPLETED',
];

const capturedOnce: Invariant = {
  id: 'I5',
  title:
    'authorised ≥ captured ≥ refunded; captured is the same here, in the ledger and at the provider, and is the order’s total',
  async check(stores) {
    const payments = await allPayments(stores);
    const totals = await orderTotals(stores);
    const broken: string[] = [];
    for (const payment of payments) {
      const { id, amount, authorized, captured, refunded, booked } = payment;
      if (!(amount >= authorized && authorized >= captured && captured >= refunded && refunded >= 0)) {
        broken.push(`${id}: ${amount} ≥ ${authorized} ≥ ${captured} ≥ ${refunded} does not hold`);
      }
      if (booked !== captured) broken.push(`${id}: captured ${captured}, booked ${booked}`);
      const total = totals.get(payment.orderId);
      if (captured > 0 && total !== undefined && total !== captured) {
        broken.push(`${id}: captured ${captured}, its order is ${total}`);
      }
    }
    return together([finding(payments.length, broken), await sameAtTheProvider(stores, payments)]);
  },
};

async function allPayments({ rows }: StoreReaders): Promise<PaymentRow[]> {
  return rows<PaymentRow>(
    'payments',
    `select p.id, p.order_id as "orderId", p.amount::float8 as amount, p.authorized_amount::float8 as authorized,
            p.captured_amount::float8 as captured, p.refunded_amount::float8 as refunded, p.gateway_reference as reference,
            coalesce((select sum(e.amount) from ledger_journal j join ledger_entry e on e.journal_id = j.id
                       join ledger_account a on a.id = e.account_id
                      where j.payment_id = p.id and j.fact like 'capture:%' and a.kind = 'PLATFORM_CASH'), 0)::float8 as booked
       from payment p`,
  );
}

async function orderTotals({ rows }: StoreReaders): Promise<Map<string, number>> {
  const orders = await rows<{ id: string; total: number }>('orders', 'select id, total::float8 as total from orders');
  return new Map(orders.map(({ id, total }) => [id, total]));
}

/** The provider keeps its own record, and it is the referee. */
async function sameAtTheProvider({ stripe }: StoreReaders, payments: readonly PaymentRow[]) {
  const byReference = new Map(payments.flatMap((payment) => (payment.reference ? [[payment.reference, payment]] : [])));
  const own = new Set(payments.map(({ id }) => id));
  const broken: string[] = [];
  let checked = 0;
  for await (const intent of stripe.paymentIntents.list({ limit: 100 })) {
    const paymentId = intent.metadata['paymentId'];
    // Somebody else's, on the same account.
    if (paymentId === undefined || !own.has(paymentId)) continue;
    checked += 1;
    const payment = byReference.get(intent.id);
    const captured = payment?.captured ?? 0;
    if (intent.amount_received !== captured) {
      broken.push(`${paymentId}: captured ${captured}, the provider says ${intent.amount_received} (${intent.id})`);
    }
    byReference.delete(intent.id);
  }
  for (const payment of byReference.values()) {
    if (payment.captured > 0) broken.push(`${payment.id}: captured ${payment.captured}, unknown at the provider`);
  }
  return finding(checked, broken);
}

const vendorsGetTheirs: Invariant = {
  id: 'I6',
  title:
    'settlements of a payment add up to what was captured; each is transferred at most once, not before its time, never reversed',
  async check({ rows }) {
    const settlements = await rows<{ id: string }>('payments', 'select id from settlement');
    const sums = await rows<{ id: string; gross: string; captured: string }>(
      'payments',
      `select p.id, sum(s.gross) as gross, p.captured_amount as captured
         from settlement s join payment p on p.id = s.payment_id
        group by p.id having sum(s.gross) <> p.captured_amount`,
    );
    const releases = await rows<{ id: string; what: string }>(
      'payments',
      `select s.id, case when s.status = 'REVERSED' and t.n > 0 then 'was reversed and transferred'
                         when t.n > 1 then 'was transferred ' || t.n || ' times'
                         when s.status = 'RELEASED' and t.n = 0 and s.net > 0 then 'is released without a transfer'
                         when t.n > 0 and s.release_at > t.first then 'was transferred before its time' end as what
         from settlement s
         join lateral (select count(*) as n, min(j.at) as first from ledger_journal j where j.fact = 'transfer:' || s.id) t on true
        where (s.status = 'REVERSED' and t.n > 0) or t.n > 1 or (s.status = 'RELEASED' and t.n = 0 and s.net > 0)
           or (t.n > 0 and s.release_at > t.first)`,
    );
    return finding(settlements.length, [
      ...sums.map(({ id, gross, captured }) => `${id}: settlements make ${gross}, captured ${captured}`),
      ...releases.map(({ id, what }) => `${id} ${what}`),
    ]);
  },
};

const onePaymentOneOrder: Invariant = {
  id: 'I9',
  title: 'each captured payment has its one paid order, each paid order its one captured payment',
  async check({ rows }) {
    const captured = await rows<{ id: string; orderId: string }>(
      'payments',
      'select id, order_id as "orderId" from payment where captured_amount > 0 and refunded_amount < captured_amount',
    );
    const orders = await rows<{ id: string; paymentId: string | null; status: string }>(
      'orders',
      'select id, payment_id as "paymentId", status from orders',
    );
    const byId = new Map(orders.map((order) => [order.id, order]));
    const paid = new Map(captured.map(({ id, orderId }) => [orderId, id]));
    const broken = captured.flatMap(({ id, orderId }) => {
      const order = byId.get(orderId);
      if (!order) return [`${id} is captured for ${orderId}, which is not there`];
      return PAID.includes(order.status) ? [] : [`${id} is captured, ${orderId} is ${order.status}`];
    });
    const unpaid = orders.filter(({ id, status }) => PAID.includes(status) && !paid.has(id)).map(({ id }) => id);
    if (unpaid.length > 0) {
      // An order may be paid and wholly refunded: then there is a payment, and nothing of it left.
      const refunded = await rows<{ orderId: string }>(
        'payments',
        'select order_id as "orderId" from payment where order_id = any($1) and captured_amount > 0',
        [unpaid],
      );
      const known = new Set(refunded.map(({ orderId }) => orderId));
      broken.push(...unpaid.filter((id) => !known.has(id)).map((id) => `${id} is paid for by no captured payment`));
    }
    return finding(captured.length + orders.length, broken);
  },
};

export const paymentInvariants: readonly Invariant[] = [capturedOnce, vendorsGetTheirs];
export const orderPaymentInvariants: readonly Invariant[] = [onePaymentOneOrder];
