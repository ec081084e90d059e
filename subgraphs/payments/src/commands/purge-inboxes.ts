import { IDEMPOTENCY_HOURS } from '@marketgraph/platform/postgres';
import type { PaymentsDeps } from './payments-deps.ts';
import { purgeHandledEvents, purgeKeys } from '../store/webhook-inbox.ts';

/** The provider sends an event again for three days at most; ten times that is kept. */
const KEEP_EVENTS_DAYS = 30;
const BATCH = 5_000;

/** Keeps the tables that only guard against repetition from growing for ever. */
export async function purgeInboxes(deps: PaymentsDeps): Promise<'idle' | 'busy'> {
  const em = deps.orm.em.fork();
  const now = deps.clock.now();
  const before = new Date(now.getTime() - KEEP_EVENTS_DAYS * 24 * 60 * 60 * 1_000);
  const events = await purgeHandledEvents(em, before, BATCH);
  const keys = await purgeKeys(em, IDEMPOTENCY_HOURS, BATCH);
  return events === BATCH || keys === BATCH ? 'busy' : 'idle';
}
