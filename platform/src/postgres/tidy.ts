import { IDEMPOTENCY_HOURS } from './idempotency.ts';
import { KEEP_INBOX_DAYS, KEEP_OUTBOX_DAYS } from '../messaging/messaging.ts';
import type { Database } from './database.ts';

const BATCH = 5_000;

/**
 * Removes published events, marks of handled ones and idempotency keys past their time, by the database's clock, in
 * bounded statements; `busy` while there may be more. Several processes at once do not wait for each other.
 */
export async function tidyMessaging(orm: Database): Promise<'idle' | 'busy'> {
  const em = orm.em.fork();
  const removed = [
    // On outbox_published_at; what waits has no such time.
    await em.execute<unknown[]>(
      `delete from outbox where ctid in (
         select ctid from outbox where published_at < now() - make_interval(days => ?)
          order by published_at limit ? for update skip locked) returning 1`,
      [KEEP_OUTBOX_DAYS, BATCH],
    ),
    // On inbox_handled_at.
    await em.execute<unknown[]>(
      `delete from inbox where (consumer, event_id) in (
         select consumer, event_id from inbox where handled_at < now() - make_interval(days => ?)
          limit ? for update skip locked) returning 1`,
      [KEEP_INBOX_DAYS, BATCH],
    ),
    // On idempotency_created_at.
    await em.execute<unknown[]>(
      `delete from idempotency where (principal, operation, key) in (
         select principal, operation, key from idempotency where created_at < now() - make_interval(hours => ?)
          limit ? for update skip locked) returning 1`,
      [IDEMPOTENCY_HOURS, BATCH],
    ),
  ];
  return removed.some((rows) => rows.length === BATCH) ? 'busy' : 'idle';
}
