import { type Sql, sql } from '../store/database.ts';
import { toNorm } from '../store/index-record.ts';
import type { SearchIndex } from '../store/search-index.ts';
import { textColumn } from '../store/tables.ts';
import { toTokens } from '../text/tokens.ts';

type Target = { at: number; index: SearchIndex };

// FTS5 reads `"word"` as that word; words hold only letters and digits, so there is nothing to escape.
export function ftsWord(token: string, prefix = false): string {
  return `"${token.replaceAll('"', '""')}"${prefix ? ' *' : ''}`;
}

/** `field: some words`: all the words occur in the field, in any order; with a star the last one is a beginning. */
export function contains(target: Target, text: string, prefix: boolean): Sql {
  const tokens = toTokens(text, target.index.rules);
  if (tokens.length === 0) return sql('0');
  const words = tokens.map((token, at) => ftsWord(token, prefix && at === tokens.length - 1));
  const { fts } = target.index.tables;
  return sql(
    `c.seq IN (SELECT rowid FROM ${fts} WHERE ${fts} MATCH ?)`,
    `{${textColumn(target.at)}} : (${words.join(' AND ')})`,
  );
}

/** `field:= Some words`: a value of the field consists of exactly these words. */
export function equals(target: Target, text: string, prefix: boolean): Sql {
  const norm = toNorm(toTokens(text, target.index.rules));
  if (norm === '') return sql('0');
  const { strs } = target.index.tables;
  if (!prefix) return sql(`c.seq IN (SELECT seq FROM ${strs} WHERE field = ? AND norm = ?)`, target.at, norm);
  return sql(
    `c.seq IN (SELECT seq FROM ${strs} WHERE field = ? AND norm >= ? AND norm < ?)`,
    target.at,
    norm,
    `${norm}\u{10ffff}`,
  );
}
