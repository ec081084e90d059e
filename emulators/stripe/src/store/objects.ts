import type Stripe from 'stripe';

import type { Database } from './database.ts';

/** Every kind of object kept, by the name it carries in `object`. The shapes are the official SDK's own types. */
export interface ObjectTypes {
  account: Stripe.Account;
  balance_transaction: Stripe.BalanceTransaction;
  bank_account: Stripe.BankAccount;
  charge: Stripe.Charge;
  customer: Stripe.Customer;
  dispute: Stripe.Dispute;
  event: Stripe.Event;
  payment_intent: Stripe.PaymentIntent;
  payment_method: Stripe.PaymentMethod;
  payout: Stripe.Payout;
  refund: Stripe.Refund;
  transfer: Stripe.Transfer;
  transfer_reversal: Stripe.TransferReversal;
}
export type ObjectType = keyof ObjectTypes;
export type AnyObject = ObjectTypes[ObjectType];

/** What the emulator has to remember about an object and Stripe would never show. */
export type Hidden = Record<string, string | number | boolean | null>;

/** Fields a list may be narrowed by; each one is indexed or rare. */
type FilterField =
  | 'account'
  | 'charge'
  | 'currency'
  | 'customer'
  | 'destination'
  | 'email'
  | 'payment_intent'
  | 'payout'
  | 'source'
  | 'source_transaction'
  | 'status'
  | 'transfer'
  | 'transfer_group'
  | 'type';

export interface ListQuery {
  account: string;
  type: ObjectType;
  where?: Partial<Record<FilterField, string | undefined>>;
  created?: { gt?: number; gte?: number; lt?: number; lte?: number } | undefined;
  limit: number;
  after?: number | undefined;
  before?: number | undefined;
}

interface Row {
  body: string;
  hidden: string;
}

export class Objects {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  insert<T extends ObjectType>(
    account: string,
    type: T,
    body: ObjectTypes[T],
    { hidden = {}, created, searchableMs = 0 }: { hidden?: Hidden; created: number; searchableMs?: number },
  ): ObjectTypes[T] {
    this.#db.run(
      'INSERT INTO objects (id, account, type, created, searchable_ms, body, hidden) VALUES (?, ?, ?, ?, ?, ?, ?)',
      body.id,
      account,
      type,
      created,
      searchableMs,
      JSON.stringify(body),
      JSON.stringify(hidden),
    );
    return body;
  }

  /** The object as this account sees it; another account's object does not exist for it. */
  find<T extends ObjectType>(account: string, type: T, id: string): ObjectTypes[T] | undefined {
    const row = this.#db.one<Row>(
      'SELECT body FROM objects WHERE id = ? AND account = ? AND type = ?',
      id,
      account,
      type,
    );
    return row && (JSON.parse(row.body) as ObjectTypes[T]);
  }

  /** For what crosses accounts by design: expansion, transfers, the emulator's own pages. */
  findAnywhere<T extends ObjectType>(type: T, id: string): { account: string; body: ObjectTypes[T] } | undefined {
    const row = this.#db.one<Row & { account: string }>(
      'SELECT account, body FROM objects WHERE id = ? AND type = ?',
      id,
      type,
    );
    return row && { account: row.account, body: JSON.parse(row.body) as ObjectTypes[T] };
  }

  hidden(id: string): Hidden {
    const row = this.#db.one<Row>('SELECT hidden FROM objects WHERE id = ?', id);
    return row ? (JSON.parse(row.hidden) as Hidden) : {};
  }

  save(body: AnyObject): void {
    this.#db.run('UPDATE objects SET body = ? WHERE id = ?', JSON.stringify(body), body.id!);
  }

  hide(id: string, hidden: Hidden): void {
    this.#db.run('UPDATE objects SET hidden = json_patch(hidden, ?) WHERE id = ?', JSON.stringify(hidden), id);
  }

  remove(id: string): void {
    this.#db.run('DELETE FROM objects WHERE id = ?', id);
  }

  position(account: string, type: ObjectType, id: string): number | undefined {
    return this.#db.one<{ seq: number }>(
      'SELECT seq FROM objects WHERE id = ? AND account = ? AND type = ?',
      id,
      account,
      type,
    )?.seq;
  }

  /** Newest first, as every Stripe list. With `before`, the page that ends just before that position. */
  list<T extends ObjectType>(query: ListQuery & { type: T }): ObjectTypes[T][] {
    const terms = ['account = ?', 'type = ?', "json_extract(body, '$.deleted') IS NULL"];
    const values: (string | number)[] = [query.account, query.type];
    const term = (sql: string, value: string | number | undefined) => {
      if (value === undefined) return;
      terms.push(sql);
      values.push(value);
    };
    for (const [field, value] of Object.entries(query.where ?? {})) term(`json_extract(body, '$.${field}') = ?`, value);
    term('created > ?', query.created?.gt);
    term('created >= ?', query.created?.gte);
    term('created < ?', query.created?.lt);
    term('created <= ?', query.created?.lte);
    term('seq < ?', query.after);
    term('seq > ?', query.before);
    const order = query.before === undefined ? 'DESC' : 'ASC';
    const rows = this.#db.all<Row>(
      `SELECT body FROM objects WHERE ${terms.join(' AND ')} ORDER BY seq ${order} LIMIT ?`,
      ...values,
      query.limit,
    );
    const bodies = rows.map((row) => JSON.parse(row.body) as ObjectTypes[T]);
    return query.before === undefined ? bodies : bodies.toReversed();
  }

  /** Rows for a search, newest first: those that had their time to be indexed. */
  *searchable<T extends ObjectType>(account: string, type: T, wallMs: number): Generator<ObjectTypes[T]> {
    let before = Number.MAX_SAFE_INTEGER;
    for (;;) {
      const rows = this.#db.all<Row & { seq: number }>(
        'SELECT seq, body FROM objects WHERE account = ? AND type = ? AND seq < ? AND searchable_ms <= ? ' +
          'ORDER BY seq DESC LIMIT 500',
        account,
        type,
        before,
        wallMs,
      );
      for (const row of rows) yield JSON.parse(row.body) as ObjectTypes[T];
      if (rows.length < 500) return;
      before = rows.at(-1)!.seq;
    }
  }
}
