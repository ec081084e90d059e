import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, Server as TcpServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Subgraph, SubgraphEventRequest, SubgraphRequest } from '../graphql/subgraph.ts';
import { createHttpMetrics, type Logger, type Metrics } from '../telemetry/telemetry.ts';
import { BodyTooLargeError, readBody, sendJson } from './http-body.ts';
import type { InternalTokenVerifier } from './internal-token.ts';

export interface RunningServer {
  port: number;
  url: string;
  /** Stops accepting, lets requests in progress end, then closes. */
  stop(): Promise<void>;
}

/** The gateway sends planned fetches; a list of representations is the largest thing in them. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const DRAIN_MS = 10_000;
/**
 * A call may be on its way on a connection that is about to be closed, and nobody could tell whether it was run. So a
 * subgraph that stops takes no new connection, and says with each answer on an old one that it was the last; only what
 * is silent after this long is closed.
 */
const LINGER_MS = 300;
const IDLE_SWEEP_MS = 50;
/** A connection that was opened before the stop may have its first request on the way. */
const FIRST_REQUEST_PATIENCE_MS = 500;

const OWN_PATHS = ['/graphql', '/events', '/health', '/ready'];

/** Serves one subgraph as a process of its own. Everything but health and the subgraph's own routes needs an internal token. */
export async function serveSubgraph(
  subgraph: Subgraph,
  options: { host: string; port: number; verify: InternalTokenVerifier; log: Logger; metrics?: Metrics },
): Promise<RunningServer> {
  const { verify, log, metrics } = options;
  const measured = metrics && createHttpMetrics(metrics, subgraph.name);
  const known = [...OWN_PATHS, ...subgraph.routes.map(({ prefix }) => prefix)];
  let stopping = false;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = (request.url ?? '/').split('?', 1)[0]!;
    if (request.method === 'GET' && path === '/health') return sendJson(response, 200, { status: 'ok' });
    if (request.method === 'GET' && path === '/ready') {
      const readiness = await subgraph.readiness();
      const ready = readiness.ready && !stopping;
      return sendJson(response, ready ? 200 : 503, { ...readiness, ready });
    }
    if (path === '/graphql' || path === '/events') {
      return answerOperation(subgraph, path, request, response, verify);
    }
    const route = subgraph.routes.find(({ method, prefix }) => method === request.method && path.startsWith(prefix));
    if (route) return route.handle(request, response);
    return sendJson(response, 404, { errors: [{ message: 'Not found.' }] });
  };

  const server = createServer((request, response) => {
    if (stopping) response.setHeader('connection', 'close');
    measured?.begin(known.find((path) => request.url?.startsWith(path)) ?? 'other', response);
    answer(request, response).catch((error: unknown) => {
      if (error instanceof BodyTooLargeError) {
        sendJson(response, 413, { errors: [{ message: error.message, extensions: { code: 'REQUEST_TOO_LARGE' } }] });
        return;
      }
      log.error({ err: error, path: request.url }, 'request failed');
      if (response.headersSent) response.destroy();
      else
        sendJson(response, 500, {
          errors: [{ message: 'Internal error.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
        });
    });
  });
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = 66_000;
  return listen(server, { ...options, lingerMs: LINGER_MS, beforeClose: () => (stopping = true) });
}

async function answerOperation(
  subgraph: Subgraph,
  path: '/graphql' | '/events',
  request: IncomingMessage,
  response: ServerResponse,
  verify: InternalTokenVerifier,
): Promise<void> {
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1];
  const viewer = token ? await verify(token) : null;
  if (!viewer) {
    return sendJson(response, 401, {
      errors: [{ message: 'Only the gateway and services may call this.', extensions: { code: 'UNAUTHENTICATED' } }],
    });
  }
  if (request.method !== 'POST')
    return sendJson(response, 405, { errors: [{ message: 'POST only.' }] }, { allow: 'POST' });
  const body = parseBody(await readBody(request, MAX_BODY_BYTES));
  if (!body || (path === '/events' && !body.event)) {
    return sendJson(response, 400, {
      errors: [{ message: 'Not a GraphQL request.', extensions: { code: 'BAD_REQUEST' } }],
    });
  }
  const operation = {
    ...body,
    viewer,
    requestId: headerOf(request, 'x-request-id') ?? 'none',
    traceparent: headerOf(request, 'traceparent'),
    deadlineAt: Number(headerOf(request, 'x-deadline-at')) || undefined,
  };
  const result =
    path === '/events'
      ? await subgraph.executeEvent(operation as SubgraphEventRequest)
      : await subgraph.execute(operation);
  return sendJson(response, 200, result);
}

function parseBody(bytes: Buffer): (Omit<SubgraphRequest, 'viewer' | 'requestId'> & { event?: unknown }) | null {
  try {
    const body: unknown = JSON.parse(bytes.toString('utf8'));
    if (body === null || typeof body !== 'object' || !('query' in body) || typeof body.query !== 'string') return null;
    return body as { query: string };
  } catch {
    return null;
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' && value.length <= 256 ? value : undefined;
}

/** Listens (port 0 = any free one) and resolves to the way to stop; a port in use rejects with `EADDRINUSE`. */
export async function listen(
  server: Server,
  { host, port, lingerMs = 0, beforeClose }: { host: string; port: number; lingerMs?: number; beforeClose?(): void },
): Promise<RunningServer> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const actual = (server.address() as AddressInfo).port;
  const silent = connectionsWithoutRequest(server);
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    beforeClose?.();
    const closed = new Promise<void>((resolve) => server.once('close', () => resolve()));
    if (lingerMs > 0) {
      // Of TCP: the close of HTTP would end kept connections at once.
      TcpServer.prototype.close.call(server);
      await pause(lingerMs);
    }
    server.close();
    server.closeIdleConnections();
    // A connection kept alive becomes idle only when its last answer is out.
    const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
    const first = setTimeout(() => {
      for (const socket of silent) socket.destroy();
    }, FIRST_REQUEST_PATIENCE_MS);
    const cut = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearInterval(sweep);
    clearTimeout(first);
    clearTimeout(cut);
  };
  return { port: actual, url: `http://${host}:${actual}`, stop: () => (stopped ??= stop()) };
}

/** Browsers and clients connect ahead of need; to Node such a connection is not idle, and would hold up the stop. */
function connectionsWithoutRequest(server: Server): ReadonlySet<Socket> {
  const silent = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  for (const event of ['request', 'upgrade']) {
    server.on(event, ({ socket }: IncomingMessage) => silent.delete(socket));
  }
  return silent;
}
