import { afterCommit, type EntityManager } from '@marketgraph/platform/postgres';
import { reportOf } from '../clients/payments.ts';
import { latestCheckoutOfCart, parkPaymentReport, postponeCheckout, readCheckout } from '../store/checkouts.ts';
import { isNewsTo } from '../domain/checkout.ts';
import { applyCheckoutEvent } from './advance-checkout.ts';
import { refundPayment } from '../domain/cancellation.ts';
import type { OrderPaymentStatus } from '../domain/order-status.ts';
import { lockOrder } from '../store/order-writes.ts';
import { recordOrderChange } from './record-order-change.ts';
import type { Services } from './services.ts';

/**
 * News of a payment, in the transaction of its inbox row. What follows from it
 * is asked for by the sweeper, at once after the commit: a consumer's
 * transaction waits for nobody. News of an unknown checkout is kept for it.
 */
export async function hearPayment(
  em: EntityManager,
  services: Services,
  news: {
    orderId: string;
    eventId: string;
    payment: { paymentId: string; status: string; failureCode: string | null; failureMessage: string | null };
    trace?: string;
  },
): Promise<void> {
  const { orderId, eventId, trace } = news;
  const report = reportOf(news.payment);
  if (report.status === 'PENDING') return;
  const event = { type: 'paymentReported', report } as const;
  const heard = await applyCheckoutEvent(em, services, { orderId, event, cause: { actorId: null, trace } });
  if (!heard) {
    await parkPaymentReport(em, { orderId, eventId, report, now: services.clock.now() });
  } else if (heard.requests.length > 0) {
    await leaveToSweeper(em, services, orderId);
  }
}

/** What follows is asked for as soon as this is committed. */
async function leaveToSweeper(em: EntityManager, { clock, nudgeSweeper }: Services, orderId: string): Promise<void> {
  await postponeCheckout(em, orderId, { nextAttemptAt: clock.now(), failed: false });
  afterCommit(em, nudgeSweeper);
}

/** A driver that is not through by then may wait for the provider: its checkout is looked at as it stands. */
const DRIVER_MS = 50;

/** Whether its checkout could still learn something of it. */
export async function isNewsOfPayment(
  services: Services,
  { orderId, payment }: Pick<Parameters<typeof hearPayment>[2], 'orderId' | 'payment'>,
): Promise<boolean> {
  const report = reportOf(payment);
  const isPassed = () => {
    const known = services.reached.of(orderId);
    return known !== undefined && !isNewsTo(known, report);
  };
  if (isPassed()) return false;
  // Who drives it in this process has mostly asked for the very same, and is about to save it.
  await endOfDriver(services, orderId);
  if (isPassed()) return false;
  const record = await readCheckout(services.orm.em.fork(), orderId);
  return !record || isNewsTo(record.state, report);
}

async function endOfDriver({ driving }: Services, orderId: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRIVER_MS);
  });
  await Promise.race([driving(orderId, async () => undefined), late]);
  clearTimeout(timer);
}

/** What of a refund the order's own status says; its refunds are with payments. */
const REFUND_STATUS: Readonly<Record<string, OrderPaymentStatus>> = {
  PARTIALLY_REFUNDED: 'PARTIALLY_REFUNDED',
  REFUNDED: 'REFUNDED',
  // A refund came back from the bank.
  CAPTURED: 'PAID',
};

/** Money went back to the buyer, whoever asked for it. */
export async function hearRefund(
  em: EntityManager,
  services: Services,
  { orderId, status, trace }: { orderId: string; status: string; trace?: string },
): Promise<void> {
  const to = REFUND_STATUS[status];
  const locked = to && (await lockOrder(em, orderId));
  const facts = locked ? refundPayment(locked.order, to) : [];
  if (!locked || facts.length === 0) return;
  await recordOrderChange(em, services, { locked, change: { facts }, cause: { actorId: null, trace } });
}

/** The goods were given back before the payment came. */
export async function hearReservationExpired(
  em: EntityManager,
  services: Services,
  { cartId, reservationId, trace }: { cartId: string; reservationId: string; trace?: string },
): Promise<void> {
  const checkout = await latestCheckoutOfCart(em, cartId);
  const held = checkout && 'reservation' in checkout.state ? checkout.state.reservation?.id : undefined;
  // Of an older checkout of the same cart, or of one that has ended: no news.
  if (!checkout || held !== reservationId) return;
  const { orderId } = checkout;
  const event = { type: 'timeUp' } as const;
  const heard = await applyCheckoutEvent(em, services, { orderId, event, cause: { actorId: null, trace } });
  if (heard && heard.requests.length > 0) await leaveToSweeper(em, services, orderId);
}
