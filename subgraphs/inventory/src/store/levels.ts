import type { EntityManager } from '@marketgraph/platform/postgres';

export interface LevelRow {
  id: string;
  offerId: string;
  warehouseId: string;
  onHand: number;
  reserved: number;
  version: number;
}

const COLUMNS = `id, offer_id as "offerId", warehouse_id as "warehouseId", on_hand as "onHand", reserved, version`;

/** On the unique key (offer_id, warehouse_id). */
export async function levelsOfOffers(em: EntityManager, offerIds: readonly string[]): Promise<LevelRow[]> {
  if (offerIds.length === 0) return [];
  return em.execute<LevelRow[]>(
    `select ${COLUMNS} from stock_level where offer_id in (?) order by offer_id, warehouse_id`,
    [[...new Set(offerIds)]],
  );
}

export async function findLevels(em: EntityManager, ids: readonly string[]): Promise<LevelRow[]> {
  if (ids.length === 0) return [];
  return em.execute<LevelRow[]>(`select ${COLUMNS} from stock_level where id in (?)`, [[...ids]]);
}

export async function insertLevel(
  em: EntityManager,
  level: Pick<LevelRow, 'id' | 'offerId' | 'warehouseId' | 'onHand'>,
): Promise<void> {
  await em.execute('insert into stock_level (id, offer_id, warehouse_id, on_hand) values (?, ?, ?, ?)', [
    level.id,
    level.offerId,
    level.warehouseId,
    level.onHand,
  ]);
}

export interface Movement {
  id: string;
  offerId: string;
  warehouseId: string;
  onHandDelta: number;
  reservedDelta: number;
  reason: string;
  referenceId?: string | null;
  actorId?: string | null;
  /** What it reserves becomes a line of the reservation it refers to. */
  isHeld?: boolean;
}

export interface MovementRow extends Required<Omit<Movement, 'isHeld'>> {
  at: string;
}

/**
 * The conditional update that decides, and all that follows from it, in one
 * statement: it changes the level only when the result is possible, and only
 * then there is a movement, a line of the reservation, and the offer's next
 * number. The caller holds the offer's lock, so a refusal here is never a lost
 * race but a sum that does not work out.
 */
export async function moveStock(
  em: EntityManager,
  movement: Movement,
  { sequence }: { sequence: number },
): Promise<LevelRow | undefined> {
  const { id, offerId, warehouseId, onHandDelta, reservedDelta, reason } = movement;
  const { referenceId = null, actorId = null, isHeld = false } = movement;
  const [row] = await em.execute<LevelRow[]>(
    `with moved as (
       update stock_level
          set on_hand = on_hand + ?, reserved = reserved + ?, version = version + 1, updated_at = now()
        where offer_id = ? and warehouse_id = ?
          and on_hand + ? >= reserved + ? and reserved + ? >= 0
       returning ${COLUMNS}),
     noted as (
       insert into stock_movement (id, offer_id, warehouse_id, on_hand_delta, reserved_delta, reason, reference_id, actor_id)
       select ?, "offerId", "warehouseId", ?::int, ?::int, ?, ?, ? from moved),
     held as (
       insert into reservation_line (reservation_id, offer_id, warehouse_id, quantity)
       select ?, "offerId", "warehouseId", ?::int from moved where ?::boolean),
     numbered as (
       update offer set sequence = ?::bigint from moved where offer_id = moved."offerId")
     select * from moved`,
    [
      ...[onHandDelta, reservedDelta, offerId, warehouseId, onHandDelta, reservedDelta, reservedDelta],
      ...[id, onHandDelta, reservedDelta, reason, referenceId, actorId],
      ...[referenceId, reservedDelta, isHeld],
      sequence,
    ],
  );
  return row;
}

/** Newest first, on stock_movement_level. */
export async function movementsOf(
  em: EntityManager,
  level: Pick<LevelRow, 'offerId' | 'warehouseId'>,
  { limit, before }: { limit: number; before?: string },
): Promise<MovementRow[]> {
  return em.execute<MovementRow[]>(
    `select id, offer_id as "offerId", warehouse_id as "warehouseId", on_hand_delta as "onHandDelta",
            reserved_delta as "reservedDelta", reason, reference_id as "referenceId", actor_id as "actorId", at
       from stock_movement
      where offer_id = ? and warehouse_id = ? and id < ?
      order by id desc limit ?`,
    [level.offerId, level.warehouseId, before ?? '~', limit],
  );
}

export interface AvailabilityRow {
  offerId: string;
  onHand: number;
  reserved: number;
  /** Reserved by reservations whose time is over and that the sweeper has not reached yet. */
  overdue: number;
}

/** One statement for any number of offers; offers without a level are absent. */
export async function availabilityOf(em: EntityManager, offerIds: readonly string[]): Promise<AvailabilityRow[]> {
  if (offerIds.length === 0) return [];
  const ids = [...new Set(offerIds)];
  return em.execute<AvailabilityRow[]>(
    `select level.offer_id as "offerId", sum(level.on_hand)::int as "onHand", sum(level.reserved)::int as reserved,
            coalesce(max(due.quantity), 0)::int as overdue
       from stock_level level
       left join (
         select line.offer_id, sum(line.quantity) as quantity
           from reservation_line line join reservation r on r.id = line.reservation_id
          where r.status = 'ACTIVE' and r.expires_at <= now() and line.offer_id in (?)
          group by line.offer_id
       ) due on due.offer_id = level.offer_id
      where level.offer_id in (?)
      group by level.offer_id`,
    [ids, ids],
  );
}
