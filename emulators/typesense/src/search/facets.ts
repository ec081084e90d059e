import { badRequest } from '../http/api-error.ts';
import { isArray, isNumber, isString } from '../schema/field.ts';
import type { Database } from '../store/database.ts';
import type { MatchedRows } from '../store/kept-matches.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { facetColumn } from '../store/tables.ts';
import { editDistance, prefixDistance } from '../text/edit-distance.ts';
import { toSpans, toTokens } from '../text/tokens.ts';
import { markSpan, renderMarks } from './marks.ts';
import type { FacetSpec } from './facet-spec.ts';
import type { SearchParameters } from './parameters.ts';
import type { Selection } from './selection.ts';

export type FacetCount = { count: number; highlighted: string; value: string };

export type FacetResult = {
  counts: FacetCount[];
  field_name: string;
  sampled: false;
  stats: { total_values: number; avg?: number; max?: number; min?: number; sum?: number };
};

type Value = { value: string; number: number; count: number };

/** Whether a facet is counted from columns in memory. */
export function isCountedInMemory({ field }: FacetSpec): boolean {
  return isString(field) || !isArray(field);
}

/** Counts the facet values of all found rows: of rows in memory by columns in memory; else SQLite lines the values up. */
export function countFacets(input: {
  db: Database;
  index: SearchIndex;
  found: { rows: MatchedRows } | { selection: Selection };
  specs: readonly FacetSpec[];
  parameters: SearchParameters;
}): FacetResult[] {
  const { db, index, found, specs } = input;
  const query = parseFacetQuery(input.parameters, specs, index);
  if (specs.length === 0) return [];
  const values =
    'rows' in found
      ? specs.map((spec) => countRows(spec, found.rows.seqs, index))
      : countSelection({ db, index, specs, selection: found.selection });
  return specs.map((spec, at) =>
    toResult({ ...input, spec, values: values[at]!, wanted: query?.spec === spec ? query.words : undefined }),
  );
}

function countRows(spec: FacetSpec, seqs: Uint32Array, index: SearchIndex): Value[] {
  const name = facetColumn(spec.field, spec.at);
  if (isString(spec.field)) {
    const counts = new Uint32Array(index.facets.size);
    index.columns.lists(name).tally(seqs, counts);
    return stringValues(counts, index);
  }
  const column = index.columns.numbers(name);
  const counts = new Map<number, number>();
  for (const seq of seqs) {
    const number = column.at(seq);
    if (!Number.isNaN(number)) counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return numberValues(spec, counts);
}

function countSelection({
  db,
  index,
  specs,
  selection,
}: {
  db: Database;
  index: SearchIndex;
  specs: readonly FacetSpec[];
  selection: Selection;
}): Value[][] {
  const columns = specs.map((spec, at) => `group_concat(c.${facetColumn(spec.field, spec.at)}, ';') AS v${at}`);
  const row = db.get(
    `SELECT ${columns.join(', ')} FROM ${selection.from} WHERE ${selection.where.text}`,
    selection.where.params,
  );
  return specs.map((spec, at) => tally(spec, String(row?.[`v${at}`] ?? ''), index));
}

function tally(spec: FacetSpec, list: string, index: SearchIndex): Value[] {
  if (list === '') return [];
  if (isString(spec.field)) {
    const counts = new Uint32Array(index.facets.size);
    let number = 0;
    for (let at = 0; at <= list.length; at += 1) {
      const digit = list.charCodeAt(at) - 48;
      if (digit >= 0 && digit <= 9) number = number * 10 + digit;
      else {
        counts[number] = (counts[number] ?? 0) + 1;
        number = 0;
      }
    }
    return stringValues(counts, index);
  }
  const counts = new Map<number, number>();
  for (const item of list.split(';')) counts.set(Number(item), (counts.get(Number(item)) ?? 0) + 1);
  return numberValues(spec, counts);
}

function stringValues(counts: Uint32Array, index: SearchIndex): Value[] {
  const values: Value[] = [];
  for (const [value, count] of counts.entries()) {
    if (count > 0) values.push({ value: index.facets.valueOf(value), number: 0, count });
  }
  return values;
}

function numberValues({ field }: FacetSpec, counts: ReadonlyMap<number, number>): Value[] {
  return [...counts].map(([number, count]) => ({
    value: isNumber(field) ? String(number) : String(number === 1),
    number,
    count,
  }));
}

function toResult(input: {
  spec: FacetSpec;
  values: Value[];
  wanted: readonly string[] | undefined;
  index: SearchIndex;
  parameters: SearchParameters;
}): FacetResult {
  const { spec, parameters, index } = input;
  const matching = spec.ranges.length > 0 ? inRanges(spec, input.values) : input.values;
  const shown: FacetCount[] = [];
  for (const value of matching.toSorted(comparator(spec))) {
    if (shown.length >= parameters.maxFacetValues) break;
    const highlighted =
      input.wanted === undefined ? value.value : markValue(value.value, input.wanted, index, parameters);
    if (highlighted !== undefined) shown.push({ count: value.count, highlighted, value: value.value });
  }
  return {
    counts: shown,
    field_name: spec.field.name,
    sampled: false,
    stats: { ...(isNumber(spec.field) ? statistics(input.values) : {}), total_values: matching.length },
  };
}

function comparator(spec: FacetSpec): (a: Value, b: Value) => number {
  const alphabetical = (a: Value, b: Value): number => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0);
  if (spec.alphabetical === 'asc') return alphabetical;
  if (spec.alphabetical === 'desc') return (a, b) => alphabetical(b, a);
  return (a, b) => b.count - a.count || alphabetical(a, b);
}

function inRanges(spec: FacetSpec, values: readonly Value[]): Value[] {
  return spec.ranges.flatMap((range) => {
    const inside = values.filter((value) => value.number >= range.from && value.number < range.to);
    const count = inside.reduce((sum, value) => sum + value.count, 0);
    return count === 0 ? [] : [{ value: range.label, number: range.from, count }];
  });
}

function statistics(values: readonly Value[]): Partial<FacetResult['stats']> {
  if (values.length === 0) return {};
  let sum = 0;
  let rows = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const { number, count } of values) {
    sum += number * count;
    rows += count;
    min = Math.min(min, number);
    max = Math.max(max, number);
  }
  return { avg: sum / rows, max, min, sum };
}

function parseFacetQuery(
  parameters: SearchParameters,
  specs: readonly FacetSpec[],
  index: SearchIndex,
): { spec: FacetSpec; words: string[] } | undefined {
  if (parameters.facetQuery === '') return undefined;
  const colon = parameters.facetQuery.indexOf(':');
  const name = parameters.facetQuery.slice(0, colon).trim();
  if (colon < 1) throw badRequest('Facet query must be in the `facet_field: value` format.');
  const spec = specs.find((candidate) => candidate.field.name === name);
  if (spec === undefined)
    throw badRequest('Facet query refers to a facet field `' + name + '` that is not part of `facet_by` parameter.');
  const text = parameters.facetQuery.slice(colon + 1);
  return { spec, words: toTokens(text, index.rules) };
}

/** The value with the words of the facet query marked, or undefined when one of them is missing. */
function markValue(
  value: string,
  wanted: readonly string[],
  index: SearchIndex,
  parameters: SearchParameters,
): string | undefined {
  const spans = toSpans(value, index.rules);
  const marks: { start: number; end: number }[] = [];
  for (const [at, word] of wanted.entries()) {
    const found = spans.find((span) => matches(word, span.token, at === wanted.length - 1, parameters.facetQueryTypos));
    if (found === undefined) return undefined;
    marks.push(markSpan(found, word));
  }
  const sorted = marks.toSorted((a, b) => a.start - b.start);
  return renderMarks(value, sorted, { start: 0, end: value.length }, parameters);
}

function matches(word: string, token: string, prefix: boolean, typos: number): boolean {
  if (prefix ? token.startsWith(word) : token === word) return true;
  const allowed = Math.min(typos, word.length >= 7 ? 2 : word.length >= 4 ? 1 : 0);
  return (prefix ? prefixDistance(word, token, allowed) : editDistance(word, token, allowed)) <= allowed;
}
