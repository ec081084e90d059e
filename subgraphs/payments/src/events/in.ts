import type { EventEnvelope, EventHandler } from '@marketgraph/platform/messaging';
import type { EntityManager } from '@marketgraph/platform/postgres';
import { type VendorChanged, vendorChanged } from '@marketgraph/schema/events/accounts';
import {
  type OrderFailed,
  orderFailed,
  type VendorOrderDelivered,
  vendorOrderDelivered,
} from '@marketgraph/schema/events/orders';
import { abandonPayment } from '../commands/abandon-payment.ts';
import type { PaymentsDeps } from '../commands/payments-deps.ts';
import { requestPayoutAccount } from '../commands/request-payout-account.ts';
import { scheduleRelease } from '../commands/schedule-release.ts';

export const consumedDomains = ['orders', 'accounts'] as const;

/** What others tell, and the command it leads to. */
export function eventHandlers(deps: PaymentsDeps): Readonly<Record<string, EventHandler<EntityManager>>> {
  return {
    [vendorOrderDelivered.name]: (event, em) => {
      const { vendorOrderId, returnWindowEndsAt } = payloadOf<VendorOrderDelivered>(event);
      return scheduleRelease(deps, em, { vendorOrderId, releaseAt: new Date(returnWindowEndsAt) });
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
