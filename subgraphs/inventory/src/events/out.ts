import type { NewEvent } from '@marketgraph/platform/messaging';
import {
  allowanceChanged,
  type AllowanceChanged,
  reservationEnded,
  type ReservationEnded,
  stockChanged,
  type StockChanged,
} from '@marketgraph/schema/events/inventory';
import type { ReservationStatus } from '../domain/reservation.ts';

export function stockChangedEvent(payload: StockChanged, sequence: number): NewEvent<StockChanged> {
  return {
    name: stockChanged.name,
    version: stockChanged.version,
    key: payload.offerId,
    sequence,
    topics: [`stockChanged:${payload.offerId}`, `vendorStockFeed:${payload.vendorId}`],
    payload,
  };
}

export function allowanceChangedEvent(payload: AllowanceChanged, sequence: number): NewEvent<AllowanceChanged> {
  const { name, version } = allowanceChanged;
  return { name, version, key: payload.allowanceId, sequence, payload };
}

export function reservationEndedEvent(
  payload: ReservationEnded & { status: ReservationStatus },
): NewEvent<ReservationEnded> {
  return {
    name: reservationEnded.name,
    version: reservationEnded.version,
    key: payload.reservationId,
    sequence: ENDS[payload.status],
    payload,
  };
}

/**
 * Ends can follow one another, in this order alone: expired, then confirmed
 * late all the same, then given back.
 */
const ENDS: Readonly<Record<ReservationStatus, number>> = { ACTIVE: 0, EXPIRED: 1, CONFIRMED: 2, RELEASED: 3 };
