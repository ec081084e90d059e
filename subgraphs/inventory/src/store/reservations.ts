import type { EntityManager } from '@marketgraph/platform/postgres';
import type { Destination } from '../domain/nearness.ts';
import type { ReservationStatus } from '../domain/reservation.ts';

export interface ReservationRow {
  id: string;
  cartId: string;
  status: ReservationStatus;
  expiresAt: string;
  isOverdue: boolean;
  shipTo?: Destination | null;
}

export interface ReservationLineRow {
  reservationId: string;
  offerId: string;
  warehouseId: string;
  quantity: number;
}

// The database's clock decides what is overdue: processes may disagree about the time.
const COLUMNS = `id, cart_id as "cartId", status, expires_at as "expiresAt", expires_at <= now() as "isOverdue",
  ship_to as "shipTo"`;

/** Undefined when there is one of the same request: the unique request_key decides. */
export async function insertReservation(
  em: EntityManager,
  {
    id,
    cartId,
    requestKey,
    ttlS,
    shipTo,
  }: { id: string; cartId: string; requestKey: string; ttlS: number; shipTo: Destination | null },
): Promise<ReservationRow | undefined> {
  const [row] = await em.execute<ReservationRow[]>(
    `insert into reservation (id, cart_id, request_key, status, expires_at, ship_to)
     values (?, ?, ?, 'ACTIVE', now() + make_interval(secs => ?), ?::jsonb)
     on conflict (request_key) do nothing
     returning ${COLUMNS}`,
    [id, cartId, requestKey, ttlS, shipTo && JSON.stringify(shipTo)],
  );
  return row;
}

export async function reservationByKey(em: EntityManager, requestKey: string): Promise<ReservationRow | undefined> {
  const [row] = await em.execute<ReservationRow[]>(`select ${COLUMNS} from reservation where request_key = ?`, [
    requestKey,
  ]);
  return row;
}

export async function findReservations(em: EntityManager, ids: readonly string[]): Promise<ReservationRow[]> {
  if (ids.length === 0) return [];
  return em.execute<ReservationRow[]>(`select ${COLUMNS} from reservation where id in (?)`, [[...ids]]);
}

/** The newest of each cart, on reservation_cart. */
export async function reservationsOfCarts(em: EntityManager, cartIds: readonly string[]): Promise<ReservationRow[]> {
  if (cartIds.length === 0) return [];
  return em.execute<ReservationRow[]>(
    `select distinct on (cart_id) ${COLUMNS} from reservation where cart_id in (?) order by cart_id, created_at desc`,
    [[...cartIds]],
  );
}

export async function linesOf(em: EntityManager, reservationIds: readonly string[]): Promise<ReservationLineRow[]> {
  if (reservationIds.length === 0) return [];
  return em.execute<ReservationLineRow[]>(
    `select reservation_id as "reservationId", offer_id as "offerId", warehouse_id as "warehouseId", quantity
       from reservation_line where reservation_id in (?) order by offer_id, warehouse_id`,
    [[...reservationIds]],
  );
}

export interface LockedReservation extends ReservationRow {
  lines: ReservationLineRow[];
}

/**
 * The caller holds the locks of the reservation's offers; this one orders it
 * against the sweeper. Whoever changes its lines holds those locks as well, so
 * they can be read with it.
 */
export async function lockReservation(em: EntityManager, id: string): Promise<LockedReservation | undefined> {
  const [row] = await em.execute<LockedReservation[]>(
    `select ${COLUMNS},
            (select coalesce(jsonb_agg(jsonb_build_object('reservationId', line.reservation_id, 'offerId', line.offer_id,
                      'warehouseId', line.warehouse_id, 'quantity', line.quantity)
                      order by line.offer_id, line.warehouse_id), '[]')
               from reservation_line line where line.reservation_id = reservation.id) as lines
       from reservation where id = ? for update`,
    [id],
  );
  return row;
}

export async function saveStatus(em: EntityManager, id: string, status: ReservationStatus): Promise<void> {
  await em.execute('update reservation set status = ? where id = ?', [status, id]);
}

/** A reservation that was paid late and finds its stock again gets others. */
export async function dropLines(em: EntityManager, id: string): Promise<void> {
  await em.execute('delete from reservation_line where reservation_id = ?', [id]);
}

/** On reservation_due. */
export async function countActiveReservations(em: EntityManager): Promise<number> {
  const [row] = await em.execute<{ count: string }[]>(
    "select count(*) as count from reservation where status = 'ACTIVE'",
  );
  return Number(row?.count ?? 0);
}

/** Whose time is over, oldest first, on reservation_due; of these offers only when any are given. */
export async function overdueReservations(
  em: EntityManager,
  { limit, offerIds }: { limit: number; offerIds?: readonly string[] },
): Promise<string[]> {
  const ofOffers = offerIds
    ? 'and exists (select 1 from reservation_line l where l.reservation_id = r.id and l.offer_id in (?))'
    : '';
  const rows = await em.execute<{ id: string }[]>(
    `select r.id from reservation r where r.status = 'ACTIVE' and r.expires_at <= now() ${ofOffers}
      order by r.expires_at limit ?`,
    offerIds ? [[...offerIds], limit] : [limit],
  );
  return rows.map(({ id }) => id);
}
