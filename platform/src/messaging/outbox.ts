import type { EventEnvelope } from './envelope.ts';

export interface OutboxRow {
  /** Grows in the order of writing. */
  position: string;
  envelope: EventEnvelope;
}

/** Where a domain's events wait to be published. Rows are kept after that and can be published again. */
export interface Outbox {
  /**
   * Hands the oldest rows that wait to `publish`, at most `limit`, and marks them when it is done; resolves to how many.
   * Nobody else publishes from this outbox meanwhile: two relays that took turns would send what was sent before again,
   * behind what is newer. Null: another process is the relay just now.
   */
  publishNext(limit: number, publish: (rows: readonly OutboxRow[]) => Promise<void>): Promise<number | null>;
  /** Puts events from this instant on back in the queue; resolves to how many. */
  requeue(since: Date): Promise<number>;
  /** How many wait, and since when the oldest. */
  backlog(): Promise<{ count: number; oldest?: Date }>;
  close(): Promise<void>;
}
