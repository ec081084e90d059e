import { badRequest, unprocessable, unsupported } from '../http/api-error.ts';

export type DropTokensMode = { direction: 'right_to_left' | 'left_to_right' | 'both_sides'; upTo: number };

/** A search request, checked for everything that does not need the collection. */
export type SearchParameters = {
  q: string;
  queryBy: string[];
  weights: number[] | undefined;
  prefix: boolean[];
  numTypos: number[];
  minLength1Typo: number;
  minLength2Typo: number;
  typosInNumbers: boolean;
  typosInMixed: boolean;
  typoThreshold: number;
  dropThreshold: number;
  dropMode: DropTokensMode;
  splitJoin: 'off' | 'fallback' | 'always';
  maxCandidates: number | undefined;
  exactFirst: boolean;
  synonyms: boolean;
  synonymSets: string[];
  filterBy: string;
  sortBy: string;
  facetBy: string;
  facetQuery: string;
  facetQueryTypos: number;
  maxFacetValues: number;
  groupBy: string[];
  groupLimit: number;
  groupMissing: boolean;
  hiddenHits: string[];
  vectorQuery: string;
  page: number | undefined;
  perPage: number;
  offset: number | undefined;
  includeFields: string[];
  excludeFields: string[];
  highlightFields: string[] | undefined;
  highlightFullFields: string[];
  affixTokens: number;
  snippetThreshold: number;
  startTag: string;
  endTag: string;
  highlightV1: boolean;
};

// Asking for these changes nothing here, and nothing in the answer of the real server either.
const HINTS = new Set([
  'use_cache',
  'enable_lazy_filter',
  'enable_analytics',
  'enable_overrides',
  'facet_strategy',
  'facet_sample_percent',
  'facet_sample_threshold',
  'max_filter_by_candidates',
  'filter_curated_hits',
  'x-typesense-api-key',
  'x-typesense-user-id',
  // Named in a multi-search entry, read by whoever routes it.
  'collection',
]);

// What is accepted only with the value that leaves the default behaviour alone.
const ONLY: Readonly<Record<string, readonly string[]>> = {
  text_match_type: ['max_score'],
  validate_field_names: ['true'],
  pre_segmented_query: ['false'],
  prioritize_token_position: ['false'],
  prioritize_num_matching_fields: ['true'],
  infix: ['off'],
  synonym_prefix: ['false'],
  synonym_num_typos: ['0'],
};

const MAX_PER_PAGE = 250;
const MAX_QUERY_LENGTH = 4_000;
const MAX_QUERY_FIELDS = 50;

/** Reads the parameters of one search; a name or value that would be ignored is refused. */
export function parseSearchParameters(input: Readonly<Record<string, unknown>>): SearchParameters {
  const reader = new ParameterReader(input);
  const exhaustive = reader.flag('exhaustive_search', false);
  const facetQuery = reader.text('facet_query', '');
  const queryBy = reader.list('query_by');
  if (queryBy.length > MAX_QUERY_FIELDS) throw badRequest(`At most ${MAX_QUERY_FIELDS} fields can be queried.`);
  const limit = reader.integer('limit', undefined, { min: 0 });
  const highlightFields = reader.optionalList('highlight_fields');
  const parameters: SearchParameters = {
    q: reader.query(MAX_QUERY_LENGTH),
    queryBy,
    weights: reader.optionalList('query_by_weights')?.map((item) => toWeight(item)),
    prefix: perField('prefix', reader.list('prefix', 'true').map(toFlag), queryBy.length),
    numTypos: perField('num_typos', reader.list('num_typos', '2').map(toTypos), queryBy.length),
    minLength1Typo: reader.integer('min_len_1typo', 4, { min: 0 }),
    minLength2Typo: reader.integer('min_len_2typo', 7, { min: 0 }),
    typosInNumbers: reader.flag('enable_typos_for_numerical_tokens', true),
    typosInMixed: reader.flag('enable_typos_for_alpha_numerical_tokens', true),
    typoThreshold: reader.threshold('typo_tokens_threshold', exhaustive),
    dropThreshold: reader.threshold('drop_tokens_threshold', exhaustive),
    dropMode: toDropMode(reader.text('drop_tokens_mode', 'right_to_left')),
    splitJoin: reader.choice('split_join_tokens', ['fallback', 'off', 'always']),
    maxCandidates: reader.integer('max_candidates', undefined, { min: 1, max: 10_000 }),
    exactFirst: reader.flag('prioritize_exact_match', true),
    synonyms: reader.flag('enable_synonyms', true),
    synonymSets: reader.list('synonym_sets'),
    filterBy: reader.text('filter_by', ''),
    sortBy: reader.text('sort_by', ''),
    facetBy: reader.text('facet_by', ''),
    facetQuery,
    facetQueryTypos: reader.integer('facet_query_num_typos', 2, { min: 0, max: 2 }),
    maxFacetValues: reader.integer('max_facet_values', 10, { min: 0, max: 10_000 }),
    groupBy: reader.list('group_by'),
    groupLimit: reader.integer('group_limit', 3, { min: 1, max: 99 }),
    groupMissing: reader.flag('group_missing_values', true),
    hiddenHits: reader.list('hidden_hits'),
    vectorQuery: reader.text('vector_query', ''),
    page: reader.integer('page', undefined, { min: 1, status: 422 }),
    perPage: limit ?? reader.integer('per_page', facetQuery === '' ? 10 : 0, { min: 0 }),
    offset: reader.integer('offset', undefined, { min: 0 }),
    includeFields: reader.list('include_fields'),
    excludeFields: reader.list('exclude_fields'),
    highlightFields: highlightFields?.[0] === 'none' ? [] : highlightFields,
    highlightFullFields: reader.list('highlight_full_fields').filter((name) => name !== 'none'),
    affixTokens: reader.integer('highlight_affix_num_tokens', 4, { min: 0, max: 1_000 }),
    snippetThreshold: reader.integer('snippet_threshold', 30, { min: 0 }),
    startTag: reader.text('highlight_start_tag', '<mark>'),
    endTag: reader.text('highlight_end_tag', '</mark>'),
    highlightV1: reader.flag('enable_highlight_v1', true),
  };
  const limitHits = reader.integer('limit_hits', undefined, { min: 1 });
  reader.integer('search_cutoff_ms', undefined, { min: 1 });
  reader.refuseRest();
  if (parameters.perPage > MAX_PER_PAGE) throw unprocessable(`Only upto ${MAX_PER_PAGE} hits can be fetched per page.`);
  const last = (parameters.offset ?? ((parameters.page ?? 1) - 1) * parameters.perPage) + parameters.perPage;
  if (limitHits !== undefined && last > limitHits) throw unprocessable(`Only upto ${limitHits} hits can be fetched.`);
  if (parameters.weights !== undefined && parameters.weights.length !== queryBy.length) {
    throw badRequest('Number of weights in `query_by_weights` does not match number of `query_by` fields.');
  }
  return parameters;
}

class ParameterReader {
  readonly #values = new Map<string, string>();

  constructor(input: Readonly<Record<string, unknown>>) {
    for (const [name, value] of Object.entries(input)) {
      if (value === undefined) continue;
      const parts = Array.isArray(value) ? value : [value];
      for (const part of parts) {
        if (!['string', 'number', 'boolean'].includes(typeof part)) {
          throw badRequest(`Parameter \`${name}\` must be a string, a number or a boolean.`);
        }
      }
      this.#values.set(name, parts.map(String).join(','));
    }
  }

  query(maxLength: number): string {
    const q = this.#take('q');
    if (q === undefined) throw badRequest('Parameter `q` is required.');
    if (q.length > maxLength) throw badRequest(`Query string exceeds max allowed length of ${maxLength}.`);
    return q;
  }

  text(name: string, otherwise: string): string {
    return this.#take(name) ?? otherwise;
  }

  optionalList(name: string): string[] | undefined {
    return this.#take(name)
      ?.split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }

  list(name: string, otherwise = ''): string[] {
    const list = this.optionalList(name) ?? [];
    return list.length > 0 || otherwise === '' ? list : [otherwise];
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#take(name);
    if (value === undefined) return otherwise;
    if (value !== 'true' && value !== 'false') throw badRequest(`Parameter \`${name}\` must be a boolean.`);
    return value === 'true';
  }

  choice<T extends string>(name: string, values: readonly [T, ...T[]]): T {
    const value = this.#take(name) ?? values[0];
    const known = values.find((candidate) => candidate === value);
    if (known === undefined) throw badRequest(`Parameter \`${name}\` must be one of ${values.join(', ')}.`);
    return known;
  }

  integer(name: string, otherwise: number, range: IntegerRange): number;
  integer(name: string, otherwise: undefined, range: IntegerRange): number | undefined;
  integer(name: string, otherwise: number | undefined, range: IntegerRange): number | undefined {
    const value = this.#take(name);
    if (value === undefined) return otherwise;
    const number = Number(value);
    if (!/^\d{1,15}$/.test(value) || number < range.min || number > (range.max ?? Number.MAX_SAFE_INTEGER)) {
      const message = `Parameter \`${name}\` must be an integer from ${range.min}${range.max === undefined ? '' : ` to ${range.max}`}.`;
      throw range.status === 422 ? unprocessable(message) : badRequest(message);
    }
    return number;
  }

  /** A number of results below which the search tries harder; an exhaustive search always does. */
  threshold(name: string, exhaustive: boolean): number {
    const value = this.integer(name, 1, { min: 0 });
    return exhaustive ? Number.POSITIVE_INFINITY : value;
  }

  refuseRest(): void {
    for (const [name, value] of this.#values) {
      if (HINTS.has(name)) continue;
      const only = ONLY[name];
      if (only === undefined) throw unsupported(`Search parameter \`${name}\``);
      if (!value.split(',').every((part) => only.includes(part))) throw unsupported(`\`${name}=${value}\``);
    }
  }

  #take(name: string): string | undefined {
    const value = this.#values.get(name);
    this.#values.delete(name);
    return value;
  }
}

type IntegerRange = { min: number; max?: number; status?: number };

function toFlag(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw badRequest('Parameter `prefix` must be a boolean.');
  return text === 'true';
}

function toTypos(text: string): number {
  if (!/^\d+$/.test(text)) throw badRequest('Parameter `num_typos` must be an unsigned integer.');
  if (Number(text) > 2) throw badRequest('Value of `num_typos` must not be greater than 2.');
  return Number(text);
}

function toWeight(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) > 127)
    throw badRequest('Values of `query_by_weights` must be integers from 0 to 127.');
  return Number(text);
}

function perField<T>(name: string, values: readonly T[], fields: number): T[] {
  const [first] = values;
  if (values.length === 1 && first !== undefined) return Array.from({ length: fields }, () => first);
  if (values.length !== fields)
    throw badRequest(`Number of values in \`${name}\` does not match number of \`query_by\` fields.`);
  return [...values];
}

function toDropMode(text: string): DropTokensMode {
  if (text === 'right_to_left' || text === 'left_to_right') return { direction: text, upTo: 0 };
  const both = /^both_sides:(\d{1,2})$/.exec(text);
  if (both === null) throw badRequest('Invalid format for `drop_tokens_mode`.');
  return { direction: 'both_sides', upTo: Number(both[1]) };
}
