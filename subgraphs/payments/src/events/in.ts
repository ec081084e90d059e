import type { EventEnvelope, EventHandler } from '@marketgraph/platform/messaging';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { type VendorChanged, vendorChanged } from '@marketgraph/schema/events/accounts';
import {
  type OrderFailed,
  orderFailed,
  type ReturnChanged,
  returnChanged,
  type VendorOrderDelivered,
  vendorOrderDelivered,
} from '@marketgraph/schema/events/orders';
import { abandonPayment } from '../commands/abandon-payment.ts';
import { holdForReturn } from '../commands/hold-for-return.ts';
import type { PaymentsDeps } from '../commands/payments-deps.ts';
import { requestPayoutAccount } from '../commands/request-payout-account.ts';
import { scheduleRelease } from '../commands/schedule-release.ts';

export const consumedDomains = ['orders', 'accounts'] as const;

/** Words of orders for a return whose money is still to be given back, or not. */
const OPEN_RETURN = new Set(['REQUESTED', 'APPROVED', 'IN_TRANSIT', 'RECEIVED']);

/** What others tell, and the command it leads to. */
export function eventHandlers(deps: PaymentsDeps): Readonly<Record<string, EventHandler<EntityManager>>> {
  return {
    [vendorOrderDelivered.name]: (event, em) => {
      const { vendorOrderId, returnWindowEndsAt } = payloadOf<VendorOrderDelivered>(event);
      return scheduleRelease(deps, em, { vendorOrderId, releaseAt: new Date(returnWindowEndsAt) });
    },
    [returnChanged.name]: (event, em) => {
      const { returnId, vendorOrderId, status } = payloadOf<ReturnChanged>(event);
      const isOpen = OPEN_RETURN.has(status);
      return holdForReturn(deps, em, { returnId, vendorOrderId, isOpen, sequence: event.sequence });
    },
    [orderFailed.name]: (event, em) => abandonPayment(deps, em, payloadOf<OrderFailed>(event).orderId),
    [vendorChanged.name]: async (event, em) => {
      const { vendorId, status } = payloadOf<VendorChanged>(event);
      if (status === 'ACTIVE') await requestPayoutAccount(deps, em, vendorId);
    },
  };
}

function payloadOf<Payload>(event: EventEnvelope): Payload {
  return event.payload as Payload;
}
