import type { Database } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { clearCollected, collected, type Selection } from './selection.ts';
import type { Buckets } from './sort.ts';

/**
 * Puts the found rows into buckets of falling score, as `_text_match(buckets: 10)` asks, and leaves them in the table of
 * matches with the number of their bucket. When the bucket is what rows are sorted by first, only the buckets that the
 * page touches are kept; `skipped` rows stand before them.
 */
export function fillBuckets(input: {
  db: Database;
  index: SearchIndex;
  selection: Selection;
  buckets: Buckets;
  page: { from: number; to: number } | undefined;
}): { selection: Selection; skipped: number } {
  const { db, selection } = input;
  const score = selection.score ?? { text: '0', params: [] };
  const row = db.get(
    `SELECT json_group_array(seq) AS seqs, json_group_array(score) AS scores FROM
       (SELECT c.seq AS seq, ${score.text} AS score FROM ${selection.from} WHERE ${selection.where.text} LIMIT -1)`,
    [...score.params, ...selection.where.params],
  );
  const seqs = JSON.parse(String(row?.['seqs'])) as number[];
  const scores = JSON.parse(String(row?.['scores'])) as number[];
  const ranks = rank(seqs, scores);
  const size = 'size' in input.buckets ? input.buckets.size : Math.ceil(seqs.length / input.buckets.count);
  const bucketOf = (position: number): number => Math.floor(position / Math.max(1, size));
  const first = input.page === undefined ? 0 : bucketOf(input.page.from);
  const last = input.page === undefined ? Number.POSITIVE_INFINITY : bucketOf(input.page.to);
  const rows: number[][] = [];
  for (const [at, seq] of seqs.entries()) {
    const bucket = bucketOf(ranks[at] ?? 0);
    // The higher number is the better bucket: it is sorted like a score.
    if (bucket >= first && bucket <= last) rows.push([seq, scores[at] ?? 0, -bucket]);
  }
  clearCollected(db);
  db.run(
    `INSERT OR IGNORE INTO temp.matches (seq, score, bucket)
     SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)`,
    [JSON.stringify(rows)],
  );
  return { selection: collected(input.index), skipped: first * Math.max(1, size) };
}

/** The place of each row by falling score; among equals the row added last is first. */
function rank(seqs: readonly number[], scores: readonly number[]): Uint32Array {
  const order = Uint32Array.from(seqs.keys()).toSorted((a, b) => (seqs[b] ?? 0) - (seqs[a] ?? 0));
  const counts = new Map<number, number>();
  for (const score of scores) counts.set(score, (counts.get(score) ?? 0) + 1);
  const next = new Map<number, number>();
  let before = 0;
  for (const [score, count] of [...counts].toSorted(([a], [b]) => b - a)) {
    next.set(score, before);
    before += count;
  }
  const ranks = new Uint32Array(seqs.length);
  for (const at of order) {
    const score = scores[at] ?? 0;
    const place = next.get(score) ?? 0;
    ranks[at] = place;
    next.set(score, place + 1);
  }
  return ranks;
}
