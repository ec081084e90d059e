import type { EventEnvelope } from './envelope.ts';

export interface OutboxRow {
  /** Grows in the order of writing. */
  position: string;
  envelope: EventEnvelope;
}

/** Where a domain's events wait to be published. Rows are kept after that and can be published again. */
export interface Outbox {
  /** Oldest first. Resolves to null while another process is the relay of this outbox. */
  unpublished(limit: number): Promise<OutboxRow[] | null>;
  markPublished(rows: readonly OutboxRow[]): Promise<void>;
  /** Puts events from this instant on back in the queue; resolves to how many. */
  requeue(since: Date): Promise<number>;
  /** How many wait, and since when the oldest. */
  backlog(): Promise<{ count: number; oldest?: Date }>;
  close(): Promise<void>;
}
