import type { Database, Sql } from '../store/database.ts';
import type { MatchedRows } from '../store/kept-matches.ts';
import type { SearchIndex } from '../store/search-index.ts';
import type { QueryField } from './query-fields.ts';
import { baseOf, bestFieldMatches, EXACT, type TextQuery, type Tier, WEIGHT, WHOLE } from './score.ts';
import { fullText } from './selection.ts';

type Input = {
  db: Database;
  index: SearchIndex;
  fields: readonly QueryField[];
  query: TextQuery;
  where: Sql;
  tier: Tier;
  exact: readonly number[];
};

/** The rows with the words that fulfil the conditions, each with the score that `scoreOf` gives it; kept until the next write. */
export function matchedRows(input: Input): MatchedRows {
  const { db, index, query, where, fields, tier, exact } = input;
  const weights = fields.map(({ at, weight }) => `${at}=${weight}`).join();
  const key = JSON.stringify([query, where, weights, tier, exact]);
  const known = index.matches.get(key);
  if (known !== undefined) return known;
  const selection = fullText(index, { match: query.match, where, score: undefined });
  const found = db.rows(`SELECT c.seq FROM ${selection.from} WHERE ${selection.where.text}`, selection.where.params);
  const seqs = Uint32Array.from(found, ([seq]) => Number(seq));
  const isExact = new Set(exact);
  const base = baseOf(tier);
  const rows = { seqs, scores: Float64Array.from(seqs, (seq) => base + (isExact.has(seq) ? EXACT : 0)) };
  addFields(input, rows);
  index.matches.set(key, rows);
  return rows;
}

/** The weight of the best fields that have all the words, mostly the first ones looked at have them for all rows; and whether the words are whole. */
function addFields({ db, index, fields, query }: Input, { seqs, scores }: MatchedRows): void {
  const { lowest, better } = bestFieldMatches({ fields, match: query.match });
  const { fts } = index.tables;
  const rowsOf = (match: string) => db.rows(`SELECT rowid FROM ${fts} WHERE ${fts} MATCH ?`, [match]);
  // By number: the place of a row, from one.
  const places = new Uint32Array(seqs.reduce((most, seq) => Math.max(most, seq), 0) + 1);
  for (const [at, seq] of seqs.entries()) places[seq] = at + 1;
  if (query.whole !== undefined) {
    for (const [seq] of rowsOf(query.whole)) {
      const place = places[Number(seq)];
      if (place) scores[place - 1]! += WHOLE;
    }
  }
  let left = seqs.length;
  for (const { weight, match } of better) {
    if (left === 0) return;
    for (const [seq] of rowsOf(match)) {
      const place = places[Number(seq)];
      if (!place) continue;
      scores[place - 1]! += weight * WEIGHT;
      places[Number(seq)] = 0;
      left -= 1;
    }
  }
  for (const place of places) if (place > 0) scores[place - 1]! += lowest * WEIGHT;
}
