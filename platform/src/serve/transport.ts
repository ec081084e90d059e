import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type {
  Readiness,
  Subgraph,
  SubgraphEventRequest,
  SubgraphRequest,
  SubgraphResponse,
} from '../graphql/subgraph.ts';
import type { InternalTokenSigner } from './internal-token.ts';

/**
 * How the gateway and services reach a subgraph: in this process or over HTTP.
 * Both do the work of the wire: own context, own deadline, no shared objects.
 * A subgraph that cannot be reached rejects with `SubgraphUnavailableError`.
 */
export interface SubgraphTransport {
  readonly names: readonly string[];
  execute(name: string, request: SubgraphRequest): Promise<SubgraphResponse>;
  executeEvent(name: string, request: SubgraphEventRequest): Promise<SubgraphResponse>;
  /** Hands a public request (upload, file, webhook) to the subgraph that owns the path. */
  forward(name: string, request: IncomingMessage, response: ServerResponse): Promise<void>;
  readiness(name: string): Promise<Readiness>;
  close(): Promise<void>;
}

const REASONS = {
  unreachable: 'unreachable',
  timeout: 'too slow',
  refused: 'refused',
  'circuit-open': 'not asked at the moment',
} as const;

export class SubgraphUnavailableError extends Error {
  constructor(
    readonly subgraph: string,
    /** `circuit-open`: it was not asked, because it did not answer those who asked before. */
    readonly reason: 'unreachable' | 'timeout' | 'refused' | 'circuit-open',
    options?: ErrorOptions,
  ) {
    super(`${subgraph} is ${REASONS[reason]}`, options);
    this.name = 'SubgraphUnavailableError';
  }
}

const DEFAULT_DEADLINE_MS = 10_000;

export function inProcessTransport(subgraphs: readonly Subgraph[]): SubgraphTransport {
  const byName = new Map(subgraphs.map((subgraph) => [subgraph.name, subgraph]));
  const find = (name: string): Subgraph => {
    const subgraph = byName.get(name);
    if (!subgraph) throw new SubgraphUnavailableError(name, 'unreachable');
    return subgraph;
  };
  return {
    names: [...byName.keys()],
    execute: async (name, request) =>
      copied(await withDeadline(name, request, () => find(name).execute(copyRequest(request)))),
    executeEvent: async (name, request) =>
      copied(await withDeadline(name, request, () => find(name).executeEvent(copyRequest(request)))),
    async forward(name, request, response) {
      const path = request.url ?? '/';
      const route = find(name).routes.find(
        (candidate) => candidate.method === request.method && path.startsWith(candidate.prefix),
      );
      if (!route) {
        response.writeHead(404).end();
        return;
      }
      await route.handle(request, response);
    },
    readiness: async (name) => find(name).readiness(),
    close: async () => undefined,
  };
}

function copyRequest<T extends SubgraphRequest>(request: T): T {
  return { ...request, variables: structuredClone(request.variables), viewer: structuredClone(request.viewer) };
}

/** What leaves a subgraph is JSON on the wire; in one process it is made plain the same way. */
function copied(response: SubgraphResponse): SubgraphResponse {
  return {
    ...(response.data === undefined ? {} : { data: response.data }),
    ...(response.errors ? { errors: response.errors } : {}),
    ...(response.extensions ? { extensions: response.extensions } : {}),
  };
}

async function withDeadline<T>(name: string, request: SubgraphRequest, work: () => Promise<T>): Promise<T> {
  const leftMs = (request.deadlineAt ?? Date.now() + DEFAULT_DEADLINE_MS) - Date.now();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SubgraphUnavailableError(name, 'timeout')), Math.max(leftMs, 0));
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface HttpTransportOptions {
  /** Base URL per subgraph, e.g. `http://127.0.0.1:4101`. */
  urls: Readonly<Record<string, string>>;
  signer: InternalTokenSigner;
  connections?: number;
}

export function httpTransport({ urls, signer, connections = 32 }: HttpTransportOptions): SubgraphTransport {
  const pools = new Map(
    Object.entries(urls).map(([name, url]) => [
      name,
      // Shorter than the 65 s the server keeps a free socket: the client is always the one that lets go.
      new Pool(url, { connections, keepAliveTimeout: 30_000, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 }),
    ]),
  );
  const poolOf = (name: string): Pool => {
    const pool = pools.get(name);
    if (!pool) throw new SubgraphUnavailableError(name, 'unreachable');
    return pool;
  };

  const post = async (name: string, path: string, request: SubgraphRequest): Promise<SubgraphResponse> => {
    const { viewer, requestId, traceparent, deadlineAt, ...body } = request;
    const leftMs = Math.max((deadlineAt ?? Date.now() + DEFAULT_DEADLINE_MS) - Date.now(), 1);
    const text = JSON.stringify(body);
    const isRead = path === '/graphql' && /^\s*(query\b|\{)/.test(request.query);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { statusCode, body: answer } = await poolOf(name).request({
          method: 'POST',
          path,
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${await signer.tokenFor(name, viewer)}`,
            'x-request-id': requestId,
            'x-deadline-at': String(Date.now() + leftMs),
            ...(traceparent ? { traceparent } : {}),
          },
          body: text,
          headersTimeout: leftMs,
          bodyTimeout: leftMs,
        });
        if (statusCode !== 200) {
          await answer.dump();
          throw new SubgraphUnavailableError(name, 'refused', { cause: new Error(`HTTP ${statusCode}`) });
        }
        return revive((await answer.json()) as WireResponse);
      } catch (error) {
        if (error instanceof SubgraphUnavailableError) throw error;
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        if (code.includes('TIMEOUT')) throw new SubgraphUnavailableError(name, 'timeout', { cause: error });
        // A keep-alive socket that the other side had just closed: nothing was answered, a read can be sent again.
        if (attempt === 1 && isRead && /ECONNRESET|UND_ERR_SOCKET/.test(code)) continue;
        throw new SubgraphUnavailableError(name, 'unreachable', { cause: error });
      }
    }
  };

  return {
    names: Object.keys(urls),
    execute: (name, request) => post(name, '/graphql', request),
    executeEvent: (name, request) => post(name, '/events', request),
    async forward(name, request, response) {
      const { statusCode, headers, body } = await poolOf(name).request({
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
      try {
        const { body } = await poolOf(name).request({
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
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

interface WireResponse {
  data?: SubgraphResponse['data'];
  errors?: readonly GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

function revive({ data, errors, extensions }: WireResponse): SubgraphResponse {
  return {
    ...(data === undefined ? {} : { data }),
    ...(errors
      ? {
          errors: errors.map(
            ({ message, path, extensions: more }) => new GraphQLError(message, { path, extensions: more ?? {} }),
          ),
        }
      : {}),
    ...(extensions ? { extensions } : {}),
  };
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
