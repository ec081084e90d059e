import type { Inbox } from '../messaging/messaging.ts';
import { type Database, type EntityManager, inTransaction } from './database.ts';

export function postgresInbox(orm: Database): Inbox<EntityManager> {
  return {
    once: (consumer, eventId, effect) =>
      inTransaction(orm, async (em) => {
        const inserted = await em.execute<unknown[]>(
          'insert into inbox (consumer, event_id) values (?, ?) on conflict do nothing returning 1',
          [consumer, eventId],
        );
        if (inserted.length === 0) return false;
        await effect(em);
        return true;
      }),
  };
}
