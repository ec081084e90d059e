import { type Doc, encodeDocument } from '../bson/value.ts';
import type { OpenCursor } from './cursors.ts';

/** First batch of a `find` without `batchSize`. */
export const DEFAULT_FIRST_BATCH = 101;
/** A batch ends before it grows beyond one document's worth of bytes. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** A list of results, each encoded when it is handed out. */
export interface Rows {
  readonly length: number;
  encode(at: number): Uint8Array;
}

export function rowsOf(docs: readonly Doc[]): Rows {
  return { length: docs.length, encode: (at) => encodeDocument(docs[at] as Doc) };
}

/** Takes encoded documents from the front of a list; at least one, however large, so that a cursor always advances. */
export function takeBatch(source: Pick<OpenCursor, 'rows' | 'position'>, size: number): Uint8Array[] {
  const { rows } = source;
  const batch: Uint8Array[] = [];
  let total = 0;
  while (batch.length < size && source.position < rows.length) {
    const bytes = rows.encode(source.position);
    if (batch.length > 0 && total + bytes.byteLength > MAX_BATCH_BYTES) break;
    total += bytes.byteLength;
    batch.push(bytes);
    source.position++;
  }
  return batch;
}
