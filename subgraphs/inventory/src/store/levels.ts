import type { EntityManager } from '@marketgraph/platform/postgres';
import type { LedgerLevel, LedgerMove } from '../domain/stock-ledger.ts';

export type LevelRow = LedgerLevel;

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

export interface MovementRow extends Required<LedgerMove> {
  id: string;
  at: string;
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
 * the slots of a deal, which are no offer and of which none can be bought. Levels
 * are looked up offer by offer: grouped first and joined then, each offer is
 * compared with the levels of all.
 */
export async function unitsOfOffers(em: EntityManager, offerIds: readonly string[]): Promise<OfferUnitsRow[]> {
  if (offerIds.length === 0) return [];
  const ids = [...new Set(offerIds)];
  return em.execute<OfferUnitsRow[]>(
    `select offer.offer_id as "offerId", offer.low_stock_threshold as "lowStockThreshold",
            offer.sequence::float8 as sequence, coalesce(level.on_hand, 0) as "onHand",
            coalesce(level.reserved, 0) as reserved, coalesce(due.quantity, 0) as overdue
       from offer
       left join lateral (
         select sum(on_hand)::int as on_hand, sum(reserved)::int as reserved
           from stock_level where stock_level.offer_id = offer.offer_id
       ) level on true
       left join (${OVERDUE}) due on due.offer_id = offer.offer_id
      where offer.offer_id in (?) and offer.kind = 'OFFER'`,
    [ids, ids],
  );
}
