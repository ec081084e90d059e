import { isEqual } from '../bson/compare.ts';
import { getAtPath } from '../bson/paths.ts';
import { type Doc, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { compileFilter, type Matcher } from '../query/matcher.ts';
import type { StoredRecord } from '../storage/stored-record.ts';
import type { IndexDefinition } from './definition.ts';
import { documentKeys, type KeyParts } from './document-keys.ts';
import { type KeyRange, SortedKeys } from './sorted-keys.ts';

/**
 * An ordered index over the committed documents of one collection. Entries of equal keys are in the order of the
 * records' numbers, and a unique index finds a rival by the beginning of its key.
 */
export class SecondaryIndex {
  readonly definition: IndexDefinition;
  /** Paths that ever met an array: bounds of several conditions on them may not be combined. */
  readonly multikeyPaths = new Set<string>();
  readonly #entries = new SortedKeys<StoredRecord>();
  readonly #isIndexed: Matcher | undefined;
  /** First parts of the paths that decide over a document's keys; undefined when a filter asks for more than fields. */
  readonly #roots: readonly string[] | undefined;
  /** Keys of unfinished transactions: nobody else may take them until it is known whether they stay. */
  readonly #reserved = new Map<string, { owner: object; id: string }>();

  constructor(definition: IndexDefinition) {
    this.definition = definition;
    this.#isIndexed = definition.partialFilter ? compileFilter(definition.partialFilter) : undefined;
    const paths = [...definition.fields.map(({ path }) => path), ...Object.keys(definition.partialFilter ?? {})];
    this.#roots = paths.some((path) => path.startsWith('$')) ? undefined : paths.map((path) => path.split('.', 1)[0]!);
  }

  get isMultikey(): boolean {
    return this.multikeyPaths.size > 0;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Keys of a document, none when the index leaves it out. Noting arrays here also covers documents still in flight. */
  keysOf(doc: Doc, parts?: KeyParts): string[] {
    if (this.#isIndexed && !this.#isIndexed(doc)) return [];
    const { keys, multikeyPaths, isEmpty } = documentKeys(doc, this.definition.fields, parts);
    if (this.definition.isSparse && isEmpty) return [];
    for (const path of multikeyPaths) this.multikeyPaths.add(path);
    return keys;
  }

  /** Whether a document that changed in these fields, named by the first part of their paths, may have other keys than before. */
  dependsOn(fields: ReadonlySet<string>): boolean {
    return this.#roots === undefined || this.#roots.some((root) => fields.has(root));
  }

  /** What both lists have in common stays where it is. */
  move(record: StoredRecord, before: readonly string[], after: readonly string[]): void {
    const [from, to] = [new Set(before), new Set(after)];
    this.remove(record, [...from.difference(to)]);
    this.add(record, [...to.difference(from)]);
  }

  add(record: StoredRecord, keys: readonly string[]): void {
    for (const key of keys) this.#entries.add(key, record);
  }

  remove(record: StoredRecord, keys: readonly string[]): void {
    for (const key of keys) this.#entries.delete(key, record);
  }

  /** The committed record, other than the given one, that holds one of the keys. */
  rivalOf(keys: readonly string[], record: StoredRecord | undefined): StoredRecord | undefined {
    for (const key of keys) {
      const holder = this.#entries.firstWithPrefix(key);
      if (holder && holder !== record) return holder;
    }
    return undefined;
  }

  reserve(keys: readonly string[], owner: object, id: string): void {
    for (const key of keys) this.#reserved.set(key, { owner, id });
  }

  reservationOf(keys: readonly string[]): { owner: object; id: string } | undefined {
    if (this.#reserved.size === 0) return undefined;
    for (const key of keys) {
      const reservation = this.#reserved.get(key);
      if (reservation) return reservation;
    }
    return undefined;
  }

  release(keys: readonly string[], owner: object): void {
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
