import type { Doc } from '../bson/value.ts';
import type { Found, ReadView } from '../query/find-documents.ts';
import type { ChangeDescription } from '../update/changes.ts';
import type { Collection } from './collection.ts';

export interface Rewrite {
  kind: 'update' | 'replace';
  doc: Doc;
  change?: ChangeDescription;
}

/**
 * How a command changes documents: at once, or inside a transaction. A call either happens as a whole or throws, so
 * that a statement which has to wait for somebody can be run again from its start.
 */
export interface Writer {
  readonly view: ReadView;
  /** `bytes` are the document as BSON, where they are at hand. */
  insert(collection: Collection, doc: Doc, bytes?: Uint8Array): void;
  rewrite(collection: Collection, found: Found, rewrite: Rewrite): void;
  remove(collection: Collection, found: Found): void;
  /** Throws before anything is changed when one of these documents, or keys of their new versions, is held by another. */
  assertFree(collection: Collection, founds: readonly Found[], rewrites?: readonly Rewrite[]): void;
}
