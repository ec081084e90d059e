import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import helmet from 'helmet';
import type { SampleOperation } from './sample-operations.ts';

export interface Explorer {
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** So many of the sample operations open as tabs of the first visit. */
const MAX_TABS = 20;

/**
 * GraphiQL with everything inlined: one page, no address but our own, so it
 * works without a network. Its scripts are inline and its editor's workers are
 * blobs; that is what its own content policy allows, and only on this page.
 */
export function createExplorer(readSamples: () => Promise<readonly SampleOperation[]>): Explorer {
  let page: Promise<Page> | undefined;
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
    async serve(request, response) {
      // Nine megabytes of editor: loaded, rendered and packed when somebody looks, once.
      page ??= renderPage(readSamples).catch((error: unknown) => {
        page = undefined;
        throw error;
      });
      const { etag, zipped } = await page;
      headers(request, response, () => undefined);
      response.setHeader('etag', etag);
      response.setHeader('cache-control', 'no-cache');
      response.setHeader('vary', 'Accept, Accept-Encoding');
      if (request.headers['if-none-match'] === etag) {
        response.writeHead(304).end();
        return;
      }
      response.setHeader('content-type', 'text/html; charset=utf-8');
      const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      if (takesGzip) response.writeHead(200, { 'content-length': zipped.length, 'content-encoding': 'gzip' });
      else response.writeHead(200);
      if (request.method === 'HEAD') response.end();
      else if (takesGzip) response.end(zipped);
      else
        createGunzip()
          .on('error', () => response.destroy())
          .end(zipped)
          .pipe(response);
    },
  };
}

interface Page {
  zipped: Buffer;
  etag: string;
}

async function renderPage(readSamples: () => Promise<readonly SampleOperation[]>): Promise<Page> {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const tabs = (await readSamples()).slice(0, MAX_TABS).map(({ text, variables }) => ({
    query: text,
    variables: variables === undefined ? null : JSON.stringify(variables, null, 2),
  }));
  const html = renderGraphiQL({
    title: 'Marketgraph',
    endpoint: '/graphql',
    subscriptionsProtocol: 'WS',
    favicon: 'data:,',
    ...(tabs.length > 0 ? { defaultTabs: tabs, defaultQuery: tabs[0]!.query } : {}),
  });
  const zipped = await promisify(gzip)(html, { level: 6 });
  return { zipped, etag: `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"` };
}
