import { joinSql, type Sql, sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { textColumn, textColumns } from '../store/tables.ts';
import type { QueryField } from './query-fields.ts';

/**
 * `_text_match` as one integer, compared digit group by digit group:
 *
 *   words found · fewer typos · a field equals the query · relevance
 *
 * Relevance is bm25 with the field weights, in hundredths, so that equally good matches tie and the next sort field decides
 * between them; plus the weight of the best field that holds all the words, because bm25 is zero for a word that half of
 * the documents have, and a title must still count more than a description.
 */
const WORD = 2 ** 40;
const TYPO = 2 ** 36;
export const EXACT = 2 ** 35;
const MAX_RELEVANCE = 2 ** 30;

const MAX_TYPOS = 3;

export type Tier = { words: number; typos: number };

/**
 * Words that this many documents share tell little about any of them, and weighing each match takes longer than finding
 * it. Above this number there is no bm25, and the weight of the best field that holds all the words decides alone.
 */
export const MAX_WEIGHED = 12_000;

export function isWeighed(found: number): boolean {
  return found <= MAX_WEIGHED;
}

/** What all documents of a tier have. */
export function baseOf({ words, typos }: Tier): number {
  return words * WORD + (MAX_TYPOS - typos) * TYPO;
}

export function scoreOf(input: {
  tier: Tier;
  index: SearchIndex;
  fields: readonly QueryField[];
  match: string;
  found: number;
  exact: readonly number[];
}): Sql {
  const base = baseOf(input.tier);
  const parts = isWeighed(input.found) ? [bestField(input), weighed(input)] : [bestField(input)];
  const relevance = joinSql(parts, ' + ');
  if (input.exact.length === 0) return sql(`(${base} + ${relevance.text})`, ...relevance.params);
  return sql(
    `(${base} + ${relevance.text} + CASE WHEN c.seq IN (SELECT value FROM json_each(?)) THEN ${EXACT} ELSE 0 END)`,
    ...relevance.params,
    JSON.stringify(input.exact),
  );
}

/** bm25 of a row of `fts`, in hundredths. */
export function weighed(input: { index: SearchIndex; fields: readonly QueryField[] }): Sql {
  const weights = textColumns(input.index.schema.fields).map((column) => {
    return input.fields.find((field) => column === textColumn(field.at))?.weight ?? 0;
  });
  // The first column is the empty one. FTS5 gives better matches lower numbers.
  const list = [0, ...weights].map((weight) => weight.toFixed(1)).join(', ');
  return sql(`min(${MAX_RELEVANCE}, CAST(bm25(${input.index.tables.fts}, ${list}) * -100 AS INTEGER))`);
}

/** The fields that weigh more than the least, the heaviest first, each with what finds all the words in it. */
export function bestFieldMatches(input: { fields: readonly QueryField[]; match: string }): {
  lowest: number;
  better: { weight: number; match: string }[];
} {
  const byWeight = input.fields.toSorted((a, b) => b.weight - a.weight);
  const lowest = byWeight.at(-1)?.weight ?? 0;
  const better = byWeight
    .filter((field) => field.weight > lowest)
    .map(({ at, weight }) => ({ weight, match: `{${textColumn(at)}} : (${input.match})` }));
  return { lowest, better };
}

function bestField(input: { index: SearchIndex; fields: readonly QueryField[]; match: string }): Sql {
  const { fts } = input.index.tables;
  const { lowest, better } = bestFieldMatches(input);
  if (better.length === 0) return sql(String(lowest));
  const cases = better.map(
    ({ weight }) => `WHEN c.seq IN (SELECT rowid FROM ${fts} WHERE ${fts} MATCH ?) THEN ${weight}`,
  );
  return sql(`CASE ${cases.join(' ')} ELSE ${lowest} END`, ...better.map(({ match }) => match));
}

/** The score taken apart again, for `text_match_info`. */
export function explainScore(score: number): { words: number; typos: number; exact: boolean; relevance: number } {
  const words = Math.floor(score / WORD);
  const rest = score - words * WORD;
  const typos = MAX_TYPOS - Math.floor(rest / TYPO);
  const below = rest % TYPO;
  return { words, typos, exact: below >= EXACT, relevance: below % EXACT };
}
