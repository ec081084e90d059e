import { joinSql, type Sql, sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { textColumn } from '../store/tables.ts';
import type { QueryField } from './query-fields.ts';

/**
 * `_text_match` as one integer, compared digit group by digit group:
 *
 *   words found · fewer typos · a field equals the query · weight of the fields that have the words · all of them whole
 *
 * How often a word stands in a document, or in all of them, does not count, as it does not with the real server: what fits
 * alike ties, and the next sort field decides between them.
 */
const WORD = 2 ** 40;
const TYPO = 2 ** 36;
export const EXACT = 2 ** 35;
/** Of a unit of weight, so that whole words decide between equal weights. */
export const WEIGHT = 2;
export const WHOLE = 1;

const MAX_TYPOS = 3;

export type Tier = { words: number; typos: number };

/** What finds the words of a query; `whole` those that are more than beginnings, undefined where all have to be. */
export type TextQuery = { match: string; whole: string | undefined };

/** What all documents of a tier have. */
export function baseOf({ words, typos }: Tier): number {
  return words * WORD + (MAX_TYPOS - typos) * TYPO;
}

export function scoreOf(input: {
  tier: Tier;
  index: SearchIndex;
  fields: readonly QueryField[];
  query: TextQuery;
  exact: readonly number[];
}): Sql {
  const { index, query, exact, tier } = input;
  const { fts } = index.tables;
  const parts = [sql(String(baseOf(tier))), bestFields(input)];
  if (query.whole !== undefined) {
    parts.push(sql(`(c.seq IN (SELECT rowid FROM ${fts} WHERE ${fts} MATCH ?)) * ${WHOLE}`, query.whole));
  }
  if (exact.length > 0) {
    parts.push(
      sql(`CASE WHEN c.seq IN (SELECT value FROM json_each(?)) THEN ${EXACT} ELSE 0 END`, JSON.stringify(exact)),
    );
  }
  const score = joinSql(parts, ' + ');
  return sql(`(${score.text})`, ...score.params);
}

/**
 * What finds all the words in the heaviest field, in the two heaviest ones together, and so on: words of a title and a
 * brand are better than those of a description, and those of a title alone better still. The weight is that of the last
 * field that is needed; what needs the lightest is not asked for.
 */
export function bestFieldMatches(input: { fields: readonly QueryField[]; match: string }): {
  lowest: number;
  better: { weight: number; match: string }[];
} {
  const weights = [...new Set(input.fields.map(({ weight }) => weight))].toSorted((a, b) => b - a);
  const lowest = weights.pop() ?? 0;
  const better = weights.map((weight) => {
    const columns = input.fields.filter((field) => field.weight >= weight).map(({ at }) => textColumn(at));
    return { weight, match: `{${columns.join(' ')}} : (${input.match})` };
  });
  return { lowest, better };
}

function bestFields({
  index,
  fields,
  query,
}: {
  index: SearchIndex;
  fields: readonly QueryField[];
  query: TextQuery;
}): Sql {
  const { fts } = index.tables;
  const { lowest, better } = bestFieldMatches({ fields, match: query.match });
  if (better.length === 0) return sql(String(lowest * WEIGHT));
  const cases = better.map(
    ({ weight }) => `WHEN c.seq IN (SELECT rowid FROM ${fts} WHERE ${fts} MATCH ?) THEN ${weight * WEIGHT}`,
  );
  return sql(`CASE ${cases.join(' ')} ELSE ${lowest * WEIGHT} END`, ...better.map(({ match }) => match));
}

/** The score taken apart again, for `text_match_info`. */
export function explainScore(score: number): { words: number; typos: number; exact: boolean; relevance: number } {
  const words = Math.floor(score / WORD);
  const rest = score - words * WORD;
  const typos = MAX_TYPOS - Math.floor(rest / TYPO);
  const below = rest % TYPO;
  return { words, typos, exact: below >= EXACT, relevance: below % EXACT };
}
