import type { RefusalCode } from './outcome.ts';

export const importStatuses = ['RECEIVED', 'RUNNING', 'COMPLETED', 'FAILED'] as const;
export type ImportStatus = (typeof importStatuses)[number];
export const importFormats = ['CSV', 'JSONL'] as const;
export type ImportFormat = (typeof importFormats)[number];

/** One feed on its way into the catalog. The counts are of rows; `line` is how far it has come. */
export interface ImportState {
  id: string;
  vendorId: string;
  uploadId: string;
  format: ImportFormat;
  /** For rows that name no currency. */
  currencyCode: string;
  language: string;
  status: ImportStatus;
  /** The last line that is done; a run that was cut off goes on after it. */
  line: number;
  processed: number;
  failed: number;
  created: number;
  updated: number;
  unchanged: number;
  /** Rows older at their source than what the catalog has; absent in imports of before these were counted. */
  stale?: number;
  failureReason: string | null;
  startedBy: string;
  createdAt: Date;
  finishedAt: Date | null;
  version: number;
}

/** A line that could not be taken over, and why. */
export interface ImportError {
  line: number;
  sku: string | null;
  code: RefusalCode;
  field: string | null;
  reason: string;
}

/** A feed with more bad rows than this is the wrong file: it stops, and what was good in it stays. */
export const MAX_BAD_ROWS = 50_000;
/** Of one line, its line break not counted. */
export const MAX_LINE_BYTES = 64 * 1024;

export const importContentTypes: Readonly<Record<ImportFormat, string>> = {
  CSV: 'text/csv',
  JSONL: 'application/x-ndjson',
};
