import { isDeepStrictEqual } from 'node:util';
import type { EventEnvelope, EventHandler, NewEvent, TogetherHandler } from '@marketgraph/platform/messaging';
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
import { hearOfVendor } from '../commands/hear-of-vendor.ts';
import { tellIfChanged } from '../commands/tell-deals.ts';
import type { Listing } from '../domain/offer.ts';
import { stockBand } from '../domain/stock-band.ts';
import { listingsChanged } from './out.ts';
import { saveSlots } from '../store/deals.ts';
import { listingsToTell, saveStockBand, saveStockBands, type SequencedBand } from '../store/offers.ts';
import { countPromotionUses } from '../store/promotions.ts';
import { saveVendorRating } from '../store/vendors.ts';

/** The domains whose events the catalog takes in. */
export const domainsIn = ['accounts', 'inventory', 'orders', 'reviews'] as const;

/**
 * Read models, and what follows from them at once: each event says how
 * something is now, and its sequence tells whether that is news; uses of a
 * promotion are counted, once per event, by the inbox. Whoever reads a featured
 * offer ranks by what stands here, so the next read after a sold-out winner names another.
 */
export function eventHandlers(deps: CommandDeps): Record<string, EventHandler<MongoTransaction>> {
  const { store } = deps;
  const tell = teller(deps);
  return {
    [vendorChanged.name]: async ({ payload, sequence, trace }, transaction) => {
      const { vendorId, status, kycStatus } = payload as VendorChanged;
      const vendor = { id: vendorId, status, kycStatus, version: sequence };
      await tell(transaction, await hearOfVendor(store, vendor, transaction.session), trace);
    },
    [stockChanged.name]: async (event, transaction) => {
      const band = bandOf(event);
      const listing = await saveStockBand(store, band, transaction.session);
      if (listing) await tell(transaction, [bandChanged({ ...band, listing })], event.trace);
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
      await tell(transaction, events, trace);
    },
    [ratingChanged.name]: async ({ payload, sequence, trace }, transaction) => {
      const { session } = transaction;
      const { subjectId, average, count } = payload as RatingChanged;
      if (!subjectId.startsWith('ven_')) return;
      const rating = { average, count };
      const before = await saveVendorRating(store, { vendorId: subjectId, rating, sequence }, session);
      if (!before || isDeepStrictEqual(before.rating, rating)) return;
      const listings = await listingsToTell(store, { vendorId: subjectId }, session);
      const version = { key: subjectId, sequence: sequence + before.sequence };
      await tell(transaction, [listingsChanged(listings, version)], trace);
    },
  };
}

/** A vendor's system counts stock by the thousand. */
export function togetherHandlers(deps: CommandDeps): Record<string, TogetherHandler<MongoTransaction>> {
  const tell = teller(deps);
  return {
    [stockChanged.name]: async (events, transaction) => {
      const changed = await saveStockBands(deps.store, events.map(bandOf), transaction.session);
      if (changed.length > 0) await tell(transaction, changed.map(bandChanged), events[0]!.trace);
    },
  };
}

function teller({ ids, clock }: CommandDeps) {
  return (transaction: MongoTransaction, events: readonly NewEvent[], trace: string | undefined) =>
    appendToMongoOutbox(transaction, events, { ids, now: clock.now(), trace });
}

function bandOf({ payload, sequence }: EventEnvelope): SequencedBand {
  const { offerId, ...stock } = payload as StockChanged;
  return { offerId, band: stockBand(stock), sequence };
}

function bandChanged({ offerId, sequence, listing }: SequencedBand & { listing: Listing }): NewEvent {
  return listingsChanged([listing], { key: offerId, sequence });
}
