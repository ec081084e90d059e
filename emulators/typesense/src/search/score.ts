import { type Sql, sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { textColumns } from '../store/tables.ts';
import type { QueryField } from './query-fields.ts';

/**
 * `_text_match` as one integer, compared digit group by digit group:
 *
 *   words found · fewer typos · a field equals the query · bm25 with the field weights
 *
 * bm25 is rounded to a hundredth, so that equally good matches tie and the next sort field decides between them.
 */
const WORD = 2 ** 40;
const TYPO = 2 ** 36;
const EXACT = 2 ** 35;
const MAX_RELEVANCE = 2 ** 30;

const MAX_TYPOS = 3;

export type Tier = { words: number; typos: number };

export function scoreOf(input: {
  tier: Tier;
  index: SearchIndex;
  fields: readonly QueryField[];
  exact: readonly number[];
}): Sql {
  const { tier, index } = input;
  const weights = textColumns(index.schema.fields).map((column) => {
    return input.fields.find((field) => column === `f${field.at}`)?.weight ?? 0;
  });
  const base = tier.words * WORD + (MAX_TYPOS - tier.typos) * TYPO;
  // FTS5 gives better matches lower numbers; `t` is the column that is always empty.
  const relevance = `min(${MAX_RELEVANCE}, CAST(bm25(${index.tables.fts}, ${['0.0', ...weights.map((weight) => weight.toFixed(1))].join(', ')}) * -100 AS INTEGER))`;
  if (input.exact.length === 0) return sql(`(${base} + ${relevance})`);
  return sql(
    `(${base} + ${relevance} + CASE WHEN c.seq IN (SELECT value FROM json_each(?)) THEN ${EXACT} ELSE 0 END)`,
    JSON.stringify(input.exact),
  );
}

/** The score taken apart again, for `text_match_info`. */
export function explainScore(score: number): { words: number; typos: number; exact: boolean; relevance: number } {
  const words = Math.floor(score / WORD);
  const rest = score - words * WORD;
  const typos = MAX_TYPOS - Math.floor(rest / TYPO);
  const below = rest % TYPO;
  return { words, typos, exact: below >= EXACT, relevance: below % EXACT };
}
