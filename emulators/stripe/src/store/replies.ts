import type { Database } from './database.ts';

/** How long Stripe promises to remember a key. */
const KEPT_MS = 24 * 60 * 60 * 1_000;

export interface StoredReply {
  path: string;
  fingerprint: string;
  status: number;
  body: string;
  request: string;
}

/** Answers kept by idempotency key and account, written in the transaction of the effect they answer for. */
export class Replies {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(account: string, key: string, nowMs: number): StoredReply | undefined {
    return this.#db.one<StoredReply>(
      'SELECT path, fingerprint, status, body, request FROM replies WHERE account = ? AND key = ? AND at_ms > ?',
      account,
      key,
      nowMs - KEPT_MS,
    );
  }

  keep(account: string, key: string, reply: StoredReply, nowMs: number): void {
    // A few expired rows go with every new one, so the table stays as large as a day.
    this.#db.run(
      'DELETE FROM replies WHERE rowid IN (SELECT rowid FROM replies WHERE at_ms <= ? LIMIT 20)',
      nowMs - KEPT_MS,
    );
    this.#db.run(
      'INSERT OR REPLACE INTO replies (account, key, path, fingerprint, status, body, request, at_ms) ' +
        'VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      account,
      key,
      reply.path,
      reply.fingerprint,
      reply.status,
      reply.body,
      reply.request,
      nowMs,
    );
  }
}
