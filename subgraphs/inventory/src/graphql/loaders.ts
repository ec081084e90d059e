import type { Database } from '@marketgraph/platform/postgres';
import DataLoader from 'dataloader';
import { statusOf } from '../domain/stock.ts';
import { slotsLeft } from '../store/allowances.ts';
import { availabilityOf, findLevels, type LevelRow, levelsOfOffers, unitsOfOffers } from '../store/levels.ts';
import { findOffers, type OfferRow, offersOfVariants } from '../store/offers.ts';
import {
  findReservations,
  linesOf,
  type ReservationLineRow,
  type ReservationRow,
  reservationsOfCarts,
} from '../store/reservations.ts';
import { findWarehouses, type WarehouseRow, warehousesOfVendors } from '../store/warehouses.ts';
import type { OfferAvailability } from './stock.type.ts';

/** One statement for all keys of one tick, for the length of one operation. */
export interface Loaders {
  offer: DataLoader<string, OfferRow | null>;
  availability: DataLoader<string, AvailabilityRead>;
  levelsOfOffer: DataLoader<string, LevelRow[]>;
  level: DataLoader<string, LevelRow | null>;
  warehouse: DataLoader<string, WarehouseRow | null>;
  warehousesOfVendor: DataLoader<string, WarehouseRow[]>;
  reservation: DataLoader<string, ReservationRow | null>;
  reservationOfCart: DataLoader<string, ReservationRow | null>;
  reservationLines: DataLoader<string, ReservationLineRow[]>;
  availableOfVariant: DataLoader<string, number>;
  slotsLeft: DataLoader<string, number | null>;
}

/** With the number of the newest change it holds; it may hold newer ones. */
export type AvailabilityRead = OfferAvailability & { sequence: number };

const MAX_BATCH = 500;

export function createLoaders(orm: Database): Loaders {
  const em = () => orm.em.fork();
  const one = <Row>(find: (ids: readonly string[]) => Promise<Row[]>, key: (row: Row) => string) =>
    new DataLoader<string, Row | null>(
      async (ids) => {
        const rows = new Map((await find(ids)).map((row) => [key(row), row]));
        return ids.map((id) => rows.get(id) ?? null);
      },
      { maxBatchSize: MAX_BATCH },
    );
  const many = <Row>(find: (ids: readonly string[]) => Promise<Row[]>, key: (row: Row) => string) =>
    new DataLoader<string, Row[]>(
      async (ids) => {
        const rows = Map.groupBy(await find(ids), key);
        return ids.map((id) => rows.get(id) ?? []);
      },
      { maxBatchSize: MAX_BATCH },
    );
  return {
    offer: one(
      (ids) => findOffers(em(), ids),
      (row) => row.offerId,
    ),
    availability: new DataLoader((ids) => readAvailability(orm, ids), { maxBatchSize: MAX_BATCH }),
    levelsOfOffer: many(
      (ids) => levelsOfOffers(em(), ids),
      (row) => row.offerId,
    ),
    level: one(
      (ids) => findLevels(em(), ids),
      (row) => row.id,
    ),
    warehouse: one(
      (ids) => findWarehouses(em(), ids),
      (row) => row.id,
    ),
    warehousesOfVendor: many(
      (ids) => warehousesOfVendors(em(), ids),
      (row) => row.vendorId ?? '',
    ),
    reservation: one(
      (ids) => findReservations(em(), ids),
      (row) => row.id,
    ),
    reservationOfCart: one(
      (ids) => reservationsOfCarts(em(), ids),
      (row) => row.cartId,
    ),
    reservationLines: many(
      (ids) => linesOf(em(), ids),
      (row) => row.reservationId,
    ),
    slotsLeft: new DataLoader(
      async (ids) => {
        const left = new Map((await slotsLeft(em(), ids)).map((row) => [row.id, row.left]));
        return ids.map((id) => left.get(id) ?? null);
      },
      { maxBatchSize: MAX_BATCH },
    ),
    availableOfVariant: new DataLoader((ids) => readVariants(orm, ids), { maxBatchSize: MAX_BATCH }),
  };
}

/** An offer nobody has counted yet has none: it cannot be bought. */
async function readAvailability(orm: Database, offerIds: readonly string[]): Promise<AvailabilityRead[]> {
  const rows = await unitsOfOffers(orm.em.fork(), offerIds);
  const offers = new Map(rows.map((row) => [row.offerId, row]));
  const asOf = new Date();
  return offerIds.map((id) => {
    const offer = offers.get(id);
    const available = offer ? offer.onHand - offer.reserved + offer.overdue : 0;
    return {
      offer: { id },
      available,
      status: statusOf(available, offer?.lowStockThreshold ?? 0) as OfferAvailability['status'],
      asOf,
      sequence: offer?.sequence ?? 0,
    };
  });
}

async function readVariants(orm: Database, variantIds: readonly string[]): Promise<number[]> {
  const em = orm.em.fork();
  const offers = await offersOfVariants(em, variantIds);
  const rows = await availabilityOf(
    em,
    offers.map(({ offerId }) => offerId),
  );
  const units = new Map(rows.map((row) => [row.offerId, row.onHand - row.reserved + row.overdue]));
  return variantIds.map((id) =>
    offers
      .filter(({ variantId }) => variantId === id)
      .reduce((total, { offerId }) => total + (units.get(offerId) ?? 0), 0),
  );
}
