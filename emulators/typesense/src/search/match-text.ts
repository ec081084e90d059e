import type { Database, Sql } from '../store/database.ts';
import { toNorm } from '../store/index-record.ts';
import type { MatchedRows } from '../store/kept-matches.ts';
import type { SearchIndex } from '../store/search-index.ts';
import type { DropTokensMode, SearchParameters } from './parameters.ts';
import type { Query } from './query.ts';
import type { QueryField } from './query-fields.ts';
import { matchedRows } from './matched-rows.ts';
import { scoreOf, type TextQuery, type Tier } from './score.ts';
import { clearCollected, collect, collected, countMatches, fullText, type Selection } from './selection.ts';
import { WordMatcher } from './words.ts';

/** What was found: as rows in memory, or as what SQLite selects. */
export type Found = { rows: MatchedRows } | { selection: Selection };

export type TextMatch = Found & { found: number; matcher: WordMatcher };

type TokenLists = readonly (readonly string[])[];

type Input = {
  db: Database;
  index: SearchIndex;
  parameters: SearchParameters;
  query: Query;
  fields: readonly QueryField[];
  where: Sql;
  /** Other spellings of the whole query, from the synonym sets. */
  variants: readonly string[][];
  /** Rows are wanted in memory where they all have the words as written, as most searches do. */
  inMemory: boolean;
};

// So many matches are found and weighed once, and then counted and ordered; more are cheaper to find again than to keep.
const MAX_COLLECTED = 4_000;
// A value shared by more documents than this says nothing about any of them.
const MAX_EXACT = 1_000;

/**
 * Finds the documents of a query with words: as written, then with one and two typos per word, then with words split or
 * joined, then with words dropped. Each step runs only when the steps before found fewer than the threshold, and what
 * an earlier step found keeps its better score.
 */
export function matchText(input: Input): TextMatch {
  const { db, parameters, query } = input;
  const search = new TextSearch(input);
  const spellings = [query.tokens, ...input.variants];
  const isEnough = (count: number): boolean =>
    count >= parameters.typoThreshold && count >= dropThreshold(input) && parameters.splitJoin !== 'always';
  if (input.inMemory) {
    const rows = search.rows(spellings);
    if (rows !== undefined && isEnough(rows.seqs.length))
      return { rows, found: rows.seqs.length, matcher: search.matcher };
  }
  const asWritten = search.attempt(spellings, 0);
  let found = asWritten?.found ?? 0;
  if (asWritten !== undefined && isEnough(found)) {
    if (found > MAX_COLLECTED) return { selection: asWritten.selection, found, matcher: search.matcher };
    clearCollected(db);
    collect(db, asWritten.selection);
    return { selection: collected(input.index), found, matcher: search.matcher };
  }
  clearCollected(db);
  if (asWritten !== undefined) collect(db, asWritten.selection);
  found += search.corrected(query.tokens, found);
  if (parameters.splitJoin === 'always' || (parameters.splitJoin === 'fallback' && found === 0)) {
    const variants = splitAndJoined(query.tokens, search.matcher);
    if (variants.length > 0) found += search.collected(variants, 0);
  }
  for (const tokens of dropped(query.tokens, parameters.dropMode)) {
    if (found >= dropThreshold(input)) break;
    found += search.collected([tokens], 0);
    found += search.corrected(tokens, found);
  }
  return { selection: collected(input.index), found, matcher: search.matcher };
}

/** One word cannot be dropped: then the threshold asks for nothing. */
function dropThreshold(input: Input): number {
  return input.query.tokens.length > 1 ? input.parameters.dropThreshold : 0;
}

class TextSearch {
  readonly matcher: WordMatcher;
  readonly #input: Input;
  readonly #exact: number[];

  constructor(input: Input) {
    this.#input = input;
    this.matcher = new WordMatcher(input.index, input.parameters, input.fields);
    this.#exact = input.parameters.exactFirst ? this.#findExact() : [];
  }

  /** The documents with all words of one of the token lists, or undefined when no such document can exist. */
  attempt(lists: TokenLists, typos: number): { selection: Selection; found: number } | undefined {
    const { db, index, fields, where } = this.#input;
    const wanted = this.#wanted(lists, typos);
    if (wanted === undefined) return undefined;
    const { match } = wanted.query;
    const score = scoreOf({ ...wanted, index, fields });
    return { selection: fullText(index, { match, where, score }), found: countMatches(db, index, match, where) };
  }

  /** The same as rows in memory, of words without typos. */
  rows(lists: TokenLists): MatchedRows | undefined {
    const wanted = this.#wanted(lists, 0);
    return wanted === undefined ? undefined : matchedRows({ ...this.#input, ...wanted });
  }

  #wanted(lists: TokenLists, typos: number): { query: TextQuery; tier: Tier; exact: readonly number[] } | undefined {
    const { query } = this.#input;
    const alternatives = lists.flatMap((tokens) => (tokens.length === 0 ? [] : [this.matcher.words(tokens, typos)]));
    const words = alternatives.filter((alternative) => alternative !== undefined);
    if (words.length === 0 && (typos > 0 || query.phrases.length === 0)) return undefined;
    const any = words.length === 0 ? undefined : words.map((part) => `(${part})`).join(' OR ');
    const phraseWords = query.phrases.reduce((sum, phrase) => sum + phrase.length, 0);
    const tier = { words: Math.min(15, (lists[0]?.length ?? 0) + phraseWords), typos };
    const whole = typos === 0 && query.phrases.length === 0 ? this.matcher.whole(lists) : undefined;
    return {
      query: { match: this.matcher.withConditions(any, query), whole },
      ...{ tier, exact: typos === 0 ? this.#exact : [] },
    };
  }

  /** Collects the documents of an attempt; answers how many were new. */
  collected(lists: TokenLists, typos: number): number {
    const attempt = this.attempt(lists, typos);
    return attempt === undefined || attempt.found === 0 ? 0 : collect(this.#input.db, attempt.selection);
  }

  /** Collects what one and two typos find, while fewer than the threshold are found; answers how many were new. */
  corrected(tokens: readonly string[], before: number): number {
    const { parameters, fields } = this.#input;
    const most = Math.max(...fields.map((field) => field.numTypos));
    let added = 0;
    for (let typos = 1; typos <= most && before + added < parameters.typoThreshold; typos += 1) {
      added += this.collected([tokens], typos);
    }
    return added;
  }

  #findExact(): number[] {
    const { db, index, query, fields } = this.#input;
    const norm = toNorm([...query.tokens, ...query.phrases.flat()]);
    if (norm === '') return [];
    return fields.flatMap((field) => {
      const rows = db.all(`SELECT seq FROM ${index.tables.strs} WHERE field = ? AND norm = ? LIMIT ${MAX_EXACT}`, [
        field.at,
        norm,
      ]);
      return rows.map((row) => Number(row['seq']));
    });
  }
}

/** A space as a typo: two neighbours written as one word, or a word written as two known ones. */
function splitAndJoined(tokens: readonly string[], matcher: WordMatcher): string[][] {
  const variants: string[][] = [];
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1];
    if (next !== undefined && matcher.known(token + next)) {
      variants.push([...tokens.slice(0, at), token + next, ...tokens.slice(at + 2)]);
    }
    for (let cut = 1; cut < token.length; cut += 1) {
      const parts = [token.slice(0, cut), token.slice(cut)];
      if (parts.every((part) => matcher.known(part))) {
        variants.push([...tokens.slice(0, at), ...parts, ...tokens.slice(at + 1)]);
        break;
      }
    }
  }
  return variants;
}

/** The shorter queries to try, in order. */
function* dropped(tokens: readonly string[], mode: DropTokensMode): Generator<string[]> {
  const both = mode.direction === 'both_sides' && tokens.length <= mode.upTo;
  for (let length = tokens.length - 1; length > 0; length -= 1) {
    if (both || mode.direction !== 'left_to_right') yield tokens.slice(0, length);
    if (both || mode.direction === 'left_to_right') yield tokens.slice(tokens.length - length);
  }
}
