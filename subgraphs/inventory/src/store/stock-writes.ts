import { constraintOf, type EntityManager, executeAlong, sqlStateOf } from '@marketgraph/platform/postgres';
import type { ReservationLine } from '../domain/reservation-decisions.ts';
import type { ReservationStatus } from '../domain/reservation.ts';
import type { LedgerMove, LedgerWrites } from '../domain/stock-ledger.ts';
import type { Destination } from '../domain/nearness.ts';

export interface NewReservation {
  id: string;
  cartId: string;
  requestKey: string;
  ttlS: number;
  shipTo: Destination | null;
}

export interface Movement extends LedgerMove {
  id: string;
}

/** A change of stock with all that belongs to it, decided on what was read under the locks of its offers. */
export interface StockWrites extends Omit<LedgerWrites, 'moves'> {
  movements: readonly Movement[];
  reservations: readonly NewReservation[];
  /** Of these reservations. */
  lines: readonly (ReservationLine & { reservationId: string })[];
  /** `was` is the status that was read. */
  statuses: readonly { id: string; was: ReservationStatus; status: ReservationStatus }[];
  /** Reservations that were given other units than they had. */
  takenAnew: readonly { id: string; lines: readonly ReservationLine[] }[];
}

/**
 * The database's word for it that what was decided on is not what is there: nothing of it may stand. The transaction is to
 * be undone and decided anew.
 */
export const STALE_STATE = 'ST001';

interface Part {
  rows: readonly unknown[];
  /** Reads its rows from the one `?` in it. */
  text: string;
  /** What has to be as many as the rows, when that is the database's to say. */
  decides?: string;
}

/** In the order of their tables; each is of one text, so that the server keeps few plans. */
const PARTS: Readonly<Record<string, { of(writes: StockWrites): readonly unknown[]; text: string; decides?: string }>> =
  {
    // The conditional update that decides: on the version that was read, and only when the result is possible.
    changed: {
      of: ({ levels }) => levels,
      text: `update stock_level level
           set on_hand = level.on_hand + next."onHandDelta", reserved = level.reserved + next."reservedDelta",
               version = next.version, updated_at = now()
          from jsonb_to_recordset(?::jsonb) as next
            ("offerId" text, "warehouseId" text, "onHandDelta" int, "reservedDelta" int, seen int, version int)
         where level.offer_id = next."offerId" and level.warehouse_id = next."warehouseId" and level.version = next.seen
           and level.on_hand + next."onHandDelta" >= level.reserved + next."reservedDelta"
           and level.reserved + next."reservedDelta" >= 0
        returning 1`,
      decides: 'levels',
    },
    opened: {
      of: ({ opened }) => opened,
      text: `insert into stock_level (id, offer_id, warehouse_id, on_hand, reserved, version)
        select id, "offerId", "warehouseId", "onHand", reserved, version from jsonb_to_recordset(?::jsonb) as level
          (id text, "offerId" text, "warehouseId" text, "onHand" int, reserved int, version int)`,
    },
    noted: {
      of: ({ movements }) => movements,
      text: `insert into stock_movement (id, offer_id, warehouse_id, on_hand_delta, reserved_delta, reason, reference_id, actor_id)
        select id, "offerId", "warehouseId", "onHandDelta", "reservedDelta", reason, "referenceId", "actorId"
          from jsonb_to_recordset(?::jsonb) as movement (id text, "offerId" text, "warehouseId" text, "onHandDelta" int,
            "reservedDelta" int, reason text, "referenceId" text, "actorId" text)`,
    },
    numbered: {
      of: ({ offers }) =>
        offers.map(({ offerId, sequence, allowance }) => ({
          ...{ offerId, sequence, allowed: allowance?.allowed, granted: allowance?.granted },
          allowedSequence: allowance?.sequence,
        })),
      text: `update offer
           set sequence = next.sequence, allowed = next.allowed, granted = next.granted, allowed_sequence = next."allowedSequence"
          from jsonb_to_recordset(?::jsonb) as next
            ("offerId" text, sequence bigint, allowed int, granted int, "allowedSequence" bigint)
         where offer_id = next."offerId"`,
    },
    // In the order of their keys, so that no two rounds wait for each other's. The same request elsewhere has the key
    // already: that is seldom enough to be an error, and looking first would cost everybody.
    made: {
      of: ({ reservations }) => reservations,
      text: `insert into reservation (id, cart_id, request_key, status, expires_at, ship_to)
        select id, "cartId", "requestKey", 'ACTIVE', now() + make_interval(secs => "ttlS"), "shipTo"
          from jsonb_to_recordset(?::jsonb) as reservation
            (id text, "cartId" text, "requestKey" text, "ttlS" int, "shipTo" jsonb)
         order by "requestKey"
        returning id`,
    },
    held: {
      of: ({ lines }) => lines,
      text: `insert into reservation_line (reservation_id, offer_id, warehouse_id, quantity)
        select made.id, "offerId", "warehouseId", quantity
          from jsonb_to_recordset(?::jsonb) as line
            ("reservationId" text, "offerId" text, "warehouseId" text, quantity int)
          join made on made.id = "reservationId"`,
    },
    ended: {
      of: ({ statuses }) => statuses,
      text: `update reservation set status = next.status
          from jsonb_to_recordset(?::jsonb) as next (id text, was text, status text)
         where reservation.id = next.id and reservation.status = next.was
        returning 1`,
      decides: 'reservations',
    },
  };

/**
 * One statement for any number of changes, which goes with what comes after it. When one of them cannot stand it fails,
 * and the transaction with it: `isStale` tells that from other failures.
 */
export async function writeStock(em: EntityManager, writes: StockWrites): Promise<void> {
  for (const { id, lines } of writes.takenAnew) await replaceLines(em, id, lines);
  const parts = Object.entries(PARTS)
    .map(([name, { of, ...part }]): [string, Part] => [name, { ...part, rows: of(writes) }])
    .filter(([, { rows }]) => rows.length > 0);
  if (parts.length === 0) return;
  const deciding = parts.filter(([, { decides }]) => decides);
  const demands = deciding.map(
    ([name, { decides }]) => `when (select count(*) from ${name}) <> ?::bigint then stale_stock('${decides}')`,
  );
  await executeAlong(
    em,
    `with ${parts.map(([name, { text }]) => `${name} as (${text})`).join(', ')}
     select ${demands.length > 0 ? `case ${demands.join(' ')} end` : 1}`,
    [...parts.map(([, { rows }]) => JSON.stringify(rows)), ...deciding.map(([, { rows }]) => rows.length)],
  );
}

/** Whether a transaction failed because something was not as it was when it was decided. */
export function isStale(error: unknown): boolean {
  return sqlStateOf(error) === STALE_STATE || constraintOf(error) === 'reservation_request_key_key';
}

async function replaceLines(em: EntityManager, id: string, lines: readonly ReservationLine[]): Promise<void> {
  await em.execute('delete from reservation_line where reservation_id = ?', [id]);
  await em.execute(
    `insert into reservation_line (reservation_id, offer_id, warehouse_id, quantity)
     select ?, "offerId", "warehouseId", quantity from jsonb_to_recordset(?::jsonb) as line
       ("offerId" text, "warehouseId" text, quantity int)`,
    [id, JSON.stringify(lines)],
  );
}
