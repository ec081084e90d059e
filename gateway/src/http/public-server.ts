import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { SubgraphTransport } from '@marketgraph/platform/serve';
import { graphqlError } from '@marketgraph/platform/graphql';
import type { HttpMetrics, Logger } from '@marketgraph/platform/telemetry';
import { isTracing, markFailed, SpanKind, traced } from '@marketgraph/platform/tracing';
import helmet from 'helmet';
import type { GatewayConfig } from '../config.ts';
import { RequestError } from '../limits/request-error.ts';
import { refuseUpgrade, type SocketServer } from '../live/socket-server.ts';
import { graphContext } from '../query/graph-context.ts';
import { clientAddress } from './client-address.ts';
import { answerGraphql, answerStream, type GraphqlExchange, type GraphqlRouteParts } from './graphql-route.ts';
import type { Health } from './health.ts';
import { createOrigins } from './origins.ts';
import type { Page } from './page.ts';
import { forwardTo, routeOf } from './public-routes.ts';
import { watchBody } from './late-body.ts';
import { methodNotAllowed, noteHeaders, notFound, sendRequestError, sendText, setNotedHeaders } from './responses.ts';

export interface PublicServerParts extends GraphqlRouteParts {
  config: GatewayConfig;
  transport: SubgraphTransport;
  sockets: SocketServer;
  health: Health;
  /** Null: there is none. */
  explorer: Page | null;
  /** The shop-floor page; null: there is none. */
  livePage: Page | null;
  /** Where requests are measured, when somebody looks. */
  requests?: HttpMetrics;
  log: Logger;
}

export interface PublicServer {
  server: Server;
  /** From now on not ready, and no connection is kept for another request. */
  drain(): void;
}

/** The last bound of an upload; headers and other bodies have their own. */
const REQUEST_TIMEOUT_MS = 300_000;
const CHECK_CONNECTIONS_MS = 5_000;
const KEEP_ALIVE_MS = 65_000;
const LEFTOVER_MS = 2_000;
const LEFTOVER_BYTES = 16 * 1024 * 1024;

/** Asked by whoever watches over this process, from one address and as often as they like. */
const UNCOUNTED = new Set(['/health', '/ready']);

/** What is answered here; all else belongs to a subgraph, or to nobody. */
const OWN_PATHS = new Set(['/graphql', '/graphql/stream', '/live', '/', '/health', '/ready']);

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Everything on the public port, by path. */
export function createPublicServer(parts: PublicServerParts): PublicServer {
  const { config, transport, rates, sockets, health, explorer, livePage, log } = parts;
  const origins = createOrigins(config);
  const securityHeaders = headersOf(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
      // Pages of allowed origins read the answers; CORS decides which.
      crossOriginResourcePolicy: { policy: 'cross-origin' },
    }),
  );
  let draining = false;

  const answerOwn = async (path: string, exchange: GraphqlExchange): Promise<void> => {
    const { request, response } = exchange;
    noteHeaders(response, securityHeaders);
    switch (path) {
      case '/graphql':
        if (explorer && wantsPage(request)) return servePage(explorer, request, response);
        return answerGraphql(parts, exchange);
      case '/graphql/stream':
        return answerStream(parts, exchange);
      case '/live':
        if (!livePage) throw notFound();
        onlyRead(request);
        return servePage(livePage, request, response);
      case '/':
        onlyRead(request);
        setNotedHeaders(response);
        response.writeHead(302, { location: '/graphql' }).end();
        return undefined;
      case '/health':
        onlyRead(request);
        return sendText(response, 200, '{"status":"ok"}', JSON_TYPE);
      case '/ready': {
        onlyRead(request);
        const { ready, missing } = await health.readiness();
        const isReady = ready && !draining;
        return sendText(response, isReady ? 200 : 503, JSON.stringify({ ready: isReady, missing }), JSON_TYPE);
      }
      default:
        throw notFound();
    }
  };

  const answer = (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = pathOf(request);
    if (!isTracing() || UNCOUNTED.has(path)) return answerAs(undefined, request, response);
    const { traceparent } = request.headers;
    const link = typeof traceparent === 'string' ? traceparent : undefined;
    return traced(
      `${request.method} ${routeName(path)}`,
      { service: 'gateway', kind: SpanKind.SERVER, link },
      async (own, span) => {
        await answerAs(own, request, response);
        span?.setAttribute('http.response.status_code', response.statusCode);
        if (response.statusCode >= 500) markFailed(span, new Error('server error'));
      },
    );
  };

  const answerAs = async (
    traceparent: string | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> => {
    const url = request.url ?? '/';
    const path = pathOf(request);
    const at = url.indexOf('?');
    parts.requests?.begin(routeName(path), response);
    const search = at < 0 ? '' : url.slice(at);
    const address = clientAddress(request, config.trustedProxies);
    const wanted = request.headers['x-request-id'];
    const context = graphContext({
      viewer: { kind: 'anonymous' },
      timeoutMs: config.timeouts.requestMs,
      address,
      requestId: typeof wanted === 'string' ? wanted : undefined,
      traceparent,
    });
    noteHeaders(response, ['x-request-id', context.requestId]);
    // Whoever is told so takes another connection, to somebody who stays.
    if (draining) noteHeaders(response, ['connection', 'close']);
    try {
      if (origins.answer(request, response)) return;
      const counted = UNCOUNTED.has(path) ? undefined : rates.countRequest(address);
      if (counted) await counted;
      const route = routeOf(path);
      if (!readsBody(path, request) && !route?.takesUploads) {
        watchBody(request, config.http.bodyTimeoutMs, () => fail(request, response, lateBody(), context.requestId));
      }
      if (route) {
        setNotedHeaders(response);
        await forwardTo(route, transport, request, response);
        return;
      }
      await answerOwn(path, { request, response, search, address, contextOf: (viewer) => ({ ...context, viewer }) });
    } catch (error) {
      fail(request, response, error, context.requestId);
    }
  };

  /** Whether one more socket of this address is taken; one that is not has been answered. */
  const admit = async (address: string, socket: Duplex): Promise<boolean> => {
    try {
      await rates.countRequest(address);
      socket.once('close', rates.enterAddress(address));
      return !socket.destroyed;
    } catch (error) {
      if (!(error instanceof RequestError)) log.error({ err: error }, 'handshake failed');
      refuseUpgrade(socket, error instanceof RequestError ? 429 : 503);
      return false;
    }
  };

  const fail = (request: IncomingMessage, response: ServerResponse, error: unknown, requestId: string): void => {
    if (response.headersSent) {
      // Answered already, with what was to be said.
      if (response.writableEnded) return void request.socket.destroy();
      log.warn({ err: error, requestId }, 'answer broken off');
      response.destroy();
      return;
    }
    sendRequestError(response, error instanceof RequestError ? error : internal(), requestId);
    if (!(error instanceof RequestError) || error.cause)
      log.error({ err: error, requestId, path: request.url }, 'request failed');
    if (!request.complete) response.once('finish', () => readAway(request));
  };

  const server = createServer(
    {
      headersTimeout: config.http.headersTimeoutMs,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: Math.min(CHECK_CONNECTIONS_MS, config.http.headersTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => void answer(request, response),
  );
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => log.debug({ err: error }, 'handshake failed'));
    if (draining) return refuseUpgrade(socket, 503);
    if ((request.url ?? '').split('?', 1)[0] !== '/graphql') return refuseUpgrade(socket, 404);
    if (!origins.isAllowed(request)) return refuseUpgrade(socket, 403);
    const address = clientAddress(request, config.trustedProxies);
    return void admit(address, socket).then((admitted) => admitted && sockets.upgrade(request, socket, head, address));
  });
  server.setTimeout(config.http.stalledMs);
  return {
    server,
    drain() {
      draining = true;
    },
  };
}

/** What a middleware sets whatever is asked for. */
function headersOf(set: ReturnType<typeof helmet>): string[] {
  const headers: string[] = [];
  const response = {
    setHeader: (name: string, value: string) => headers.push(name.toLowerCase(), value),
    removeHeader: () => undefined,
  };
  set({} as IncomingMessage, response as unknown as ServerResponse, () => undefined);
  return headers;
}

function servePage(page: Page, request: IncomingMessage, response: ServerResponse): Promise<void> {
  setNotedHeaders(response);
  return page.serve(request, response);
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0]!;
}

/** One of a few, whatever was asked for. */
function routeName(path: string): string {
  return OWN_PATHS.has(path) ? path : (routeOf(path)?.prefix ?? 'other');
}

/**
 * What is left of a refused body is read for a moment and thrown away: a connection that is cut while its client
 * still writes takes the answer with it. After that it is cut.
 */
function readAway(request: IncomingMessage): void {
  let left = LEFTOVER_BYTES;
  const cut = setTimeout(() => request.destroy(), LEFTOVER_MS).unref();
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) request.destroy();
  });
  request.once('close', () => clearTimeout(cut));
  request.resume();
}

/** A browser's address bar, not a client that happens to accept anything. */
function wantsPage({ method, headers: { accept } }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && (accept ?? '').includes('text/html');
}

/** Whether what answers here reads the body within limits of its own. */
function readsBody(path: string, { method }: IncomingMessage): boolean {
  return method === 'POST' && (path === '/graphql' || path === '/graphql/stream');
}

function onlyRead({ method }: IncomingMessage): void {
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed('GET, HEAD');
}

function lateBody(): RequestError {
  const late = graphqlError('TIMEOUT', 'The body did not arrive in time.');
  return new RequestError([late], 408, { connection: 'close' });
}

function internal(): RequestError {
  return new RequestError([graphqlError('INTERNAL_SERVER_ERROR', 'Something went wrong on our side.')], 500);
}
