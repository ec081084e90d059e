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

    // In the order of their ids, so that two consumers with the same events do not wait for each other in a circle.
    onceTogether: (consumer, events, effect) =>
      inTransaction(orm, async (em) => {
        const inserted = await em.execute<{ id: string }[]>(
          `insert into inbox (consumer, event_id)
           select ?, id from jsonb_array_elements_text(?::jsonb) as event(id) order by id
           on conflict do nothing returning event_id as id`,
          [consumer, JSON.stringify(events.map(({ id }) => id))],
        );
        const isNew = new Set(inserted.map(({ id }) => id));
        const news = events.filter(({ id }) => isNew.delete(id));
        if (news.length > 0) await effect(news, em);
        return news.length;
      }),

    repeatable: (effect) => effect(orm.em.fork()),
  };
}
