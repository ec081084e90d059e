import type { EventEnvelope, EventHandler } from '@marketgraph/platform/messaging';
import type { EntityManager } from '@marketgraph/platform/postgres';
import type { ReservationEnded } from '@marketgraph/schema/events/inventory';
import type { PaymentStatusChanged, RefundChanged } from '@marketgraph/schema/events/payments';
import { reportOf } from '../clients/payments.ts';
import { hearPayment, hearRefund, hearReservationExpired, isNewsOfPayment } from '../commands/hear-payment.ts';
import { hearReturnRefund } from '../commands/hear-return-refund.ts';
import type { Services } from '../commands/services.ts';

/** Whether anything of it is news for an order. */
export function concerns({ name, payload }: EventEnvelope): boolean {
  switch (name) {
    case 'payments.paymentStatusChanged': {
      const payment = payload as PaymentStatusChanged;
      return isAboutRefund(payment) || reportOf(payment).status !== 'PENDING';
    }
    case 'payments.refundChanged':
      return (payload as RefundChanged).returnId !== null;
    case 'inventory.reservationEnded':
      return (payload as ReservationEnded).status === 'EXPIRED';
    default:
      return true;
  }
}

/** The same by where the order stands: of the payment of an order that is through, most was known before it was told. */
export function isNews(services: Services): (event: EventEnvelope) => Promise<boolean> {
  return async ({ name, payload }) => {
    if (name !== 'payments.paymentStatusChanged') return true;
    const payment = payload as PaymentStatusChanged;
    return isAboutRefund(payment) || (await isNewsOfPayment(services, { orderId: payment.orderId, payment }));
  };
}

function isAboutRefund({ status, previousStatus }: PaymentStatusChanged): boolean {
  return [status, previousStatus].some((one) => one?.endsWith('REFUNDED'));
}

/** What other services tell, and the command it becomes here. */
export function eventHandlers(services: Services): Readonly<Record<string, EventHandler<EntityManager>>> {
  return {
    'payments.paymentStatusChanged': async (event, em) => {
      const payment = event.payload as PaymentStatusChanged;
      if (isAboutRefund(payment)) {
        await hearRefund(em, services, { orderId: payment.orderId, status: payment.status, trace: event.trace });
        return;
      }
      await hearPayment(em, services, { orderId: payment.orderId, eventId: event.id, payment, trace: event.trace });
    },

    'payments.refundChanged': async (event, em) => {
      const { orderId, returnId, status } = event.payload as RefundChanged;
      if (returnId === null) return;
      await hearReturnRefund(em, services, { orderId, returnId, status, trace: event.trace });
    },

    'inventory.reservationEnded': async (event, em) => {
      const { cartId, reservationId, status } = event.payload as ReservationEnded;
      if (status !== 'EXPIRED') return;
      await hearReservationExpired(em, services, { cartId, reservationId, trace: event.trace });
    },
  };
}
