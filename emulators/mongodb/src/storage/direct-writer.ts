import { keyString } from '../bson/key-string.ts';
import { type Doc, encodeStored, storedBytes } from '../bson/value.ts';
import { ID_INDEX } from '../indexes/definition.ts';
import { duplicateKey } from '../indexes/secondary-index.ts';
import type { Found, ReadView } from '../query/find-documents.ts';
import { BlockedByTransaction, type Transaction } from '../transactions/transaction.ts';
import type { Collection } from './collection.ts';
import type { Store } from './store.ts';
import type { Rewrite, Writer } from './writer.ts';

export const committedView: ReadView = {
  overlay: (_collection, scanned) => scanned,
  isCommitted: () => true,
};

/** Writes outside transactions: each document is its own commit. What a transaction holds, it waits for. */
export class DirectWriter implements Writer {
  readonly view = committedView;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  insert(collection: Collection, doc: Doc, sent?: Uint8Array): void {
    const bytes = storedBytes(doc, sent);
    const id = keyString(doc._id);
    const keys = collection.keysOf(doc);
    assertNotHeld(collection.ownerOfKeys(id, keys));
    const existing = collection.records.get(id);
    if (existing) {
      assertNotHeld(existing.lockedBy);
      throw duplicateKey(collection.namespace, ID_INDEX, doc);
    }
    collection.assertUnique(doc, keys);
    this.#store.commit([{ collection, doc, bytes, keys }], [eventOf(collection, 'insert', { doc, bytes })]);
  }

  rewrite(collection: Collection, { record, doc: before }: Found, { kind, doc, change }: Rewrite): void {
    const bytes = encodeStored(doc);
    collection.assertUnique(doc, collection.changedKeysOf(before, doc), record);
    const event =
      kind === 'replace'
        ? eventOf(collection, kind, { doc, bytes })
        : { ...eventOf(collection, kind, { key: doc }), change };
    this.#store.commit([{ collection, record, doc, bytes }], [event]);
  }

  remove(collection: Collection, { record, doc }: Found): void {
    this.#store.commit([{ collection, record, doc: null }], [eventOf(collection, 'delete', { key: doc })]);
  }

  assertFree(collection: Collection, founds: readonly Found[], rewrites: readonly Rewrite[] = []): void {
    for (const { record } of founds) assertNotHeld(record?.lockedBy);
    for (const [i, { doc }] of rewrites.entries()) {
      const id = keyString(doc._id);
      assertNotHeld(collection.ownerOfKeys(id, collection.changedKeysOf(founds[i]!.doc, doc)));
    }
  }
}

export function eventOf(
  { database, name }: Collection,
  kind: 'insert' | 'update' | 'replace' | 'delete',
  { doc, key = doc as Doc, bytes }: { doc?: Doc; key?: Doc; bytes?: Uint8Array },
) {
  return { kind, database, collection: name, key: { _id: key._id as Doc[string] }, document: doc, bytes };
}

function assertNotHeld(owner: object | undefined): void {
  if (owner) throw new BlockedByTransaction(owner as Transaction);
}
