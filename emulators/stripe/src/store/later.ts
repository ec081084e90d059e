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

  constructor(db: Database) {
    this.#db = db;
  }

  schedule(what: LaterKind, object: string, atMs: number): void {
    this.#db.run('INSERT INTO later (at_ms, what, object) VALUES (?, ?, ?)', atMs, what, object);
  }

  /** At most 100 at a time, so that a backlog never holds up requests for long. */
  due(nowMs: number): LaterStep[] {
    return this.#db.all<LaterStep>(
      'SELECT seq, what, object FROM later WHERE at_ms <= ? ORDER BY at_ms, seq LIMIT 100',
      nowMs,
    );
  }

  done(step: LaterStep): void {
    this.#db.run('DELETE FROM later WHERE seq = ?', step.seq);
  }
}
