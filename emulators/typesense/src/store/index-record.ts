import { createHash } from 'node:crypto';
import { type Field, isArray, isString } from '../schema/field.ts';
import type { StoredDocument } from '../schema/document.ts';
import { type TokenRules, toTokens } from '../text/tokens.ts';
import type { SqlValue } from './database.ts';
import { columnsOf, facetColumn, hasElements } from './tables.ts';

/** Everything the tables hold about one document besides its JSON. */
export type IndexRecord = {
  /** Per string field: the words FTS5 gets, in order. */
  texts: { field: number; tokens: string[] }[];
  strs: { field: number; norm: string }[];
  nums: { field: number; value: number }[];
  /** The values of the row in `cols`, without its number. */
  cols: SqlValue[];
};

// Titles and labels are compared as they are. Nobody filters for a whole description, but it must still be possible.
const MAX_NORM_LENGTH = 120;
const MAX_SORT_LENGTH = 100;

export function toIndexRecord(input: {
  document: StoredDocument;
  fields: readonly Field[];
  rules: TokenRules;
  facetNumber: (field: number, value: string) => number;
}): IndexRecord {
  const record: IndexRecord = { texts: [], strs: [], nums: [], cols: [] };
  for (const [at, field] of input.fields.entries()) {
    if (!field.index) continue;
    const value = input.document[field.name];
    const items = value === undefined || value === null ? [] : isArray(field) ? (value as unknown[]) : [value];
    if (isString(field)) addText(record, { at, items: items as string[], rules: input.rules });
    if (hasElements(field)) {
      for (const number of new Set(items.map(Number))) record.nums.push({ field: at, value: number });
    }
    addColumns(record, { field, at, items, facetNumber: input.facetNumber });
  }
  return record;
}

/** The spelling under which a whole value is found: its words, or a digest of them when there are too many. */
export function toNorm(tokens: readonly string[]): string {
  const norm = tokens.join(' ');
  if (norm.length <= MAX_NORM_LENGTH) return norm;
  return `#${createHash('sha1').update(norm).digest('base64')}`;
}

function addText(record: IndexRecord, input: { at: number; items: readonly string[]; rules: TokenRules }): void {
  const lists = input.items.map((item) => toTokens(item, input.rules));
  record.texts.push({ field: input.at, tokens: lists.length === 1 ? (lists[0] ?? []) : lists.flat() });
  for (const norm of new Set(lists.map(toNorm))) record.strs.push({ field: input.at, norm });
}

function addColumns(
  record: IndexRecord,
  input: { field: Field; at: number; items: readonly unknown[]; facetNumber: (field: number, value: string) => number },
): void {
  const { field, at, items } = input;
  for (const column of columnsOf(field, at)) {
    if (column.name === `o${at}` && facetColumn(field, at) === column.name) {
      record.cols.push(items.length === 0 ? null : facetList(field, at, items, input.facetNumber));
    } else if (field.type === 'geopoint') {
      const point = items[0] as number[] | undefined;
      record.cols.push(point?.[column.name.startsWith('lat') ? 0 : 1] ?? null);
    } else record.cols.push(sortValue(items[0]));
  }
}

function facetList(
  field: Field,
  at: number,
  items: readonly unknown[],
  facetNumber: (field: number, value: string) => number,
): string {
  const distinct = [...new Set(items)];
  if (!isString(field)) return distinct.map(Number).join(';');
  return distinct.map((item) => facetNumber(at, String(item))).join(';');
}

/** Strings sort by their lower-cased beginning; an empty one sorts like a missing one. */
function sortValue(value: unknown): SqlValue {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string' || value === '') return null;
  return value
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase()
    .slice(0, MAX_SORT_LENGTH);
}
