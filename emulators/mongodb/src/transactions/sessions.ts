import { Binary } from 'bson';
import { decodeDocument, type Doc, encodeDocument, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { Collection } from '../storage/collection.ts';
import type { Store } from '../storage/store.ts';
import { noSuchTransaction, Session } from './session.ts';
import { Transaction } from './transaction.ts';

/** What `hello` announces; the driver keeps its sessions within it. */
export const SESSION_MINUTES = 30;
const SESSION_MS = SESSION_MINUTES * 60_000;
const MAX_SESSIONS = 50_000;
/** `transactionLifetimeLimitSeconds` of the server. */
export const TRANSACTION_LIFETIME_MS = 60_000;

/** All sessions, and through them all running transactions. */
export class Sessions {
  readonly #store: Store;
  readonly #sessions = new Map<string, Session>();
  readonly #running = new Set<Session>();
  readonly #lifetimeMs: number;

  constructor(store: Store, lifetimeMs = TRANSACTION_LIFETIME_MS) {
    this.#store = store;
    this.#lifetimeMs = lifetimeMs;
    const oldest = Date.now() - SESSION_MS;
    for (const row of store.file.all('SELECT id, last_used, body FROM sessions')) {
      if ((row.last_used as number) < oldest) continue;
      const session = Session.fromBody(row.id as string, decodeDocument(row.body as Uint8Array));
      session.lastUsed = row.last_used as number;
      this.#sessions.set(session.id, session);
    }
  }

  get count(): number {
    return this.#sessions.size;
  }

  get runningTransactions(): number {
    return this.#running.size;
  }

  /** The session of an `lsid`; another user's session of the same id is a different one. */
  session(lsid: Value | undefined, username: string): Session | undefined {
    if (lsid === undefined) return undefined;
    const id = `${username}:${hexOf(lsid)}`;
    let session = this.#sessions.get(id);
    if (!session) {
      if (this.#sessions.size >= MAX_SESSIONS) this.#expire(Date.now() - SESSION_MS);
      if (this.#sessions.size >= MAX_SESSIONS) {
        throw new CommandError('TooManyLogicalSessions', `emulator: more than ${MAX_SESSIONS} sessions`);
      }
      session = new Session(id, lsid as Doc);
      this.#sessions.set(id, session);
    }
    session.lastUsed = Date.now();
    return session;
  }

  startTransaction(session: Session, txnNumber: number): Transaction {
    const isAgain = session.history.txnNumber === txnNumber;
    session.advanceTo(txnNumber);
    if (isAgain) {
      throw new CommandError(
        'ConflictingOperationInProgress',
        `Only servers in a sharded cluster can start a new transaction at the active transaction number ${txnNumber}`,
      );
    }
    session.transaction = new Transaction(this.#store, { lsid: session.lsid, txnNumber });
    session.carriers.clear();
    this.#running.add(session);
    return session.transaction;
  }

  commit(session: Session, txnNumber: number): void {
    session.advanceTo(txnNumber);
    // A retried commit: the first one went through, its answer was lost.
    if (session.history.isCommitted) return;
    const transaction = session.transaction;
    if (transaction?.state !== 'active') throw noSuchTransaction(txnNumber);
    try {
      transaction.commit();
      session.history.isCommitted = true;
      this.#write(session);
    } finally {
      this.#running.delete(session);
    }
  }

  abort(session: Session): void {
    session.transaction?.abort();
    this.#running.delete(session);
  }

  end(lsid: Value, username: string): void {
    const id = `${username}:${hexOf(lsid)}`;
    const session = this.#sessions.get(id);
    if (!session) return;
    this.abort(session);
    this.#forget(session);
  }

  /** Writes what the session has to remember beside the effects it remembers, into the same SQLite transaction. */
  save(session: Session | undefined): void {
    if (session?.isUnsaved) this.#write(session);
  }

  #write(session: Session): void {
    session.isUnsaved = false;
    this.#store.file.write(
      'INSERT OR REPLACE INTO sessions (id, last_used, body) VALUES (?, ?, ?)',
      session.id,
      session.lastUsed,
      encodeDocument(session.toBody()),
    );
  }

  /** A transaction that has written to the collection and is not over: changes to the collection itself wait for it. */
  writerOf(collection: Collection): Transaction | undefined {
    for (const { transaction } of this.#running) if (transaction?.hasWrittenTo(collection)) return transaction;
    return undefined;
  }

  /** Ends the transactions whose every connection is gone: nobody is left to finish them. */
  onDisconnect(connection: object): void {
    for (const session of this.#running) {
      if (session.carriers.delete(connection) && session.carriers.size === 0) this.abort(session);
    }
  }

  /** Called about once a second. */
  sweep(): void {
    for (const session of this.#running) {
      const { transaction } = session;
      const isOver = transaction?.state !== 'active';
      if (isOver || performance.now() - transaction.startedAt > this.#lifetimeMs) this.abort(session);
    }
    this.#expire(Date.now() - SESSION_MS);
  }

  abortAll(): void {
    for (const session of this.#running) this.abort(session);
  }

  /** Sessions are used in order of the map only roughly, but an old one at the front is enough to go on looking. */
  #expire(oldest: number): void {
    for (const session of this.#sessions.values()) {
      if (session.lastUsed < oldest && !this.#running.has(session)) this.#forget(session);
    }
  }

  #forget(session: Session): void {
    this.#sessions.delete(session.id);
    this.#store.file.write('DELETE FROM sessions WHERE id = ?', session.id);
  }
}

function hexOf(lsid: Value): string {
  const id = (lsid as Doc | null)?.id;
  if (!(id instanceof Binary)) throw new CommandError('TypeMismatch', "an lsid needs an 'id' of type UUID");
  return Buffer.from(id.value()).toString('hex');
}
