import { type ClientSession, type Db, MongoClient } from 'mongodb';
import { type Inbox, KEEP_INBOX_DAYS, KEEP_OUTBOX_DAYS } from '../messaging/messaging.ts';
import { isTracing } from '../tracing/tracing.ts';
import { hasUndone, tellWritten } from './outbox-written.ts';
import { takeTurn } from './retries-in-turn.ts';
import { traceCommands } from './trace-commands.ts';

export * from './outbox.ts';

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
    return await client.withSession(async (session) => {
      const value = await session.withTransaction(async () => {
        runs += 1;
        if (runs > 1) hasUndone(session);
        // Before the first statement: what the transaction sees is as of that one.
        if (runs > 1) giveBack ??= await takeTurn(client);
        return work({ db, session });
      });
      tellWritten(client, session);
      return value;
    });
  } finally {
    giveBack?.();
  }
}

export async function checkMongo({ db }: MongoDatabase): Promise<string> {
  await db.command({ ping: 1 });
  return `MongoDB protocol, database ${db.databaseName}`;
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

    // What another consumer of the same name writes meanwhile conflicts, and the whole is tried again.
    onceTogether: (consumer, events, effect) =>
      inMongoTransaction(database, async (transaction) => {
        const { session, db } = transaction;
        const inbox = db.collection('inbox');
        const known = await inbox
          .find({ consumer, eventId: { $in: events.map(({ id }) => id) } }, { session, projection: { eventId: 1 } })
          .toArray();
        const handled = new Set(known.map(({ eventId }) => eventId as string));
        const news = events.filter(({ id }) => !handled.has(id) && handled.add(id));
        if (news.length === 0) return 0;
        const handledAt = new Date();
        await inbox.insertMany(
          news.map(({ id }) => ({ consumer, eventId: id, handledAt })),
          { session },
        );
        await effect(news, transaction);
        return news.length;
      }),
  };
}

/** Only a duplicate of the inbox row itself means "handled before"; one in the effect is the effect's own failure. */
function isInboxDuplicate(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 11_000 && error.message.includes('inbox');
}
