import type { EventHandler, NewEvent } from '@marketgraph/platform/messaging';
import { appendToMongoOutbox, type MongoTransaction } from '@marketgraph/platform/mongo';
import { type VendorChanged, vendorChanged } from '@marketgraph/schema/events/accounts';
import {
  type AllowanceChanged,
  allowanceChanged,
  type StockChanged,
  stockChanged,
} from '@marketgraph/schema/events/inventory';
import { type OrderConfirmed, orderConfirmed } from '@marketgraph/schema/events/orders';
import { type RatingChanged, ratingChanged } from '@marketgraph/schema/events/reviews';
import type { CommandDeps } from '../commands/command-deps.ts';
import { tellIfChanged } from '../commands/tell-deals.ts';
import { stockBand } from '../domain/stock-band.ts';
import { saveSlots } from '../store/deals.ts';
import { saveStockBand } from '../store/offers.ts';
import { countPromotionUses } from '../store/promotions.ts';
import { saveVendor, saveVendorRating } from '../store/vendors.ts';

/** The domains whose events the catalog takes in. */
export const domainsIn = ['accounts', 'inventory', 'orders', 'reviews'] as const;

/**
 * Read models, and what follows from them at once: each event says how
 * something is now, and its sequence tells whether that is news; uses of a
 * promotion are counted, once per event, by the inbox. Whoever reads a featured
 * offer ranks by what stands here, so the next read after a sold-out winner names another.
 */
export function eventHandlers(deps: CommandDeps): Record<string, EventHandler<MongoTransaction>> {
  const { store, ids, clock } = deps;
  return {
    [vendorChanged.name]: async ({ payload, sequence }, { session }) => {
      const { vendorId, organizationId, handle, businessName, status, kycStatus } = payload as VendorChanged;
      const rating = { average: 0, count: 0 };
      const vendor = { id: vendorId, organizationId, handle, businessName, status, kycStatus, rating };
      await saveVendor(store, vendor, sequence, session);
    },
    [stockChanged.name]: async ({ payload, sequence }, { session }) => {
      const { offerId, ...stock } = payload as StockChanged;
      await saveStockBand(store, { offerId, band: stockBand(stock), sequence }, session);
    },
    [orderConfirmed.name]: async ({ payload }, { session }) => {
      // Absent from what was published before there were promotions.
      const { promotions = [] } = payload as OrderConfirmed;
      const used = promotions.map(({ promotionId }) => promotionId);
      await countPromotionUses(store, used, session);
    },
    // The last slot went, or one came back: whoever watches the deal is told in the same transaction.
    [allowanceChanged.name]: async ({ payload, sequence, trace }, transaction) => {
      const { allowanceId: dealId, available } = payload as AllowanceChanged;
      const { session } = transaction;
      const deal = await saveSlots(store, { dealId, slotsFree: available, sequence }, session);
      if (!deal) return;
      const events: NewEvent[] = [];
      await tellIfChanged(deps, { deal, session, tell: (event) => events.push(event) });
      await appendToMongoOutbox(transaction, events, { ids, now: clock.now(), trace });
    },
    [ratingChanged.name]: async ({ payload, sequence }, { session }) => {
      const { subjectId, average, count } = payload as RatingChanged;
      if (!subjectId.startsWith('ven_')) return;
      await saveVendorRating(store, { vendorId: subjectId, rating: { average, count }, sequence }, session);
    },
  };
}
