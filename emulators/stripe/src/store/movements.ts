import type { Database } from './database.ts';

export type MovementKind =
  | 'authorize'
  | 'capture'
  | 'decline'
  | 'dispute'
  | 'dispute_won'
  | 'payout'
  | 'payout_failed'
  | 'refund'
  | 'refund_failed'
  | 'release'
  | 'reversal'
  | 'transfer';

export interface Movement {
  seq: number;
  at_ms: number;
  kind: MovementKind;
  account: string;
  payment_intent: string | null;
  transfer_group: string | null;
  object: string;
  amount: number;
  currency: string;
  request: string | null;
  idempotency_key: string | null;
}

/** Movements of one payment with their sums: what a test compares the product's own books with. */
export interface PaymentRecord {
  payment_intent: string;
  account: string;
  currency: string;
  metadata: Record<string, string>;
  status: string;
  authorized: number;
  captured: number;
  released: number;
  refunded: number;
  disputed: number;
  transferred: number;
  reversed: number;
  charges: number;
  declines: number;
  movements: Movement[];
}

export interface RecordQuery {
  payment_intent?: string;
  /** Position to go on from: `next` of the page before. */
  after?: number;
  limit?: number;
}

const MAX_RECORDS = 1_000;

/** Append-only: one row per movement of money, written where it happens and read by nothing but the referee. */
export class Movements {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  append(movement: Omit<Movement, 'seq'>): void {
    this.#db.run(
      'INSERT INTO movements (at_ms, kind, account, payment_intent, transfer_group, object, amount, currency, request, idempotency_key) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      movement.at_ms,
      movement.kind,
      movement.account,
      movement.payment_intent,
      movement.transfer_group,
      movement.object,
      movement.amount,
      movement.currency,
      movement.request,
      movement.idempotency_key,
    );
  }

  /** Payments in the order they were created, at most 1,000 a page. */
  payments({ payment_intent: id, after = 0, limit = MAX_RECORDS }: RecordQuery = {}): {
    payments: PaymentRecord[];
    next: number | null;
  } {
    const size = Math.max(1, Math.min(limit, MAX_RECORDS));
    const rows = this.#db.all<{ seq: number; id: string; account: string; body: string }>(
      "SELECT seq, id, account, body FROM objects WHERE type = 'payment_intent' AND seq > ? AND (? IS NULL OR id = ?) " +
        'ORDER BY seq LIMIT ?',
      after,
      id ?? null,
      id ?? null,
      size,
    );
    return {
      payments: rows.map((row) => this.#payment(row)),
      next: rows.length === size ? rows.at(-1)!.seq : null,
    };
  }

  /** Every movement from a position on, payouts and unattached transfers included. */
  journal({ after = 0, limit = MAX_RECORDS }: { after?: number; limit?: number } = {}): Movement[] {
    return this.#db.all<Movement>(
      'SELECT * FROM movements WHERE seq > ? ORDER BY seq LIMIT ?',
      after,
      Math.max(1, Math.min(limit, MAX_RECORDS)),
    );
  }

  #payment(row: { id: string; account: string; body: string }): PaymentRecord {
    const intent = JSON.parse(row.body) as { currency: string; metadata: Record<string, string>; status: string };
    const movements = this.#db.all<Movement>('SELECT * FROM movements WHERE payment_intent = ? ORDER BY seq', row.id);
    const sum = (...kinds: MovementKind[]) =>
      movements.filter(({ kind }) => kinds.includes(kind)).reduce((total, { amount }) => total + amount, 0);
    const count = (kind: MovementKind) => movements.filter((movement) => movement.kind === kind).length;
    return {
      payment_intent: row.id,
      account: row.account,
      currency: intent.currency,
      metadata: intent.metadata,
      status: intent.status,
      authorized: sum('authorize'),
      captured: sum('capture'),
      released: sum('release'),
      refunded: sum('refund') - sum('refund_failed'),
      disputed: sum('dispute') - sum('dispute_won'),
      transferred: sum('transfer'),
      reversed: sum('reversal'),
      charges: count('authorize'),
      declines: count('decline'),
      movements,
    };
  }
}
