import { connect, type Socket } from 'node:net';
import { until } from '@marketgraph/platform/testing';

/** Bytes to the public port and what came back: for what no HTTP client would send. */
export interface RawExchange {
  socket: Socket;
  write(bytes: string | Buffer): void;
  /** All that has come so far. */
  text(): string;
  /** The statuses of all answers so far. */
  statuses(): number[];
  isClosed(): boolean;
  /** Everything, once the other side has closed. */
  closed(): Promise<string>;
  answered(count?: number): Promise<number[]>;
  destroy(): void;
}

const PATIENCE_MS = 30_000;

export async function rawHttp(url: string): Promise<RawExchange> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  let closed = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  socket.on('close', () => {
    closed = true;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  const text = () => Buffer.concat(chunks).toString('latin1');
  const statuses = () => [...text().matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    text,
    statuses,
    isClosed: () => closed,
    async closed() {
      await until(() => closed, { what: 'the end of the connection', timeoutMs: PATIENCE_MS });
      return text();
    },
    async answered(count = 1) {
      await until(() => statuses().length >= count || closed, { what: `${count} answers`, timeoutMs: PATIENCE_MS });
      return statuses();
    },
    destroy: () => socket.destroy(),
  };
}

/** A request as it goes over the wire; a body brings its length unless the headers say otherwise. */
export function request(line: string, headers: readonly string[] = [], body = ''): string {
  const length =
    body !== '' && !headers.some((header) => /^(content-length|transfer-encoding)/i.test(header))
      ? [`content-length: ${Buffer.byteLength(body)}`]
      : [];
  return [line, 'host: graph.example', ...headers, ...length, '', body].join('\r\n');
}
