import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { silentLog } from '../testing/testing.ts';
import { createMetrics } from './metrics.ts';
import { settingsOf } from '../config/config.ts';
import { serveMetrics } from './metrics-server.ts';
import { startMetrics } from './process-metrics.ts';
import type { Logger } from './telemetry.ts';

const closed = { name: 'graphql_ws_closed_total', help: 'Sockets closed.', labels: ['code'] };

describe('what a process counts', () => {
  it('is written as Prometheus reads it', async () => {
    const metrics = createMetrics();
    metrics.counter(closed).of('1001').inc();
    metrics.counter(closed).of('1001').inc(2);
    metrics.counter(closed).of('4403').inc();
    metrics.gauge({ name: 'graphql_ws_connections', help: 'Open sockets.' }, () => 7);
    const seconds = metrics.histogram({ name: 'op_seconds', help: 'Time.', labels: ['type'], buckets: [0.1, 1] });
    seconds.of('query').observe(0.05);
    seconds.of('query').observe(0.5);
    const text = await metrics.text();
    expect(text).toContain('# TYPE graphql_ws_closed_total counter');
    expect(text).toContain('graphql_ws_closed_total{code="1001"} 3');
    expect(text).toContain('graphql_ws_closed_total{code="4403"} 1');
    expect(text).toContain('graphql_ws_connections 7');
    expect(text).toContain('op_seconds_bucket{le="0.1",type="query"} 1');
    expect(text).toContain('op_seconds_count{type="query"} 2');
    // Looking twice counts nothing twice.
    expect(await metrics.text()).toBe(text);
  });

  it('reads a gauge when somebody looks, sums its readers, and forgets labels that are gone', async () => {
    const metrics = createMetrics();
    const state = new Map([
      ['catalog', 1],
      ['reviews', 0],
    ]);
    const gauge = { name: 'circuit_breaker_state', help: 'Open is 1.', labels: ['target'] };
    metrics.gauge(gauge, () => [...state].map(([target, value]) => [[target], value] as const));
    metrics.gauge(gauge, () => [[['catalog'], 1]]);
    expect(await metrics.text()).toContain('circuit_breaker_state{target="catalog"} 2');
    state.delete('reviews');
    expect(await metrics.text()).not.toContain('reviews');
  });

  it('asks those who know before it tells, again each time, and does not wait long for one that does not answer', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const metrics = createMetrics();
    let depth = 0;
    metrics.gauge({ name: 'queue_depth', help: 'What waits.' }, () => depth);
    const look = metrics.beforeText(async () => void (depth += 1));
    expect(await metrics.text()).toContain('queue_depth 1');
    expect(await metrics.text()).toContain('queue_depth 2');
    look.undo();
    metrics.beforeText(() => new Promise(() => {}));
    const told = metrics.text();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await told).toContain('queue_depth 2');
  });

  it('is bounded: a label that takes any value ends as other', async () => {
    const metrics = createMetrics();
    for (let code = 0; code < 1_000; code += 1) metrics.counter(closed).of(String(code)).inc();
    const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('graphql_ws_closed_total{'));
    expect(lines).toHaveLength(201);
    expect(lines).toContain('graphql_ws_closed_total{code="other"} 800');
  });

  it('refuses label values that do not fit the labels', () => {
    expect(() => createMetrics().counter(closed).of()).toThrow('has the labels (code)');
  });

  it('is served at /metrics and nowhere else', async () => {
    const metrics = createMetrics({ process: true });
    const server = await serveMetrics(metrics, { port: 0, log: silentLog });
    try {
      const answer = await fetch(`${server.url}/metrics`);
      expect(answer.headers.get('content-type')).toContain('text/plain');
      expect(await answer.text()).toContain('nodejs_eventloop_lag_p99_seconds');
      expect((await fetch(`${server.url}/`)).status).toBe(404);
      expect((await fetch(`${server.url}/metrics`, { method: 'POST', body: 'x' })).status).toBe(405);
    } finally {
      await server.stop();
    }
  });

  it('has a port of its own only when it is given one', async () => {
    const quiet = await startMetrics(settingsOf('gateway', {}), silentLog);
    quiet.metrics.counter(closed).of('1001').inc();
    expect(await quiet.metrics.text()).not.toContain('nodejs_');
    await quiet.stop();

    const urls: string[] = [];
    const log = { ...silentLog, info: ({ url }: { url: string }) => void urls.push(url) } as unknown as Logger;
    const shown = await startMetrics(settingsOf('gateway', { GATEWAY_METRICS_PORT: '0' }), log);
    try {
      shown.metrics.counter(closed).of('4403').inc();
      expect(urls[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
      expect(await (await fetch(urls[0]!)).text()).toContain('graphql_ws_closed_total{code="4403"} 1');
    } finally {
      await shown.stop();
    }
    await expect(startMetrics(settingsOf('', { METRICS_PORT: 'no' }), silentLog)).rejects.toThrow('METRICS_PORT');
  });
});
