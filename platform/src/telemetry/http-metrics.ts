import type { ServerResponse } from 'node:http';
import type { Metrics } from './metrics.ts';

/** Measures requests from their headers to the end of their answers. */
export interface HttpMetrics {
  /** `route` is one of a few known ones, never a path as it was asked for. */
  begin(route: string, response: ServerResponse): void;
}

const STREAM = /^(text\/event-stream|multipart\/)/;

/** A stream's answer has no end to speak of: such are counted by their subscriptions. */
export function createHttpMetrics(metrics: Metrics, service: string): HttpMetrics {
  const seconds = metrics.histogram({
    name: 'http_request_duration_seconds',
    help: 'HTTP requests, streams excepted.',
    labels: ['service', 'route', 'status'],
  });
  return {
    begin(route, response) {
      const begin = performance.now();
      response.once('close', () => {
        if (STREAM.test(String(response.getHeader('content-type') ?? ''))) return;
        // Whoever hangs up before the answer is nobody's failure but shows.
        const status = response.writableFinished ? `${Math.floor(response.statusCode / 100)}xx` : 'aborted';
        seconds.of(service, route, status).observe((performance.now() - begin) / 1_000);
      });
    },
  };
}
