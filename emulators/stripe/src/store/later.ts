import type { Database } from './database.ts';

export type LaterKind =
  | 'expire_authorization'
  | 'fail_refund'
  | 'open_dispute'
  | 'settle_charge'
  | 'settle_payment'
  | 'settle_payout'
  | 'settle_refund';

export interface LaterStep {
  seq: number;
  what: LaterKind;
  object: string;
}

/** Things that happen by themselves after a while: kept on disk, so a restart does not forget them. */
export class Later {
  readonly #db: Database;
  /** Nothing is due before; null when that has to be looked up. */
  #quietUntilMs: number | null = null;

  constructor(db: Database) {
    this.#db = db;
  }

  schedule(what: LaterKind, object: string, atMs: number): void {
    this.#db.run('INSERT INTO later (at_ms, what, object) VALUES (?, ?, ?)', atMs, what, object);
    if (this.#quietUntilMs !== null) this.#quietUntilMs = Math.min(this.#quietUntilMs, atMs);
  }

  /** At most 100 at a time, so that a backlog never holds up requests for long. Costs nothing while there is nothing. */
  due(nowMs: number): LaterStep[] {
    if (this.#quietUntilMs !== null && nowMs < this.#quietUntilMs) return [];
    const steps = this.#db.all<LaterStep>(
      'SELECT seq, what, object FROM later WHERE at_ms <= ? ORDER BY at_ms, seq LIMIT 100',
      nowMs,
    );
    // Those that are due stay so until they are done.
    this.#quietUntilMs = steps.length > 0 ? null : this.#next();
    return steps;
  }

  #next(): number {
    const [next] = this.#db.all<{ atMs: number | null }>('SELECT min(at_ms) AS atMs FROM later');
    return next?.atMs ?? Number.POSITIVE_INFINITY;
  }

  done(step: LaterStep): void {
    this.#db.run('DELETE FROM later WHERE seq = ?', step.seq);
  }
}
