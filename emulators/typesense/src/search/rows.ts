import { type Database, sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { clearCollected, collect, collected, selectRows, type Selection } from './selection.ts';
import { type SortOrder, toOrderBy } from './sort.ts';

export type RankedRow = { seq: number; score: number | undefined };

type Input = {
  db: Database;
  index: SearchIndex;
  selection: Selection;
  order: SortOrder;
  limit: number;
  offset: number;
};

/** One page of the found rows, in the order asked for. */
export function orderedRows(input: Input): RankedRow[] {
  const { db, order } = input;
  const ready = prepare(input);
  const rows = selectRows(db, ready.selection, {
    columns: [
      sql('c.seq AS seq'),
      sql(`${ready.selection.score?.text ?? 'NULL'} AS score`, ...(ready.selection.score?.params ?? [])),
    ],
    order: toOrderBy(order, ready.rank),
    limit: input.limit,
    offset: input.offset,
  });
  return rows.map((row) => ({
    seq: Number(row['seq']),
    score: row['score'] === null || row['score'] === undefined ? undefined : Number(row['score']),
  }));
}

/** With buckets, rows are ranked by the number of their bucket instead of their score. */
export function prepare(input: Pick<Input, 'db' | 'index' | 'selection' | 'order'>): {
  selection: Selection;
  rank: string | undefined;
} {
  const { db, selection, order } = input;
  if (order.buckets === undefined || selection.score === undefined) {
    return { selection, rank: selection.score === undefined ? undefined : 'score' };
  }
  let scored = selection;
  if (!selection.from.startsWith('temp.')) {
    clearCollected(db);
    collect(db, selection);
    scored = collected(input.index);
  }
  const bucket =
    'count' in order.buckets
      ? `-ntile(${order.buckets.count}) OVER (ORDER BY score DESC, seq DESC)`
      : `-((row_number() OVER (ORDER BY score DESC, seq DESC) - 1) / ${order.buckets.size})`;
  const from = scored.from.replace('temp.matches m', `(SELECT seq, score, ${bucket} AS bucket FROM temp.matches) m`);
  return { selection: { ...scored, from }, rank: 'm.bucket' };
}
