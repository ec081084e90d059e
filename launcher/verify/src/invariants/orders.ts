import {
  fulfillmentTransitions,
  orderTransitions,
  returnTransitions,
  vendorOrderTransitions,
} from '@marketgraph/orders/order-status';
import { finding, type Invariant } from '../invariant.ts';

/** A saga that nobody has moved for so long, and that does not wait for the buyer, is stuck. */
const SETTLED_S = 60;

const sagasEnd: Invariant = {
  id: 'I10',
  title: `every checkout has ended, or waits for its buyer, or was worked on within ${SETTLED_S} s; what goes back went back`,
  async check({ rows }) {
    const [all] = await rows<{ count: string }>('orders', 'select count(*) as count from checkout');
    const stuck = await rows<{ orderId: string; status: string; at: string }>(
      'orders',
      `select order_id as "orderId", status, updated_at::text as at from checkout
        where status not in ('COMPLETED', 'FAILED')
          and updated_at < now() - make_interval(secs => $1)
          and (status <> 'AWAITING_PAYMENT' or deadline_at < now() - make_interval(secs => $1))`,
      [SETTLED_S],
    );
    const [back] = await rows<{ count: string }>('orders', 'select count(*) as count from give_back');
    const kept = await rows<{ orderId: string; status: string; at: string }>(
      'orders',
      `select order_id as "orderId", status, updated_at::text as at from give_back
        where status = 'FAILED' or (status <> 'DONE' and updated_at < now() - make_interval(secs => $1))`,
      [SETTLED_S],
    );
    return finding(Number(all?.count ?? 0) + Number(back?.count ?? 0), [
      ...stuck.map(({ orderId, status, at }) => `${orderId} is ${status} since ${at}`),
      ...kept.map(({ orderId, status, at }) => `what goes back of ${orderId} is ${status} since ${at}`),
    ]);
  },
};

/** The machines as the orders service declares them; payment statuses only have to be a chain. */
const MACHINES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ORDER_STATUS: orderTransitions,
  VENDOR_ORDER_STATUS: vendorOrderTransitions,
  FULFILLMENT_STATUS: fulfillmentTransitions,
  RETURN_STATUS: returnTransitions,
};

interface Step {
  subject: string;
  type: string;
  from: string | null;
  to: string;
  before: string | null;
  wentBack: boolean;
}

const history: Invariant = {
  id: 'I16',
  title:
    'every history is a path of its state machine, its times never go back, and the status stored is its last step',
  async check({ rows }) {
    const [all] = await rows<{ count: string }>('orders', 'select count(*) as count from order_history');
    const steps = await rows<Step & { times: string }>(
      'orders',
      `select min(subject_id) as subject, type, "from", "to", before, "wentBack", count(*) as times from (
         select subject_id, type, from_status as "from", to_status as "to",
                lag(to_status) over (partition by subject_id, type order by sequence) as before,
                coalesce(at < lag(at) over (partition by subject_id, type order by sequence), false) as "wentBack"
           from order_history) step
        group by type, "from", "to", before, "wentBack"`,
    );
    const broken = steps.flatMap(({ subject, type, from, to, before, wentBack, times }) => {
      const what = `${subject} (${times}×): ${type} ${from ?? 'nothing'} → ${to}`;
      if (from !== before) return [`${what} follows ${before ?? 'nothing'}`];
      if (wentBack) return [`${what} is older than the step before`];
      const machine = MACHINES[type];
      return machine && from !== null && !machine[from]?.includes(to) ? [`${what} is no step of its machine`] : [];
    });
    const stale = await rows<{ id: string; status: string; last: string }>(
      'orders',
      `select s.id, s.status, h.to_status as last from (
         select id, status, 'ORDER_STATUS' as type from orders
         union all select id, payment_status, 'PAYMENT_STATUS' from orders
         union all select id, status, 'VENDOR_ORDER_STATUS' from vendor_order
         union all select id, status, 'FULFILLMENT_STATUS' from fulfillment
         union all select id, status, 'RETURN_STATUS' from order_return) s
       left join lateral (select to_status from order_history h where h.subject_id = s.id and h.type = s.type
                           order by h.sequence desc limit 1) h on true
       where h.to_status is distinct from s.status`,
    );
    return finding(Number(all?.count ?? 0), [
      ...broken,
      ...stale.map(({ id, status, last }) => `${id} is ${status}, its history ends at ${last ?? 'nothing'}`),
    ]);
  },
};

export const sagaInvariants: readonly Invariant[] = [sagasEnd];
export const historyInvariants: readonly Invariant[] = [history];
