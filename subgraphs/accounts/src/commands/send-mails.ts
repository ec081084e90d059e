import { inTransaction } from '@marketgraph/platform/postgres';
import { markFailed, markSent, takeDueMails } from '../store/mails.ts';
import type { CommandDeps } from './deps.ts';

const BATCH = 50;
/** Over about a day, then the mail is dead and stays listed. */
const MAX_ATTEMPTS = 10;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 6 * 3_600_000;

/** Hands due mails to the sink; `busy` when there may be more. One that fails waits longer each time and holds up no other. */
export async function sendMails({
  orm,
  clock,
  mailSink,
  log,
}: Pick<CommandDeps, 'orm' | 'clock' | 'mailSink' | 'log'>): Promise<'idle' | 'busy'> {
  return inTransaction(orm, async (em) => {
    const now = clock.now();
    const mails = await takeDueMails(em, now, BATCH);
    for (const { id, recipient, subject, body, attempts, createdAt } of mails) {
      try {
        // A crash behind this line sends it again: the sink takes the same id as the same mail.
        await mailSink.deliver({ id, recipient, subject, body, date: new Date(createdAt) });
        await markSent(em, id);
      } catch (error) {
        const isLast = attempts + 1 >= MAX_ATTEMPTS;
        const delayMs = Math.min(FIRST_RETRY_MS * 4 ** attempts, MAX_RETRY_MS);
        log[isLast ? 'error' : 'warn']({ err: error, mailId: id, attempts: attempts + 1 }, 'mail not delivered');
        const message = error instanceof Error ? error.message : String(error);
        await markFailed(em, { id, error: message, nextAttemptAt: isLast ? null : new Date(now.getTime() + delayMs) });
      }
    }
    return mails.length === BATCH ? 'busy' : 'idle';
  });
}
