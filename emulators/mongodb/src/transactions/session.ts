import { Binary, Long } from 'bson';
import type { Doc } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { Transaction } from './transaction.ts';

/** What a session remembers of its last write command: a retry gets the same answers instead of a second effect. */
export interface WriteHistory {
  txnNumber: number;
  /** Result of each statement by its number. */
  results: Map<number, Doc>;
  isCommitted?: boolean;
}

/** The result of every inserted document; kept once, saved as a list of statement numbers. */
export const INSERTED: Doc = { n: 1 };

/** One logical session of a client. Its numbers only grow: an older one is a message that arrived too late. */
export class Session {
  readonly id: string;
  readonly lsid: Doc;
  transaction: Transaction | undefined;
  history: WriteHistory = { txnNumber: -1, results: new Map() };
  lastUsed = Date.now();
  isUnsaved = false;
  /** The connections the running transaction came over; when all are gone, so is its client. */
  readonly carriers = new Set<object>();

  constructor(id: string, lsid: Doc) {
    this.id = id;
    this.lsid = lsid;
  }

  /** Begins a new numbered command; what a transaction with an older number had open is over. */
  advanceTo(txnNumber: number): void {
    if (txnNumber < this.history.txnNumber) {
      throw new CommandError(
        'TransactionTooOld',
        `Cannot start transaction ${txnNumber} on session because a newer transaction ${this.history.txnNumber} has already started`,
      );
    }
    if (txnNumber === this.history.txnNumber) return;
    this.transaction?.abort();
    this.transaction = undefined;
    this.history = { txnNumber, results: new Map() };
  }

  /** The running transaction a statement belongs to, or the reason why there is none. */
  runningTransaction(txnNumber: number): Transaction {
    this.advanceTo(txnNumber);
    if (this.history.isCommitted) {
      throw new CommandError('TransactionCommitted', `Transaction ${txnNumber} has been committed.`);
    }
    if (this.transaction?.state !== 'active') throw noSuchTransaction(txnNumber);
    return this.transaction;
  }

  remember(statement: number, result: Doc): void {
    this.history.results.set(statement, result);
    this.isUnsaved = true;
  }

  toBody(): Doc {
    const { txnNumber, results, isCommitted = false } = this.history;
    const inserted = [...results].filter(([, result]) => result === INSERTED).map(([statement]) => statement);
    const others = [...results].filter(([, result]) => result !== INSERTED);
    return {
      lsid: this.lsid,
      txnNumber: Long.fromNumber(txnNumber),
      isCommitted,
      inserted: new Binary(Buffer.from(Uint32Array.from(inserted).buffer)),
      results: others.map(([statement, result]) => ({ statement, result })),
    };
  }

  static fromBody(id: string, body: Doc): Session {
    const { lsid, txnNumber, isCommitted, inserted, results } = body as unknown as {
      lsid: Doc;
      txnNumber: Long;
      isCommitted: boolean;
      inserted: Binary;
      results: { statement: number; result: Doc }[];
    };
    const session = new Session(id, lsid);
    session.history = {
      txnNumber: txnNumber.toNumber(),
      isCommitted,
      results: new Map(results.map(({ statement, result }) => [statement, result])),
    };
    // A copy: the bytes may lie anywhere in their buffer, and 32-bit numbers need an aligned one.
    const numbers = new Uint32Array(Uint8Array.from(inserted.value()).buffer);
    for (const statement of numbers) session.history.results.set(statement, INSERTED);
    return session;
  }
}

export function noSuchTransaction(txnNumber: number): CommandError {
  return new CommandError(
    'NoSuchTransaction',
    `Given transaction number ${txnNumber} does not match any in-progress transactions.`,
    {
      labels: ['TransientTransactionError'],
    },
  );
}
