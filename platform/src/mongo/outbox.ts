import type { Filter } from 'mongodb';
import type { Ids } from '../core/core.ts';
import { keptTexts } from '../messaging/kept-texts.ts';
import type { EventEnvelope, NewEvent, Outbox, OutboxRow } from '../messaging/messaging.ts';
import { activeTraceparent } from '../tracing/tracing.ts';
import type { MongoDatabase, MongoTransaction } from './mongo.ts';
import { hasWritten, onWritten } from './outbox-written.ts';

/**
 * Events of one transaction that are published together: a feed writes hundreds, and a document for each would cost
 * as much as what they tell of.
 */
interface OutboxDocument {
  /** Of the first event. */
  _id: string;
  /** Of the first event; those behind it follow. */
  position: number;
  occurredAt: string;
  count: number;
  /** Each event as it travels: nobody on its way to the bus has to take it apart and put it together again. */
  texts: string[];
  publishedAt: Date | null;
}

/** As outboxes hold it that were written before: events as documents. */
interface StructuredEvents extends Omit<OutboxDocument, 'texts'> {
  texts?: undefined;
  events: EventEnvelope[];
}

/** Older still: one event, spread over its document. */
interface SingleEvent extends Omit<EventEnvelope, 'id'> {
  _id: string;
  position: number;
  publishedAt: Date | null;
  count?: undefined;
}

type AnyDocument = OutboxDocument | StructuredEvents | SingleEvent;

interface CounterDocument {
  _id: string;
  next: number;
}

interface LeaseDocument {
  _id: string;
  holder: string;
  until: Date;
}

/** Far below the size of a document, however long their descriptions are. */
const EVENTS_PER_DOCUMENT = 50;
/** Documents fetched at a time, of which most hold one event. */
const FETCH = 100;
const LEASE_MS = 10_000;

/** JSON of a `NewEvent` without a trace of its own, made by `toEventText`: whoever has much to tell makes it before the transaction. */
export interface EventText {
  readonly text: string;
}

export function toEventText(event: Omit<NewEvent, 'trace'>): EventText {
  return { text: JSON.stringify(event) };
}

/**
 * Writes events beside the change they tell of, in the same transaction; the
 * relay of this process is told at its commit. The counter document makes concurrent writers of one domain wait for each other
 * (one conflicts and is tried again), so positions follow the order of commit.
 */
export async function appendToMongoOutbox(
  { db, session }: MongoTransaction,
  events: readonly (NewEvent | EventText)[],
  { ids, now, trace = activeTraceparent() }: { ids: Ids; now: Date; trace?: string },
): Promise<void> {
  if (events.length === 0) return;
  const counter = await db
    .collection<CounterDocument>('counters')
    .findOneAndUpdate(
      { _id: 'outbox' },
      { $inc: { next: events.length } },
      { session, upsert: true, returnDocument: 'after' },
    );
  const first = (counter?.next ?? events.length) - events.length + 1;
  const occurredAt = now.toISOString();
  const begin = trace ? `{"trace":${JSON.stringify(trace)},` : '{';
  const documents: OutboxDocument[] = [];
  for (let from = 0; from < events.length; from += EVENTS_PER_DOCUMENT) {
    const together = events.slice(from, from + EVENTS_PER_DOCUMENT);
    const eventIds = together.map(() => ids.next('evt'));
    const texts = together.map((event, at) => {
      const id = eventIds[at]!;
      if (!('text' in event)) return JSON.stringify({ ...(trace ? { trace } : {}), ...event, id, occurredAt });
      return `${begin}${event.text.slice(1, -1)},"id":"${id}","occurredAt":"${occurredAt}"}`;
    });
    const place = { _id: eventIds[0]!, position: first + from, occurredAt };
    documents.push({ ...place, count: together.length, texts, publishedAt: null });
  }
  await db.collection<OutboxDocument>('outbox').insertMany(documents, { session });
  hasWritten(session, documents);
}

/** One relay per outbox at a time, by a lease for as long as a batch takes, which a dead process loses after ten seconds. */
export function mongoOutbox({ client, db }: MongoDatabase, holder: string): Outbox {
  const outbox = db.collection<AnyDocument>('outbox');
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
    const newest = await outbox.findOne(
      { publishedAt: { $ne: null } },
      { sort: { publishedAt: -1 }, projection: { publishedAt: 1 } },
    );
    return newest?.publishedAt?.getTime() ?? 0;
  };

  const kept = keptTexts();

  /** Whole documents, the oldest first, until there are so many events. */
  const nextDocuments = async (limit: number): Promise<AnyDocument[]> => {
    const documents: AnyDocument[] = [];
    let events = 0;
    // Most of it was written by this very process a moment ago: then where it stands is all that is asked for.
    const projection = kept.isEmpty() ? undefined : { position: 1, count: 1 };
    const cursor = outbox
      .find({ publishedAt: null }, { projection })
      .sort({ position: 1 })
      .limit(limit)
      .batchSize(FETCH);
    for await (const document of cursor) {
      documents.push(document);
      events += document.count ?? 1;
      if (events >= limit) break;
    }
    return projection ? completed(documents) : documents;
  };

  /** With the events of each, from what is kept or else from the store. */
  const completed = async (places: readonly AnyDocument[]): Promise<AnyDocument[]> => {
    const texts = new Map(places.map(({ _id }) => [_id, kept.of(_id)]));
    const missing = places.filter(({ _id }) => !texts.get(_id)).map(({ _id }) => _id);
    const read = missing.length > 0 ? await outbox.find({ _id: { $in: missing } }).toArray() : [];
    const byId = new Map(read.map((document) => [document._id, document]));
    return places.flatMap((place) => {
      const own = texts.get(place._id);
      return own ? { ...(place as OutboxDocument), texts: [...own] } : (byId.get(place._id) ?? []);
    });
  };

  const countOf = async (filter: Filter<AnyDocument>): Promise<number> => {
    const [total] = await outbox
      .aggregate<{ events: number }>([
        { $match: filter },
        { $group: { _id: null, events: { $sum: { $ifNull: ['$count', 1] } } } },
      ])
      .toArray();
    return total?.events ?? 0;
  };

  const giveBackLease = async () => {
    await leases.deleteOne({ _id: 'outbox relay', holder });
  };

  const publishDocuments: Outbox['publishNext'] = async (limit, publish) => {
    const documents = await nextDocuments(limit);
    if (documents.length === 0) return 0;
    const rows = documents.flatMap(rowsOf);
    const last = await lastMark();
    const next = Math.max(Date.now(), last + 1);
    await publish(rows, { last, next });
    await outbox.updateMany(
      { _id: { $in: documents.map(({ _id }) => _id) } },
      { $set: { publishedAt: new Date(next) } },
    );
    kept.forget(documents.map(({ _id }) => _id));
    return rows.length;
  };

  return {
    onWritten: (listener) =>
      onWritten(client, (documents) => {
        kept.keep(documents.map(({ _id, texts }) => [_id, texts] as const));
        listener();
      }),

    async publishNext(limit, publish) {
      const keptBefore = kept.ids();
      // Most looks find nothing: then this one is all they cost.
      if ((await outbox.findOne({ publishedAt: null }, { projection: { _id: 1 } })) === null) {
        kept.forget(keptBefore);
        return 0;
      }
      if (!(await holdsLease())) return null;
      try {
        const published = await publishDocuments(limit, publish);
        // Nothing older is left, so what was kept then and is not published now was published before it was told of.
        if (published !== null && published < limit) kept.forget(keptBefore);
        return published;
      } finally {
        // Who is told of the next events may be another one.
        await giveBackLease();
      }
    },
    lastMark,
    async requeueAfter(mark, limit) {
      const lost: Filter<AnyDocument> = { publishedAt: { $gt: new Date(mark) } };
      const newest = outbox.find(lost, { projection: { position: 1, count: 1 } }).sort({ position: -1 });
      let events = 0;
      let from = Number.POSITIVE_INFINITY;
      for await (const { position, count } of newest) {
        events += count ?? 1;
        from = position;
        if (events >= limit) break;
      }
      if (events > 0) await outbox.updateMany({ ...lost, position: { $gte: from } }, { $set: { publishedAt: null } });
      return events;
    },
    async requeue(since) {
      const published: Filter<AnyDocument> = {
        occurredAt: { $gte: since.toISOString() },
        publishedAt: { $ne: null },
      };
      const events = await countOf(published);
      await outbox.updateMany(published, { $set: { publishedAt: null } });
      return events;
    },
    async backlog() {
      const count = await countOf({ publishedAt: null });
      const oldest = await outbox.findOne(
        { publishedAt: null },
        { sort: { position: 1 }, projection: { occurredAt: 1 } },
      );
      return { count, ...(oldest ? { oldest: new Date(oldest.occurredAt) } : {}) };
    },
    close: async () => undefined,
  };
}

function rowsOf(document: AnyDocument): OutboxRow[] {
  if (document.count !== undefined) {
    const events = document.texts ?? document.events;
    return events.map((envelope, at) => ({ position: String(document.position + at), envelope }));
  }
  const { _id, position, publishedAt: _, ...envelope } = document;
  return [{ position: String(position), envelope: { id: _id, ...envelope } }];
}
