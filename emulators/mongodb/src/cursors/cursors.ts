import { randomInt } from 'node:crypto';
import type { ChangeStream } from '../changes/change-stream.ts';
import { CommandError } from '../errors.ts';
import type { Transaction } from '../transactions/transaction.ts';
import type { Rows } from './batch.ts';

/** The server's own limit for an idle cursor. */
const IDLE_MS = 10 * 60_000;
const MAX_CURSORS = 2_000;

export interface OpenCursor {
  id: number;
  namespace: string;
  username: string;
  /** What is left to hand out, from `position` on; a change stream has no such list. */
  rows: Rows;
  position: number;
  stream?: ChangeStream;
  transaction?: Transaction;
  neverExpires: boolean;
  lastUsed: number;
}

export type NewCursor = Pick<OpenCursor, 'namespace' | 'username' | 'rows'> &
  Partial<Pick<OpenCursor, 'stream' | 'transaction' | 'neverExpires' | 'position'>>;

/** Results that did not fit into one reply. Bounded in number, and in time. */
export class Cursors {
  readonly #open = new Map<number, OpenCursor>();

  get count(): number {
    return this.#open.size;
  }

  open(cursor: NewCursor): OpenCursor {
    if (this.#open.size >= MAX_CURSORS)
      throw new CommandError('BadValue', `emulator: more than ${MAX_CURSORS} open cursors`);
    let id: number;
    // Unguessable, so that nobody reads on in somebody else's result; zero means "no cursor".
    do id = randomInt(1, 2 ** 47);
    while (this.#open.has(id));
    const opened: OpenCursor = { id, position: 0, neverExpires: false, lastUsed: Date.now(), ...cursor };
    this.#open.set(id, opened);
    return opened;
  }

  find(id: number, namespace: string, username: string): OpenCursor {
    const cursor = this.#open.get(id);
    if (!cursor) throw new CommandError('CursorNotFound', `cursor id ${id} not found`);
    if (cursor.username !== username) throw new CommandError('Unauthorized', 'cursor was created by another user');
    if (cursor.namespace !== namespace) {
      throw new CommandError(
        'Unauthorized',
        `Requested getMore on namespace '${namespace}', but cursor belongs to ${cursor.namespace}`,
      );
    }
    if (cursor.transaction && cursor.transaction.state !== 'active') {
      this.#open.delete(id);
      throw new CommandError('CursorNotFound', `cursor id ${id} not found, its transaction is over`);
    }
    cursor.lastUsed = Date.now();
    return cursor;
  }

  /** False when there is no such cursor of this user. */
  close(id: number, username: string): boolean {
    return this.#open.get(id)?.username === username && this.#open.delete(id);
  }

  sweep(): void {
    const oldest = Date.now() - IDLE_MS;
    for (const [id, { lastUsed, neverExpires, transaction }] of this.#open) {
      const isOrphan = transaction !== undefined && transaction.state !== 'active';
      if (isOrphan || (lastUsed < oldest && !neverExpires)) this.#open.delete(id);
    }
  }

  closeAll(): void {
    this.#open.clear();
  }
}
