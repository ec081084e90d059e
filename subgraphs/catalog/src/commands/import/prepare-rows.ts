import { hash } from 'node:crypto';
import type { ImportError, ImportState } from '../../domain/catalog-import.ts';
import { derivedSku, type ImportRow, readImportRow, skuSource } from '../../domain/import-row.ts';
import type { Refusal } from '../../domain/outcome.ts';
import type { FeedRecord } from './feed.ts';

/** A row that can be compared with the catalog. */
export interface PreparedRow {
  line: number;
  row: ImportRow;
  sku: string;
  /** Of all that the row says: a row with the hash of last time changes nothing. */
  hash: string;
  /** Of what is kept of the row, in characters. */
  size: number;
}

/** Counted up when the meaning of a row changes, so that old hashes do not hide it. */
const ROW_VERSION = 1;

export function prepareRow(
  { line, ...read }: FeedRecord,
  { currencyCode, language }: Pick<ImportState, 'currencyCode' | 'language'>,
): PreparedRow | ImportError {
  if (!('record' in read)) return { line, sku: null, code: 'INVALID', field: null, reason: read.problem! };
  const row = readImportRow(read.record, { currencyCode });
  if (!row.ok) return rowError(line, skuOf(read.record), row.rejection);
  const sku = row.value.sku ?? derivedSku(row.value, digest(skuSource(row.value)));
  const text = JSON.stringify([ROW_VERSION, language, row.value]);
  return { line, row: row.value, sku, hash: digest(text), size: text.length };
}

export function rowError(line: number, sku: string | null, refusals: readonly Refusal[]): ImportError {
  const [first] = refusals;
  return {
    line,
    sku,
    code: first?.code ?? 'INVALID',
    field: first?.field?.join('.') ?? null,
    reason: refusals.map(({ message }) => message).join(' '),
  };
}

export function isRow(prepared: PreparedRow | ImportError): prepared is PreparedRow {
  return 'row' in prepared;
}

function skuOf(record: unknown): string | null {
  const sku = (record as { sku?: unknown } | null)?.sku;
  return typeof sku === 'string' || typeof sku === 'number' ? String(sku).slice(0, 64) : null;
}

function digest(text: string): string {
  return hash('sha256', text).slice(0, 32);
}
