import type { Rejection } from '@marketgraph/platform/core';
import { UserErrorCode } from '@marketgraph/schema/user-errors';
import type { Shortage } from '../domain/reservation-decisions.ts';
import { availableIn } from '../domain/stock.ts';
import type { LevelRow, MovementRow } from '../store/levels.ts';
import type { ReservationRow } from '../store/reservations.ts';
import type { WarehouseRow } from '../store/warehouses.ts';
import type { UserError } from './shared.type.ts';
import type { InsufficientStockError, Reservation, StockLevel, StockMovement, Warehouse } from './stock.type.ts';

export function toUserError({ code, message, field }: Rejection): UserError {
  return Object.assign(
    { code: UserErrorCode[code as keyof typeof UserErrorCode], message, field: field ?? null },
    { __typename: 'BasicUserError' },
  );
}

export function toInsufficientStock({ offerId, requested, available }: Shortage): InsufficientStockError {
  return Object.assign(
    {
      code: UserErrorCode.INSUFFICIENT_STOCK,
      message: available === 0 ? 'This is sold out.' : `Only ${available} of this are left.`,
      field: ['lines'],
      offer: { id: offerId },
      requested,
      available,
    },
    { __typename: 'InsufficientStockError' },
  );
}

/** A refusal that may be about units: then with the offer and what there is of it. */
export function toStockError(rejection: Rejection): UserError {
  const { code, message, field, details } = rejection;
  if (code !== UserErrorCode.INSUFFICIENT_STOCK || !details) return toUserError(rejection);
  const { offerId, requested, available } = details;
  const short = { offerId: String(offerId), requested: Number(requested), available: Number(available) };
  return Object.assign(toInsufficientStock(short), { message, field: field ?? null });
}

export function toWarehouse({ id, code, name, region, vendorId, address }: WarehouseRow): Warehouse {
  return Object.assign(
    { id, code, name, region, vendorId, address: address as Warehouse['address'] },
    { __typename: 'Warehouse' },
  );
}

export function toStockLevel(row: LevelRow): StockLevel {
  const { id, offerId, warehouseId, onHand, reserved, version } = row;
  return Object.assign(
    { id, offerId, warehouseId, onHand, reserved, version, available: availableIn(row) },
    { __typename: 'StockLevel' },
  );
}

export function toMovement(row: MovementRow): StockMovement {
  return {
    id: row.id,
    quantity: row.onHandDelta === 0 ? -row.reservedDelta : row.onHandDelta,
    reason: row.reason as StockMovement['reason'],
    referenceId: row.referenceId,
    actorId: row.actorId,
    at: new Date(row.at),
  };
}

export function toReservation({ id, status, expiresAt, isOverdue }: ReservationRow): Reservation {
  // The sweeper may not have come by yet: to the outside its time is over all the same.
  const seen = status === 'ACTIVE' && isOverdue ? 'EXPIRED' : status;
  return Object.assign(
    { id, status: seen as Reservation['status'], expiresAt: new Date(expiresAt) },
    { __typename: 'Reservation' },
  );
}
