import type { NewEvent } from '@marketgraph/platform/messaging';
import {
  reservationEnded,
  type ReservationEnded,
  stockChanged,
  type StockChanged,
} from '@marketgraph/schema/events/inventory';

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

export function reservationEndedEvent(payload: ReservationEnded): NewEvent<ReservationEnded> {
  return {
    name: reservationEnded.name,
    version: reservationEnded.version,
    key: payload.reservationId,
    // A reservation ends once, or is reverted after it was confirmed.
    sequence: payload.status === 'CONFIRMED' ? 1 : 2,
    payload,
  };
}
