import type { EventEnvelope } from './envelope.ts';

/** What a bus that lost its data can still be given again. */
export const KEEP_OUTBOX_DAYS = 30;
/** Longer than any event can come again: what was handled once must be known as handled until then. */
export const KEEP_INBOX_DAYS = 60;

export interface OutboxRow {
  /** Grows in the order of writing; events of one row may have the same. */
  position: string;
  /** As an object, or as the JSON that travels. */
  envelope: EventEnvelope | string;
}

/**
 * A batch is marked with the time of its publication in milliseconds, or with one more than the batch before where a
 * clock went back: marks only grow. The bus remembers the newest one beside the events, so that a bus which has
 * forgotten events gives itself away, and tells which.
 */
export interface OutboxMarks {
  last: number;
  next: number;
}

/** Where a domain's events wait to be published. Rows are kept for some time after that and can be published again. */
export interface Outbox {
  /** From now on `listener` is called after each commit of this process that wrote here. */
  onWritten(listener: () => void): void;
  /**
   * Hands the oldest rows that wait to `publish`, `limit` of them and what stands with the last one, and marks them when
   * it is done; resolves to how many: as many as `limit` when there may be more.
   * Nobody else publishes from this outbox meanwhile: two relays that took turns would send what was sent before again,
   * behind what is newer. Null: another process is the relay just now.
   */
  publishNext(
    limit: number,
    publish: (rows: readonly OutboxRow[], marks: OutboxMarks) => Promise<void>,
  ): Promise<number | null>;
  /** The mark of the newest batch that was published; 0 when none ever was. */
  lastMark(): Promise<number>;
  /** Puts what was published with a later mark back in the queue, the newest `limit` of it and what stands with those; resolves to how many. */
  requeueAfter(mark: number, limit: number): Promise<number>;
  /** Puts events from this instant on back in the queue; resolves to how many. */
  requeue(since: Date): Promise<number>;
  /** How many wait, and since when the oldest. */
  backlog(): Promise<{ count: number; oldest?: Date }>;
  /** Removes what is past its time, where the store does not by itself; `busy` while there may be more. */
  tidy?(): Promise<'idle' | 'busy'>;
  close(): Promise<void>;
}
