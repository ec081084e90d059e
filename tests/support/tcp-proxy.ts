import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { Random } from '../simulator/world/random.ts';

export interface TcpProxy {
  readonly port: number;
  /** The same URL, by way of this proxy. */
  through(url: string): string;
  /** Every piece of data takes from `minMs` to `maxMs` longer, each way; pieces of one connection stay in order. */
  delay(latency: { minMs: number; maxMs: number }): void;
  /** Ends all connections as a pulled cable would. New ones are taken. */
  cut(): void;
  /** Ends all connections, and new ones as soon as they are there, until `resume`. */
  refuse(): void;
  /** Nothing gets through any more, and nobody is told, until `resume`. */
  stall(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** A wire between a service and its store that can be harmed. The same seed harms it the same way. */
export async function startTcpProxy(target: { host: string; port: number }, { seed = 1 } = {}): Promise<TcpProxy> {
  const random = new Random(seed);
  const pairs = new Set<readonly [Socket, Socket]>();
  let latency = { minMs: 0, maxMs: 0 };
  let isRefusing = false;
  let stalled: Promise<void> | undefined;
  let endStall: (() => void) | undefined;

  /** A piece is held back on its own: those behind it wait for it, and no longer than they have to. */
  const wire = () =>
    new Transform({
      transform(piece: Buffer, _, pass) {
        const deliver = () => pass(null, piece);
        const delayMs = latency.maxMs === 0 ? 0 : random.between(latency.minMs, latency.maxMs);
        const after = () => (stalled ? void stalled.then(deliver) : deliver());
        if (delayMs === 0) after();
        else setTimeout(after, delayMs);
      },
    });

  const server = createServer({ noDelay: true }, (client) => {
    if (isRefusing) return void client.resetAndDestroy();
    const store = connect({ ...target, noDelay: true });
    const pair = [client, store] as const;
    pairs.add(pair);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      store.destroy();
    };
    for (const socket of pair) socket.on('error', end).on('close', end);
    client.pipe(wire()).pipe(store);
    store.pipe(wire()).pipe(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port.');
  const { port } = address;

  const cut = () => {
    for (const [client, store] of pairs) {
      client.resetAndDestroy();
      store.destroy();
    }
  };
  const resume = () => {
    isRefusing = false;
    endStall?.();
    stalled = endStall = undefined;
  };
  return {
    port,
    through(url) {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(port);
      return changed.toString();
    },
    delay: (wanted) => void (latency = wanted),
    cut,
    refuse() {
      isRefusing = true;
      cut();
    },
    stall() {
      stalled ??= new Promise((resolve) => (endStall = resolve));
    },
    resume,
    async stop() {
      resume();
      const closed = new Promise((resolve) => server.close(resolve));
      cut();
      await closed;
    },
  };
}

/** In front of the server of a URL. */
export function proxyOf(url: string, options?: { seed?: number }): Promise<TcpProxy> {
  const { hostname, port } = new URL(url);
  return startTcpProxy({ host: hostname, port: Number(port) }, options);
}
