import type { EntityManager } from '@marketgraph/platform/postgres';
import type { Destination } from '../domain/nearness.ts';
import type { ReservationLine } from '../domain/reservation-decisions.ts';
import type { ReservationStatus } from '../domain/reservation.ts';

export interface ReservationRow {
  id: string;
  cartId: string;
  status: ReservationStatus;
  expiresAt: string;
  isOverdue: boolean;
  shipTo?: Destination | null;
}

export interface ReservationLineRow extends ReservationLine {
  reservationId: string;
}

// The database's clock decides what is overdue: processes may disagree about the time.
const COLUMNS = `id, cart_id as "cartId", status, expires_at as "expiresAt", expires_at <= now() as "isOverdue",
  ship_to as "shipTo"`;

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
