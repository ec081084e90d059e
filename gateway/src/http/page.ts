import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';

/** One HTML text that needs nothing else. */
export interface Page {
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

export interface RenderedPage {
  html: string;
  /** Sets what browsers may do with it. */
  headers(request: IncomingMessage, response: ServerResponse, next: () => void): void;
}

interface KeptPage {
  zipped: Buffer;
  etag: string;
  headers: RenderedPage['headers'];
}

/** Rendered and packed when somebody looks, once. */
export function createPage(render: () => Promise<RenderedPage>): Page {
  let kept: Promise<KeptPage> | undefined;
  return {
    async serve(request, response) {
      kept ??= packed(render).catch((error: unknown) => {
        kept = undefined;
        throw error;
      });
      const { etag, zipped, headers } = await kept;
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

async function packed(render: () => Promise<RenderedPage>): Promise<KeptPage> {
  const { html, headers } = await render();
  const zipped = await promisify(gzip)(html, { level: 6 });
  return { zipped, headers, etag: `"${createHash('sha256').update(html).digest('base64url').slice(0, 22)}"` };
}
