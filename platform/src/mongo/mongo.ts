import { type ClientSession, type Db, MongoClient } from 'mongodb';
import type { Ids } from '../core/core.ts';
import {
  type EventEnvelope,
  type Inbox,
  KEEP_INBOX_DAYS,
  KEEP_OUTBOX_DAYS,
  type NewEvent,
  type Outbox,
  type OutboxRow,
} from '../messaging/messaging.ts';
import { activeTraceparent, isTracing } from '../tracing/tracing.ts';
import { takeTurn } from './retries-in-turn.ts';
import { traceCommands } from './trace-commands.ts';

export interface MongoDatabase {
  client: MongoClient;
  db: Db;
}

export interface MongoTransaction {
  db: Db;
  session: ClientSession;
}

/** The database is the one named in the URL. */
export async function openMongo({
  url,
  applicationName,
}: {
  url: string;
  applicationName: string;
}): Promise<MongoDatabase> {
  const client = new MongoClient(url, {
    appName: applicationName,
    serverSelectionTimeoutMS: 5_000,
    maxPoolSize: 20,
    retryWrites: true,
    w: 'majority',
    ignoreUndefined: true,
    // Only then: set here, it would take the place of what the URL says.
    ...(isTracing() ? { monitorCommands: true } : {}),
  });
  if (isTracing()) traceCommands(client);
  await client.connect();
  return { client, db: client.db() };
}

/**
 * One multi-document transaction; the driver tries again when it lost a race, so `work` may run more than once. Who lost
 * tries again when its turn comes: a hundred writers of one document that all try at once let one of them through and
 * have 99 begin anew, again and again, with pauses that grow; one after another each of them gets through.
 */
export async function inMongoTransaction<T>(
  { client, db }: MongoDatabase,
  work: (transaction: MongoTransaction) => Promise<T>,
): Promise<T> {
  let runs = 0;
  let giveBack: (() => void) | undefined;
  try {
    return await client.withSession((session) =>
      session.withTransaction(async () => {
        runs += 1;
        // Before the first statement: what the transaction sees is as of that one.
        if (runs > 1) giveBack ??= await takeTurn(client);
        return work({ db, session });
      }),
    );
  } finally {
    giveBack?.();
  }
}

export async function checkMongo({ db }: MongoDatabase): Promise<string> {
  await db.command({ ping: 1 });
  return `MongoDB protocol, database ${db.databaseName}`;
}

interface OutboxDocument extends Omit<EventEnvelope, 'id'> {
  _id: string;
  position: number;
  publishedAt: Date | null;
}

interface CounterDocument {
  _id: string;
  next: number;
}

interface LeaseDocument {
  _id: string;
  holder: string;
  until: Date;
}

const DAY_S = 24 * 60 * 60;

/** Indexes of the platform's collections; call once at start. */
export async function prepareMongoMessaging({ db }: MongoDatabase): Promise<void> {
  await db.collection('outbox').createIndexes([
    { key: { publishedAt: 1, position: 1 }, name: 'unpublished' },
    { key: { occurredAt: 1 }, name: 'occurredAt' },
    { key: { publishedAt: 1 }, name: 'expiry', expireAfterSeconds: KEEP_OUTBOX_DAYS * DAY_S },
  ]);
  await db.collection('inbox').createIndexes([
    { key: { consumer: 1, eventId: 1 }, unique: true, name: 'once' },
    { key: { handledAt: 1 }, name: 'expiry', expireAfterSeconds: KEEP_INBOX_DAYS * DAY_S },
  ]);
}

/**
 * Writes events beside the change they tell of, in the same transaction. The
 * counter document makes concurrent writers of one domain wait for each other
 * (one conflicts and is tried again), so positions follow the order of commit.
 */
export async function appendToMongoOutbox(
  { db, session }: MongoTransaction,
  events: readonly NewEvent[],
  { ids, now, trace = activeTraceparent() }: { ids: Ids; now: Date; trace?: string },
): Promise<EventEnvelope[]> {
  if (events.length === 0) return [];
  const counter = await db
    .collection<CounterDocument>('counters')
    .findOneAndUpdate(
      { _id: 'outbox' },
      { $inc: { next: events.length } },
      { session, upsert: true, returnDocument: 'after' },
    );
  const last = counter?.next ?? events.length;
  const envelopes: EventEnvelope[] = events.map((event) => ({
    ...event,
    id: ids.next('evt'),
    occurredAt: now.toISOString(),
    ...(trace ? { trace } : {}),
  }));
  await db.collection<OutboxDocument>('outbox').insertMany(
    envelopes.map(({ id, ...envelope }, index) => ({
      _id: id,
      ...envelope,
      position: last - events.length + 1 + index,
      publishedAt: null,
    })),
    { session },
  );
  return envelopes;
}

const LEASE_MS = 10_000;

/** One relay per outbox at a time, by a lease that a dead process loses after ten seconds. */
export function mongoOutbox({ db }: MongoDatabase, holder: string): Outbox {
  const outbox = db.collection<OutboxDocument>('outbox');
  const leases = db.collection<LeaseDocument>('leases');

  const holdsLease = async (): Promise<boolean> => {
    const now = new Date();
    try {
      const lease = await leases.findOneAndUpdate(
        { _id: 'outbox relay', $or: [{ holder }, { until: { $lt: now } }] },
        { $set: { holder, until: new Date(now.getTime() + LEASE_MS) } },
        { upsert: true, returnDocument: 'after' },
      );
      return lease?.holder === holder;
    } catch (error) {
      // Another holder's lease is live: the upsert met its _id.
      if (error instanceof Error && 'code' in error && error.code === 11_000) return false;
      throw error;
    }
  };

  /** On the index `unpublished`. */
  const lastMark = async (): Promise<number> => {
    const newest = await outbox.findOne({ publishedAt: { $ne: null } }, { sort: { publishedAt: -1 } });
    return newest?.publishedAt?.getTime() ?? 0;
  };

  return {
    async publishNext(limit, publish) {
      // Asked five times a second, and mostly nothing waits: then this one look is all it costs.
      if ((await outbox.findOne({ publishedAt: null }, { projection: { _id: 1 } })) === null) return 0;
      if (!(await holdsLease())) return null;
      const documents = await outbox.find({ publishedAt: null }).sort({ position: 1 }).limit(limit).toArray();
      if (documents.length === 0) return 0;
      const last = await lastMark();
      const next = Math.max(Date.now(), last + 1);
      await publish(documents.map(toRow), { last, next });
      await outbox.updateMany(
        { _id: { $in: documents.map(({ _id }) => _id) } },
        { $set: { publishedAt: new Date(next) } },
      );
      return documents.length;
    },
    lastMark,
    async requeueAfter(mark, limit) {
      const lost = { publishedAt: { $gt: new Date(mark) } };
      const [oldest] = await outbox
        .find(lost)
        .sort({ position: -1 })
        .skip(limit - 1)
        .limit(1)
        .toArray();
      const result = await outbox.updateMany(
        { ...lost, ...(oldest ? { position: { $gte: oldest.position } } : {}) },
        { $set: { publishedAt: null } },
      );
      return result.modifiedCount;
    },
    async requeue(since) {
      const result = await outbox.updateMany(
        { occurredAt: { $gte: since.toISOString() }, publishedAt: { $ne: null } },
        { $set: { publishedAt: null } },
      );
      return result.modifiedCount;
    },
    async backlog() {
      const count = await outbox.countDocuments({ publishedAt: null });
      const oldest = await outbox.findOne({ publishedAt: null }, { sort: { position: 1 } });
      return { count, ...(oldest ? { oldest: new Date(oldest.occurredAt) } : {}) };
    },
    async close() {
      await leases.deleteOne({ _id: 'outbox relay', holder });
    },
  };
}

export function mongoInbox(database: MongoDatabase): Inbox<MongoTransaction> {
  return {
    async once(consumer, eventId, effect) {
      let ran = false;
      try {
        await inMongoTransaction(database, async (transaction) => {
          ran = false;
          await transaction.db
            .collection('inbox')
            .insertOne({ consumer, eventId, handledAt: new Date() }, { session: transaction.session });
          await effect(transaction);
          ran = true;
        });
      } catch (error) {
        if (isInboxDuplicate(error)) return false;
        throw error;
      }
      return ran;
    },
  };
}

/** Only a duplicate of the inbox row itself means "handled before"; one in the effect is the effect's own failure. */
function isInboxDuplicate(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 11_000 && error.message.includes('inbox');
}

function toRow({ _id, position, publishedAt: _, ...envelope }: OutboxDocument): OutboxRow {
  return { position: String(position), envelope: { id: _id, ...envelope } };
}
