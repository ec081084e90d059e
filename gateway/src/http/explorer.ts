import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import helmet from 'helmet';
import type { SampleOperation } from './sample-operations.ts';

export interface Explorer {
  serve(request: IncomingMessage, response: ServerResponse): void;
}

/** Three messages of the schema's size say more than a wall of tabs. */
const MAX_TABS = 20;

/**
 * GraphiQL with everything inlined: one page, no address but our own, so it
 * works without a network. Its scripts are inline and its editor's workers are
 * blobs; that is what its own content policy allows, and only on this page.
 */
export async function createExplorer(samples: readonly SampleOperation[]): Promise<Explorer> {
  const tabs = samples.slice(0, MAX_TABS).map(({ text, variables }) => ({
    query: text,
    variables: variables === undefined ? null : JSON.stringify(variables, null, 2),
  }));
  const page = renderGraphiQL({
    title: 'Marketgraph',
    endpoint: '/graphql',
    subscriptionsProtocol: 'WS',
    favicon: 'data:,',
    ...(tabs.length > 0 ? { defaultTabs: tabs, defaultQuery: tabs[0]!.query } : {}),
  });
  const zipped = await promisify(gzip)(page, { level: 6 });
  const etag = `"${createHash('sha256').update(page).digest('base64url').slice(0, 22)}"`;
  const headers = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", "'unsafe-inline'", "'unsafe-eval'", 'blob:'],
        workerSrc: ["'self'", 'blob:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        fontSrc: ["'self'", 'data:'],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'", 'ws:', 'wss:'],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });

  return {
    serve(request, response) {
      headers(request, response, () => undefined);
      response.setHeader('etag', etag);
      response.setHeader('cache-control', 'no-cache');
      response.setHeader('vary', 'Accept, Accept-Encoding');
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304).end();
        return;
      }
      const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      const body = takesGzip ? zipped : Buffer.from(page);
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-length': body.length,
        ...(takesGzip ? { 'content-encoding': 'gzip' } : {}),
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    },
  };
}
