import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { CounterFamily, Logger } from '@marketgraph/platform/telemetry';
import { graphqlError } from '@marketgraph/platform/graphql';
import { type Message, MessageType, parseMessage, type SubscribePayload } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import type { SocketLimits } from '../config.ts';
import type { Caller, Identity } from '../identity/identity.ts';
import { operationRequest } from '../http/json-body.ts';
import { RequestError } from '../limits/request-error.ts';
import { closeCodes } from './close-codes.ts';
import type { Operations, OperationSink } from './operations.ts';
import { type Channel, Outlet } from './outlet.ts';
import type { SessionWatch } from './session-watch.ts';
import { textFrame } from './text-frame.ts';
import type { UnsentBytes } from './unsent-bytes.ts';

export interface SocketParts {
  operations: Operations;
  identity: Identity;
  sessions: SessionWatch;
  limits: SocketLimits;
  unsent: UnsentBytes;
  /** By the code of the close. */
  closed?: CounterFamily;
  log: Logger;
}

/** A client that does not answer the closing handshake is cut off after this long. */
const CLOSE_PATIENCE_MS = 2_000;
const MESSAGE_WINDOW_MS = 10_000;
const MAX_ID_LENGTH = 128;

interface RunningOperation {
  isEnded: boolean;
  stop?: () => void;
}

/**
 * One client speaking graphql-transport-ws. The protocol is spoken here and
 * not by a library, so that a result written once is sent to all who get it,
 * and so that a client that does not read costs a bounded amount of memory.
 */
export class SocketConnection implements Channel {
  private caller: Caller | undefined;
  private initialising = false;
  private readonly running = new Map<string, RunningOperation>();
  private unwatch = (): void => undefined;
  private isAlive = true;
  private received = 0;
  private windowEndsAt = 0;
  private readonly initialiseBy: number;
  private pingAt: number;
  /** Of the request only what is needed: the rest of it would stay in memory as long as the socket. */
  private readonly stream: Socket;
  private readonly authorization: string | undefined;
  private readonly outlet: Outlet;

  constructor(
    private readonly socket: WebSocket,
    request: IncomingMessage,
    private readonly address: string,
    private readonly parts: SocketParts,
    onClosed: (code: number) => void,
  ) {
    const { limits } = parts;
    this.outlet = new Outlet(this, parts.unsent);
    this.stream = request.socket;
    this.authorization = request.headers.authorization;
    const now = performance.now();
    this.initialiseBy = now + limits.initTimeoutMs;
    this.pingAt = now + limits.pingIntervalMs;
    socket.on('pong', () => {
      this.isAlive = true;
    });
    socket.on('error', (error) => parts.log.debug({ err: error }, 'socket failed'));
    socket.on('message', (data, isBinary) => this.onMessage(data, isBinary));
    socket.once('close', (code) => {
      this.release();
      this.outlet.dispose();
      onClosed(code);
    });
  }

  close(code: number, reason: string): void {
    this.release();
    if (this.socket.readyState === this.socket.OPEN) this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), CLOSE_PATIENCE_MS).unref();
  }

  /** Called every now and then for all sockets together: thousands of timers cost more than what they do. */
  tick(now: number): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (!this.caller && now >= this.initialiseBy) {
      this.close(closeCodes.initialisationTimeout, 'Connection initialisation timeout');
    }
    if (now < this.pingAt) return;
    this.pingAt = now + this.parts.limits.pingIntervalMs;
    this.ping();
  }

  write(text: string): void {
    // Whole frames may go past the library: without compression it never keeps one back.
    this.stream.write(textFrame(text));
  }

  unsent(): number {
    return this.stream.writableLength;
  }

  whenSent(sent: () => void): void {
    // Nothing, written behind all that was: it has left when that has.
    if (!this.stream.destroyed) this.stream.write('', sent);
  }

  tooSlow(unsentBytes: number): void {
    this.parts.log.info({ address: this.address, unsentBytes }, 'client is too slow');
    this.close(closeCodes.slowConsumer, 'Too slow: resume with your last cursor');
  }

  cut(): void {
    this.socket.terminate();
  }

  private onMessage(data: RawData, isBinary: boolean): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    if (this.isFlooding()) return this.close(closeCodes.policyViolation, 'Too many messages');
    let message: Message;
    try {
      if (isBinary) throw new TypeError('binary');
      message = parseMessage(data.toString());
    } catch {
      return this.close(closeCodes.badRequest, 'Invalid message received');
    }
    switch (message.type) {
      case MessageType.ConnectionInit:
        return void this.initialise(message.payload);
      case MessageType.Ping:
        return this.send(JSON.stringify({ type: MessageType.Pong }));
      case MessageType.Pong:
        return undefined;
      case MessageType.Subscribe:
        return this.subscribe(message.id, message.payload);
      case MessageType.Complete:
        return this.stopOperation(message.id);
      default:
        return this.close(closeCodes.badRequest, `Unexpected message of type ${message.type}`);
    }
  }

  private async initialise(payload: Record<string, unknown> | undefined): Promise<void> {
    if (this.initialising) {
      return this.close(closeCodes.tooManyInitialisations, 'Too many initialisation requests');
    }
    this.initialising = true;
    const given = payload?.['authorization'] ?? payload?.['Authorization'] ?? this.authorization;
    try {
      const authorization = typeof given === 'string' ? given : undefined;
      const caller = await this.parts.identity.authenticate(authorization, this.address);
      if (this.socket.readyState !== this.socket.OPEN) return;
      this.caller = caller;
      this.unwatch = this.parts.sessions.watch(caller, (reason) =>
        this.close(closeCodes.forbidden, reason === 'expired' ? 'Access token expired' : 'Session ended'),
      );
      this.send(JSON.stringify({ type: MessageType.ConnectionAck }));
    } catch (error) {
      if (error instanceof RequestError && error.status === 401) return this.close(closeCodes.forbidden, 'Forbidden');
      if (!(error instanceof RequestError)) this.parts.log.error({ err: error }, 'socket could not be initialised');
      this.close(closeCodes.tryAgainLater, 'Try again later');
    }
  }

  private subscribe(id: string, payload: SubscribePayload): void {
    if (!this.caller) return this.close(closeCodes.notInitialised, 'Unauthorized');
    if (id.length > MAX_ID_LENGTH) return this.close(closeCodes.badRequest, 'The id is too long');
    if (this.running.has(id)) return this.close(closeCodes.subscriberExists, `Subscriber for ${id} already exists`);
    if (this.running.size >= this.parts.limits.operationsPerSocket) {
      const { message, extensions } = graphqlError('RATE_LIMITED', 'Too many operations on this socket.');
      return this.send(JSON.stringify({ id, type: MessageType.Error, payload: [{ message, extensions }] }));
    }
    const operation: RunningOperation = { isEnded: false };
    this.running.set(id, operation);
    void this.run(id, payload, operation, this.caller);
  }

  private async run(id: string, payload: SubscribePayload, operation: RunningOperation, caller: Caller): Promise<void> {
    const sink = this.sinkOf(id, operation);
    try {
      const stop = await this.parts.operations.run(operationRequest(payload), caller, this.address, sink);
      if (operation.isEnded) stop();
      else operation.stop = stop;
    } catch (error) {
      // Only what is no GraphQL request at all gets here; running reports everything else itself.
      if (!(error instanceof RequestError)) throw error;
      sink.end(error.errors.map((one) => one.toJSON()));
    }
  }

  private sinkOf(id: string, operation: RunningOperation): OperationSink {
    const head = `{"id":${JSON.stringify(id)},"type":"next","payload":`;
    const isClosed = () => operation.isEnded || this.socket.readyState !== this.socket.OPEN;
    const hasRoom = () => isClosed() || this.outlet.hasRoom;
    return {
      get isClosed() {
        return isClosed();
      },
      get hasRoom() {
        return hasRoom();
      },
      next: ({ body, bytes }) => {
        if (!operation.isEnded) this.send(`${head}${body}}`, head.length + bytes + 1);
      },
      drained: () => this.outlet.drained(),
      end: (errors) => {
        if (operation.isEnded) return;
        this.forget(id, operation);
        this.send(
          JSON.stringify(
            errors ? { id, type: MessageType.Error, payload: errors } : { id, type: MessageType.Complete },
          ),
        );
      },
    };
  }

  private stopOperation(id: string): void {
    const operation = this.running.get(id);
    if (operation) this.forget(id, operation);
  }

  private forget(id: string, operation: RunningOperation): void {
    operation.isEnded = true;
    if (this.running.get(id) === operation) this.running.delete(id);
    operation.stop?.();
  }

  private send(text: string, bytes?: number): void {
    if (this.socket.readyState === this.socket.OPEN) this.outlet.send(text, bytes);
  }

  private ping(): void {
    if (!this.isAlive) return this.socket.terminate();
    this.isAlive = false;
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
  }

  private isFlooding(): boolean {
    const now = Date.now();
    if (now > this.windowEndsAt) {
      this.windowEndsAt = now + MESSAGE_WINDOW_MS;
      this.received = 0;
    }
    this.received += 1;
    return this.received > this.parts.limits.maxMessages;
  }

  private release(): void {
    this.unwatch();
    for (const [id, operation] of this.running) this.forget(id, operation);
    this.outlet.close();
  }
}
