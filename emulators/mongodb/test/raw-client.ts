import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { deserialize, type Document, serialize } from 'bson';
import { crc32c } from '../src/wire/crc32c.ts';

export interface RawMessage {
  command: Document;
  /** Documents sent beside the command, as sections of kind 1. */
  sequences?: Record<string, Document[]>;
  flags?: number;
  withChecksum?: boolean;
}

const OP_MSG = 2013;
const CHECKSUM_PRESENT = 1;

/** A client that speaks the wire protocol by hand, for what the driver would never send. */
export class RawClient {
  readonly socket: Socket;
  readonly #replies: Document[] = [];
  #bytes = Buffer.alloc(0);
  #nextId = 1;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => {});
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  async command(command: Document, options: Omit<RawMessage, 'command'> = {}): Promise<Document> {
    this.send(toMessage({ command, ...options }, this.#nextId++));
    return this.reply();
  }

  send(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  async reply(): Promise<Document> {
    while (this.#replies.length === 0) {
      if (this.socket.destroyed) throw new Error('connection closed');
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]);
    }
    return this.#replies.shift() as Document;
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (this.#bytes.length >= 16 && this.#bytes.length >= this.#bytes.readInt32LE(0)) {
      const message = this.#bytes.subarray(0, this.#bytes.readInt32LE(0));
      this.#bytes = this.#bytes.subarray(message.length);
      this.#replies.push(deserialize(message.subarray(message.readInt32LE(12) === OP_MSG ? 21 : 36)));
    }
  }
}

export function toMessage(
  { command, sequences = {}, flags = 0, withChecksum = false }: RawMessage,
  id: number,
): Buffer {
  const sections = [Buffer.from([0]), serialize(command)];
  for (const [name, docs] of Object.entries(sequences)) {
    const body = Buffer.concat([Buffer.from(`${name}\0`), ...docs.map((doc) => serialize(doc))]);
    const size = Buffer.alloc(4);
    size.writeInt32LE(body.length + 4);
    sections.push(Buffer.from([1]), size, body);
  }
  const body = Buffer.concat(sections);
  const head = Buffer.alloc(20);
  head.writeInt32LE(20 + body.length + (withChecksum ? 4 : 0), 0);
  head.writeInt32LE(id, 4);
  head.writeInt32LE(OP_MSG, 12);
  head.writeUInt32LE(withChecksum ? flags | CHECKSUM_PRESENT : flags, 16);
  const message = Buffer.concat([head, body]);
  if (!withChecksum) return message;
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32c(message));
  return Buffer.concat([message, sum]);
}
