import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Readiness, SubgraphEventRequest, SubgraphRequest, SubgraphResponse } from '../graphql/subgraph.ts';
import { type HttpAnswer, HttpCallTimeoutError, postJson } from './http-call.ts';
import type { InternalTokenSigner } from './internal-token.ts';
import { type SubgraphCopies, subgraphCopies, type SubgraphCopy } from './subgraph-copies.ts';
import { SubgraphUnavailableError, type SubgraphTransport, timeLeftMs } from './transport.ts';

export interface HttpTransportOptions {
  /** Base URL per subgraph, e.g. `http://127.0.0.1:4101`, or one per copy of it. */
  urls: Readonly<Record<string, string | readonly string[]>>;
  signer: InternalTokenSigner;
  /** Sockets per copy of a subgraph. */
  connections?: number;
}

const CONNECT_TIMEOUT_MS = 3_000;
/** Shorter than the 65 s the server keeps a free socket: the client is always the one that lets go. */
const KEEP_ALIVE_MS = 30_000;
/** The gateway sends a bounded set of operations again and again; each is written as JSON once. */
const WRITTEN_QUERIES = 2_000;
const WRITTEN_BYTES = 8 * 1024 * 1024;

/** A keep-alive socket that the other side had just closed ("other side closed", reset): nothing was answered. */
const LOST_SOCKET = new Set(['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE']);
/** No connection came about: nothing was sent, so another copy may be asked for anything. */
const NEVER_SENT = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** A proxy that has nobody to ask. */
const NOBODY_THERE = new Set([502, 503, 504]);
const NOBODY_ASKED = 503;

export function httpTransport({ urls, signer, connections = 64 }: HttpTransportOptions): SubgraphTransport {
  const subgraphs = new Map(
    Object.entries(urls).map(([name, url]) => [
      name,
      subgraphCopies(typeof url === 'string' ? [url] : url, {
        connections,
        keepAliveTimeout: KEEP_ALIVE_MS,
        keepAliveMaxTimeout: KEEP_ALIVE_MS,
        connectTimeout: CONNECT_TIMEOUT_MS,
        pipelining: 1,
        // Deadlines are of the whole call, see `postJson`.
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
    ]),
  );
  const copiesOf = (name: string): SubgraphCopies => {
    const copies = subgraphs.get(name);
    if (!copies) throw new SubgraphUnavailableError(name, 'unreachable');
    return copies;
  };
  const written = new LRUCache<string, string>({
    max: WRITTEN_QUERIES,
    maxSize: WRITTEN_BYTES,
    sizeCalculation: (json, query) => json.length + query.length,
  });
  const bodyOf = ({ query, operationName, variables, event }: SubgraphRequest & { event?: unknown }): string => {
    let json = written.get(query);
    if (!json) {
      json = JSON.stringify(query);
      written.set(query, json);
    }
    const name = operationName === undefined ? '' : `,"operationName":${JSON.stringify(operationName)}`;
    const values = variables === undefined ? '' : `,"variables":${JSON.stringify(variables)}`;
    return `{"query":${json}${name}${values}${event === undefined ? '' : `,"event":${JSON.stringify(event)}`}}`;
  };

  const post = async (
    name: string,
    path: '/graphql' | '/events',
    request: SubgraphRequest,
  ): Promise<SubgraphResponse> => {
    const copies = copiesOf(name);
    const body = bodyOf(request);
    const isRead = path === '/graphql' && isQuery(request.query);
    const refused = new Set<SubgraphCopy>();
    let isRepeated = false;
    // Ends: each round but one finds a copy that is not there, and one more read is asked for.
    for (let copy = copies.next(); ; copy = copies.next(refused)) {
      if (!copy) throw new SubgraphUnavailableError(name, 'unreachable');
      const token = await signer.tokenFor(name, request.viewer);
      // Of what is left now, lest the subgraph goes on longer than anybody waits.
      const timeoutMs = timeLeftMs(request);
      const headers = [
        'content-type',
        'application/json',
        'authorization',
        `Bearer ${token}`,
        'x-request-id',
        request.requestId,
        'x-deadline-at',
        String(Date.now() + timeoutMs),
      ];
      if (request.traceparent) headers.push('traceparent', request.traceparent);
      copy.open += 1;
      try {
        const answer = await postJson(copy.pool, { path, headers, body, timeoutMs });
        // The next call goes to one that stays, instead of being sent on a connection that is being closed.
        if (answer.isLast) copies.shun(copy);
        return answered(name, answer);
      } catch (error) {
        if (error instanceof SubgraphUnavailableError) throw error;
        if (error instanceof HttpCallTimeoutError)
          throw new SubgraphUnavailableError(name, 'timeout', { cause: error });
        const code = codeOf(error);
        if (NEVER_SENT.has(code)) {
          refused.add(copy);
          copies.shun(copy);
          if (refused.size < copies.count) continue;
        } else if (!isRepeated && isRead && LOST_SOCKET.has(code)) {
          isRepeated = true;
          continue;
        }
        const isServed = !refused.has(copy) && copies.hasOther(copy);
        const wasSent = !NEVER_SENT.has(code);
        throw new SubgraphUnavailableError(name, 'unreachable', { cause: error, isServed, wasSent });
      } finally {
        copy.open -= 1;
      }
    }
  };

  return {
    names: Object.keys(urls),
    execute: (name, request) => post(name, '/graphql', request),
    executeEvent: (name, request: SubgraphEventRequest) => post(name, '/events', request),
    async forward(name, request, response) {
      const { statusCode, headers, body } = await copiesOf(name)
        .next()!
        .pool.request({
          method: request.method as 'GET',
          path: request.url ?? '/',
          headers: withoutHopHeaders(request.headers),
          ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { body: request }),
          headersTimeout: 60_000,
          bodyTimeout: 60_000,
        });
      response.writeHead(statusCode, withoutHopHeaders(headers));
      for await (const chunk of body) {
        if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve));
      }
      response.end();
    },
    async readiness(name) {
      const copies = copiesOf(name);
      const asked = new Set<SubgraphCopy>();
      let first: Readiness | undefined;
      for (let copy = copies.next(); copy; copy = copies.next(asked)) {
        asked.add(copy);
        const readiness = await readinessOf(copy);
        if (readiness.ready) return readiness;
        first ??= readiness;
      }
      return first ?? { ready: false, checks: {} };
    },
    async close() {
      await Promise.all([...subgraphs.values()].map((copies) => copies.close()));
    },
  };
}

async function readinessOf({ pool }: SubgraphCopy): Promise<Readiness> {
  try {
    const { body } = await pool.request({
      method: 'GET',
      path: '/ready',
      headersTimeout: 3_000,
      bodyTimeout: 3_000,
    });
    return (await body.json()) as Readiness;
  } catch (error) {
    return {
      ready: false,
      checks: { http: { ok: false, detail: error instanceof Error ? error.message : String(error) } },
    };
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function isQuery(query: string): boolean {
  return query.startsWith('query') || query.startsWith('{') || /^\s*(query\b|\{)/.test(query);
}

function answered(name: string, { statusCode, text }: HttpAnswer): SubgraphResponse {
  if (statusCode !== 200) {
    const reason = NOBODY_THERE.has(statusCode) ? 'unreachable' : 'refused';
    // Only a proxy that says "nobody there" says that it asked nobody.
    const wasSent = statusCode !== NOBODY_ASKED;
    throw new SubgraphUnavailableError(name, reason, { cause: new Error(`HTTP ${statusCode}`), wasSent });
  }
  const { data, errors, extensions } = JSON.parse(text) as WireResponse;
  return {
    ...(data === undefined ? {} : { data }),
    ...(errors ? { errors: errors.map(revived) } : {}),
    ...(extensions ? { extensions } : {}),
  };
}

interface WireResponse {
  data?: SubgraphResponse['data'];
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

function revived({ message, path, extensions }: GraphQLFormattedError): GraphQLError {
  return new GraphQLError(message, { path, extensions: extensions ?? {} });
}

/** A body is forwarded, the connection it came on is not; nobody from outside speaks as an internal caller. */
const NOT_FORWARDED = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'proxy-authorization',
  'te',
  'trailer',
  'expect',
  'authorization',
]);

function withoutHopHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | string[]] =>
        entry[1] !== undefined && !NOT_FORWARDED.has(entry[0]) && !entry[0].startsWith('x-internal-'),
    ),
  );
}
