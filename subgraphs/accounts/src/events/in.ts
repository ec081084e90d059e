import type { EventEnvelope, EventHandler } from '@marketgraph/platform/messaging';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { type ProductModerated, productModerated } from '@marketgraph/schema/events/catalog';
import * as contracts from '@marketgraph/schema/events/orders';
import type { CommandDeps } from '../commands/deps.ts';
import { notify } from '../commands/notify.ts';
import { notifyOfModeration } from '../commands/notify-of-moderation.ts';
import { notifyOfReturn } from '../commands/notify-of-return.ts';
import { type Notice, orderConfirmedNotice, paymentFailedNotice, shippedNotice } from '../domain/notification.ts';

const SHIPPED = new Set(['SHIPPED', 'PARTIALLY_SHIPPED']);

/** Whether somebody wants to hear of it. */
export function concerns({ name, payload }: EventEnvelope): boolean {
  return name !== contracts.vendorOrderChanged.name || isShipped(payload as contracts.VendorOrderChanged);
}

function isShipped({ status, previousStatus }: contracts.VendorOrderChanged): boolean {
  return SHIPPED.has(status) && previousStatus !== status;
}

/** What happened to an order that its buyer, or of a return its vendor, wants to hear; and what a vendor's product was judged to be. Each vendor ships its own part, so it is the part's event that tells. */
export function handlers(
  deps: Pick<CommandDeps, 'ids' | 'clock' | 'wakeMailer'>,
): Readonly<Record<string, EventHandler<EntityManager>>> {
  const tell =
    <Payload>(toNotice: (payload: Payload) => Notice | null): EventHandler<EntityManager> =>
    async (event: EventEnvelope, em: EntityManager) => {
      const notice = toNotice(event.payload as Payload);
      if (notice) await notify(em, deps, notice, event.trace);
    };
  return {
    [contracts.orderConfirmed.name]: tell(orderConfirmedNotice),
    [contracts.orderFailed.name]: tell(paymentFailedNotice),
    [contracts.vendorOrderChanged.name]: tell((part: contracts.VendorOrderChanged) =>
      isShipped(part) ? shippedNotice(part) : null,
    ),
    [contracts.returnChanged.name]: (event, em) =>
      notifyOfReturn(em, deps, event.payload as contracts.ReturnChanged, event.trace),
    [productModerated.name]: (event, em) =>
      notifyOfModeration(em, deps, event.payload as ProductModerated, { sequence: event.sequence, trace: event.trace }),
  };
}
