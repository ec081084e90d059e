import { decodeDocument, type Doc, setField, type Value } from '../bson/value.ts';
import { CommandError } from '../errors.ts';
import { crc32c } from './crc32c.ts';
import { encodeReply, type Reply } from './reply.ts';

/** The server's limit for a whole message. */
export const MAX_MESSAGE_BYTES = 48_000_000;
export const HEADER_BYTES = 16;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** Bits 0 to 15 must be understood; the others are hints. */
const REQUIRED_BITS = 0xffff;

export interface Request {
  requestId: number;
  database: string;
  command: Doc;
  /** The client does not wait for an answer, and must not get one. */
  isOneWay: boolean;
  isLegacy: boolean;
}

export function parseMessage(message: Buffer): Request {
  const requestId = message.readInt32LE(4);
  const opcode = message.readInt32LE(12);
  if (opcode === OP_MSG) return parseMsg(message, requestId);
  if (opcode === OP_QUERY) return parseQuery(message, requestId);
  throw new CommandError('ProtocolError', `emulator: the wire operation ${opcode} is not supported`);
}

export function encodeAnswer(request: Pick<Request, 'requestId' | 'isLegacy'>, reply: Reply, id: number): Buffer {
  const headBytes = request.isLegacy ? 36 : 21;
  const bytes = encodeReply(reply, headBytes);
  bytes.writeInt32LE(bytes.length, 0);
  bytes.writeInt32LE(id, 4);
  bytes.writeInt32LE(request.requestId, 8);
  bytes.writeInt32LE(request.isLegacy ? OP_REPLY : OP_MSG, 12);
  // OP_REPLY: flags (await capable), cursor id, starting from, number returned. OP_MSG: flags, then a section of kind 0.
  if (request.isLegacy) {
    bytes.writeInt32LE(8, 16);
    bytes.fill(0, 20, 32);
    bytes.writeInt32LE(1, 32);
  } else {
    bytes.writeInt32LE(0, 16);
    bytes[20] = 0;
  }
  return bytes;
}

function parseMsg(message: Buffer, requestId: number): Request {
  const flags = message.readUInt32LE(HEADER_BYTES);
  const unknown = flags & REQUIRED_BITS & ~(CHECKSUM_PRESENT | MORE_TO_COME);
  if (unknown !== 0) throw new CommandError('ProtocolError', `emulator: OP_MSG flags ${unknown} are not supported`);
  const hasChecksum = (flags & CHECKSUM_PRESENT) !== 0;
  const end = hasChecksum ? message.length - 4 : message.length;
  if (hasChecksum && crc32c(message.subarray(0, end)) !== message.readUInt32LE(end)) {
    throw new CommandError('ProtocolError', 'OP_MSG checksum does not match contents');
  }
  let command: Doc | undefined;
  const sequences: [name: string, docs: Value[]][] = [];
  for (let at = HEADER_BYTES + 4; at < end;) {
    const kind = message[at++];
    const size = sizeAt(message, at, end);
    const section = message.subarray(at, at + size);
    at += size;
    if (kind === 0 && !command) command = decodeDocument(section);
    else if (kind === 1) sequences.push(parseSequence(section));
    else throw new CommandError('ProtocolError', `emulator: unexpected OP_MSG section of kind ${kind}`);
  }
  if (!command) throw new CommandError('ProtocolError', 'OP_MSG messages must have a body');
  for (const [name, docs] of sequences) {
    if (Object.hasOwn(command, name)) throw new CommandError('ProtocolError', `Duplicate field '${name}' in OP_MSG`);
    setField(command, name, docs);
  }
  const database = command.$db;
  if (typeof database !== 'string') throw new CommandError('BadValue', 'OP_MSG requests require a $db argument');
  const isOneWay = (flags & MORE_TO_COME) !== 0;
  return { requestId, database, command, isOneWay, isLegacy: false };
}

const sequenceBytes = new WeakMap<readonly Value[], readonly Uint8Array[]>();

/** What the documents of a sequence were made of, each as it arrived; undefined for a list that came otherwise. */
export function bytesOfSequence(docs: readonly Value[]): readonly Uint8Array[] | undefined {
  return sequenceBytes.get(docs);
}

/** Size, name, then documents one after another. */
function parseSequence(section: Buffer): [name: string, docs: Value[]] {
  const nameEnd = section.indexOf(0, 4);
  if (nameEnd < 0) throw new CommandError('ProtocolError', 'OP_MSG document sequence without a name');
  const docs: Value[] = [];
  const parts: Uint8Array[] = [];
  for (let at = nameEnd + 1; at < section.length;) {
    const size = sizeAt(section, at, section.length);
    const bytes = section.subarray(at, at + size);
    docs.push(decodeDocument(bytes));
    parts.push(bytes);
    at += size;
  }
  sequenceBytes.set(docs, parts);
  return [section.toString('utf8', 4, nameEnd), docs];
}

/** Drivers greet an unknown server with an OP_QUERY of `hello`; nothing else arrives this way. */
function parseQuery(message: Buffer, requestId: number): Request {
  const nameEnd = message.indexOf(0, HEADER_BYTES + 4);
  if (nameEnd < 0) throw new CommandError('ProtocolError', 'OP_QUERY without a collection name');
  const namespace = message.toString('utf8', HEADER_BYTES + 4, nameEnd);
  if (!namespace.endsWith('.$cmd'))
    throw new CommandError('ProtocolError', 'emulator: OP_QUERY is only supported for commands');
  const start = nameEnd + 1 + 8;
  const raw = decodeDocument(message.subarray(start, start + sizeAt(message, start, message.length)));
  const command = (raw.$query ?? raw) as Doc;
  return { requestId, database: namespace.slice(0, -'.$cmd'.length), command, isOneWay: false, isLegacy: true };
}

function sizeAt(bytes: Buffer, at: number, end: number): number {
  const size = at + 4 <= end ? bytes.readInt32LE(at) : -1;
  if (size < 5 || at + size > end) throw new CommandError('ProtocolError', 'a BSON size points outside its message');
  return size;
}
