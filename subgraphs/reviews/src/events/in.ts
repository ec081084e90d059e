import type { EventHandler } from '@marketgraph/platform/messaging';
import type { MongoTransaction } from '@marketgraph/platform/mongo';
import { vendorOrderDelivered, type VendorOrderDelivered } from '@marketgraph/schema/events/orders';
import type { ReviewsStore } from '../store/reviews-store.ts';

/** Who has received what: the only proof of a purchase that counts. */
export function handlersFor({ purchases }: ReviewsStore): Readonly<Record<string, EventHandler<MongoTransaction>>> {
  return {
    [vendorOrderDelivered.name]: async (event, { session }) => {
      const { buyerId, vendorId, deliveredAt, lines } = event.payload as VendorOrderDelivered;
      for (const { lineId, productId } of lines) {
        await purchases.updateOne(
          { _id: lineId },
          { $setOnInsert: { buyerId, vendorId, productId, deliveredAt: new Date(deliveredAt) } },
          { upsert: true, session },
        );
      }
    },
  };
}
