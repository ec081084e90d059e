import type { Socket } from 'node:net';
import { CommandError } from '../errors.ts';
import { dispatch } from '../commands/dispatch.ts';
import type { ConnectionState } from '../commands/command.ts';
import type { Server } from '../server.ts';
import { encodeAnswer, HEADER_BYTES, MAX_MESSAGE_BYTES, parseMessage, type Request } from './message.ts';

/** A client that sends ahead is read no further until its messages have been answered. */
const MAX_QUEUED = 64;

let nextConnectionId = 1;
let nextReplyId = 1;

/** One socket: messages in, answered one after another in their order. */
export class Connection {
  readonly #socket: Socket;
  readonly #server: Server;
  readonly #gone = new AbortController();
  readonly #state: ConnectionState;
  #chunks: Buffer[] = [];
  #received = 0;
  /** Size of the message being received, once its first bytes told it. */
  #expected: number | undefined;
  #queue: Buffer[] = [];
  #isBusy = false;

  constructor(socket: Socket, server: Server) {
    this.#socket = socket;
    this.#server = server;
    const address = `${socket.localAddress?.includes(':') ? `[${socket.localAddress}]` : socket.localAddress}:${socket.localPort}`;
    this.#state = { id: nextConnectionId++, address, signal: this.#gone.signal };
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('end', () => this.#end());
    socket.on('error', () => this.#end());
    socket.on('close', () => this.#end());
  }

  close(): void {
    this.#socket.destroy();
    this.#end();
  }

  #end(): void {
    if (this.#gone.signal.aborted) return;
    this.#gone.abort();
    this.#queue = [];
    this.#server.sessions.onDisconnect(this.#state);
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    try {
      for (let message = this.#nextMessage(); message; message = this.#nextMessage()) this.#queue.push(message);
    } catch (error) {
      this.#refuse(error as Error);
      return;
    }
    if (this.#queue.length > MAX_QUEUED) this.#socket.pause();
    void this.#work();
  }

  /** Large messages arrive in many chunks: they are put together once, when the last one is there. */
  #nextMessage(): Buffer | undefined {
    if (this.#expected === undefined) {
      if (this.#received < HEADER_BYTES) return undefined;
      this.#expected = this.#joined().readInt32LE(0);
      if (this.#expected < HEADER_BYTES || this.#expected > MAX_MESSAGE_BYTES) {
        throw new CommandError(
          'ProtocolError',
          `recv(): message msgLen ${this.#expected} is invalid. Min 16 Max: ${MAX_MESSAGE_BYTES}`,
        );
      }
    }
    if (this.#received < this.#expected) return undefined;
    const bytes = this.#joined();
    const message = bytes.subarray(0, this.#expected);
    const rest = bytes.subarray(this.#expected);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#received = rest.length;
    this.#expected = undefined;
    return message;
  }

  #joined(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      for (let message = this.#queue.shift(); message; message = this.#queue.shift()) {
        await this.#answer(message);
        if (this.#socket.isPaused() && this.#queue.length < MAX_QUEUED / 2) this.#socket.resume();
      }
    } catch (error) {
      this.#refuse(error as Error);
    } finally {
      this.#isBusy = false;
    }
  }

  async #answer(message: Buffer): Promise<void> {
    let request: Request;
    try {
      request = parseMessage(message);
    } catch (error) {
      if (!(error instanceof CommandError) || error.codeName === 'ProtocolError') throw error;
      // The frame is whole, only its content is wrong: the client is told and may go on.
      await this.#send(errorReply(message, error));
      return;
    }
    const reply = await dispatch(this.#server, this.#state, request);
    if (request.isOneWay) return;
    try {
      await this.#send(encodeAnswer(request, reply, nextReplyId++));
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      await this.#send(errorReply(message, error));
    }
  }

  /** Waits while the client does not read: its answers must not pile up here. */
  async #send(bytes: Buffer): Promise<void> {
    if (this.#gone.signal.aborted || this.#socket.write(bytes)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#socket.once('drain', resolve);
    this.#gone.signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#socket.off('drain', resolve);
  }

  /** What cannot be understood as a message ends the connection, with the reason as a last word. */
  #refuse(error: Error): void {
    this.#server.log('connection refused', { connection: this.#state.id, error: error.message });
    const known =
      error instanceof CommandError ? error : new CommandError('InternalError', `emulator: ${error.message}`);
    const header = this.#joined();
    this.#queue = [];
    if (!this.#socket.destroyed)
      this.#socket.end(errorReply(header.length >= HEADER_BYTES ? header : Buffer.alloc(HEADER_BYTES), known));
    this.#chunks = [];
    this.#received = 0;
    this.#socket.removeAllListeners('data');
    this.#socket.resume();
  }
}

function errorReply(message: Buffer, { message: errmsg, code, codeName }: CommandError): Buffer {
  const request = { requestId: message.readInt32LE(4), isLegacy: false };
  return encodeAnswer(request, { fields: { ok: 0, errmsg, code, codeName } }, nextReplyId++);
}
