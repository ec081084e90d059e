import { badUserInput, forbidden, pageRequest, requireActing, toConnection } from '@marketgraph/platform/graphql';
import { Arg, Ctx, Directive, FieldResolver, ID, Int, Query, Resolver, Root } from 'type-graphql';
import { findDrift } from '../commands/reconcile.ts';
import { ALLOWANCE_PLACE } from '../store/allowances.ts';
import { movementsOf } from '../store/levels.ts';
import { offersOfVendor } from '../store/offers.ts';
import { actsFor, seesReservations } from './access.ts';
import type { InventoryContext } from './context.ts';
import { toMovement, toReservation, toStockLevel, toWarehouse } from './map.ts';
import {
  Cart,
  InventoryDrift,
  LightningDeal,
  Offer,
  OfferAvailability,
  ProductVariant,
  Reservation,
  ReservationLine,
  StockLevel,
  StockMovementConnection,
  Vendor,
  Warehouse,
} from './stock.type.ts';

/** More offers than fit a page are asked for in several operations. */
export const MAX_OFFERS = 100;
/** `lowStockOffers` looks at this many offers behind `after`. */
const LOW_STOCK_SCAN = 500;

@Resolver()
export class StockQueries {
  @Directive('@apiScope(anyOf: ["inventory:read"])')
  @Query(() => Warehouse, { nullable: true, description: 'A warehouse, for its own vendor and operators.' })
  async warehouse(
    @Arg('id', () => ID, { description: 'What to look up.' }) id: string,
    @Ctx() { loaders, viewer }: InventoryContext,
  ): Promise<Warehouse | null> {
    const row = await loaders.warehouse.load(id);
    return row && actsFor(viewer, row.vendorId) ? toWarehouse(row) : null;
  }

  @Directive('@apiScope(anyOf: ["inventory:read"])')
  @Query(() => [OfferAvailability], {
    description: 'What can be bought of up to 100 offers, in the order asked for. Unknown offers have none.',
  })
  async availability(
    @Arg('offerIds', () => [ID], { description: 'From 1 to 100.' }) offerIds: string[],
    @Ctx() { loaders }: InventoryContext,
  ): Promise<OfferAvailability[]> {
    if (offerIds.length > MAX_OFFERS) throw badUserInput(`At most ${MAX_OFFERS} offers at a time.`);
    return Promise.all(offerIds.map((id) => loaders.availability.load(id)));
  }

  @Query(() => Reservation, { nullable: true, description: 'A reservation, for services and operators.' })
  async reservation(
    @Arg('id', () => ID, { description: 'What to look up.' }) id: string,
    @Ctx() { loaders, viewer }: InventoryContext,
  ): Promise<Reservation | null> {
    if (!seesReservations(viewer)) return null;
    const row = await loaders.reservation.load(id);
    return row && toReservation(row);
  }

  @Directive('@apiScope(anyOf: ["inventory:read"])')
  @Query(() => [InventoryDrift], {
    description: 'Offers whose counter and ledger differ, at most 1,000. Empty is good.',
  })
  async inventoryDrift(
    @Arg('vendorId', () => ID, {
      nullable: true,
      description: 'Of one vendor only; null for all, which is for operators.',
    })
    vendorId: string | null,
    @Ctx() { commands, viewer }: InventoryContext,
  ): Promise<InventoryDrift[]> {
    if (!actsFor(requireActing(viewer), vendorId)) throw forbidden();
    const drifts = await findDrift(commands, vendorId);
    return drifts.map(({ offerId, counter, ledger }) => ({ offer: { id: offerId }, counter, ledger }));
  }
}

@Resolver(() => Offer)
export class OfferStock {
  @Directive('@cacheControl(maxAge: 2)')
  @FieldResolver(() => OfferAvailability, {
    nullable: true,
    description: 'What can be bought now, over all warehouses.',
  })
  availability(@Root() { id }: Offer, @Ctx() { loaders }: InventoryContext): Promise<OfferAvailability> {
    return loaders.availability.load(id);
  }

  @FieldResolver(() => [StockLevel], {
    nullable: true,
    description: 'Stock per warehouse, for its own vendor; null for others.',
  })
  async stockLevels(@Root() { id }: Offer, @Ctx() { loaders, viewer }: InventoryContext): Promise<StockLevel[] | null> {
    const offer = await loaders.offer.load(id);
    if (!offer || !actsFor(viewer, offer.vendorId)) return null;
    return (await loaders.levelsOfOffer.load(id)).map(toStockLevel);
  }

  @FieldResolver(() => Int, {
    nullable: true,
    description: 'Up to so many units count as low, for its own vendor; null for others.',
  })
  async lowStockThreshold(@Root() { id }: Offer, @Ctx() { loaders, viewer }: InventoryContext): Promise<number | null> {
    const offer = await loaders.offer.load(id);
    return offer && actsFor(viewer, offer.vendorId) ? offer.lowStockThreshold : null;
  }
}

@Resolver(() => ProductVariant)
export class VariantStock {
  @Directive('@cacheControl(maxAge: 1)')
  @FieldResolver(() => Int, { nullable: true, description: 'Units over all offers of the variant.' })
  totalAvailable(@Root() { id }: ProductVariant, @Ctx() { loaders }: InventoryContext): Promise<number> {
    return loaders.availableOfVariant.load(id);
  }
}

@Resolver(() => Vendor)
export class VendorStock {
  @FieldResolver(() => [Warehouse], {
    nullable: true,
    description: 'Its warehouses, for the vendor itself; null for others.',
  })
  async warehouses(@Root() { id }: Vendor, @Ctx() { loaders, viewer }: InventoryContext): Promise<Warehouse[] | null> {
    if (!actsFor(viewer, id)) return null;
    return (await loaders.warehousesOfVendor.load(id)).map(toWarehouse);
  }

  @FieldResolver(() => [OfferAvailability], {
    nullable: true,
    description: 'Offers at or below their threshold, for the vendor itself; `after` is an offer id.',
  })
  async lowStockOffers(
    @Root() { id }: Vendor,
    @Arg('first', () => Int, { defaultValue: 20, description: 'From 1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after: string | null,
    @Ctx() { loaders, viewer, commands }: InventoryContext,
  ): Promise<OfferAvailability[] | null> {
    if (!actsFor(viewer, id)) return null;
    const { limit } = pageRequest({ first }, { arity: 1 });
    const low: OfferAvailability[] = [];
    for (let from = after ?? ''; low.length < limit;) {
      const offers = await offersOfVendor(commands.orm.em.fork(), id, { limit: LOW_STOCK_SCAN, after: from });
      const page = await Promise.all(offers.map(({ offerId }) => loaders.availability.load(offerId)));
      low.push(...page.filter(({ status }) => status !== 'IN_STOCK'));
      if (offers.length < LOW_STOCK_SCAN) break;
      from = offers.at(-1)!.offerId;
    }
    return low.slice(0, limit);
  }
}

@Resolver(() => LightningDeal)
export class DealSlots {
  @FieldResolver(() => Int, {
    nullable: true,
    description: 'Slots nobody has bought or holds at the moment. Null until stock has heard of the deal.',
  })
  slotsRemaining(@Root() { id }: LightningDeal, @Ctx() { loaders }: InventoryContext): Promise<number | null> {
    return loaders.slotsLeft.load(id);
  }
}

@Resolver(() => Cart)
export class CartReservation {
  @FieldResolver(() => Reservation, { nullable: true, description: 'What is set aside for the checkout of this cart.' })
  async reservation(@Root() { id }: Cart, @Ctx() { loaders }: InventoryContext): Promise<Reservation | null> {
    const row = await loaders.reservationOfCart.load(id);
    return row && toReservation(row);
  }
}

@Resolver(() => Reservation)
export class ReservationFields {
  @FieldResolver(() => [ReservationLine], { description: 'Units per offer and warehouse.' })
  async lines(@Root() { id }: Reservation, @Ctx() { loaders }: InventoryContext): Promise<ReservationLine[]> {
    const rows = await loaders.reservationLines.load(id);
    // What is held of an allowance is no unit of an offer and ships from nowhere.
    const units = rows.filter(({ warehouseId }) => warehouseId !== ALLOWANCE_PLACE);
    return units.map(({ offerId, warehouseId, quantity }) => ({ offer: { id: offerId }, warehouseId, quantity }));
  }
}

@Resolver(() => ReservationLine)
export class ReservationLineFields {
  @FieldResolver(() => Warehouse, { description: 'The warehouse that ships.' })
  async warehouse(
    @Root() { warehouseId }: ReservationLine,
    @Ctx() { loaders, viewer }: InventoryContext,
  ): Promise<Warehouse> {
    const row = await loaders.warehouse.load(warehouseId);
    const warehouse = toWarehouse(row!);
    return actsFor(viewer, warehouse.vendorId) ? warehouse : { ...warehouse, address: null };
  }
}

@Resolver(() => StockLevel)
export class StockLevelFields {
  @FieldResolver(() => Warehouse, { description: 'Where.' })
  async warehouse(@Root() { warehouseId }: StockLevel, @Ctx() { loaders }: InventoryContext): Promise<Warehouse> {
    return toWarehouse((await loaders.warehouse.load(warehouseId))!);
  }

  @FieldResolver(() => StockMovementConnection, { description: 'What changed this level, newest first.' })
  async movements(
    @Root() level: StockLevel,
    @Arg('first', () => Int, { defaultValue: 20, description: 'From 1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'The cursor to go on from.' }) after: string | null,
    @Ctx() { commands }: InventoryContext,
  ): Promise<StockMovementConnection> {
    const page = pageRequest({ first, after }, { arity: 1 });
    const before = page.after?.[0];
    const rows = await movementsOf(commands.orm.em.fork(), level, {
      limit: page.limit + 1,
      ...(before === undefined ? {} : { before: String(before) }),
    });
    return toConnection(rows, page, { key: (row) => [row.id], node: toMovement });
  }
}

@Resolver(() => Warehouse)
export class WarehouseFields {
  @FieldResolver(() => Vendor, { nullable: true, description: 'Whose it is; null for the marketplace’s own.' })
  vendor(@Root() { vendorId }: Warehouse): Vendor | null {
    return vendorId ? { id: vendorId } : null;
  }
}
