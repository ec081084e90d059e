import type { Ids } from '../core/core.ts';
import { keptTexts } from '../messaging/kept-texts.ts';
import type { EventEnvelope, NewEvent, Outbox, OutboxRow } from '../messaging/messaging.ts';
import { arrayOf, type Columns, columnsOf, rowsAs } from './columns.ts';
import type { Database, EntityManager } from './database.ts';
import { activeTraceparent } from '../tracing/tracing.ts';
import { afterCommit, executeAlong, executeTogether, leanTransaction } from './lean-connection.ts';
import { tidyMessaging } from './tidy.ts';

/** Tables of the platform; every service's first migration runs these statements. */
export const messagingTables: readonly string[] = [
  `create table outbox (
     position bigint generated always as identity primary key,
     event_id text not null unique,
     name text not null,
     version integer not null,
     key text not null,
     sequence bigint not null,
     occurred_at timestamptz not null,
     trace text,
     topics text[],
     payload jsonb not null,
     published_at timestamptz
   )`,
  'create index outbox_unpublished on outbox (position) where published_at is null',
  'create index outbox_occurred_at on outbox (occurred_at)',
  `create table inbox (
     consumer text not null,
     event_id text not null,
     handled_at timestamptz not null default now(),
     primary key (consumer, event_id)
   )`,
  `create table idempotency (
     principal text not null,
     operation text not null,
     key text not null,
     input_hash text not null,
     answer jsonb,
     created_at timestamptz not null default now(),
     primary key (principal, operation, key)
   )`,
  'create index idempotency_created_at on idempotency (created_at)',
];

/**
 * Changes of these tables after services had made them; each service's migrations end with them. A service that has
 * none of the tables is left alone.
 */
export const messagingMigrations: Readonly<Record<string, readonly string[]>> = {
  'platform-001-outbox-marks': [
    `do $$ begin
       if to_regclass('outbox') is not null then
         create index if not exists outbox_published_at on outbox (published_at);
       end if;
     end $$`,
  ],
  // Rows come in the order of time, so that a block range says enough, and costs nearly nothing to keep.
  'platform-002-inbox-age': [
    `do $$ begin
       if to_regclass('inbox') is not null then
         create index if not exists inbox_handled_at on inbox using brin (handled_at);
       end if;
     end $$`,
  ],
  // An event is written and marked, and each index costs both. What waits is found by outbox_unpublished, what was
  // published by its mark; ids and positions come from sequences of their own. A block range over positions costs nearly
  // nothing: by it those find what they mark who do not say that it waits, as they did before this.
  'platform-003-outbox-indexes': [
    `do $$ begin
       if to_regclass('outbox') is not null then
         alter table outbox drop constraint if exists outbox_pkey, drop constraint if exists outbox_event_id_key;
         drop index if exists outbox_occurred_at, outbox_published_at;
         create index outbox_published_at on outbox (published_at) where published_at is not null;
         create index outbox_occurred_at on outbox using brin (occurred_at);
         create index outbox_position on outbox using brin (position);
       end if;
       if to_regclass('idempotency') is not null then
         drop index if exists idempotency_created_at;
         create index idempotency_created_at on idempotency using brin (created_at);
       end if;
     end $$`,
  ],
  // Events of one change may stand in one row, as they travel: then it has no payload of its own.
  'platform-004-outbox-crowds': [
    `do $$ begin
       if to_regclass('outbox') is not null then
         alter table outbox add column if not exists count integer not null default 1,
           add column if not exists texts text, alter column payload drop not null;
       end if;
     end $$`,
  ],
};

const EVENT: Columns = {
  ...{ id: 'text', name: 'text', version: 'int', key: 'text', sequence: 'bigint', trace: 'text' },
  // An array of arrays would have to be of one length.
  ...{ topics: 'text', payload: 'jsonb' },
};
const APPEND = `insert into outbox (event_id, name, version, key, sequence, occurred_at, trace, topics, payload)
  select id, name, version, key, sequence, ?, trace, topics::text[], payload
    from ${rowsAs('event', EVENT)}`;

/** A row of several events: what it says beside them is of the first. */
const APPEND_CROWD = `insert into outbox (event_id, name, version, key, sequence, occurred_at, count, texts)
  values (?, ?, ?, ?, ?, ?, ?, ?)`;
/** Far below the size of a row, however long they are; a batch of the relay is larger than asked for by at most as many. */
const EVENTS_PER_ROW = 100;

/** The events of a row as they travel, by the id of the first. */
type Written = readonly [id: string, texts: readonly string[]];

/** Who is told of what was written, by the configuration that all entity managers of one database share. */
const told = new WeakMap<object, Set<(written: readonly Written[]) => void>>();

function listenersOf({ config }: { config: object }) {
  let known = told.get(config);
  if (!known) told.set(config, (known = new Set()));
  return known;
}

export interface AppendOptions {
  ids: Ids;
  now: Date;
  trace?: string;
  /**
   * Several events are one row, as their JSON: for who tells much at once, where a row for each costs as much as what they
   * tell of. By its key in the table only the first is found.
   */
  isCrowd?: boolean;
}

/** Writes events beside the change they tell of, in the same transaction; the relay of this process is told at its commit. */
export async function appendToOutbox(
  em: EntityManager,
  events: readonly NewEvent[],
  { ids, now, trace = activeTraceparent(), isCrowd = false }: AppendOptions,
): Promise<EventEnvelope[]> {
  const envelopes = events.map((event) => ({
    ...(trace ? { trace } : {}),
    ...event,
    id: ids.next('evt'),
    occurredAt: now.toISOString(),
  }));
  if (envelopes.length === 0) return envelopes;
  const written =
    isCrowd && envelopes.length > 1 ? await appendCrowds(em, envelopes) : await appendEach(em, envelopes, now);
  afterCommit(em, () => listenersOf(em).forEach((tell) => tell(written)));
  return envelopes;
}

async function appendEach(em: EntityManager, envelopes: readonly EventEnvelope[], now: Date): Promise<Written[]> {
  const rows = envelopes.map(({ topics, ...envelope }) => ({ ...envelope, topics: topics && arrayOf(topics) }));
  // One statement for any number, and the same text for each: positions follow the order of the list, in which rows are read.
  await executeAlong(em, APPEND, [now, ...columnsOf(EVENT, rows)]);
  return envelopes.map((envelope): Written => [envelope.id, [JSON.stringify(envelope)]]);
}

async function appendCrowds(em: EntityManager, envelopes: readonly EventEnvelope[]): Promise<Written[]> {
  const written: Written[] = [];
  for (let from = 0; from < envelopes.length; from += EVENTS_PER_ROW) {
    const crowd = envelopes.slice(from, from + EVENTS_PER_ROW);
    const { id, name, version, key, sequence, occurredAt } = crowd[0]!;
    const texts = crowd.map((envelope) => JSON.stringify(envelope));
    const first = [id, name, version, key, sequence, occurredAt];
    await executeAlong(em, APPEND_CROWD, [...first, crowd.length, `[${texts.join(',')}]`]);
    written.push([id, texts]);
  }
  return written;
}

interface Place {
  position: string;
  event_id: string;
  /** Of the events in this row. */
  count: number;
}

interface Row extends Place {
  name: string;
  version: number;
  key: string;
  sequence: string;
  occurred_at: Date | string;
  trace: string | null;
  topics: string[] | null;
  payload: unknown;
  texts: string | null;
}

interface Marks {
  last: string;
  now: string;
}

/** The newest mark, on outbox_published_at, and the time of this very moment as one. */
const MARKS = `select coalesce(floor(extract(epoch from max(published_at)) * 1000), 0)::bigint as last,
  floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now`;

const LOCK = "select pg_try_advisory_xact_lock(hashtext('outbox relay')) as free";
/** On outbox_unpublished. */
const NEXT = `select waiting.*, marks.last, marks.now
  from (${MARKS} from outbox) marks,
       (select position, event_id, count from outbox where published_at is null order by position limit ?) waiting
 order by waiting.position`;
/** Also on outbox_unpublished. */
const MARK = `update outbox set published_at = to_timestamp(?::bigint / 1000.0)
  where published_at is null and position = any(?::bigint[])`;
/** And so is this. */
const ROWS = 'select * from outbox where published_at is null and position = any(?::bigint[])';

/**
 * One relay per outbox at a time: a try-lock that lives as long as the
 * transaction of a batch, which ends when the batch is published and marked.
 * A relay that dies on the way takes its transaction with it. Row order is the
 * order of commit for one aggregate, because a command holds its aggregate's
 * row before it writes here.
 */
export function postgresOutbox(orm: Database): Outbox {
  let isWritten = true;
  const kept = keptTexts();

  /** In the order of their positions, what this process has written as it is kept, and the rest from the table. */
  const eventsOf = async (em: EntityManager, places: readonly Place[]): Promise<OutboxRow[]> => {
    const texts = places.map(({ event_id }) => kept.of(event_id));
    const missing = places.filter((_, at) => texts[at] === undefined).map(({ position }) => position);
    const rows = missing.length > 0 ? await em.execute<Row[]>(ROWS, [`{${missing.join(',')}}`]) : [];
    const byPosition = new Map(rows.map((row) => [row.position, row]));
    return places.flatMap(({ position }, at) =>
      (texts[at] ?? toEnvelopes(byPosition.get(position)!)).map((envelope) => ({ position, envelope })),
    );
  };

  const requeued = async (update: string, parameters: unknown[]): Promise<number> => {
    const [again] = await orm.em
      .fork()
      .execute<{ events: string }[]>(
        `with again as (${update} returning count) select coalesce(sum(count), 0) as events from again`,
        parameters,
      );
    return Number(again?.events ?? 0);
  };

  return {
    onWritten(listener) {
      listenersOf(orm).add((written) => {
        isWritten = true;
        kept.keep(written);
        listener();
      });
    },

    async publishNext(limit, publish) {
      const keptBefore = kept.ids();
      // Nothing was written here, so most likely nothing waits: then this one statement is all it costs.
      if (!isWritten) {
        const [look] = await orm.em
          .fork()
          .execute<{ waits: boolean }[]>('select exists (select 1 from outbox where published_at is null) as waits');
        if (!look?.waits) return 0;
      }
      isWritten = false;
      const publishRows = async (em: EntityManager) => {
        // Two statements, so that the rows are seen as of after the lock.
        const [[lock], waiting] = (await executeTogether(em, [[LOCK], [NEXT, [limit]]])) as [
          { free: boolean }[],
          (Place & Marks)[],
        ];
        if (!lock?.free) return null;
        if (waiting.length === 0) return 0;
        const last = Number(waiting[0]!.last);
        const next = Math.max(Number(waiting[0]!.now), last + 1);
        const places = upTo(limit, waiting);
        const events = await eventsOf(em, places);
        await publish(events, { last, next });
        await executeAlong(em, MARK, [next, `{${places.map(({ position }) => position).join(',')}}`]);
        return events.length;
      };
      // A mark that is lost is made again: what was published is published once more.
      const published = await leanTransaction(orm, publishRows, { mayBeLost: true });
      // Nothing older is left, so what was kept before is published, by this relay or by another.
      if (published !== null && published < limit) kept.forget(keptBefore);
      return published;
    },

    async lastMark() {
      const [marks] = await orm.em.fork().execute<Marks[]>(`${MARKS} from outbox`);
      return Number(marks?.last ?? 0);
    },

    async requeueAfter(mark, limit) {
      return requeued(
        `update outbox set published_at = null
          where published_at > to_timestamp(?::bigint / 1000.0)
            and position >= (select min(position) from (
              select position, sum(count) over (order by position desc) - count as newer
                from outbox where published_at > to_timestamp(?::bigint / 1000.0)) lost
               where newer < ?)`,
        [mark, mark, limit],
      );
    },

    async requeue(since) {
      return requeued('update outbox set published_at = null where occurred_at >= ? and published_at is not null', [
        since.toISOString(),
      ]);
    },

    async backlog() {
      const [row] = await orm.em
        .fork()
        .execute<{ count: string; oldest: Date | string | null }[]>(
          'select coalesce(sum(count), 0) as count, min(occurred_at) as oldest from outbox where published_at is null',
        );
      return { count: Number(row?.count ?? 0), ...(row?.oldest ? { oldest: new Date(row.oldest) } : {}) };
    },

    tidy: () => tidyMessaging(orm),

    close: async () => undefined,
  };
}

/** As many rows as have so many events, what stands with the last of them too. */
function upTo<P extends Place>(limit: number, waiting: readonly P[]): P[] {
  let events = 0;
  return waiting.filter(({ count }) => {
    const isWithin = events < limit;
    events += count;
    return isWithin;
  });
}

function toEnvelopes(row: Row): EventEnvelope[] {
  return row.texts === null ? [toEnvelope(row)] : (JSON.parse(row.texts) as EventEnvelope[]);
}

function toEnvelope(row: Row): EventEnvelope {
  return {
    id: row.event_id,
    name: row.name,
    version: row.version,
    key: row.key,
    sequence: Number(row.sequence),
    occurredAt: new Date(row.occurred_at).toISOString(),
    ...(row.trace ? { trace: row.trace } : {}),
    ...(row.topics && row.topics.length > 0 ? { topics: row.topics } : {}),
    payload: row.payload,
  };
}
