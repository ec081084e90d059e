import type { NewEvent } from '@marketgraph/platform/messaging';
import {
  allowanceChanged,
  type AllowanceChanged,
  reservationEnded,
  type ReservationEnded,
  stockChanged,
  type StockChanged,
} from '@marketgraph/schema/events/inventory';
import { usedOf } from '../domain/allowance.ts';
import type { ReservationStatus } from '../domain/reservation.ts';
import type { OfferChange } from '../domain/stock-ledger.ts';

/** How it is with an offer, or an allowance, after one change of its stock. */
export function offerChangeEvent(change: OfferChange): NewEvent<StockChanged> | NewEvent<AllowanceChanged> {
  const { offer, previousAvailable, available, onHand, reserved, warehouseId, reason } = change;
  const { offerId, vendorId, lowStockThreshold, sequence, allowance } = offer;
  if (allowance) {
    const { name, version } = allowanceChanged;
    const used = usedOf(allowance, onHand);
    const payload = { allowanceId: offerId, units: allowance.allowed, available, reserved, used };
    return { name, version, key: offerId, sequence, payload };
  }
  const { name, version } = stockChanged;
  // What is no allowance is a vendor's: the table says so.
  const of = { offerId, vendorId: vendorId!, warehouseId };
  const payload = { ...of, previousAvailable, available, onHand, reserved, lowStockThreshold, reason };
  const topics = [`stockChanged:${offerId}`, `vendorStockFeed:${vendorId}`];
  return { name, version, key: offerId, sequence, topics, payload };
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
