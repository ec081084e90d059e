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

/** The entries a document has in an index: one, or one per element when an array is on the way. */
export function documentKeys(doc: Doc, fields: readonly IndexField[]): DocumentKeys {
  const [only] = fields;
  if (fields.length === 1 && only?.parts.length === 1) {
    const value = getField(doc, only.path);
    if (!Array.isArray(value)) {
      return { keys: [fieldKey({ value, field: only })], multikeyPaths: NONE, isEmpty: value === undefined };
    }
  }
  const cursors = fields.map((field) => advance({ field, value: doc, at: 0 }));
  if (!cursors.some(isAtArray)) return { keys: [keyOf(cursors)], multikeyPaths: NONE, isEmpty: !cursors.some(exists) };
  const found: Found = { keys: new Set(), multikeyPaths: new Set(), isEmpty: true };
  collect(cursors, found);
  return { keys: [...found.keys], multikeyPaths: [...found.multikeyPaths], isEmpty: found.isEmpty };
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
