import { createHistogram } from 'node:perf_hooks';
import { Pool } from 'undici';
import { serveParent } from '../measure/serve-parent.ts';
import type { LoadOptions, LoadResult } from '../measure/http-load.ts';

/**
 * So many connections, kept alive, each with one request at a time. Every
 * answer is held against the first to the same request.
 */
async function load(options: LoadOptions): Promise<LoadResult> {
  const { url, bodies, connections, durationMs, maxRequests = Number.POSITIVE_INFINITY } = options;
  const pool = new Pool(url, { connections, pipelining: 1 });
  const latencies = createHistogram();
  const expected = new Map<string, string>();
  const cacheHeaders: Record<string, number> = {};
  const failures = new Map<string, number>();
  let requests = 0;
  let sent = 0;
  const begin = performance.now();

  const fail = (what: string) => void failures.set(what, (failures.get(what) ?? 0) + 1);

  const one = async (body: string): Promise<void> => {
    const at = performance.now();
    const response = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body,
    });
    const text = await response.body.text();
    latencies.record(Math.max(1, Math.round((performance.now() - at) * 1_000)));
    requests += 1;
    const cache = response.headers['x-cache'];
    if (typeof cache === 'string') cacheHeaders[cache] = (cacheHeaders[cache] ?? 0) + 1;
    if (response.statusCode !== 200) return fail(`HTTP ${response.statusCode} ${text.slice(0, 200)}`);
    const before = expected.get(body);
    if (before === undefined) expected.set(body, text);
    else if (before !== text) fail(`another answer than before: ${text.slice(0, 200)}`);
  };

  const connection = async (): Promise<void> => {
    while (sent < maxRequests && performance.now() - begin < durationMs) {
      const body = bodies[sent % bodies.length]!;
      sent += 1;
      await one(body).catch((error: unknown) => fail(String(error)));
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  const seconds = (performance.now() - begin) / 1_000;
  await pool.close();
  return {
    requests,
    seconds,
    p50Ms: latencies.percentile(50) / 1_000,
    p95Ms: latencies.percentile(95) / 1_000,
    p99Ms: latencies.percentile(99) / 1_000,
    failed: [...failures.values()].reduce((sum, count) => sum + count, 0),
    failures: [...failures.keys()].slice(0, 5),
    cacheHeaders,
  };
}

serveParent({ facts: {}, answer: load as (question: never) => Promise<LoadResult> });
