import { keyString } from '../bson/key-string.ts';
import { type Doc, encodeStored, storedBytes } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { ID_INDEX } from '../indexes/definition.ts';
import { duplicateKey } from '../indexes/secondary-index.ts';
import type { Candidate, Found, ReadView } from '../query/find-documents.ts';
import type { Collection, KeysByIndex } from '../storage/collection.ts';
import { eventOf } from '../storage/direct-writer.ts';
import type { EventOrigin, NewEvent } from '../storage/event-log.ts';
import type { Store } from '../storage/store.ts';
import type { StoredRecord } from '../storage/stored-record.ts';
import type { Rewrite, Writer } from '../storage/writer.ts';

/** Thrown to a writer outside transactions, which waits for this one to end and tries again. */
export class BlockedByTransaction extends Error {
  readonly transaction: Transaction;

  constructor(transaction: Transaction) {
    super('blocked by a transaction that has not finished');
    this.name = 'BlockedByTransaction';
    this.transaction = transaction;
  }
}

/** The state this transaction gives a document; nobody else sees it before the commit. */
interface PendingWrite {
  id: string;
  record?: StoredRecord;
  doc: Doc | null;
  bytes?: Uint8Array;
  /** Of a document that is new. */
  keys?: KeysByIndex;
}

/** A transaction buffers at most so many documents: it is held in memory and committed in one go. */
const MAX_PENDING = 100_000;

/**
 * Snapshot isolation. Reads see the commits up to the first statement, and the transaction's own writes. The first to
 * write a document or a unique key holds it; whoever else wants it, or comes with an older snapshot, gets a WriteConflict.
 */
export class Transaction implements Writer, ReadView {
  readonly view: ReadView = this;
  readonly origin: EventOrigin;
  readonly startedAt = performance.now();
  /** Settles when the transaction is over, either way. */
  readonly finished: Promise<void>;
  readonly #store: Store;
  readonly #snapshot: number;
  readonly #pending = new Map<Collection, Map<string, PendingWrite>>();
  readonly #locked = new Set<StoredRecord>();
  readonly #events: NewEvent[] = [];
  readonly #finish: () => void;
  #size = 0;
  #state: 'active' | 'committed' | 'aborted' = 'active';

  constructor(store: Store, origin: EventOrigin) {
    this.#store = store;
    this.origin = origin;
    this.#snapshot = store.openSnapshot(this);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = resolve;
  }

  get state(): 'active' | 'committed' | 'aborted' {
    return this.#state;
  }

  hasWrittenTo(collection: Collection): boolean {
    return this.#pending.has(collection);
  }

  isCommitted(collection: Collection): boolean {
    return !this.#pending.has(collection) && collection.superseded.size === 0;
  }

  *overlay(collection: Collection, scanned: Iterable<StoredRecord>): Iterable<Candidate> {
    const own = this.#pending.get(collection);
    for (const record of scanned) {
      if (!own?.has(record.id) && !collection.superseded.has(record.id)) yield record;
    }
    // What changed since the snapshot may have left the scanned range: it is looked at whatever the range was.
    for (const [id, records] of collection.superseded) {
      if (own?.has(id)) continue;
      for (const record of records) {
        const doc = record.docAt(this.#snapshot);
        if (doc) yield { id, doc, record };
      }
    }
    if (own) for (const { id, doc, record } of own.values()) yield { id, doc, record };
  }

  insert(collection: Collection, doc: Doc, sent?: Uint8Array): void {
    const bytes = storedBytes(doc, sent);
    const id = keyString(doc._id);
    const own = this.#pending.get(collection)?.get(id);
    if (own?.doc) throw duplicateKey(collection.namespace, ID_INDEX, doc);
    const record = collection.records.get(id);
    if (!own) {
      const rival = collection.reservedIds.get(id);
      if (rival && rival !== this) throw conflict();
      const isChanged = (collection.superseded.get(id) ?? []).some(({ version }) => version > this.#snapshot);
      if (isChanged || (record?.lockedBy && record.lockedBy !== this)) throw conflict();
      if (record) throw duplicateKey(collection.namespace, ID_INDEX, doc);
    }
    const keys = collection.keysOf(doc);
    this.#assertUnique(collection, { id, doc, keys });
    this.#put(collection, { id, record: own?.record, doc, bytes, keys });
    this.#reserve(collection, id, keys);
    this.#events.push(eventOf(collection, 'insert', { doc, bytes }));
  }

  rewrite(collection: Collection, { id, record, doc: before }: Found, { kind, doc, change }: Rewrite): void {
    const bytes = encodeStored(doc);
    this.#lock(record);
    const keys = collection.changedKeysOf(before, doc);
    this.#assertUnique(collection, { id, doc, keys });
    this.#release(collection, before);
    this.#put(collection, { id, record, doc, bytes });
    this.#reserve(collection, id, keys);
    this.#events.push(
      kind === 'replace'
        ? eventOf(collection, kind, { doc, bytes })
        : { ...eventOf(collection, kind, { key: doc }), change },
    );
  }

  remove(collection: Collection, { id, record, doc }: Found): void {
    this.#lock(record);
    this.#release(collection, doc);
    this.#put(collection, { id, record, doc: null });
    this.#events.push(eventOf(collection, 'delete', { key: doc }));
  }

  assertFree(_collection: Collection, founds: readonly Found[]): void {
    for (const { record } of founds) this.#lock(record);
  }

  /** One version, one SQLite transaction. It cannot fail on data: every conflict was found when it was written. */
  commit(): void {
    const writes = [...this.#pending].flatMap(([collection, pending]) =>
      [...pending.values()].filter(({ record, doc }) => record ?? doc).map((write) => ({ collection, ...write })),
    );
    this.#end('committed', () => this.#store.commit(writes, this.#events, this.origin));
  }

  abort(): void {
    if (this.#state === 'active') this.#end('aborted', () => {});
  }

  #end(state: 'committed' | 'aborted', apply: () => void): void {
    this.#state = state;
    this.#store.closeSnapshot(this);
    try {
      apply();
    } finally {
      for (const [collection, pending] of this.#pending) {
        for (const { id, doc, keys } of pending.values()) {
          if (collection.reservedIds.get(id) === this) collection.reservedIds.delete(id);
          this.#release(collection, doc, keys);
        }
      }
      for (const record of this.#locked) record.lockedBy = undefined;
      this.#finish();
    }
  }

  #lock(record: StoredRecord | undefined): void {
    if (!record) return;
    if ((record.lockedBy && record.lockedBy !== this) || record.version > this.#snapshot) throw conflict();
    record.lockedBy = this;
    this.#locked.add(record);
  }

  #put(collection: Collection, write: PendingWrite): void {
    let pending = this.#pending.get(collection);
    if (!pending) this.#pending.set(collection, (pending = new Map()));
    if (!pending.has(write.id) && ++this.#size > MAX_PENDING) {
      throw new CommandError(
        'BadValue',
        `emulator: a transaction that changes more than ${MAX_PENDING} documents is not supported`,
      );
    }
    pending.set(write.id, write);
  }

  #assertUnique(collection: Collection, { id, doc, keys }: { id: string; doc: Doc; keys: KeysByIndex }): void {
    for (const [i, index] of keys.indexes.entries()) {
      if (!index.definition.isUnique) continue;
      const own = keys.lists[i]!;
      const reservation = index.reservationOf(own);
      if (reservation && reservation.owner !== this) throw conflict();
      const isTakenHere = reservation !== undefined && reservation.id !== id;
      const rival = index.rivalOf(own, collection.records.get(id));
      // A rival this transaction rewrote is judged by its new keys, which are reserved.
      const isRivalOutdated = rival !== undefined && this.#pending.get(collection)?.has(rival.id);
      if (rival && !isRivalOutdated) {
        if (rival.version > this.#snapshot || (rival.lockedBy && rival.lockedBy !== this)) throw conflict();
      }
      if (isTakenHere || (rival && !isRivalOutdated)) throw duplicateKey(collection.namespace, index.definition, doc);
    }
  }

  #reserve(collection: Collection, id: string, keys: KeysByIndex): void {
    if (!collection.records.has(id)) collection.reservedIds.set(id, this);
    for (const [i, index] of keys.indexes.entries()) {
      if (index.definition.isUnique) index.reserve(keys.lists[i]!, this, id);
    }
  }

  /** An id stays taken to the end, also when its document is removed again: its events are told at the commit. */
  #release(collection: Collection, doc: Doc | null, keys?: KeysByIndex): void {
    if (!doc) return;
    const known = keys?.indexes === collection.indexes ? keys.lists : undefined;
    for (const [i, index] of collection.indexes.entries()) {
      if (index.definition.isUnique) index.release(known?.[i] ?? index.keysOf(doc), this);
    }
  }
}

function conflict(): CommandError {
  return new CommandError(
    'WriteConflict',
    'Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.',
    { labels: ['TransientTransactionError'] },
  );
}
