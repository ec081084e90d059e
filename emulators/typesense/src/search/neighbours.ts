import type { Database, Sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { clearCollected, collected, everything, selectRows, type Selection, UNCONDITIONAL } from './selection.ts';
import type { VectorQuery } from './vector-query.ts';
import { sql } from '../store/database.ts';

/** What a search by vector adds to the rows it found. */
export type Nearness = {
  selection: Selection;
  found: number;
  distances: ReadonlyMap<number, number>;
  /** Of a hybrid search: what the words alone scored, and both ranks put together. */
  textScores: ReadonlyMap<number, number>;
  fused: ReadonlyMap<number, number>;
};

type Input = { db: Database; index: SearchIndex; query: VectorQuery; where: Sql; perPage: number };

// The table of matches holds integers.
const SCALE = 1e9;

/** The nearest rows and nothing else, nearest first. */
export function nearestRows(input: Input): Nearness {
  const distances = distancesOf(input);
  return {
    ...replaceCollected(input, new Map([...distances].map(([seq, distance]) => [seq, 2 - distance]))),
    distances,
    textScores: new Map(),
    fused: new Map(),
  };
}

/**
 * The rows that the words found together with the nearest ones, by rank fusion: one over the rank among the words and
 * one over the rank among the vectors, weighed by `alpha`.
 */
export function fusedRows(input: Input & { words: Selection }): Nearness {
  const { db, words, query } = input;
  const score = words.score ?? sql('0');
  const rows = selectRows(db, words, {
    columns: [sql('c.seq AS seq'), sql(`${score.text} AS score`, ...score.params)],
    order: sql('score DESC, c.seq DESC'),
    limit: -1,
    offset: 0,
  });
  const textScores = new Map(rows.map((row) => [Number(row['seq']), Number(row['score'])]));
  const distances = distancesOf(input);
  const fused = new Map<number, number>();
  for (const [rank, seq] of [...textScores.keys()].entries()) fused.set(seq, (1 - query.alpha) / (rank + 1));
  for (const [rank, seq] of [...distances.keys()].entries()) {
    fused.set(seq, (fused.get(seq) ?? 0) + query.alpha / (rank + 1));
  }
  return { ...replaceCollected(input, fused), distances, textScores, fused };
}

function distancesOf({ db, index, query, where, perPage }: Input): Map<number, number> {
  const { field, vector, count, threshold, except } = query;
  const isFree = where.text === UNCONDITIONAL.text;
  const rows = isFree
    ? undefined
    : db.all(`SELECT c.seq AS seq FROM ${everything(index, where).from} WHERE ${where.text}`, where.params);
  const found = index.vectors.nearest(field, vector, {
    among: rows?.map((row) => Number(row['seq'])),
    // The one asked about is among its own neighbours.
    count: Math.max(count ?? 0, perPage) + (except === undefined ? 0 : 1),
    threshold,
  });
  return new Map(found.filter(({ seq }) => seq !== except).map(({ seq, distance }) => [seq, distance]));
}

function replaceCollected(
  { db, index }: Input,
  scores: ReadonlyMap<number, number>,
): { selection: Selection; found: number } {
  clearCollected(db);
  db.run(
    `INSERT INTO temp.matches (seq, score)
     SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)`,
    [JSON.stringify([...scores].map(([seq, score]) => [seq, Math.round(score * SCALE)]))],
  );
  return { selection: collected(index), found: scores.size };
}
