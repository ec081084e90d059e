import { dropParkedReportsBefore, takeDueCheckouts } from '../store/checkouts.ts';
import { CheckoutStalledError, driveCheckout } from './advance-checkout.ts';
import type { Services } from './services.ts';

/** Sagas worked on at the same time by one sweeper. */
const BATCH = 16;
/** While one sweeper works on a saga the others leave it alone for this long. */
const LEASE_MS = 10_000;
const KEEP_PARKED_MS = 7 * 86_400_000;

/**
 * Takes up what nobody works on: sagas whose process died, whose answer is
 * overdue, or whose time to pay is over.
 */
export async function sweepCheckouts(services: Services): Promise<'idle' | 'busy'> {
  const now = services.clock.now();
  const leaseUntil = new Date(now.getTime() + LEASE_MS);
  const due = await takeDueCheckouts(services.orm.em.fork(), { now, leaseUntil, limit: BATCH });
  await Promise.all(
    due.map(async ({ orderId, isLate, trace }) => {
      const event = { type: isLate ? 'timeUp' : 'resumed' } as const;
      try {
        await driveCheckout(services, { orderId, event, cause: { actorId: null }, trace });
      } catch (error) {
        // One saga's trouble is not the others': it has its own next look, after the lease or the backoff.
        if (error instanceof CheckoutStalledError) {
          services.log.warn({ err: error.cause, orderId, attempts: error.record.attempts }, error.message);
        } else {
          services.log.error({ err: error, orderId }, 'checkout could not be resumed');
        }
      }
    }),
  );
  return due.length === BATCH ? 'busy' : 'idle';
}

export async function forgetParkedReports(services: Services): Promise<void> {
  const before = new Date(services.clock.now().getTime() - KEEP_PARKED_MS);
  await dropParkedReportsBefore(services.orm.em.fork(), before);
}
