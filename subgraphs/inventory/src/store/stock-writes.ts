import {
  type Columns,
  columnsOf,
  constraintOf,
  type EntityManager,
  executeAlong,
  rowsAs,
  sqlStateOf,
} from '@marketgraph/platform/postgres';
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

/** The same, seen here before anything was written. */
export class StaleStockError extends Error {}

interface Part {
  of(writes: StockWrites): readonly object[];
  columns: Columns;
  /** Of what reads the rows. */
  text(rows: string): string;
  /** What has to be as many as the rows, when that is the database's to say. */
  decides?: string;
}

/** In the order of their tables; each is of one text, so that the server keeps few plans. */
const PARTS: Readonly<Record<string, Part>> = {
  // The conditional update that decides: on the version that was read, and only when the result is possible.
  changed: {
    of: ({ levels }) => levels,
    columns: {
      ...{
        offerId: 'text',
        warehouseId: 'text',
        onHandDelta: 'int',
        reservedDelta: 'int',
        seen: 'int',
        version: 'int',
      },
    },
    text: (rows) => `update stock_level level
         set on_hand = level.on_hand + next."onHandDelta", reserved = level.reserved + next."reservedDelta",
             version = next.version, updated_at = now()
        from ${rows}
       where level.offer_id = next."offerId" and level.warehouse_id = next."warehouseId" and level.version = next.seen
         and level.on_hand + next."onHandDelta" >= level.reserved + next."reservedDelta"
         and level.reserved + next."reservedDelta" >= 0
      returning 1`,
    decides: 'levels',
  },
  opened: {
    of: ({ opened }) => opened,
    columns: {
      ...{ id: 'text', offerId: 'text', warehouseId: 'text', onHand: 'int', reserved: 'int', version: 'int' },
    },
    text: (rows) => `insert into stock_level (id, offer_id, warehouse_id, on_hand, reserved, version)
      select * from ${rows}`,
  },
  noted: {
    of: ({ movements }) => movements,
    columns: {
      ...{ id: 'text', offerId: 'text', warehouseId: 'text', onHandDelta: 'int', reservedDelta: 'int' },
      ...{ reason: 'text', referenceId: 'text', actorId: 'text' },
    },
    text: (
      rows,
    ) => `insert into stock_movement (id, offer_id, warehouse_id, on_hand_delta, reserved_delta, reason, reference_id, actor_id)
      select * from ${rows}`,
  },
  numbered: {
    of: ({ offers }) =>
      offers.map(({ offerId, sequence, allowance }) => ({
        ...{ offerId, sequence, allowed: allowance?.allowed, granted: allowance?.granted },
        allowedSequence: allowance?.sequence,
      })),
    columns: { offerId: 'text', sequence: 'bigint', allowed: 'int', granted: 'int', allowedSequence: 'bigint' },
    text: (rows) => `update offer
         set sequence = next.sequence, allowed = next.allowed, granted = next.granted, allowed_sequence = next."allowedSequence"
        from ${rows}
       where offer_id = next."offerId"`,
  },
  // In the order of their keys, so that no two rounds wait for each other's. The same request elsewhere has the key
  // already: that is seldom enough to be an error, and looking first would cost everybody.
  made: {
    of: ({ reservations }) => reservations,
    columns: { id: 'text', cartId: 'text', requestKey: 'text', ttlS: 'int', shipTo: 'jsonb' },
    text: (rows) => `insert into reservation (id, cart_id, request_key, status, expires_at, ship_to)
      select id, "cartId", "requestKey", 'ACTIVE', now() + make_interval(secs => "ttlS"), "shipTo"
        from ${rows} order by "requestKey"`,
  },
  held: {
    of: ({ lines }) => lines,
    columns: { reservationId: 'text', offerId: 'text', warehouseId: 'text', quantity: 'int' },
    text: (rows) => `insert into reservation_line (reservation_id, offer_id, warehouse_id, quantity)
      select * from ${rows}`,
  },
  ended: {
    of: ({ statuses }) => statuses,
    columns: { id: 'text', was: 'text', status: 'text' },
    text: (rows) => `update reservation set status = next.status from ${rows}
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
    .map(([name, part]) => ({ name, ...part, rows: part.of(writes) }))
    .filter(({ rows }) => rows.length > 0);
  if (parts.length === 0) return;
  const deciding = parts.filter(({ decides }) => decides);
  const demands = deciding.map(
    ({ name, decides }) => `when (select count(*) from ${name}) <> ?::bigint then stale_stock('${decides}')`,
  );
  await executeAlong(
    em,
    `with ${parts.map(({ name, text, columns }) => `${name} as (${text(rowsAs('next', columns))})`).join(', ')}
     select ${demands.length > 0 ? `case ${demands.join(' ')} end` : 1}`,
    [...parts.flatMap(({ columns, rows }) => columnsOf(columns, rows)), ...deciding.map(({ rows }) => rows.length)],
  );
}

/** Whether a transaction failed because something was not as it was when it was decided. */
export function isStale(error: unknown): boolean {
  return (
    error instanceof StaleStockError ||
    sqlStateOf(error) === STALE_STATE ||
    constraintOf(error) === 'reservation_request_key_key'
  );
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
