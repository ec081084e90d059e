import { compileFilter } from '../filter/compile.ts';
import { parseFilter } from '../filter/parse.ts';
import { distanceTo } from '../filter/place.ts';
import { badRequest, notFound, unsupported } from '../http/api-error.ts';
import { isString } from '../schema/field.ts';
import { type Sql, sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { splitTop } from './split-top.ts';

export type Buckets = { count: number } | { size: number };

/** `sort_by`, ready to become ORDER BY. A `_text_match` in buckets needs all scores first. */
export type SortOrder = {
  keys: SortKey[];
  buckets: Buckets | undefined;
  distances: { field: string; at: number; lat: number; lng: number }[];
};

export type SortKey = { kind: 'score'; descending: boolean } | { kind: 'sql'; order: Sql; column?: NumberOrder };

/** By a column of numbers; `missing` says where documents stand that have none. */
export type NumberOrder = { name: string; descending: boolean; missing: 'first' | 'last' };

const MAX_KEYS = 3;
const PART = /^([^():]+?)\s*(?:\((.*)\))?\s*:\s*(asc|desc)$/is;

export function parseSort(
  text: string,
  index: SearchIndex,
  { hasDistance = false }: { hasDistance?: boolean } = {},
): SortOrder {
  const order: SortOrder = { keys: [], buckets: undefined, distances: [] };
  const parts = splitTop(text, ',').filter((part) => part !== '');
  if (parts.length > MAX_KEYS) throw badRequest(`Only upto ${MAX_KEYS} sort_by fields can be specified.`);
  if (parts.length === 0) parts.push('_text_match:desc', ...defaultSort(index));
  for (const part of parts) {
    const [, name = '', argument, direction = ''] = PART.exec(part) ?? [];
    if (name === '') throw malformed(part);
    order.keys.push(
      parseKey({
        part,
        name: name.trim(),
        argument,
        descending: direction.toLowerCase() === 'desc',
        index,
        order,
        hasDistance,
      }),
    );
  }
  if (!order.keys.some((key) => key.kind === 'score')) order.keys.push({ kind: 'score', descending: true });
  return order;
}

/**
 * ORDER BY for a selection whose text score stands in the column `rank` (undefined: it has none). Among equals the
 * document added last comes first.
 */
export function toOrderBy(order: SortOrder, rank: string | undefined): Sql {
  const parts: Sql[] = [];
  for (const key of order.keys) {
    if (key.kind === 'sql') parts.push(key.order);
    else if (rank !== undefined) parts.push(sql(`${rank} ${key.descending ? 'DESC' : 'ASC'}`));
  }
  parts.push(sql('c.seq DESC'));
  return sql(parts.map((part) => part.text).join(', '), ...parts.flatMap((part) => part.params));
}

function defaultSort(index: SearchIndex): string[] {
  const field = index.schema.default_sorting_field;
  return field === '' ? [] : [`${field}:desc`];
}

type KeyInput = {
  part: string;
  name: string;
  argument: string | undefined;
  descending: boolean;
  index: SearchIndex;
  order: SortOrder;
  /** The rows are scored by how near they are. */
  hasDistance: boolean;
};

function parseKey(input: KeyInput): SortKey {
  const { name, argument, index } = input;
  if (name === '_text_match') {
    if (argument !== undefined) input.order.buckets = parseBuckets(input.part, argument);
    return { kind: 'score', descending: input.descending };
  }
  // The nearer the higher the score.
  if (name === '_vector_distance' && input.hasDistance) return { kind: 'score', descending: !input.descending };
  if (name === '_eval') return { kind: 'sql', order: directed(evaluate(input, index), input.descending) };
  if (name.startsWith('_')) throw unsupported(`\`${name}\` in \`sort_by\``);
  const at = index.schema.fields.findIndex((field) => field.name === name);
  const field = index.schema.fields[at];
  if (field === undefined || !field.sort || !field.index) {
    throw notFound(`Could not find a field named \`${name}\` in the schema for sorting.`);
  }
  if (field.type === 'geopoint') return distanceKey(input, at);
  if (field.type.endsWith('[]')) throw notFound(`Could not find a field named \`${name}\` in the schema for sorting.`);
  const missing = argument === undefined ? undefined : parseMissing(input.part, argument);
  const { descending } = input;
  const order = directed(sql(`c.c${at}`), descending);
  const numbers = isString(field) ? undefined : { name: `c${at}`, descending, missing: missing ?? 'last' };
  if (!field.optional && numbers) return { kind: 'sql', order, column: numbers };
  // A missing number is always last; a missing string counts as the highest.
  const first = missing === 'first' || (missing === undefined && isString(field) && descending);
  return {
    kind: 'sql',
    order: sql(`${order.text} NULLS ${first ? 'FIRST' : 'LAST'}`, ...order.params),
    ...(numbers ? { column: numbers } : {}),
  };
}

function directed(expression: Sql, descending: boolean): Sql {
  return sql(`${expression.text} ${descending ? 'DESC' : 'ASC'}`, ...expression.params);
}

function parseBuckets(part: string, argument: string): Buckets {
  const [, name, digits] = /^\s*(buckets|bucket_size)\s*:\s*(\d{1,6})\s*$/.exec(argument) ?? [];
  if (name === undefined) throw malformed(part);
  const number = Number(digits);
  if (name === 'buckets') return { count: Math.max(1, number) };
  return { size: Math.max(1, number) };
}

function parseMissing(part: string, argument: string): 'first' | 'last' {
  const [, name, value] = /^\s*(\w+)\s*:\s*(\w+)/.exec(argument) ?? [];
  if (name !== undefined && name !== 'missing_values') throw unsupported(`\`${name}\` in \`sort_by\``);
  if (value !== 'first' && value !== 'last') throw malformed(part);
  return value;
}

/** `_eval(filter)` is 1 or 0; `_eval([ (filter):3, (filter):2 ])` the score of the first filter that holds. */
function evaluate(input: KeyInput, index: SearchIndex): Sql {
  const argument = (input.argument ?? '').trim();
  if (argument === '') throw malformed(input.part);
  if (!argument.startsWith('[')) return weighted(argument, 1, index);
  const cases = splitTop(argument.slice(1, argument.endsWith(']') ? -1 : undefined), ',').map((item) => {
    const [, filter, score] = /^\s*\((.*)\)\s*:\s*(\d{1,9})\s*$/s.exec(item) ?? [];
    if (filter === undefined) throw malformed(input.part);
    return weighted(filter, Number(score), index);
  });
  if (cases.length === 0) throw malformed(input.part);
  const scores = cases.map((item) => `nullif(${item.text}, 0)`);
  return sql(`coalesce(${[...scores, '0'].join(', ')})`, ...cases.flatMap((item) => item.params));
}

function weighted(filter: string, score: number, index: SearchIndex): Sql {
  const node = parseFilter(filter);
  if (node === undefined) throw badRequest('Bad syntax for sorting by `_eval`: the filter is empty.');
  const condition = compileFilter(node, index);
  return sql(`CASE WHEN ${condition.text} THEN ${score} ELSE 0 END`, ...condition.params);
}

function distanceKey(input: KeyInput, at: number): SortKey {
  const parts = (input.argument ?? '').split(',').map((part) => part.trim());
  if (parts.length > 2) throw unsupported('An option of a geo sort');
  const [lat, lng] = parts.map((part) => (part === '' ? Number.NaN : Number(part)));
  if (lat === undefined || lng === undefined || !Number.isFinite(lat) || !Number.isFinite(lng)) {
    throw badRequest(`Bad syntax for geopoint sorting field \`${input.name}\`.`);
  }
  input.order.distances.push({ field: input.name, at, lat, lng });
  const order = directed(distanceTo(at, { lat, lng }), input.descending);
  return { kind: 'sql', order: sql(`${order.text} NULLS LAST`, ...order.params) };
}

function malformed(part: string): Error {
  return badRequest(`Parameter \`sort_by\` is malformed: \`${part.slice(0, 200)}\`.`);
}
