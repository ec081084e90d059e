import { Timestamp } from 'bson';
import { decodeDocument, type Doc, encodeDocument } from '../bson/value.ts';
import type { ChangeDescription } from '../update/changes.ts';
import type { DataFile } from './data-file.ts';

export type EventKind = 'insert' | 'update' | 'replace' | 'delete' | 'drop' | 'rename' | 'dropDatabase';

export interface NewEvent {
  kind: EventKind;
  database: string;
  /** Absent when a whole database was dropped. */
  collection?: string;
  /** `{ _id }` of the document. */
  key?: Doc;
  /** The document as inserted or as it is after a replacement. */
  document?: Doc;
  /** The same as stored, so that it is not encoded twice. */
  bytes?: Uint8Array;
  change?: ChangeDescription;
  /** New name, for a rename. */
  to?: string;
}

/** Session and number of the transaction that several events belong to. */
export interface EventOrigin {
  lsid: Doc;
  txnNumber: number;
}

export interface LoggedEvent extends NewEvent {
  sequence: number;
  time: Timestamp;
  wallTime: Date;
  origin?: EventOrigin;
}

/** A stream that falls further behind than this has lost its place and is told so. */
const MAX_EVENTS = 50_000;
const MAX_EVENT_BYTES = 64 * 1024 * 1024;
/** The file is trimmed once in so many events, not with every one. */
const TRIM_EVERY = 1_000;

/** The recent history change streams read and resume from, in memory and in the file. */
export class EventLog {
  readonly #file: DataFile;
  #events: LoggedEvent[] = [];
  /** Approximate size of the documents each event keeps alive. */
  #sizes: number[] = [];
  #totalSize = 0;
  #next = 1;
  #lastDurable = 0;
  #clock: Timestamp = new Timestamp({ t: 0, i: 0 });
  #listeners = new Set<() => void>();

  constructor(file: DataFile) {
    this.#file = file;
    for (const row of file.all('SELECT sequence, head, document FROM events ORDER BY sequence')) {
      const event = readEvent(row);
      this.#remember(
        event,
        (row.head as Uint8Array).byteLength + ((row.document as Uint8Array | null)?.byteLength ?? 0),
      );
      this.#next = event.sequence + 1;
      this.#clock = event.time;
    }
    this.#lastDurable = this.#next - 1;
    file.onCommitted(() => this.#announce());
  }

  /** Sequence of the newest event that is in the file; what is newer nobody may see yet. */
  get lastDurable(): number {
    return this.#lastDurable;
  }

  /** The place of the next event. */
  get next(): number {
    return this.#next;
  }

  /** Sequence of the oldest event that can still be read. */
  get first(): number {
    return this.#events[0]?.sequence ?? this.#next;
  }

  get clock(): Timestamp {
    return this.#clock;
  }

  at(sequence: number): LoggedEvent | undefined {
    return this.#events[sequence - this.first];
  }

  /** First event at or after a cluster time. */
  firstSince(time: Timestamp): number {
    return this.#events.find((event) => event.time.compare(time) >= 0)?.sequence ?? this.#next;
  }

  append(event: NewEvent, origin?: EventOrigin): void {
    const wallTime = new Date();
    this.#clock = nextTime(this.#clock, wallTime);
    const logged: LoggedEvent = {
      ...event,
      bytes: undefined,
      sequence: this.#next++,
      time: this.#clock,
      wallTime,
      origin,
    };
    const head = encodeDocument(headOf(logged));
    this.#file.write(
      'INSERT INTO events (sequence, head, document) VALUES (?, ?, ?)',
      logged.sequence,
      head,
      event.bytes ?? (event.document ? encodeDocument(event.document) : null),
    );
    this.#remember(logged, head.byteLength + (event.bytes?.byteLength ?? 0));
    if (logged.sequence % TRIM_EVERY === 0) this.#file.write('DELETE FROM events WHERE sequence < ?', this.first);
  }

  #announce(): void {
    if (this.#lastDurable === this.#next - 1) return;
    this.#lastDurable = this.#next - 1;
    for (const listener of this.#listeners) listener();
  }

  /** Calls when more events can be read, until the answer is called. */
  onMore(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #remember(event: LoggedEvent, size: number): void {
    this.#events.push(event);
    this.#sizes.push(size);
    this.#totalSize += size;
    if (this.#events.length < MAX_EVENTS && this.#totalSize < MAX_EVENT_BYTES) return;
    // Dropped in one go, a tenth at a time: removing the first element of a large array for every event is slow.
    let dropped = 0;
    while (dropped < this.#events.length - 1 && (dropped < MAX_EVENTS / 10 || this.#totalSize > MAX_EVENT_BYTES)) {
      this.#totalSize -= this.#sizes[dropped++] as number;
    }
    this.#events = this.#events.slice(dropped);
    this.#sizes = this.#sizes.slice(dropped);
  }
}

/** Cluster time moves forward even when the machine's clock does not. */
function nextTime(previous: Timestamp, now: Date): Timestamp {
  const seconds = Math.floor(now.getTime() / 1000);
  return seconds > previous.t
    ? new Timestamp({ t: seconds, i: 1 })
    : new Timestamp({ t: previous.t, i: previous.i + 1 });
}

function headOf(event: LoggedEvent): Doc {
  const { kind, database, time, wallTime, collection, key, change, to, origin } = event;
  const head: Doc = { kind, database, time, wallTime };
  if (collection !== undefined) head.collection = collection;
  if (key) head.key = key;
  if (change) head.change = { ...change, truncatedArrays: change.truncatedArrays.map((each) => ({ ...each })) };
  if (to !== undefined) head.to = to;
  if (origin) head.origin = { lsid: origin.lsid, txnNumber: origin.txnNumber };
  return head;
}

function readEvent(row: Record<string, unknown>): LoggedEvent {
  const head = decodeDocument(row.head as Uint8Array) as unknown as Omit<LoggedEvent, 'sequence' | 'document'>;
  const document = row.document ? decodeDocument(row.document as Uint8Array) : undefined;
  return { ...head, document, sequence: row.sequence as number };
}
