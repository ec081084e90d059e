import { Long } from 'bson';
import { type Doc, encodeDocument } from '../bson/value.ts';

/** A reply with a batch of documents, which are already encoded and are not encoded again. */
export interface CursorReply {
  batchName: 'firstBatch' | 'nextBatch';
  batch: Uint8Array[];
  cursorId: number;
  namespace: string;
  postBatchResumeToken?: Doc;
}

export type Reply = { fields: Doc; cursor?: CursorReply };

export function encodeReply({ fields, cursor }: Reply): Uint8Array {
  if (!cursor) return encodeDocument(fields);
  const inner: Doc = { id: Long.fromNumber(cursor.cursorId), ns: cursor.namespace };
  if (cursor.postBatchResumeToken) inner.postBatchResumeToken = cursor.postBatchResumeToken;
  const cursorBytes = withElement(encodeDocument(inner), {
    type: 0x04,
    name: cursor.batchName,
    body: encodeArray(cursor.batch),
  });
  return withElement(encodeDocument(fields), { type: 0x03, name: 'cursor', body: cursorBytes });
}

/** Appends one element to an encoded document. */
function withElement(
  doc: Uint8Array,
  { type, name, body }: { type: number; name: string; body: Uint8Array },
): Uint8Array {
  const head = Buffer.concat([doc.subarray(0, -1), Buffer.from([type]), Buffer.from(`${name}\0`)]);
  const result = Buffer.concat([head, body, Buffer.from([0])]);
  result.writeInt32LE(result.length, 0);
  return result;
}

function encodeArray(docs: Uint8Array[]): Uint8Array {
  const pieces: Uint8Array[] = [Buffer.alloc(4)];
  for (const [i, doc] of docs.entries()) pieces.push(Buffer.from(`\u0003${i}\0`), doc);
  pieces.push(Buffer.from([0]));
  const array = Buffer.concat(pieces);
  array.writeInt32LE(array.length, 0);
  return array;
}
