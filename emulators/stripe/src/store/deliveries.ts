import type { Database } from './database.ts';

/** `held`: waiting for others to be reordered with. `dropped`: lost on purpose. `failed`: given up after all retries. */
export type DeliveryState = 'delivered' | 'dropped' | 'failed' | 'held' | 'pending';

export interface Delivery {
  seq: number;
  event: string;
  type: string;
  state: DeliveryState;
  attempts: number;
  due_ms: number;
  last_status: number | null;
  last_error: string | null;
}

export interface WebhookTarget {
  url: string;
  secret: string;
}

/** The webhook queue: a row per event to send, written in the transaction of the event. */
export class Deliveries {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  enqueue(event: string, type: string, state: DeliveryState, dueMs: number): number {
    return this.#db.run(
      'INSERT INTO deliveries (event, type, state, attempts, due_ms) VALUES (?, ?, ?, 0, ?)',
      event,
      type,
      state,
      dueMs,
    ).lastId;
  }

  due(wallMs: number, limit: number): Delivery[] {
    return this.#db.all<Delivery>(
      "SELECT * FROM deliveries WHERE state = 'pending' AND due_ms <= ? ORDER BY due_ms, seq LIMIT ?",
      wallMs,
      limit,
    );
  }

  nextDueMs(): number | undefined {
    return (
      this.#db.one<{ next: number | null }>("SELECT min(due_ms) AS next FROM deliveries WHERE state = 'pending'")
        ?.next ?? undefined
    );
  }

  keepTarget(target: WebhookTarget): void {
    this.#db.run("INSERT OR REPLACE INTO kept (name, value) VALUES ('webhook', ?)", JSON.stringify(target));
  }

  keptTarget(): WebhookTarget | undefined {
    const row = this.#db.one<{ value: string }>("SELECT value FROM kept WHERE name = 'webhook'");
    return row && (JSON.parse(row.value) as WebhookTarget);
  }

  /** Makes everything that waits for a retry due now. */
  hurry(wallMs: number): void {
    this.#db.run("UPDATE deliveries SET due_ms = ? WHERE state = 'pending' AND attempts > 0", wallMs);
  }

  lastSeq(): number {
    return this.#db.one<{ last: number | null }>('SELECT max(seq) AS last FROM deliveries')?.last ?? 0;
  }

  /** New ones, oldest first: what scripted faults have not looked at yet. */
  since(seq: number): Delivery[] {
    return this.#db.all<Delivery>('SELECT * FROM deliveries WHERE seq > ? ORDER BY seq LIMIT 500', seq);
  }

  change(seq: number, state: DeliveryState, dueMs: number): void {
    this.#db.run('UPDATE deliveries SET state = ?, due_ms = ? WHERE seq = ?', state, dueMs, seq);
  }

  settle(
    seq: number,
    outcome: { state: DeliveryState; dueMs: number; status: number | null; error: string | null },
  ): void {
    this.#db.run(
      'UPDATE deliveries SET state = ?, attempts = attempts + 1, due_ms = ?, last_status = ?, last_error = ? WHERE seq = ?',
      outcome.state,
      outcome.dueMs,
      outcome.status,
      outcome.error,
      seq,
    );
  }

  /** What Stripe shows as `pending_webhooks`: deliveries that have not succeeded yet. */
  pendingFor(event: string): number {
    return this.#db.one<{ n: number }>(
      "SELECT count(*) AS n FROM deliveries WHERE event = ? AND state IN ('pending', 'held')",
      event,
    )!.n;
  }

  list({ event, state, after = 0 }: { event?: string; state?: DeliveryState; after?: number } = {}): Delivery[] {
    return this.#db.all<Delivery>(
      'SELECT * FROM deliveries WHERE (? IS NULL OR event = ?) AND (? IS NULL OR state = ?) AND seq > ? ORDER BY seq LIMIT 1000',
      event ?? null,
      event ?? null,
      state ?? null,
      state ?? null,
      after,
    );
  }

  /** A restarted process finds what was held back for a reordering nobody waits for any more. */
  releaseHeld(wallMs: number): void {
    this.#db.run("UPDATE deliveries SET state = 'pending', due_ms = ? WHERE state = 'held'", wallMs);
  }
}
