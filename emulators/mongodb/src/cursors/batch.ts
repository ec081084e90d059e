import { type Doc, encodeDocument } from '../bson/value.ts';
import type { OpenCursor } from './cursors.ts';

/** First batch of a `find` without `batchSize`. */
export const DEFAULT_FIRST_BATCH = 101;
/** A batch ends before it grows beyond one document's worth of bytes. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;

/** Takes encoded documents from the front of a list; at least one, however large, so that a cursor always advances. */
export function takeBatch(source: Pick<OpenCursor, 'docs' | 'position'>, size: number): Uint8Array[] {
  const batch: Uint8Array[] = [];
  let total = 0;
  while (batch.length < size && source.position < source.docs.length) {
    const bytes = encodeDocument(source.docs[source.position] as Doc);
    if (batch.length > 0 && total + bytes.byteLength > MAX_BATCH_BYTES) break;
    total += bytes.byteLength;
    batch.push(bytes);
    source.position++;
  }
  return batch;
}
