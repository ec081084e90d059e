import type { EventEnvelope } from '@marketgraph/platform/messaging';
import type { Statement } from './memory-orm.ts';
import { Table } from './memory-database.ts';

/** An event. Those that were written as a crowd have one position: they are one row to the relay. */
export interface OutboxEntry {
  position: number;
  /** Of the row, with its first event. */
  row?: { count: number; texts: string | null };
  eventId: string;
  name: string;
  version: number;
  key: string;
  sequence: number;
  occurredAt: string;
  topics: string[];
  payload: unknown;
  isPublished: boolean;
}

interface InboxEntry {
  consumer: string;
  eventId: string;
}

interface KeyEntry {
  inputHash: string;
  answer: unknown;
}

/** What every service's database has: outbox, inbox and idempotency keys. */
export interface PlatformTables {
  outbox: Table<OutboxEntry>;
  inbox: Table<InboxEntry>;
  keys: Table<KeyEntry>;
  /** How often an event's effect was committed, counted in the transaction of the effect. */
  effects: Table<{ count: number }>;
}

export function platformTables(): PlatformTables {
  return {
    outbox: new Table('outbox', [{ name: 'outbox_event_id', of: (row) => row.eventId }]),
    inbox: new Table('inbox'),
    keys: new Table('idempotency'),
    effects: new Table('effects'),
  };
}

/** An array as PostgreSQL reads it. */
const positionsIn = (array: unknown): string[] => (array as string).slice(1, -1).split(',');

/** Where nothing in it has to be written otherwise than in JSON. */
const itemsIn = (array: unknown): unknown[] => JSON.parse(`[${(array as string).slice(1, -1)}]`) as unknown[];

const eventKey = (position: number, at: number) => `${position}.${at}`;

const keyOf = (parts: readonly unknown[]) => parts.join(' | ');

/** The statements of `platform/src/postgres`: its inbox, outbox and idempotency keys run as they are. */
export function platformStatements({ outbox, inbox, keys }: PlatformTables): Statement[] {
  return [
    {
      pattern: /^insert into outbox \(.*, count, texts\)/,
      async run(transaction, [, , , , , , count, texts]) {
        const position = transaction.database.nextOf('outbox');
        for (const [at, event] of (JSON.parse(texts as string) as EventEnvelope[]).entries()) {
          const { id: eventId, topics = [], ...told } = event;
          await transaction.insert(outbox, eventKey(position, at), {
            ...{ position, ...(at === 0 ? { row: { count, texts } } : {}) },
            ...{ ...told, eventId, topics, isPublished: false },
          } as OutboxEntry);
        }
        return [];
      },
    },
    {
      pattern: /^insert into outbox/,
      async run(transaction, [now, ...columns]) {
        const [ids, names, versions, keys, sequences, , topics, payloads] = columns.map(itemsIn);
        for (const [at, eventId] of ids!.entries()) {
          const position = transaction.database.nextOf('outbox');
          await transaction.insert(outbox, eventKey(position, 0), {
            ...{
              position,
              row: { count: 1, texts: null },
              eventId,
              name: names![at],
              version: versions![at],
              key: keys![at],
              sequence: sequences![at],
            },
            topics: topics![at] === null ? [] : itemsIn(topics![at]),
            ...{ payload: JSON.parse(payloads![at] as string), occurredAt: now, isPublished: false },
          } as OutboxEntry);
        }
        return [];
      },
    },
    {
      pattern: /^select exists \(select 1 from outbox/,
      run: (transaction) => [{ waits: transaction.all(outbox).some((row) => !row.isPublished) }],
    },
    {
      pattern: /^select pg_try_advisory_xact_lock/,
      async run(transaction) {
        const free = transaction.database.isFree('outbox relay', transaction);
        if (free) await transaction.database.acquire(transaction, 'outbox relay');
        return [{ free }];
      },
    },
    {
      // The bus of the simulation forgets nothing: every mark is the same.
      pattern: /^select waiting\.\*, marks\.last, marks\.now/,
      run: (transaction, [limit]) =>
        transaction
          .all(outbox)
          .filter(({ row, isPublished }) => row && !isPublished)
          .toSorted((a, b) => a.position - b.position)
          .slice(0, limit as number)
          .map(({ position, eventId, row }) => ({
            ...{ position: String(position), event_id: eventId, count: row!.count, last: '0', now: '0' },
          })),
    },
    {
      // What another process has written, or this one before it was killed.
      pattern: /^select \* from outbox where published_at is null and position = any/,
      run(transaction, [positions]) {
        const wanted = new Set(positionsIn(positions));
        return transaction
          .all(outbox)
          .filter(({ position, row, isPublished }) => row && !isPublished && wanted.has(String(position)))
          .map((entry) => ({
            ...entry,
            position: String(entry.position),
            event_id: entry.eventId,
            occurred_at: entry.occurredAt,
            trace: null,
            texts: entry.row!.texts,
          }));
      },
    },
    {
      pattern: /^select coalesce\(floor\(extract\(epoch from max\(published_at\)\)/,
      run: () => [{ last: '0', now: '0' }],
    },
    {
      pattern: /^update outbox set published_at = to_timestamp/,
      async run(transaction, [, positions]) {
        const published = new Set(positionsIn(positions));
        const keys = [...outbox.rows].filter(([, { position }]) => published.has(String(position)));
        for (const [key] of keys) await transaction.update(outbox, key, () => ({ isPublished: true }));
        return [];
      },
    },
    {
      pattern: /^insert into inbox/,
      async run(transaction, [consumer, eventId]) {
        const entry = { consumer, eventId } as InboxEntry;
        return (await transaction.insert(inbox, keyOf([consumer, eventId]), entry, 'nothing')) ? [1] : [];
      },
    },
    {
      pattern: /^insert into idempotency/,
      async run(transaction, [principal, operation, key, inputHash]) {
        const entry = { inputHash: inputHash as string, answer: null };
        return (await transaction.insert(keys, keyOf([principal, operation, key]), entry, 'nothing')) ? [1] : [];
      },
    },
    {
      pattern: /^select input_hash, answer from idempotency/,
      run(transaction, parts) {
        const row = transaction.get(keys, keyOf(parts));
        return row ? [{ input_hash: row.inputHash, answer: row.answer }] : [];
      },
    },
    {
      pattern: /^update idempotency set answer/,
      async run(transaction, [answer, ...parts]) {
        await transaction.update(keys, keyOf(parts), () => ({ answer: JSON.parse(answer as string) as unknown }));
        return [];
      },
    },
  ];
}
