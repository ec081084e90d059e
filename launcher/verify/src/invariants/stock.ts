import { finding, type Invariant, together } from '../invariant.ts';
import type { StoreReaders } from '../store-readers.ts';
import { unitsCameBackOnce } from './returns.ts';

const levels: Invariant = {
  id: 'I7',
  title:
    'on hand, reserved and available are never negative; reserved is what live reservations hold; an allowance gives what it allows',
  async check(stores) {
    return together([await heldLevels(stores), await allowances(stores)]);
  },
};

async function heldLevels({ rows }: StoreReaders) {
  const [counted] = await rows<{ count: string }>('inventory', 'select count(*) as count from stock_level');
  const broken = await rows<{ name: string; onHand: number; reserved: number; held: number }>(
    'inventory',
    `select l.offer_id || ' in ' || l.warehouse_id as name, l.on_hand as "onHand", l.reserved,
              coalesce(h.held, 0)::int as held
         from stock_level l
         left join (select line.offer_id, line.warehouse_id, sum(line.quantity) as held
                      from reservation_line line join reservation r on r.id = line.reservation_id
                     where r.status = 'ACTIVE' group by 1, 2) h
           on h.offer_id = l.offer_id and h.warehouse_id = l.warehouse_id
        where l.on_hand < 0 or l.reserved < 0 or l.on_hand < l.reserved or l.reserved <> coalesce(h.held, 0)`,
  );
  return finding(
    Number(counted?.count ?? 0),
    broken.map(({ name, onHand, reserved, held }) => `${name}: ${onHand} on hand, ${reserved} reserved, ${held} held`),
  );
}

/** What is not there any more was used in a sale; and no more is there than is allowed or held. */
async function allowances({ rows }: StoreReaders) {
  const [counted] = await rows<{ count: string }>(
    'inventory',
    "select count(*) as count from offer where kind = 'ALLOWANCE'",
  );
  const broken = await rows<{ id: string; allowed: number; used: number; free: number; sold: number }>(
    'inventory',
    `select * from (
       select o.offer_id as id, o.allowed, o.granted - coalesce(l.on_hand, 0) as used,
              coalesce(l.on_hand, 0) as "onHand", coalesce(l.reserved, 0) as reserved,
              coalesce(l.on_hand - l.reserved, 0) as free, coalesce(s.sold, 0)::int as sold
         from offer o
         left join stock_level l on l.offer_id = o.offer_id
         left join (select line.offer_id, sum(line.quantity) as sold
                      from reservation_line line join reservation r on r.id = line.reservation_id
                     where r.status = 'CONFIRMED' group by 1) s on s.offer_id = o.offer_id
        where o.kind = 'ALLOWANCE') allowance
      where used <> sold or "onHand" <> greatest(allowed - used, reserved)`,
  );
  return finding(
    Number(counted?.count ?? 0),
    broken.map(
      ({ id, allowed, used, free, sold }) => `${id} allows ${allowed}: ${used} used, ${sold} sold, ${free} free`,
    ),
  );
}

const soldOnce: Invariant = {
  id: 'I8',
  title:
    'every paid unit was taken from stock once: a paid order has one confirmed reservation, for the same units and slots; no more came back, and what was given back came once',
  async check(stores) {
    const { rows } = stores;
    const ordered = await rows<{ orderId: string; offerId: string; quantity: number }>(
      'orders',
      `select l.order_id as "orderId", l.offer_id as "offerId", sum(l.quantity)::int as quantity
         from order_line l join orders o on o.id = l.order_id where o.confirmed_at is not null
        group by l.order_id, l.offer_id`,
    );
    const slots = await rows<{ orderId: string; offerId: string; quantity: number }>(
      'orders',
      `select c.order_id as "orderId", line ->> 'dealId' as "offerId", sum((line ->> 'quantity')::int)::int as quantity
         from checkout c join orders o on o.id = c.order_id,
              jsonb_array_elements(c.draft -> 'vendorOrders') part, jsonb_array_elements(part -> 'lines') line
        where o.confirmed_at is not null and line ->> 'dealId' is not null group by 1, 2`,
    );
    const taken = await rows<{ orderId: string; offerId: string; quantity: number; status: string }>(
      'inventory',
      `select r.request_key as "orderId", line.offer_id as "offerId", sum(line.quantity)::int as quantity, r.status
         from reservation r join reservation_line line on line.reservation_id = r.id
        group by r.request_key, line.offer_id, r.status`,
    );
    const units = new Map(taken.map((row) => [`${row.orderId} ${row.offerId}`, row]));
    const broken = [...ordered, ...slots].flatMap(({ orderId, offerId, quantity }) => {
      const row = units.get(`${orderId} ${offerId}`);
      const found = row?.status === 'CONFIRMED' ? row.quantity : 0;
      return found === quantity ? [] : [`${orderId} sold ${quantity} of ${offerId}, stock gave ${found}`];
    });
    const tooMany = await rows<{ orderId: string; offerId: string; back: number }>(
      'inventory',
      `select r.request_key as "orderId", line.offer_id as "offerId", sum(line.quantity)::int as back
         from stock_return_line line join stock_return t on t.id = line.return_id
         join reservation r on r.id = t.reservation_id
        group by r.id, r.request_key, line.offer_id
       having sum(line.quantity) > coalesce((select sum(l.quantity) from reservation_line l
                where l.reservation_id = r.id and l.offer_id = line.offer_id), 0)`,
    );
    const sold = new Set(ordered.map(({ orderId }) => orderId));
    const orphans = new Set(
      taken.filter(({ status, orderId }) => status === 'CONFIRMED' && !sold.has(orderId)).map(({ orderId }) => orderId),
    );
    const sales = finding(ordered.length + slots.length + taken.length, [
      ...broken,
      ...tooMany.map(({ orderId, offerId, back }) => `${back} of ${offerId} came back of ${orderId}, more than it had`),
      ...[...orphans].map((orderId) => `stock was given for ${orderId}, which is not paid`),
    ]);
    return together([sales, await unitsCameBackOnce(stores)]);
  },
};

/** The sweeper's own time, and the saga's. */
const LATE_S = 30;

const noHoarding: Invariant = {
  id: 'I11',
  title: `no reservation lives longer than its time and ${LATE_S} s without an order in progress`,
  async check({ rows }) {
    const active = await rows<{ id: string; orderId: string; isLate: boolean }>(
      'inventory',
      `select id, request_key as "orderId", expires_at < now() - make_interval(secs => $1) as "isLate"
         from reservation where status = 'ACTIVE'`,
      [LATE_S],
    );
    const late = active.filter(({ isLate }) => isLate);
    const inProgress = await rows<{ orderId: string }>(
      'orders',
      `select order_id as "orderId" from checkout where status not in ('COMPLETED', 'FAILED') and order_id = any($1)`,
      [late.map(({ orderId }) => orderId)],
    );
    const working = new Set(inProgress.map(({ orderId }) => orderId));
    return finding(
      active.length,
      late.filter(({ orderId }) => !working.has(orderId)).map(({ id }) => `${id} is held and its time is over`),
    );
  },
};

export const stockInvariants: readonly Invariant[] = [levels, soldOnce];
export const reservationInvariants: readonly Invariant[] = [noHoarding];
