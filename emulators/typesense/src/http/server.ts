import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Catalog } from '../store/catalog.ts';
import { ApiError, badRequest, notFound, unsupported } from './api-error.ts';
import { readBody } from './body.ts';
import { type Answer, matchRoute, type Route } from './route.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;
// More waiting work than this is answered 503, which the official client retries.
const MAX_IN_FLIGHT = 1_000;
const MAX_URL_LENGTH = 64 * 1024;

export type RequestLog = (entry: { method: string; path: string; status: number; ms: number; error?: unknown }) => void;

export type ServerStats = { requests: number; errors: number; inFlight: number };

export function createApiServer(input: {
  catalog: Catalog;
  routes: readonly Route[];
  apiKey: string;
  stats: ServerStats;
  log: RequestLog;
}): Server {
  const { stats } = input;
  const server = createServer({ maxHeaderSize: MAX_URL_LENGTH + 16 * 1024 }, (request, response) => {
    const started = performance.now();
    stats.requests += 1;
    stats.inFlight += 1;
    response.once('close', () => {
      stats.inFlight -= 1;
    });
    const entry = { method: request.method ?? '', path: (request.url ?? '').split('?')[0] ?? '' };
    const finish = (error?: unknown): void => {
      if (response.statusCode >= 400) stats.errors += 1;
      input.log({ ...entry, status: response.statusCode, ms: performance.now() - started, error });
    };
    respond(input, request, response).then(
      () => finish(),
      (cause: unknown) => {
        fail(response, cause);
        finish(cause instanceof ApiError ? undefined : cause);
      },
    );
  });
  // The client's idle connections outlive Node's default of five seconds, or a reused one is reset under its request.
  server.keepAliveTimeout = 65_000;
  return server;
}

async function respond(
  input: { catalog: Catalog; routes: readonly Route[]; apiKey: string; stats: ServerStats },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (input.stats.inFlight > MAX_IN_FLIGHT) throw new ApiError(503, 'Not Ready or Lagging');
  if ((request.url ?? '').length > MAX_URL_LENGTH) throw new ApiError(414, 'The URL is too long.');
  const url = new URL(request.url ?? '/', 'http://emulator');
  const match = matchRoute(input.routes, request.method ?? '', url.pathname);
  if (match?.route.open !== true) authorize(request, url, input.apiKey);
  if (match === undefined) {
    const known = input.routes.some((route) => route.path.split('/')[1] === url.pathname.split('/')[1]);
    throw known ? notFound('Not Found') : unsupported(`${request.method} ${url.pathname}`);
  }
  const { route, path } = match;
  checkParameters(route, url.searchParams);
  const body = await readBody(request, route.maxBodyBytes ?? MAX_BODY_BYTES);
  const answer = await route.handle({ catalog: input.catalog, path, query: url.searchParams, body });
  await send(response, answer);
}

async function send(response: ServerResponse, answer: Answer): Promise<void> {
  if ('stream' in answer) {
    await answer.stream(response);
    return;
  }
  const isJson = 'json' in answer;
  // As bytes at once: its length would be told by writing it a first time.
  const body = Buffer.from(isJson ? JSON.stringify(answer.json) : answer.text);
  // An import is answered as text: the client splits its lines itself.
  response.writeHead(answer.status ?? 200, {
    'content-type': isJson ? 'application/json; charset=utf-8' : 'text/plain; charset=utf-8',
    'content-length': body.byteLength,
  });
  response.end(body);
}

function fail(response: ServerResponse, cause: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const status = cause instanceof ApiError ? cause.status : 500;
  const message = cause instanceof ApiError ? cause.message : 'Internal error of the emulator; see its log.';
  const body = JSON.stringify({ message });
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    // A body that was not read to its end would be taken for the next request.
    ...(status === 413 ? { connection: 'close' } : {}),
  });
  response.end(body);
}

function authorize(request: IncomingMessage, url: URL, apiKey: string): void {
  const header = request.headers['x-typesense-api-key'];
  const given = (Array.isArray(header) ? header[0] : header) ?? url.searchParams.get('x-typesense-api-key') ?? '';
  if (!timingSafeEqual(digest(given), digest(apiKey))) {
    throw new ApiError(401, 'Forbidden - a valid `x-typesense-api-key` header must be sent.');
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function checkParameters(route: Route, query: URLSearchParams): void {
  if (route.parameters === undefined) return;
  for (const name of query.keys()) {
    if (name === 'x-typesense-api-key' || route.parameters.includes(name)) continue;
    throw badRequest(`Parameter \`${name}\` is not supported by this emulator for ${route.method} ${route.path}.`);
  }
}
