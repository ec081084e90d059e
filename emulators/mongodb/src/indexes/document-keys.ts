import { invertKey, keyString } from '../bson/key-string.ts';
import { isArrayIndex } from '../bson/paths.ts';
import { type Doc, getField, isDoc, type Maybe, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import type { IndexField } from './definition.ts';

export interface DocumentKeys {
  keys: string[];
  /** The indexed paths on which this document has an array. */
  multikeyPaths: readonly string[];
  /** Not one of the indexed fields exists: a sparse index leaves such a document out. */
  isEmpty: boolean;
}

const NONE: readonly string[] = [];

/** Keys of single fields of one document, by path and direction: its indexes have most of them in common. */
export interface KeyParts {
  ascending: Map<string, string>;
  descending: Map<string, string>;
}

/** The entries a document has in an index: one, or one per element when an array is on the way. */
export function documentKeys(doc: Doc, fields: readonly IndexField[], parts?: KeyParts): DocumentKeys {
  if (fields.every((field) => field.parts.length === 1)) {
    const keys = ownFieldKeys(doc, fields, parts);
    if (keys) return keys;
  }
  const cursors = fields.map((field) => advance({ field, value: doc, at: 0 }));
  if (!cursors.some(isAtArray)) return { keys: [keyOf(cursors)], multikeyPaths: NONE, isEmpty: !cursors.some(exists) };
  const found: Found = { keys: new Set(), multikeyPaths: new Set(), isEmpty: true };
  collect(cursors, found);
  return { keys: [...found.keys], multikeyPaths: [...found.multikeyPaths], isEmpty: found.isEmpty };
}

/** The same where every path is a field of the document itself, as most are; undefined when two of them are arrays. */
function ownFieldKeys(doc: Doc, fields: readonly IndexField[], parts?: KeyParts): DocumentKeys | undefined {
  let arrayAt = -1;
  let isEmpty = true;
  for (const [at, { path }] of fields.entries()) {
    const value = getField(doc, path);
    if (value !== undefined) isEmpty = false;
    if (!Array.isArray(value)) continue;
    if (arrayAt >= 0) return undefined;
    arrayAt = at;
  }
  let before = '';
  let after = '';
  for (const [at, field] of fields.entries()) {
    if (at === arrayAt) continue;
    const part = ownFieldKey(doc, field, parts);
    if (at < arrayAt || arrayAt < 0) before += part;
    else after += part;
  }
  const field = fields[arrayAt];
  if (!field) return { keys: [before], multikeyPaths: NONE, isEmpty };
  const items = doc[field.path] as Value[];
  const values: Cursor['value'][] = items.length === 0 ? [EMPTY_ARRAY] : items;
  const keys = new Set(values.map((value) => before + fieldKey({ value, field }) + after));
  return { keys: [...keys], multikeyPaths: [field.path], isEmpty };
}

function ownFieldKey(doc: Doc, field: IndexField, parts: KeyParts | undefined): string {
  const known = field.direction === 1 ? parts?.ascending : parts?.descending;
  let key = known?.get(field.path);
  if (key === undefined) {
    key = fieldKey({ value: getField(doc, field.path), field });
    known?.set(field.path, key);
  }
  return key;
}

/** An empty array has a place of its own in the order, below null. */
const EMPTY_ARRAY = Symbol('empty array');

interface Cursor {
  field: IndexField;
  value: Maybe | typeof EMPTY_ARRAY;
  /** How many parts of the path are behind it. */
  at: number;
  /** An element of an array that is itself the indexed value: an array inside it is not opened again. */
  isLeaf?: boolean;
}

interface Found {
  keys: Set<string>;
  multikeyPaths: Set<string>;
  isEmpty: boolean;
}

/**
 * Walks all fields of a compound index together. Where fields meet the same array, each element gives one key with
 * its own values; two different arrays would give every combination, which the server refuses.
 */
function collect(cursors: readonly Cursor[], found: Found): void {
  const atArray = cursors.filter(isAtArray);
  const [first] = atArray;
  if (!first) {
    if (cursors.some(exists)) found.isEmpty = false;
    found.keys.add(keyOf(cursors));
    return;
  }
  const array = first.value as Value[];
  for (const { field, value } of atArray) {
    if (value !== array) {
      throw new CommandError(
        'CannotIndexParallelArrays',
        `cannot index parallel arrays [${field.path}] [${first.field.path}]`,
      );
    }
    found.multikeyPaths.add(field.path);
  }
  const items: (Value | undefined)[] = array.length === 0 ? [undefined] : array;
  // What is the same for every element is made into a key once.
  const around = cursors.map((cursor) => (isAtArray(cursor) ? undefined : fieldKey(cursor)));
  const areLeaves = atArray.every(({ field, at }) => at === field.parts.length);
  for (const item of items) {
    const elements = cursors.map((cursor) => (isAtArray(cursor) ? intoElement(cursor, item) : cursor));
    if (areLeaves) {
      found.isEmpty = false;
      found.keys.add(elements.map((element, i) => around[i] ?? fieldKey(element)).join(''));
    } else collect(elements.map(advance), found);
  }
}

function keyOf(cursors: readonly Cursor[]): string {
  let key = '';
  for (const cursor of cursors) key += fieldKey(cursor);
  return key;
}

function exists({ value }: Cursor): boolean {
  return value !== undefined;
}

function intoElement(cursor: Cursor, item: Value | undefined): Cursor {
  const isLeaf = cursor.at === cursor.field.parts.length;
  if (isLeaf) return { ...cursor, value: item ?? (item === undefined ? EMPTY_ARRAY : null), isLeaf };
  // Only documents have fields; what else is in the array counts as "no such field".
  return { ...cursor, value: isDoc(item) ? item : undefined };
}

function isAtArray({ value, isLeaf }: Cursor): boolean {
  return Array.isArray(value) && isLeaf !== true;
}

/** Steps down through documents, and into an array by number when the path says so, until a value or an array. */
function advance(cursor: Cursor): Cursor {
  let { value, at } = cursor;
  const { parts } = cursor.field;
  while (at < parts.length) {
    const part = parts[at] as string;
    if (Array.isArray(value) && isArrayIndex(part) && Number(part) < value.length) value = value[Number(part)];
    else if (Array.isArray(value)) break;
    else value = isDoc(value) ? getField(value, part) : undefined;
    at++;
  }
  return { field: cursor.field, value, at, isLeaf: cursor.isLeaf };
}

/** A missing field is indexed as null. */
function fieldKey({ value, field: { direction } }: Pick<Cursor, 'value' | 'field'>): string {
  const key = keyString(value === EMPTY_ARRAY ? undefined : (value ?? null));
  return direction === 1 ? key : invertKey(key);
}
