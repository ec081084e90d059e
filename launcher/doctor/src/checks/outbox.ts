import { MongoClient } from 'mongodb';
import { type Check, CONNECT_MS, type Judgement } from '../check.ts';
import { withPostgres } from '../postgres-session.ts';
import type { DatabaseName } from '../where.ts';

/** The relay looks several times a second; what waits longer waits for a relay that is not there. */
const WARN_AGE_S = 10;
const FAIL_AGE_S = 60;

/** Whether the events of a service leave its outbox. */
export function outboxCheck(name: DatabaseName, url: string): Check {
  return {
    id: `outbox:${name}`,
    run: () =>
      withPostgres(url, async ({ rows }) => {
        const [found] = await rows<{ waiting: string; ageS: number | null }>(
          `select coalesce(sum(count), 0)::text as waiting,
                  extract(epoch from clock_timestamp() - min(occurred_at))::float as "ageS"
             from outbox where published_at is null`,
        );
        return judgeOutbox(name, Number(found!.waiting), found!.ageS ?? 0);
      }),
  };
}

export function mongoOutboxCheck(name: 'catalog' | 'reviews', url: string): Check {
  return {
    id: `outbox:${name}`,
    async run({ now }) {
      const client = new MongoClient(url, { serverSelectionTimeoutMS: CONNECT_MS, appName: 'doctor' });
      try {
        const outbox = client.db().collection<{ occurredAt: Date | string }>('outbox');
        const [total] = await outbox
          .aggregate<{ waiting: number }>([
            { $match: { publishedAt: null } },
            // A document holds the events of one change.
            { $group: { _id: null, waiting: { $sum: { $ifNull: ['$count', 1] } } } },
          ])
          .toArray();
        const waiting = total?.waiting ?? 0;
        const [oldest] = await outbox.find({ publishedAt: null }).sort({ occurredAt: 1 }).limit(1).toArray();
        return judgeOutbox(name, waiting, oldest ? (now() - new Date(oldest.occurredAt).getTime()) / 1_000 : 0);
      } finally {
        await client.close();
      }
    },
  };
}

export function judgeOutbox(name: string, waiting: number, ageS: number): Judgement {
  const facts = { waiting, oldestS: Math.round(Math.max(0, ageS)) };
  if (waiting === 0 || ageS < WARN_AGE_S) {
    return { status: 'ok', reason: waiting === 0 ? 'everything is published' : `${waiting} on their way`, facts };
  }
  return {
    status: ageS >= FAIL_AGE_S ? 'fail' : 'warn',
    reason: `${waiting} events are not published, the oldest for ${facts.oldestS} s`,
    advice: `The relay of ${name} does not run or cannot write to Redis: see the log of ${name}.`,
    facts,
  };
}
