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

export async function insertLevels(
  em: EntityManager,
  levels: readonly Pick<LevelRow, 'id' | 'offerId' | 'warehouseId' | 'onHand'>[],
): Promise<void> {
  await em.execute(
    `insert into stock_level (id, offer_id, warehouse_id, on_hand)
     select id, "offerId", "warehouseId", "onHand"
       from jsonb_to_recordset(?::jsonb) as level (id text, "offerId" text, "warehouseId" text, "onHand" int)`,
    [JSON.stringify(levels)],
  );
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

/** Units that came or went without being reserved. */
export type Counting = Pick<Movement, 'id' | 'offerId' | 'warehouseId' | 'onHandDelta' | 'reason'> &
  Pick<Movement, 'referenceId' | 'actorId'>;

/**
 * As `moveStock`, for any number of countings of levels whose offers are locked, in one statement: each is a movement,
 * each level holds what they add up to. A level of which too little would be left is not among the answers.
 */
export async function countStock(
  em: EntityManager,
  countings: readonly Counting[],
  { sequences }: { sequences: ReadonlyMap<string, number> },
): Promise<LevelRow[]> {
  const numbers = [...sequences].map(([offerId, sequence]) => ({ offerId, sequence }));
  return em.execute<LevelRow[]>(
    `with counting as materialized (
       select * from jsonb_to_recordset(?::jsonb) as each
         (id text, "offerId" text, "warehouseId" text, "onHandDelta" int, reason text, "referenceId" text, "actorId" text)),
     sum as (
       select "offerId" as offer, "warehouseId" as warehouse, sum("onHandDelta")::int as delta, count(*)::int as steps
         from counting group by 1, 2),
     moved as (
       update stock_level
          set on_hand = on_hand + delta, version = version + steps, updated_at = now()
         from sum
        where offer_id = offer and warehouse_id = warehouse and on_hand + delta >= reserved
       returning ${COLUMNS}),
     noted as (
       insert into stock_movement (id, offer_id, warehouse_id, on_hand_delta, reserved_delta, reason, reference_id, actor_id)
       select counting.id, "offerId", "warehouseId", "onHandDelta", 0, reason, "referenceId", "actorId"
         from counting join moved using ("offerId", "warehouseId")),
     numbered as (
       update offer set sequence = number.sequence
         from jsonb_to_recordset(?::jsonb) as number ("offerId" text, sequence bigint)
        where offer_id = number."offerId" and offer_id in (select "offerId" from moved))
     select * from moved`,
    [JSON.stringify(countings), JSON.stringify(numbers)],
  );
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

/** Of the offers in its one list of ids: what is held by reservations whose time is over. */
const OVERDUE = `select line.offer_id, sum(line.quantity)::int as quantity
           from reservation_line line join reservation r on r.id = line.reservation_id
          where r.status = 'ACTIVE' and r.expires_at <= now() and line.offer_id in (?)
          group by line.offer_id`;

/** One statement for any number of offers; offers without a level are absent. */
export async function availabilityOf(em: EntityManager, offerIds: readonly string[]): Promise<AvailabilityRow[]> {
  if (offerIds.length === 0) return [];
  const ids = [...new Set(offerIds)];
  return em.execute<AvailabilityRow[]>(
    `select level.offer_id as "offerId", sum(level.on_hand)::int as "onHand", sum(level.reserved)::int as reserved,
            coalesce(max(due.quantity), 0) as overdue
       from stock_level level
       left join (${OVERDUE}) due on due.offer_id = level.offer_id
      where level.offer_id in (?)
      group by level.offer_id`,
    [ids, ids],
  );
}

/** An offer's units as they can be had, with what tells how to speak of them. */
export interface OfferUnitsRow extends AvailabilityRow {
  lowStockThreshold: number;
  /** Of the newest change of its stock that is in these units. */
  sequence: number;
}

/**
 * As `availabilityOf`, with the offer itself: one statement is one look, so the
 * number and the units are of the same moment. Unknown offers are absent, as are
 * the slots of a deal, which are no offer and of which none can be bought.
 */
export async function unitsOfOffers(em: EntityManager, offerIds: readonly string[]): Promise<OfferUnitsRow[]> {
  if (offerIds.length === 0) return [];
  const ids = [...new Set(offerIds)];
  return em.execute<OfferUnitsRow[]>(
    `select offer.offer_id as "offerId", offer.low_stock_threshold as "lowStockThreshold",
            offer.sequence::float8 as sequence, coalesce(level.on_hand, 0) as "onHand",
            coalesce(level.reserved, 0) as reserved, coalesce(due.quantity, 0) as overdue
       from offer
       left join (
         select offer_id, sum(on_hand)::int as on_hand, sum(reserved)::int as reserved
           from stock_level where offer_id in (?) group by offer_id
       ) level on level.offer_id = offer.offer_id
       left join (${OVERDUE}) due on due.offer_id = offer.offer_id
      where offer.offer_id in (?) and offer.kind = 'OFFER'`,
    [ids, ids, ids],
  );
}
