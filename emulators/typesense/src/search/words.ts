import { ftsWord } from '../filter/strings.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { textColumn } from '../store/tables.ts';
import { type Candidate, compareCandidates } from '../text/vocabulary.ts';
import type { SearchParameters } from './parameters.ts';
import type { Query } from './query.ts';
import type { QueryField } from './query-fields.ts';

// The real server's default of four words hides results of short prefixes and of words with many neighbours; a few more
// cost nothing here. An explicit `max_candidates` is obeyed.
const DEFAULT_CORRECTIONS = 10;
const MAX_TYPOS = 2;

/** Fields that treat a word alike, queried together. */
type FieldGroup = { columns: string; fields: QueryField[]; prefix: boolean; numTypos: number };

/** Turns words into FTS5 expressions, with completions and corrections from the vocabulary; remembers what it used. */
export class WordMatcher {
  /** The words a highlighter should mark, whole (`exact`) and as beginnings. */
  readonly used = { exact: new Set<string>(), prefixes: new Set<string>() };
  readonly #index: SearchIndex;
  readonly #parameters: SearchParameters;
  readonly #groups: FieldGroup[];
  readonly #allColumns: string;
  readonly #corrections = new Map<string, Candidate[]>();

  constructor(index: SearchIndex, parameters: SearchParameters, fields: readonly QueryField[]) {
    this.#index = index;
    this.#parameters = parameters;
    this.#groups = groupFields(fields);
    this.#allColumns = columnFilter(fields);
  }

  /** All of the words, each with up to `typos` typos; undefined when there is nothing to correct. */
  words(tokens: readonly string[], typos: number): string | undefined {
    let corrected = false;
    const parts = tokens.map((token, at) => {
      const last = at === tokens.length - 1;
      const choices = this.#groups.map((group) => {
        const corrections = typos === 0 ? [] : this.#corrected(group, token, typos, last);
        if (corrections.length > 0) corrected = true;
        return `${group.columns} : (${[...this.#spellings(group, token, last), ...corrections.map((term) => ftsWord(term))].join(' OR ')})`;
      });
      return choices.length === 1 ? (choices[0] ?? '') : `(${choices.join(' OR ')})`;
    });
    if (typos > 0 && !corrected) return undefined;
    return parts.join(' AND ');
  }

  /** Each of these lists with its last word whole; undefined where no word may be a beginning anyway. */
  whole(lists: readonly (readonly string[])[]): string | undefined {
    const parts = lists.flatMap((tokens) =>
      tokens.length === 0 ? [] : [`(${tokens.map((token) => ftsWord(token)).join(' AND ')})`],
    );
    const mayBegin = this.#groups.some(({ prefix }) => prefix);
    return mayBegin && parts.length > 0 ? `${this.#allColumns} : (${parts.join(' OR ')})` : undefined;
  }

  /** A sequence of whole words, next to each other. */
  phrase(tokens: readonly string[]): string {
    for (const token of tokens) this.used.exact.add(token);
    return `${this.#allColumns} : (${tokens.map((token) => ftsWord(token)).join(' + ')})`;
  }

  /** Adds quoted texts and exclusions, which hold for every attempt. */
  withConditions(words: string | undefined, query: Query): string {
    const wanted = [...(words === undefined ? [] : [words]), ...query.phrases.map((phrase) => this.phrase(phrase))];
    const expression = wanted.map((part) => `(${part})`).join(' AND ');
    if (query.excluded.length === 0) return expression;
    return `(${expression}) NOT (${this.excluded(query)})`;
  }

  excluded(query: Query): string {
    return query.excluded
      .map((tokens) => `${this.#allColumns} : (${tokens.map((token) => ftsWord(token)).join(' + ')})`)
      .join(' OR ');
  }

  known(token: string): boolean {
    return this.#groups.some((group) =>
      group.fields.some((field) => this.#index.terms.vocabulary(field.at).has(token)),
    );
  }

  #spellings(group: FieldGroup, token: string, last: boolean): string[] {
    this.used.exact.add(token);
    if (!last || !group.prefix) return [ftsWord(token)];
    this.used.prefixes.add(token);
    const limit = this.#parameters.maxCandidates;
    if (limit === undefined) return [ftsWord(token, true)];
    const completions = group.fields.flatMap((field) => this.#index.terms.startingWith(field.at, token, limit));
    completions.sort((a, b) => b.documents - a.documents || (a.term < b.term ? -1 : 1));
    const terms = new Set(completions.map((completion) => completion.term));
    return [token, ...[...terms].slice(0, limit)].map((term) => ftsWord(term));
  }

  #corrected(group: FieldGroup, token: string, typos: number, last: boolean): string[] {
    const allowed = Math.min(typos, group.numTypos, this.#allowedTypos(token));
    if (allowed === 0) return [];
    const prefix = last && group.prefix;
    const key = `${group.columns} ${prefix} ${token}`;
    let candidates = this.#corrections.get(key);
    if (candidates === undefined) {
      const limit = Math.min(MAX_TYPOS, group.numTypos, this.#allowedTypos(token));
      candidates = this.#near(group, token, limit, prefix);
      this.#corrections.set(key, candidates);
    }
    const terms = candidates
      .filter((candidate) => candidate.distance <= allowed)
      .slice(0, this.#parameters.maxCandidates ?? DEFAULT_CORRECTIONS)
      .map((candidate) => candidate.term);
    for (const term of terms) this.used.exact.add(term);
    return terms;
  }

  #near(group: FieldGroup, token: string, limit: number, prefix: boolean): Candidate[] {
    const best = new Map<string, Candidate>();
    for (const field of group.fields) {
      const vocabulary = this.#index.terms.vocabulary(field.at);
      for (const candidate of vocabulary.near(token, limit, prefix)) {
        const known = best.get(candidate.term);
        if (known === undefined || known.documents < candidate.documents) best.set(candidate.term, candidate);
      }
    }
    return [...best.values()].toSorted(compareCandidates);
  }

  #allowedTypos(token: string): number {
    const { minLength1Typo, minLength2Typo, typosInNumbers, typosInMixed } = this.#parameters;
    if (/\d/.test(token)) {
      if (!typosInMixed && /\p{L}/u.test(token)) return 0;
      if (!typosInNumbers && !/\p{L}/u.test(token)) return 0;
    }
    if (token.length >= minLength2Typo) return 2;
    return token.length >= minLength1Typo ? 1 : 0;
  }
}

function groupFields(fields: readonly QueryField[]): FieldGroup[] {
  const groups = new Map<string, QueryField[]>();
  for (const field of fields) {
    const key = `${field.prefix} ${field.numTypos}`;
    groups.set(key, [...(groups.get(key) ?? []), field]);
  }
  return [...groups.values()].map((members) => ({
    columns: columnFilter(members),
    fields: members,
    prefix: members[0]?.prefix ?? true,
    numTypos: members[0]?.numTypos ?? MAX_TYPOS,
  }));
}

function columnFilter(fields: readonly QueryField[]): string {
  return `{${fields.map((field) => textColumn(field.at)).join(' ')}}`;
}
