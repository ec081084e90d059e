import { createServer } from 'node:http';
import { listen, type RunningServer } from '../serve/server.ts';
import type { Metrics } from './metrics.ts';
import type { Logger } from './telemetry.ts';

/** `/metrics` on a port of its own, which is for the operator's network and never the public one. */
export function serveMetrics(
  metrics: Metrics,
  { host = '127.0.0.1', port, log }: { host?: string; port: number; log: Logger },
): Promise<RunningServer> {
  const server = createServer((request, response) => {
    request.resume();
    if (request.url?.split('?', 1)[0] !== '/metrics') return void response.writeHead(404).end();
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return void response.writeHead(405, { allow: 'GET, HEAD' }).end();
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      (error: unknown) => {
        log.error({ err: error }, 'metrics cannot be read');
        response.writeHead(500).end();
      },
    );
  });
  return listen(server, { host, port });
}
