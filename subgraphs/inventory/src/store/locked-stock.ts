import { type EntityManager, executeTogether } from '@marketgraph/platform/postgres';
import type { Place } from '../domain/nearness.ts';
import type { ReservationLine } from '../domain/reservation-decisions.ts';
import type { LedgerLevel, LedgerOffer } from '../domain/stock-ledger.ts';
import { ALLOWANCE_PLACE } from './allowances.ts';
import { amongOffers, lockedOffersIn, lockingOffers } from './offers.ts';
import type { ReservationRow } from './reservations.ts';
import { StaleStockError } from './stock-writes.ts';

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

/** What is decided together: offers, reservations whose offers are locked too, and keys that may have been used. */
export interface WantedStock {
  offerIds: readonly string[];
  reservationIds: readonly string[];
  requestKeys: readonly string[];
}

/**
 * Locks offers as `lockOffers` does, and reads their stock and the reservations, by their ids or by the keys they were
 * asked for with. Two statements that go together: the second sees what those have left whom the first waited for. Whoever
 * makes or ends a reservation holds the locks of its offers, so what is read stays as it is until the transaction is over.
 */
export async function lockStock(
  em: EntityManager,
  wanted: WantedStock,
): Promise<{ offers: LedgerOffer[]; stock: LockedStock }> {
  const { offerIds, reservationIds } = wanted;
  const [locked, [stock]] = (await executeTogether(em, [
    lockingOffers(offerIds, reservationIds),
    readingStock(wanted),
  ])) as [unknown[], LockedStock[]];
  const offers = lockedOffersIn(locked);
  const isLocked = new Set(offers.map(({ offerId }) => offerId));
  const other = stock!.levels.find(({ offerId }) => !isLocked.has(offerId));
  if (other) throw new StaleStockError(`The stock of ${other.offerId} was read and is not locked.`);
  return { offers, stock: stock! };
}

function readingStock(wanted: WantedStock): [query: string, parameters: unknown[]] {
  const { offerIds, reservationIds, requestKeys } = wanted;
  const levels = amongOffers(offerIds, reservationIds);
  const reservations = [
    { condition: 'id in (?)', list: reservationIds },
    { condition: 'request_key in (?)', list: requestKeys },
  ].filter(({ list }) => list.length > 0);
  const parts = [
    ['levels', `${LEVELS} ${levels.condition}`],
    ['reservations', reservations.map(({ condition }) => `${RESERVATIONS} where ${condition}`).join(' union all ')],
  ].map(([name, text]) =>
    text ? `(select coalesce(json_agg(each), '[]') from (${text}) each) as ${name}` : `'[]'::json as ${name}`,
  );
  return [
    `select now() as now, ${parts.join(', ')}`,
    [...levels.parameters, ...reservations.map(({ list }) => [...new Set(list)])],
  ];
}

/** With what says how far a warehouse is; where allowances are kept is nowhere. */
const LEVELS = `select level.id, level.offer_id as "offerId", level.warehouse_id as "warehouseId",
    level.on_hand as "onHand", level.reserved, level.version,
    case when place.id is not null then json_build_object('region', place.region,
      'countryCode', place.address->>'countryCode', 'addressRegion', place.address->>'region') end as place
  from stock_level level left join warehouse place on place.id = level.warehouse_id and place.id <> '${ALLOWANCE_PLACE}'
 where level.offer_id`;

const RESERVATIONS = `select id, cart_id as "cartId", request_key as "requestKey", status, expires_at as "expiresAt",
    expires_at <= now() as "isOverdue", ship_to as "shipTo",
    (select coalesce(json_agg(json_build_object('offerId', line.offer_id, 'warehouseId', line.warehouse_id,
              'quantity', line.quantity) order by line.offer_id, line.warehouse_id), '[]')
       from reservation_line line where line.reservation_id = reservation.id) as lines
  from reservation`;
