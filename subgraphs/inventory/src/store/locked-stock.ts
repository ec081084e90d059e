import type { EntityManager } from '@marketgraph/platform/postgres';
import type { Place } from '../domain/nearness.ts';
import type { ReservationLine } from '../domain/reservation-decisions.ts';
import type { LedgerLevel } from '../domain/stock-ledger.ts';
import { ALLOWANCE_PLACE } from './allowances.ts';
import type { ReservationRow } from './reservations.ts';

export interface LockedReservation extends ReservationRow {
  requestKey: string;
  lines: ReservationLine[];
}

export interface LockedStock {
  levels: (LedgerLevel & { place: Place | null })[];
  reservations: LockedReservation[];
  /** Of the transaction, by the database's clock: RFC 3339. */
  now: string;
}

/**
 * The stock of offers whose locks are held, and reservations by their ids or by the keys they were asked for with. Whoever
 * makes or ends a reservation holds the locks of its offers, so what is read here stays as it is until the transaction is over.
 */
export async function readLockedStock(
  em: EntityManager,
  wanted: { offerIds: readonly string[]; reservationIds: readonly string[]; requestKeys: readonly string[] },
): Promise<LockedStock> {
  const reservations = [
    { condition: 'id in (?)', list: wanted.reservationIds },
    { condition: 'request_key in (?)', list: wanted.requestKeys },
  ].filter(({ list }) => list.length > 0);
  const parts = [
    ['levels', wanted.offerIds.length > 0 ? LEVELS : ''],
    ['reservations', reservations.map(({ condition }) => `${RESERVATIONS} where ${condition}`).join(' union all ')],
  ].map(([name, text]) =>
    text ? `(select coalesce(jsonb_agg(each), '[]') from (${text}) each) as ${name}` : `'[]'::jsonb as ${name}`,
  );
  const lists = [wanted.offerIds, ...reservations.map(({ list }) => list)].filter((list) => list.length > 0);
  const [row] = await em.execute<LockedStock[]>(
    `select now() as now, ${parts.join(', ')}`,
    lists.map((list) => [...new Set(list)]),
  );
  return row!;
}

/** With what says how far a warehouse is; where allowances are kept is nowhere. */
const LEVELS = `select level.id, level.offer_id as "offerId", level.warehouse_id as "warehouseId",
    level.on_hand as "onHand", level.reserved, level.version,
    case when place.id is not null then jsonb_build_object('region', place.region,
      'countryCode', place.address->>'countryCode', 'addressRegion', place.address->>'region') end as place
  from stock_level level left join warehouse place on place.id = level.warehouse_id and place.id <> '${ALLOWANCE_PLACE}'
 where level.offer_id in (?)`;

const RESERVATIONS = `select id, cart_id as "cartId", request_key as "requestKey", status, expires_at as "expiresAt",
    expires_at <= now() as "isOverdue", ship_to as "shipTo",
    (select coalesce(jsonb_agg(jsonb_build_object('offerId', line.offer_id, 'warehouseId', line.warehouse_id,
              'quantity', line.quantity) order by line.offer_id, line.warehouse_id), '[]')
       from reservation_line line where line.reservation_id = reservation.id) as lines
  from reservation`;
