import type { Database, Sql } from '../store/database.ts';
import type { MatchedRows } from '../store/kept-matches.ts';
import type { SearchIndex } from '../store/search-index.ts';
import type { QueryField } from './query-fields.ts';
import { baseOf, bestFieldMatches, EXACT, isWeighed, MAX_WEIGHED, type Tier, weighed } from './score.ts';
import { fullText } from './selection.ts';

type Input = {
  db: Database;
  index: SearchIndex;
  fields: readonly QueryField[];
  match: string;
  where: Sql;
  tier: Tier;
  exact: readonly number[];
};

/** The rows with the words that fulfil the conditions, each with the score that `scoreOf` gives it; kept until the next write. */
export function matchedRows(input: Input): MatchedRows {
  const { index, match, where, fields, tier, exact } = input;
  const weights = fields.map(({ at, weight }) => `${at}=${weight}`).join();
  const key = JSON.stringify([match, where, weights, tier, exact]);
  const known = index.matches.get(key);
  if (known !== undefined) return known;
  const rows = find(input);
  addBestField(input, rows);
  const { seqs, scores } = rows;
  const isExact = new Set(exact);
  for (const [at, seq] of seqs.entries()) {
    scores[at]! += baseOf(tier) + (isExact.has(seq) ? EXACT : 0);
  }
  index.matches.set(key, rows);
  return rows;
}

/** With bm25 where that is told from so many matches. */
function find(input: Input): MatchedRows {
  const { db, index } = input;
  const selection = fullText(index, { ...input, score: undefined });
  const from = `FROM ${selection.from} WHERE ${selection.where.text}`;
  const rank = weighed(input);
  const few = db.rows(`SELECT c.seq, ${rank.text} ${from} LIMIT ${MAX_WEIGHED + 1}`, [
    ...rank.params,
    ...selection.where.params,
  ]);
  if (isWeighed(few.length)) {
    return {
      seqs: Uint32Array.from(few, ([seq]) => Number(seq)),
      scores: Float64Array.from(few, ([, score]) => Number(score)),
    };
  }
  const seqs = Uint32Array.from(db.rows(`SELECT c.seq ${from}`, selection.where.params), ([seq]) => Number(seq));
  return { seqs, scores: new Float64Array(seqs.length) };
}

/** The weight of the best field that has all the words; mostly the first one looked at has them for all rows. */
function addBestField(input: Input, { seqs, scores }: MatchedRows): void {
  const { lowest, better } = bestFieldMatches(input);
  const { fts } = input.index.tables;
  // By number: the place of a row that has no field yet, from one.
  const open = new Uint32Array(seqs.reduce((most, seq) => Math.max(most, seq), 0) + 1);
  for (const [at, seq] of seqs.entries()) open[seq] = at + 1;
  let left = seqs.length;
  for (const { weight, match } of better) {
    if (left === 0) return;
    for (const [seq] of input.db.rows(`SELECT rowid FROM ${fts} WHERE ${fts} MATCH ?`, [match])) {
      const place = open[Number(seq)];
      if (!place) continue;
      scores[place - 1]! += weight;
      open[Number(seq)] = 0;
      left -= 1;
    }
  }
  for (const place of open) if (place > 0) scores[place - 1]! += lowest;
}
