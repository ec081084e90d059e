import { notFound } from '../http/api-error.ts';
import { isArray, isNumber, isString } from '../schema/field.ts';
import { type Database, sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { facetColumn } from '../store/tables.ts';
import { facetField } from './facet-spec.ts';
import type { SearchParameters } from './parameters.ts';
import { orderedRows, type RankedRow } from './rows.ts';
import type { Selection } from './selection.ts';
import type { SortOrder } from './sort.ts';

export type Group = { key: unknown[]; found: number; rows: RankedRow[] };

const MAX_GROUP_FIELDS = 10;

/** Gathers the found rows by the values of facet fields; a group stands where its best row does. */
export function groupRows(input: {
  db: Database;
  index: SearchIndex;
  selection: Selection;
  order: SortOrder;
  parameters: SearchParameters;
  limit: number;
  offset: number;
}): { found: number; groups: Group[] } {
  const { index, parameters } = input;
  if (parameters.groupBy.length > MAX_GROUP_FIELDS) throw notFound('Too many fields in `group_by`.');
  const columns = parameters.groupBy.map((name) => {
    const { field, at } = facetField(name, index);
    return { field, at, name: facetColumn(field, at) };
  });
  const keys = columns.map((column, at) => sql(`c.${column.name} AS k${at}`));
  const rows = orderedRows({ ...input, limit: -1, offset: 0 }, keys);
  const groups = new Map<string, Group>();
  for (const { seq, score, row } of rows) {
    const parts = columns.map((_, at) => (row[`k${at}`] ?? null) as string | number | null);
    const alone = !parameters.groupMissing && parts.includes(null);
    const name = alone ? `seq ${seq}` : JSON.stringify(parts);
    let group = groups.get(name);
    if (group === undefined) {
      group = { key: columns.flatMap((column, at) => keyPart(column, parts[at] ?? null, index)), found: 0, rows: [] };
      groups.set(name, group);
    }
    group.found += 1;
    if (group.rows.length < parameters.groupLimit) {
      group.rows.push({ seq, score });
    }
  }
  return { found: groups.size, groups: [...groups.values()].slice(input.offset, input.offset + input.limit) };
}

function keyPart(
  column: { field: Parameters<typeof isString>[0] },
  part: string | number | null,
  index: SearchIndex,
): unknown[] {
  if (part === null) return [];
  const values = String(part)
    .split(';')
    .map((item) => {
      if (isString(column.field)) return index.facets.valueOf(Number(item));
      return isNumber(column.field) ? String(Number(item)) : String(item === '1');
    });
  return isArray(column.field) ? [values] : values;
}
