import { WebSocket } from 'ws';
import type { AwaitEvent, ClientQuestion, EventSeen, OpenSockets } from '../fanout/fanout-protocol.ts';
import { machineClockUs } from '../fanout/fanout-protocol.ts';
import { serveParent } from '../measure/serve-parent.ts';

/**
 * Thousands of clients of graphql-transport-ws in one process. They do as little
 * as they can with a message, since they share the machine with the gateway:
 * its number is read, its bytes are held against those another client got.
 */

const CONNECTING_AT_ONCE = 50;
const OPEN_LIMIT_MS = 60_000;
const EVENT_LIMIT_MS = 60_000;
const NUMBER = Buffer.from('"available":');

/** What one event has come to so far. */
interface Arrivals {
  atUs: Float64Array;
  count: number;
  first: Buffer | undefined;
}

class SocketSet {
  private readonly options: OpenSockets;
  private readonly sockets: WebSocket[] = [];
  private readonly arrivals = new Map<number, Arrivals>();
  private failure: Error | undefined;
  private closing = false;
  private onProgress = (): void => undefined;

  constructor(options: OpenSockets) {
    this.options = options;
  }

  async open(): Promise<void> {
    let next = 0;
    const connector = async (): Promise<void> => {
      while (next < this.options.count) {
        next += 1;
        await this.connect(next - 1);
      }
    };
    await inTime(Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connector)), OPEN_LIMIT_MS, () =>
      this.failure ? this.failure.message : `${this.sockets.length} of ${this.options.count} sockets are open`,
    );
  }

  private connect(index: number): Promise<void> {
    const { url, subscription } = this.options;
    const opened = Promise.withResolvers<void>();
    const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
    this.sockets.push(socket);
    const offerIds = subscription && [subscription.offerId];
    if (subscription?.distinctFrom !== undefined) offerIds?.push(`o${subscription.distinctFrom + index}`);
    let snapshots = offerIds?.length ?? 0;
    let last = 0;

    const onEvent = (event: number, data: Buffer): void => {
      if (event === 0) {
        snapshots -= 1;
        if (snapshots === 0) opened.resolve();
        return;
      }
      if (event !== last + 1) return this.fail(new Error(`event ${event} came after ${last}`));
      last = event;
      this.arrived(event, data);
    };

    socket.on('open', () => {
      if (!subscription) return opened.resolve();
      return socket.send('{"type":"connection_init"}');
    });
    socket.on('message', (data: Buffer) => {
      const at = data.indexOf(NUMBER);
      if (at >= 0) return onEvent(numberAt(data, at + NUMBER.byteLength), data);
      const message = JSON.parse(data.toString()) as { type: string };
      if (message.type !== 'connection_ack' || !subscription)
        return this.fail(new Error(`unexpected ${data.toString()}`));
      const payload = { query: subscription.query, variables: { offerIds } };
      return socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload }));
    });
    socket.on('error', (error) => {
      opened.reject(error);
      this.fail(error);
    });
    socket.on('close', (code) => {
      const error = new Error(`a socket was closed with ${code}`);
      opened.reject(error);
      if (!this.closing) this.fail(error);
    });
    return opened.promise;
  }

  private arrived(event: number, data: Buffer): void {
    let arrivals = this.arrivals.get(event);
    if (!arrivals) {
      arrivals = { atUs: new Float64Array(this.options.count), count: 0, first: undefined };
      this.arrivals.set(event, arrivals);
    }
    // Distinct subscriptions have cursors of their own; all others get the very same bytes.
    if (!arrivals.first) arrivals.first = data;
    else if (this.options.subscription?.distinctFrom === undefined && !arrivals.first.equals(data)) {
      return this.fail(new Error(`two clients got different things: ${data.toString()}`));
    }
    arrivals.atUs[arrivals.count] = machineClockUs();
    arrivals.count += 1;
    if (arrivals.count === this.options.count) this.onProgress();
    return undefined;
  }

  async seen({ event, sentAtUs }: AwaitEvent): Promise<EventSeen> {
    const isComplete = () => this.arrivals.get(event)?.count === this.options.count;
    const complete = new Promise<void>((resolve, reject) => {
      this.onProgress = () => {
        if (this.failure) reject(this.failure);
        else if (isComplete()) resolve();
      };
      this.onProgress();
    });
    await inTime(complete, EVENT_LIMIT_MS, () => {
      const count = this.arrivals.get(event)?.count ?? 0;
      return `event ${event} came to ${count} of ${this.options.count} clients`;
    });
    const { atUs, first } = this.arrivals.get(event)!;
    this.arrivals.delete(event);
    return { latenciesUs: Array.from(atUs, (us) => us - sentAtUs), message: first!.toString() };
  }

  async close(): Promise<void> {
    this.closing = true;
    await Promise.all(
      this.sockets.map(
        (socket) =>
          new Promise<void>((resolve) => {
            if (socket.readyState === WebSocket.CLOSED) return resolve();
            socket.once('close', () => resolve());
            return socket.close(1_000);
          }),
      ),
    );
    if (this.failure) throw this.failure;
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.onProgress();
  }
}

function numberAt(data: Buffer, at: number): number {
  let value = 0;
  for (let index = at; ; index += 1) {
    const digit = data[index]! - 48;
    if (!(digit >= 0 && digit <= 9)) return value;
    value = value * 10 + digit;
  }
}

async function inTime<T>(work: Promise<T>, limitMs: number, state: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limitMs} ms: ${state()}`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const sets = new Map<string, SocketSet>();

async function answer(question: ClientQuestion): Promise<unknown> {
  if (question.kind === 'open') {
    const opening = new SocketSet(question);
    sets.set(question.set, opening);
    return opening.open();
  }
  const set = sets.get(question.set);
  if (!set) throw new Error(`There is no lot ${question.set}`);
  if (question.kind === 'await') return set.seen(question);
  sets.delete(question.set);
  return set.close();
}

serveParent({ facts: {}, answer: answer as (question: never) => Promise<unknown> });
