import { finding, type Invariant, together } from '../invariant.ts';
import type { StoreReaders } from '../store-readers.ts';
import { vendorsGetTheirs } from './payouts.ts';

interface PaymentRow {
  id: string;
  orderId: string;
  amount: number;
  authorized: number;
  captured: number;
  refunded: number;
  booked: number;
  refundBooked: number;
  /** Of what was refunded: lost in disputes, which the provider does not call refunds. */
  viaBank: number;
  /** A refund or transfer of it is under way: here and at the provider may differ for now. */
  isMoving: boolean;
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
    'authorised ≥ captured ≥ refunded; captured and refunded are the same here, in the ledger and at the provider, and captured is the total of an order that is paid; what was taken for another went back',
  async check(stores) {
    const payments = await allPayments(stores);
    const orders = await ordersById(stores);
    const broken: string[] = [];
    for (const payment of payments) {
      const { id, amount, authorized, captured, refunded, booked, refundBooked } = payment;
      if (!(amount >= authorized && authorized >= captured && captured >= refunded && refunded >= 0)) {
        broken.push(`${id}: ${amount} ≥ ${authorized} ≥ ${captured} ≥ ${refunded} does not hold`);
      }
      if (booked !== captured) broken.push(`${id}: captured ${captured}, booked ${booked}`);
      if (refundBooked !== refunded) broken.push(`${id}: refunded ${refunded}, booked ${refundBooked}`);
      const order = orders.get(payment.orderId);
      if (captured > 0 && order && order.total !== captured && !wentBack(payment, order)) {
        broken.push(`${id}: captured ${captured}, its order is ${order.total}`);
      }
    }
    return together([
      finding(payments.length, broken),
      await sameAtTheProvider(stores, payments),
      await refundedAtTheProvider(stores, payments),
    ]);
  },
};

async function allPayments({ rows }: StoreReaders): Promise<PaymentRow[]> {
  return rows<PaymentRow>(
    'payments',
    `select p.id, p.order_id as "orderId", p.amount::float8 as amount, p.authorized_amount::float8 as authorized,
            p.captured_amount::float8 as captured, p.refunded_amount::float8 as refunded, p.gateway_reference as reference,
            coalesce((select sum(e.amount) from ledger_journal j join ledger_entry e on e.journal_id = j.id
                       join ledger_account a on a.id = e.account_id
                      where j.payment_id = p.id and j.fact like 'capture:%' and a.kind = 'PLATFORM_CASH'), 0)::float8 as booked,
            coalesce((select sum(case e.direction when 'CREDIT' then e.amount else -e.amount end)
                        from ledger_journal j join ledger_entry e on e.journal_id = j.id
                        join ledger_account a on a.id = e.account_id
                       where j.payment_id = p.id and (j.fact like 'refund:%' or j.fact like 'refund-returned:%')
                         and a.kind in ('PLATFORM_CASH', 'CHARGEBACKS')), 0)::float8 as "refundBooked",
            coalesce((select sum(amount) from refund where payment_id = p.id and dispute_id is not null), 0)::float8 as "viaBank",
            p.refunding_amount > 0 as "isMoving"
       from payment p`,
  );
}

interface OrderRow {
  id: string;
  total: number;
  status: string;
}

async function ordersById({ rows }: StoreReaders): Promise<Map<string, OrderRow>> {
  const orders = await rows<OrderRow>('orders', 'select id, total::float8 as total, status from orders');
  return new Map(orders.map((order) => [order.id, order]));
}

/** An operator took another amount by hand before the order was made: it is called off, and all of it is given back. */
function wentBack({ captured, refunded, isMoving }: PaymentRow, { status }: OrderRow): boolean {
  return !PAID.includes(status) && (isMoving || refunded === captured);
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

/** What the provider has given back of each payment, refunds that failed left out. */
async function refundedAtTheProvider({ stripe }: StoreReaders, payments: readonly PaymentRow[]) {
  const returned = new Map<string, number>();
  for await (const refund of stripe.refunds.list({ limit: 100 })) {
    const intent = typeof refund.payment_intent === 'string' ? refund.payment_intent : refund.payment_intent?.id;
    if (!intent || refund.status !== 'succeeded') continue;
    returned.set(intent, (returned.get(intent) ?? 0) + refund.amount);
  }
  const broken = payments.flatMap(({ id, reference, refunded, viaBank, isMoving }) => {
    const there = (reference && returned.get(reference)) || 0;
    const here = refunded - viaBank;
    return isMoving || there === here ? [] : [`${id}: refunded ${here}, the provider says ${there}`];
  });
  return finding(returned.size, broken);
}

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
