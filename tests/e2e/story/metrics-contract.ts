import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createMetrics, type Logger } from '@marketgraph/platform/telemetry';
import { startNightly } from '@marketgraph/verify/nightly';
import { expect } from 'vitest';
import { parse } from 'yaml';
import { addMetrics, baseName, type Metric, readMetrics, sumOf } from '../../support/metrics.ts';
import { readExpression } from '../../support/promql.ts';
import { ROOT } from '../../support/repository.ts';

/** What operators were promised to see, with its labels. */
const PROMISED: Readonly<Record<string, readonly string[]>> = {
  http_request_duration_seconds: ['service', 'route', 'status'],
  graphql_operation_duration_seconds: ['operation_name', 'type', 'outcome'],
  graphql_operation_rejected_total: ['reason'],
  graphql_subgraph_request_duration_seconds: ['subgraph', 'outcome'],
  graphql_ws_connections: [],
  graphql_ws_subscriptions: [],
  graphql_ws_closed_total: ['code'],
  graphql_ws_buffered_bytes: [],
  checkout_saga_total: ['outcome'],
  checkout_saga_step_duration_seconds: ['step'],
  checkout_saga_stuck: [],
  inventory_reservations_active: [],
  inventory_oversell_prevented_total: [],
  inventory_reservation_expired_total: [],
  payments_captured_minor_total: ['currency'],
  ledger_imbalance_minor: ['currency'],
  payouts_held: [],
  outbox_unpublished: ['domain'],
  outbox_oldest_age_seconds: ['domain'],
  stream_consumer_lag: ['stream', 'group'],
  stream_pending: ['stream', 'group'],
  stream_oldest_pending_seconds: ['stream', 'group'],
  dead_letter_depth: ['stream'],
  webhook_received_total: ['type', 'outcome'],
  webhook_signature_invalid_total: [],
  auth_login_total: ['outcome'],
  auth_refresh_reuse_total: [],
  rate_limited_total: ['rule'],
  db_pool_in_use: ['database'],
  db_pool_waiting: ['database'],
  db_connection_hold_seconds: ['database'],
  nodejs_eventloop_lag_p99_seconds: [],
  circuit_breaker_state: ['target'],
  build_info: ['version', 'node'],
};

/** Prometheus makes these itself. */
const BY_PROMETHEUS = new Set(['up']);
/** Labels that a scrape adds (`metrics-targets.json`), and that of histograms. */
const ADDED_LABELS = new Set(['process', 'le']);
const MAX_LINES = 201;

interface AlertRule {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string };
}

/** What the processes tell, and the nightly verification, which has a process of its own. */
export async function allMetrics(urls: readonly string[], log: Logger): Promise<Map<string, Metric>> {
  const metrics = await readMetrics(urls);
  const own = createMetrics();
  const nightly = startNightly({
    at: { hour: 3, minute: 0 },
    look: async () => ({ verdicts: [], imbalances: [] }),
    metrics: own,
    log,
    // Its time does not come.
    clock: { now: () => new Date(0) },
  });
  addMetrics(metrics, await own.text());
  await nightly.stop();
  return metrics;
}

export function expectPromised(metrics: ReadonlyMap<string, Metric>): void {
  expect(Object.keys(PROMISED).filter((name) => !metrics.has(name))).toEqual([]);
  for (const [name, labels] of Object.entries(PROMISED)) {
    for (const { labels: has } of metrics.get(name)!.samples) {
      expect(
        Object.keys(has)
          .filter((label) => label !== 'le')
          .toSorted(),
        name,
      ).toEqual(labels.toSorted());
    }
  }
}

/** After the story these have counted what was done in it. */
export function expectCounted(metrics: ReadonlyMap<string, Metric>): void {
  const counted = (name: string, labels?: Record<string, string>) => sumOf(metrics.get(name), labels);
  expect(counted('checkout_saga_total', { outcome: 'completed' })).toBeGreaterThan(0);
  expect(counted('payments_captured_minor_total', { currency: 'EUR' })).toBeGreaterThan(0);
  expect(counted('webhook_received_total', { outcome: 'kept' })).toBeGreaterThan(0);
  expect(counted('auth_login_total', { outcome: 'ok' })).toBeGreaterThan(0);
  expect(counted('payouts_held')).toBeGreaterThan(0);
  expect(counted('graphql_operation_duration_seconds', { operation_name: 'Search', type: 'query' })).toBeGreaterThan(0);
  expect(counted('graphql_subgraph_request_duration_seconds', { subgraph: 'orders' })).toBeGreaterThan(0);
  expect(counted('http_request_duration_seconds', { service: 'gateway', route: '/graphql' })).toBeGreaterThan(0);
  expect(counted('db_connection_hold_seconds', { database: 'orders' })).toBeGreaterThan(0);
  expect(counted('build_info')).toBeGreaterThan(0);
  for (const name of ['checkout_saga_stuck', 'dead_letter_depth', 'webhook_signature_invalid_total']) {
    expect(counted(name), name).toBe(0);
  }
}

/** No label is an id, an address or anything else of which there are as many as there are customers. */
export function expectBounded(metrics: ReadonlyMap<string, Metric>): void {
  for (const [name, { type, samples }] of metrics) {
    const lines = new Set(samples.map(({ labels: { le: _, quantile: __, ...labels } }) => JSON.stringify(labels)));
    expect(lines.size, `${name} (${type})`).toBeLessThanOrEqual(MAX_LINES);
    for (const { labels } of samples) {
      for (const value of Object.values(labels))
        expect(value, name).not.toMatch(/_[0-9A-Z]{20,}|@|[0-9a-f]{8}-[0-9a-f]{4}-/);
    }
  }
}

/** Rules and dashboard ask for nothing that is not there, in words that Prometheus reads. */
export function expectAnswerable(metrics: ReadonlyMap<string, Metric>): void {
  for (const [where, text] of [...alertExpressions(), ...dashboardExpressions()]) {
    const { isValid, selectors, groupedBy } = readExpression(text);
    expect(isValid, `${where}: ${text}`).toBe(true);
    expect(selectors.length, `${where} asks for something`).toBeGreaterThan(0);
    const known = new Set(ADDED_LABELS);
    for (const { name, labels } of selectors) {
      if (BY_PROMETHEUS.has(name)) continue;
      const base = baseName(name, metrics);
      expect([...metrics.keys()], where).toContain(base);
      const has = new Set([...ADDED_LABELS, ...labelsOf(base, metrics)]);
      expect(
        labels.filter((label) => !has.has(label)),
        `${where}: labels of ${name}`,
      ).toEqual([]);
      for (const label of has) known.add(label);
    }
    expect(
      groupedBy.filter((label) => !known.has(label)),
      `${where}: grouped by`,
    ).toEqual([]);
  }
}

function labelsOf(name: string, metrics: ReadonlyMap<string, Metric>): Iterable<string> {
  return PROMISED[name] ?? OTHERS[name] ?? Object.keys(metrics.get(name)?.samples[0]?.labels ?? {});
}

/** Labels of metrics that may have no line yet. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  marketplace_invariant_violations: ['invariant'],
  marketplace_invariant_unchecked: ['invariant'],
  entity_cache_requests_total: ['outcome', 'subgraph'],
};

export function alertRules(): AlertRule[] {
  const { groups } = parse(readFileSync(resolve(ROOT, 'docs/monitoring/alerts.yml'), 'utf8')) as {
    groups: { name: string; rules: AlertRule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

function alertExpressions(): [where: string, expression: string][] {
  return alertRules().map(({ alert, expr }) => [alert, expr]);
}

interface Panel {
  title: string;
  targets?: { expr: string }[];
}

function dashboardExpressions(): [where: string, expression: string][] {
  const { panels } = JSON.parse(readFileSync(resolve(ROOT, 'docs/monitoring/dashboard.json'), 'utf8')) as {
    panels: Panel[];
  };
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }): [string, string] => [title, expr]));
}
