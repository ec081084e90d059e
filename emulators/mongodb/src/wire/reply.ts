import { Long } from 'bson';
import { type Doc, encodeDocument } from '../bson/value.ts';

/** A reply with a batch of documents, which are already encoded and are not encoded again. */
export interface CursorReply {
  batchName: 'firstBatch' | 'nextBatch';
  batch: readonly Uint8Array[];
  cursorId: number;
  namespace: string;
  postBatchResumeToken?: Doc;
}

export interface Reply {
  fields: Doc;
  /** Encoded elements that stand behind the fields. */
  more?: Uint8Array;
  cursor?: CursorReply;
}

const DOCUMENT = 0x03;
const ARRAY = 0x04;
/** A document's size in front, and its end. */
const FRAME_BYTES = 5;

/** With room for so many bytes in front of it. Written in one go: a batch is copied once. */
export function encodeReply({ fields, more, cursor }: Reply, headBytes = 0): Buffer {
  const own = encodeDocument(fields);
  const inner = cursor && innerOf(cursor);
  const size = own.byteLength + (more?.byteLength ?? 0) + (inner ? elementSize('cursor', inner.size) : 0);
  const bytes = Buffer.allocUnsafe(headBytes + size);
  let at = bytes.writeInt32LE(size, headBytes);
  at = append(bytes, at, own.subarray(4, -1));
  if (more) at = append(bytes, at, more);
  if (cursor && inner) {
    at = beginElement(bytes, at, DOCUMENT, 'cursor');
    at = bytes.writeInt32LE(inner.size, at);
    at = append(bytes, at, inner.own.subarray(4, -1));
    at = beginElement(bytes, at, ARRAY, cursor.batchName);
    at = bytes.writeInt32LE(inner.batchSize, at);
    for (const [i, doc] of cursor.batch.entries()) {
      at = append(bytes, at, headOf(i));
      at = append(bytes, at, doc);
    }
    bytes[at++] = 0;
    bytes[at++] = 0;
  }
  bytes[at] = 0;
  return bytes;
}

/** The elements of a document, without its frame. */
export function encodeElements(doc: Doc): Uint8Array {
  return encodeDocument(doc).slice(4, -1);
}

function innerOf({ cursorId, namespace, postBatchResumeToken, batch, batchName }: CursorReply) {
  const doc: Doc = { id: Long.fromNumber(cursorId), ns: namespace };
  if (postBatchResumeToken) doc.postBatchResumeToken = postBatchResumeToken;
  const own = encodeDocument(doc);
  let batchSize = FRAME_BYTES;
  for (const [i, { byteLength }] of batch.entries()) batchSize += headOf(i).byteLength + byteLength;
  return { own, batchSize, size: own.byteLength + elementSize(batchName, batchSize) };
}

function elementSize(name: string, size: number): number {
  return name.length + 2 + size;
}

function beginElement(bytes: Buffer, at: number, type: number, name: string): number {
  bytes[at] = type;
  const end = at + 1 + bytes.write(name, at + 1, 'latin1');
  bytes[end] = 0;
  return end + 1;
}

function append(bytes: Buffer, at: number, part: Uint8Array): number {
  bytes.set(part, at);
  return at + part.byteLength;
}

/** Of most batches there are no more. */
const HEADS: readonly Buffer[] = Array.from({ length: 101 }, (_, i) => Buffer.from(`\u0003${i}\0`));

function headOf(index: number): Buffer {
  return HEADS[index] ?? Buffer.from(`\u0003${index}\0`);
}
