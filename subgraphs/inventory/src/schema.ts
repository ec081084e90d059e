import { buildSubgraph, type SubgraphSchema } from '@marketgraph/platform/graphql';
import { actsFor, seesReservations } from './graphql/access.ts';
import type { InventoryContext } from './graphql/context.ts';
import { toReservation, toStockLevel, toWarehouse } from './graphql/map.ts';
import { BasicUserError } from './graphql/shared.type.ts';
import { StockMutations } from './graphql/stock.mutations.ts';
import * as resolvers from './graphql/stock.resolver.ts';
import { StockSubscriptions } from './graphql/stock.subscriptions.ts';
import * as types from './graphql/stock.type.ts';

type Reference = { id: string };

export function inventorySchema(): SubgraphSchema {
  return buildSubgraph({
    resolvers: [
      resolvers.StockQueries,
      resolvers.OfferStock,
      resolvers.VariantStock,
      resolvers.VendorStock,
      resolvers.CartReservation,
      resolvers.DealSlots,
      resolvers.ReservationFields,
      resolvers.ReservationLineFields,
      resolvers.StockLevelFields,
      resolvers.WarehouseFields,
      StockMutations,
      StockSubscriptions,
    ],
    orphanedTypes: [
      BasicUserError,
      types.InsufficientStockError,
      types.Offer,
      types.Vendor,
      types.ProductVariant,
      types.Cart,
      types.LightningDeal,
      types.Reservation,
      types.StockLevel,
      types.Warehouse,
    ],
    references: {
      // Their owners decide who may see these; here they only gain fields.
      Offer: ({ id }) => ({ id }),
      Vendor: ({ id }) => ({ id }),
      ProductVariant: ({ id }) => ({ id }),
      Cart: ({ id }) => ({ id }),
      LightningDeal: ({ id }) => ({ id }),
      Warehouse: async (reference, { loaders, viewer }: InventoryContext) => {
        const row = await loaders.warehouse.load((reference as Reference).id);
        return row && actsFor(viewer, row.vendorId) ? toWarehouse(row) : null;
      },
      StockLevel: async (reference, { loaders, viewer }: InventoryContext) => {
        const row = await loaders.level.load((reference as Reference).id);
        const offer = row && (await loaders.offer.load(row.offerId));
        return row && offer && actsFor(viewer, offer.vendorId) ? toStockLevel(row) : null;
      },
      Reservation: async (reference, { loaders, viewer }: InventoryContext) => {
        const row = seesReservations(viewer) ? await loaders.reservation.load((reference as Reference).id) : null;
        return row && toReservation(row);
      },
    },
  });
}
