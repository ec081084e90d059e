import type { EntityManager } from '@marketgraph/platform/postgres';
import type { ReservationStatus } from '../../../subgraphs/inventory/src/domain/reservation.ts';
import type { ReservationLineRow } from '../../../subgraphs/inventory/src/store/reservations.ts';
import type { Movement } from '../../../subgraphs/inventory/src/store/stock-writes.ts';
import { MemoryDatabase, Table } from './memory-database.ts';
import { memoryOf, type OrmModel, type Statement } from './memory-orm.ts';
import { type PlatformTables, platformStatements, platformTables } from './platform-tables.ts';
import type { Scheduler } from './scheduler.ts';

export interface Offer {
  offerId: string;
  /** Null for an allowance. */
  vendorId: string | null;
  sku: string;
  variantId: string;
  lowStockThreshold: number;
  sequence: number;
  allowance: { allowed: number; granted: number; sequence: number } | null;
}

export interface Level {
  id: string;
  offerId: string;
  warehouseId: string;
  onHand: number;
  reserved: number;
  version: number;
}

export interface Reservation {
  id: string;
  cartId: string;
  requestKey: string;
  status: ReservationStatus;
  /** By the database's clock, in virtual milliseconds. */
  expiresAt: number;
}

export interface InventoryTables extends PlatformTables {
  offers: Table<Offer>;
  levels: Table<Level>;
  movements: Table<Movement>;
  reservations: Table<Reservation>;
  lines: Table<ReservationLineRow>;
}

export interface InventoryModel extends OrmModel {
  tables: InventoryTables;
}

export const levelKey = (of: { offerId: string; warehouseId: string }) => `${of.offerId}@${of.warehouseId}`;

export const lineKey = (line: ReservationLineRow) => `${line.reservationId}/${line.offerId}@${line.warehouseId}`;

export function inventoryModel(scheduler: Scheduler): InventoryModel {
  const tables: InventoryTables = {
    ...platformTables(),
    offers: new Table('offer'),
    levels: new Table('stock_level'),
    movements: new Table('stock_movement'),
    reservations: new Table('reservation', [{ name: 'reservation_request_key_key', of: (row) => row.requestKey }]),
    lines: new Table('reservation_line'),
  };
  const recount: Statement = {
    pattern: /^select offer\.offer_id as "offerId", offer\.sequence/,
    run: (transaction, [offerIds]) =>
      (offerIds as string[]).flatMap((offerId) => {
        const offer = transaction.get(tables.offers, offerId);
        const levels = transaction.all(tables.levels).filter((level) => level.offerId === offerId);
        const available = levels.reduce((units, level) => units + level.onHand - level.reserved, 0);
        return offer ? [{ offerId, available, sequence: String(offer.sequence) }] : [];
      }),
  };
  return {
    database: new MemoryDatabase(scheduler),
    statements: [...platformStatements(tables), recount],
    entities: new Map(),
    tables,
  };
}

export function inventoryTables(em: EntityManager): InventoryTables {
  // The commands of this service are given no other.
  return (memoryOf(em).model as InventoryModel).tables;
}
