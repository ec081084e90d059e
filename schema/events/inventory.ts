import { fact } from './fact.ts';

/**
 * Key: the offer; sequence grows with every change of its stock.
 * Topics: `stockChanged:<offerId>`, `vendorStockFeed:<vendorId>`.
 */
export interface StockChanged {
  offerId: string;
  vendorId: string;
  /** Null when the change spans warehouses. */
  warehouseId: string | null;
  /** Units over all warehouses, before and after. */
  previousAvailable: number;
  available: number;
  onHand: number;
  reserved: number;
  lowStockThreshold: number;
  /** A StockMovementReason of the schema. */
  reason: string;
}

/**
 * Uses of a deal's slots or of a promotion, as they are now. Key: the
 * allowance; sequence grows with every change of it.
 */
export interface AllowanceChanged {
  allowanceId: string;
  /** How many are allowed in all. */
  units: number;
  /** Neither used nor held; what is held can come back. */
  available: number;
  reserved: number;
  /** Made for good. */
  used: number;
}

/** Key: the reservation. */
export interface ReservationEnded {
  reservationId: string;
  cartId: string;
  /** CONFIRMED RELEASED EXPIRED */
  status: string;
}

export const stockChanged = fact<StockChanged>()('inventory.stockChanged', 1, {
  offerId: 'off_01J0000000000000000000FFER',
  vendorId: 'ven_01J0000000000000000000VEND',
  warehouseId: 'whs_01J0000000000000000000WHSE',
  previousAvailable: 10,
  available: 8,
  onHand: 10,
  reserved: 2,
  lowStockThreshold: 3,
  reason: 'RESERVATION',
});
export const allowanceChanged = fact<AllowanceChanged>()('inventory.allowanceChanged', 1, {
  allowanceId: 'dea_01J0000000000000000000DEAL',
  units: 10,
  available: 7,
  reserved: 2,
  used: 1,
});
export const reservationEnded = fact<ReservationEnded>()('inventory.reservationEnded', 1, {
  reservationId: 'rsv_01J0000000000000000000RSVN',
  cartId: 'crt_01J0000000000000000000CART',
  status: 'EXPIRED',
});
