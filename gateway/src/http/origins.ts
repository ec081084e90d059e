import type { IncomingMessage, ServerResponse } from 'node:http';
import { noteHeaders, setNotedHeaders } from './responses.ts';

export interface Origins {
  /** Whether a page of this request's origin may open a socket. No Origin: not a browser. */
  isAllowed(request: IncomingMessage): boolean;
  /** Sets the CORS headers. True when the request was a preflight and is answered. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
}

const EXPOSED_HEADERS =
  'x-request-id, x-cache, x-graphql-cost, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset';
const ALLOWED_HEADERS = 'authorization, content-type, apollo-require-preflight, x-request-id, x-graphql-cost';

export function createOrigins(options: { publicUrl: string | undefined; allowedOrigins: readonly string[] }): Origins {
  const known = new Set(options.allowedOrigins);
  if (options.publicUrl) known.add(new URL(options.publicUrl).origin);
  return {
    isAllowed({ headers: { origin, host } }) {
      if (origin === undefined || known.has(origin)) return true;
      return URL.canParse(origin) && new URL(origin).host === host;
    },
    answer(request, response) {
      const { origin } = request.headers;
      if (origin !== undefined && known.has(origin)) {
        noteHeaders(response, [
          ...['access-control-allow-origin', origin],
          ...['access-control-expose-headers', EXPOSED_HEADERS],
          ...['vary', 'Origin'],
        ]);
      }
      if (request.method !== 'OPTIONS') return false;
      setNotedHeaders(response);
      if (response.hasHeader('access-control-allow-origin')) {
        response.setHeader('access-control-allow-methods', 'GET, POST, PUT');
        response.setHeader('access-control-allow-headers', ALLOWED_HEADERS);
        response.setHeader('access-control-max-age', '600');
      }
      response.writeHead(204).end();
      return true;
    },
  };
}
