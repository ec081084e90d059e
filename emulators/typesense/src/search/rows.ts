import { type Database, type Sql, sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { fillBuckets } from './buckets.ts';
import { selectRows, type Selection } from './selection.ts';
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

/** One page of the found rows, in the order asked for, with more columns of `c` where wanted. */
export function orderedRows(
  input: Input,
  extra: readonly Sql[] = [],
): (RankedRow & { row: Record<string, unknown> })[] {
  const ready = prepare(input);
  const { score } = ready.selection;
  const rows = selectRows(input.db, ready.selection, {
    columns: [sql('c.seq AS seq'), sql(`${score?.text ?? 'NULL'} AS score`, ...(score?.params ?? [])), ...extra],
    order: toOrderBy(input.order, ready.rank),
    limit: input.limit,
    offset: ready.offset,
  });
  return rows.map((row) => ({
    seq: Number(row['seq']),
    score: row['score'] === null || row['score'] === undefined ? undefined : Number(row['score']),
    row,
  }));
}

/** With buckets, rows are ranked by their bucket instead of their score. A page has a limit; -1 asks for all rows. */
function prepare(input: Input): { selection: Selection; rank: string | undefined; offset: number } {
  const { selection, order, limit, offset } = input;
  if (selection.score === undefined) return { selection, rank: undefined, offset };
  if (order.buckets === undefined) return { selection, rank: 'score', offset };
  const [first] = order.keys;
  const bucketFirst = first?.kind === 'score' && first.descending && limit > 0;
  const filled = fillBuckets({
    ...input,
    buckets: order.buckets,
    page: bucketFirst ? { from: offset, to: offset + limit - 1 } : undefined,
  });
  return { selection: filled.selection, rank: 'm.bucket', offset: offset - filled.skipped };
}
