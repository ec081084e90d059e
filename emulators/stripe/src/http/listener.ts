import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Reply } from './api.ts';

/** Far more than any form of the supported API; a larger body is refused before it is read. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_HEADERS_MS = 10_000;
const MAX_REQUEST_MS = 30_000;

export interface HttpRequest {
  method: string;
  path: string;
  query: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export type HttpHandler = (request: HttpRequest) => Promise<Reply | 'dropped'>;

export interface Listener {
  host: string;
  port: number;
  stop(): Promise<void>;
}

/** Reads requests whole, hands them on, writes the answer, or cuts the connection when there is to be none. */
export async function listen(
  handler: HttpHandler,
  { host, port, tooLarge }: { host: string; port: number; tooLarge: () => Reply },
): Promise<Listener> {
  const server = createServer((request, response) => {
    void serve(handler, tooLarge, request, response).catch(() => request.socket.destroy());
  });
  server.headersTimeout = MAX_HEADERS_MS;
  server.requestTimeout = MAX_REQUEST_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return { host, port: address.port, stop: () => stop(server) };
}

async function serve(
  handler: HttpHandler,
  tooLarge: () => Reply,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    response.once('finish', () => request.socket.destroy());
    write(response, tooLarge());
    return;
  }
  const [path = '/', query = ''] = splitUrl(request.url ?? '/');
  const reply = await handler({ method: request.method ?? 'GET', path, query, headers: request.headers, body });
  if (reply === 'dropped') request.socket.destroy();
  else write(response, reply);
}

function splitUrl(url: string): [string, string] {
  const mark = url.indexOf('?');
  return mark === -1 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

/** The body as text, or nothing when it is too large. The rest of a body that is too large is never read. */
function readBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) {
        request.pause();
        resolve(undefined);
      } else {
        chunks.push(chunk);
      }
    });
    request.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.once('error', reject);
    request.once('close', () => reject(new Error('The client went away before its request was complete.')));
  });
}

function write(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'cache-control': 'no-cache, no-store',
    ...headers,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

async function stop(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
