import { finding, type Invariant, together } from '../invariant.ts';
import type { DatabaseName, StoreReaders } from '../store-readers.ts';

const DATABASES: readonly DatabaseName[] = ['accounts', 'inventory', 'orders', 'payments'];
/** An outbox row younger than this may be on its way. */
const SETTLED_S = 10;

const published: Invariant = {
  id: 'I12',
  title: 'every outbox row is published, every event is handled at most once by each consumer',
  async check(stores) {
    const relational = await Promise.all(DATABASES.map((database) => inPostgres(stores, database)));
    const documents = await Promise.all((['catalog', 'reviews'] as const).map((name) => inMongo(stores, name)));
    return together([...relational, ...documents]);
  },
};

async function inPostgres({ rows }: StoreReaders, database: DatabaseName) {
  const [counts] = await rows<{ events: string; handled: string; twice: string }>(
    database,
    `select (select coalesce(sum(count), 0) from outbox) as events, (select count(*) from inbox) as handled,
            (select count(*) from (select 1 from inbox group by consumer, event_id having count(*) > 1) t) as twice`,
  );
  const late = await rows<{ id: string; name: string }>(
    database,
    `select event_id as id, name from outbox
      where published_at is null and occurred_at < now() - make_interval(secs => $1) order by position`,
    [SETTLED_S],
  );
  const broken = late.map(({ id, name }) => `${database}: ${name} ${id} is not published`);
  if (Number(counts?.twice ?? 0) > 0) broken.push(`${database}: ${counts?.twice} events were handled twice`);
  return finding(Number(counts?.events ?? 0) + Number(counts?.handled ?? 0), broken);
}

async function inMongo({ mongo }: StoreReaders, name: 'catalog' | 'reviews') {
  const outbox = mongo[name].collection<{ name: string; occurredAt: Date | string; publishedAt: Date | null }>(
    'outbox',
  );
  const before = Date.now() - SETTLED_S * 1_000;
  const waiting = await outbox.find({ publishedAt: null }).limit(1_000).toArray();
  return finding(
    await outbox.countDocuments({}),
    waiting
      .filter(({ occurredAt }) => new Date(occurredAt).getTime() < before)
      .map((event) => `${name}: ${event.name} ${String(event._id)} is not published`),
  );
}

const DEAD = 'dead:*';
const SCAN_COUNT = 500;

const nothingBuried: Invariant = {
  id: 'I14',
  title: 'no consumer has given up on an event',
  async check({ redis }) {
    const streams = new Set<string>();
    let cursor = '0';
    do {
      const [next, keys] = await redis.scan(cursor, 'MATCH', DEAD, 'COUNT', SCAN_COUNT);
      for (const key of keys) streams.add(key);
      cursor = next;
    } while (cursor !== '0');
    const lengths = await Promise.all([...streams].map(async (key) => [key, await redis.xlen(key)] as const));
    const groups = await redis.keys('events:*');
    return finding(
      groups.length + streams.size,
      lengths.filter(([, length]) => length > 0).map(([key, length]) => `${key} holds ${length}`),
    );
  },
};

export const outboxInvariants: readonly Invariant[] = [published];
export const deadLetterInvariants: readonly Invariant[] = [nothingBuried];
