import { type Database, type Row, type Sql, type SqlValue, sql } from '../store/database.ts';
import type { SearchIndex } from '../store/search-index.ts';

/** The rows a search found, as SQL: `from` binds `c`, the row in `cols`. Without a score everything matches alike. */
export type Selection = { from: string; where: Sql; score: Sql | undefined };

export const UNCONDITIONAL = sql('1');

export function everything(index: SearchIndex, where: Sql): Selection {
  return { from: `${index.tables.cols} c`, where, score: undefined };
}

export function fullText(index: SearchIndex, input: { match: string; where: Sql; score: Sql | undefined }): Selection {
  const { fts, cols } = index.tables;
  return {
    // CROSS JOIN keeps the order: the words first, then the row of each match.
    from: `${fts} CROSS JOIN ${cols} c ON c.seq = ${fts}.rowid`,
    where: sql(`${fts} MATCH ? AND ${input.where.text}`, input.match, ...input.where.params),
    score: input.score,
  };
}

/** What several attempts collected in the table of matches, which belongs to the search that is running. */
export function collected(index: SearchIndex): Selection {
  return {
    from: `temp.matches m CROSS JOIN ${index.tables.cols} c ON c.seq = m.seq`,
    where: UNCONDITIONAL,
    score: sql('m.score'),
  };
}

export function clearCollected(db: Database): void {
  db.run('DELETE FROM temp.matches');
}

/** Adds a selection to the table of matches; a row that is already there keeps its better score. */
export function collect(db: Database, selection: Selection): number {
  const score = selection.score ?? sql('0');
  return db.run(
    `INSERT OR IGNORE INTO temp.matches (seq, score)
     SELECT c.seq, ${score.text} FROM ${selection.from} WHERE ${selection.where.text}`,
    [...score.params, ...selection.where.params],
  );
}

/** How many documents have the words: without a condition on the rows, FTS5 knows alone. */
export function countMatches(db: Database, index: SearchIndex, match: string, where: Sql): number {
  if (where.text !== UNCONDITIONAL.text) return countRows(db, fullText(index, { match, where, score: undefined }));
  const { fts } = index.tables;
  return Number(db.get(`SELECT count(*) AS found FROM ${fts} WHERE ${fts} MATCH ?`, [match])?.['found'] ?? 0);
}

export function countRows(db: Database, selection: Selection): number {
  const row = db.get(
    `SELECT count(*) AS found FROM ${selection.from} WHERE ${selection.where.text}`,
    selection.where.params,
  );
  return Number(row?.['found'] ?? 0);
}

export function selectRows(
  db: Database,
  selection: Selection,
  input: { columns: readonly Sql[]; order: Sql; limit: number; offset: number },
): Row[] {
  const columns = input.columns.map((column) => column.text).join(', ');
  const params: SqlValue[] = [
    ...input.columns.flatMap((column) => column.params),
    ...selection.where.params,
    ...input.order.params,
    input.limit,
    input.offset,
  ];
  return db.all(
    `SELECT ${columns} FROM ${selection.from} WHERE ${selection.where.text} ORDER BY ${input.order.text} LIMIT ? OFFSET ?`,
    params,
  );
}
