import { isEqual } from '../bson/compare.ts';
import { getAtPath } from '../bson/paths.ts';
import { type Doc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileFilter, type Matcher } from '../query/matcher.ts';
import type { StoredRecord } from '../storage/stored-record.ts';
import type { IndexDefinition } from './definition.ts';
import { documentKeys } from './document-keys.ts';
import { type KeyRange, SortedKeys } from './sorted-keys.ts';

/**
 * An ordered index over the committed documents of one collection. Entries are the document's key followed by the
 * record's number, so that equal keys stay apart and a unique index finds a rival by prefix.
 */
export class SecondaryIndex {
  readonly definition: IndexDefinition;
  /** Paths that ever met an array: bounds of several conditions on them may not be combined. */
  readonly multikeyPaths = new Set<string>();
  readonly #entries = new SortedKeys<StoredRecord>();
  readonly #isIndexed: Matcher | undefined;
  /** Keys of unfinished transactions: nobody else may take them until it is known whether they stay. */
  readonly #reserved = new Map<string, { owner: object; id: string }>();

  constructor(definition: IndexDefinition) {
    this.definition = definition;
    this.#isIndexed = definition.partialFilter ? compileFilter(definition.partialFilter) : undefined;
  }

  get isMultikey(): boolean {
    return this.multikeyPaths.size > 0;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Keys of a document, none when the index leaves it out. Noting arrays here also covers documents still in flight. */
  keysOf(doc: Doc): string[] {
    if (this.#isIndexed && !this.#isIndexed(doc)) return [];
    const { keys, multikeyPaths, isEmpty } = documentKeys(doc, this.definition.fields);
    if (this.definition.isSparse && isEmpty) return [];
    for (const path of multikeyPaths) this.multikeyPaths.add(path);
    return keys;
  }

  add(record: StoredRecord, keys: string[]): void {
    for (const key of keys) this.#entries.set(key + record.suffix, record);
  }

  remove(record: StoredRecord, keys: string[]): void {
    for (const key of keys) this.#entries.delete(key + record.suffix);
  }

  /** The committed record, other than the given one, that holds one of the keys. */
  rivalOf(keys: string[], record: StoredRecord | undefined): StoredRecord | undefined {
    for (const key of keys) {
      const holder = this.#entries.firstWithPrefix(key);
      if (holder && holder !== record) return holder;
    }
    return undefined;
  }

  reserve(keys: string[], owner: object, id: string): void {
    for (const key of keys) this.#reserved.set(key, { owner, id });
  }

  reservationOf(keys: string[]): { owner: object; id: string } | undefined {
    if (this.#reserved.size === 0) return undefined;
    for (const key of keys) {
      const reservation = this.#reserved.get(key);
      if (reservation) return reservation;
    }
    return undefined;
  }

  release(keys: string[], owner: object): void {
    for (const key of keys) if (this.#reserved.get(key)?.owner === owner) this.#reserved.delete(key);
  }

  scan(range: KeyRange, isReverse: boolean): Generator<StoredRecord> {
    return this.#entries.scan(range, isReverse);
  }

  count(range: KeyRange): number {
    return this.#entries.count(range);
  }
}

export function duplicateKey(namespace: string, definition: IndexDefinition, doc: Doc): CommandError {
  const keyValue: Doc = {};
  for (const { path, parts } of definition.fields) keyValue[path] = getAtPath(doc, parts) ?? null;
  const shown = Object.entries(keyValue)
    .map(([path, value]) => `${path}: ${showValue(value)}`)
    .join(', ');
  return new CommandError(
    'DuplicateKey',
    `E11000 duplicate key error collection: ${namespace} index: ${definition.name} dup key: { ${shown} }`,
    { keyPattern: definition.key, keyValue },
  );
}

export function hasSameKey(left: IndexDefinition, right: IndexDefinition): boolean {
  const sameOrder = Object.keys(left.key).join('\0') === Object.keys(right.key).join('\0');
  return sameOrder && isEqual(left.key, right.key);
}

function showValue(value: Value): string {
  return typeof value === 'string' ? JSON.stringify(value) : value === null ? 'null' : String(value);
}
