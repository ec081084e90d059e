import type { PaymentsDeps } from './payments-deps.ts';
import { purgeHandledEvents } from '../store/webhook-inbox.ts';

/** The provider sends an event again for three days at most; ten times that is kept. */
const KEEP_EVENTS_DAYS = 30;
const BATCH = 5_000;

/** Keeps the provider's events, which only guard against repetition, from growing for ever. */
export async function purgeWebhooks(deps: PaymentsDeps): Promise<'idle' | 'busy'> {
  const before = new Date(deps.clock.now().getTime() - KEEP_EVENTS_DAYS * 24 * 60 * 60 * 1_000);
  const events = await purgeHandledEvents(deps.orm.em.fork(), before, BATCH);
  return events === BATCH ? 'busy' : 'idle';
}
