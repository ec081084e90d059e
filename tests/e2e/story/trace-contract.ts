import { lastTraceWith } from '@marketgraph/launcher/trace-file';
import { printSlowestPath } from '@marketgraph/launcher/trace-tree';
import type { SpanLine } from '@marketgraph/platform/tracing';
import { expect } from 'vitest';

const of = (spans: readonly SpanLine[], service: string, pattern: RegExp) =>
  spans.filter((span) => span.service === service && pattern.test(span.name));

/** One checkout is one trace: from the buyer's request to what other services make of its events. */
export async function expectWholeCheckout(file: string): Promise<readonly SpanLine[]> {
  // The last thing the story does is a checkout that is refused.
  const spans = await lastTraceWith(file, 'accounts orders.orderConfirmed');
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const parentOf = ({ parentId }: SpanLine) => (parentId === undefined ? undefined : byId.get(parentId));

  const roots = spans.filter(({ parentId }) => parentId === undefined);
  expect(roots).toMatchObject([{ service: 'gateway', name: 'POST /graphql', kind: 'SERVER' }]);
  expect(spans.filter(({ parentId }) => parentId !== undefined && !byId.has(parentId))).toEqual([]);

  const services = new Set(spans.map(({ service }) => service));
  expect([...services]).toEqual(expect.arrayContaining(['gateway', 'orders', 'payments', 'inventory', 'accounts']));

  // Gateway, subgraph, its peers: each served call is below the one that made it.
  const [served] = of(spans, 'orders', /^orders checkoutStart$/);
  expect(parentOf(served!)).toMatchObject({ service: 'gateway', name: 'fetch orders checkoutStart', kind: 'CLIENT' });
  for (const callee of ['payments', 'inventory']) {
    const calls = of(spans, 'orders', new RegExp(`^call ${callee} `));
    expect(calls.length, `orders asks ${callee}`).toBeGreaterThan(0);
    const answered = calls.flatMap(({ spanId }) => spans.filter(({ parentId }) => parentId === spanId));
    expect(answered.length).toBeGreaterThan(0);
    for (const span of answered) expect(span).toMatchObject({ service: callee, kind: 'SERVER' });
  }

  // Stores and the provider, each below the work that needed it.
  for (const service of ['orders', 'payments', 'inventory', 'accounts']) {
    const statements = of(spans, service, /^sql (select|insert|update)/);
    expect(statements.length, `statements of ${service}`).toBeGreaterThan(0);
    for (const statement of statements) expect(parentOf(statement)!.service).toBe(service);
  }
  expect(of(spans, 'payments', /^stripe (createIntent|captureIntent)$/).length).toBeGreaterThanOrEqual(2);
  expect(of(spans, 'orders', /^redis /).length).toBeGreaterThan(0);

  // Over the outbox: whoever hears of it goes on in the same trace.
  const consumers = spans.filter(({ kind }) => kind === 'CONSUMER');
  expect(new Set(consumers.map(({ service }) => service)).size).toBeGreaterThanOrEqual(2);
  expect(of(consumers, 'accounts', / orders\.orderConfirmed$/).length).toBeGreaterThan(0);
  expect(of(consumers, 'gateway', /^stream orderStatusChanged$/).length).toBeGreaterThan(0);
  expect(of(spans, 'catalog', /^mongo (insert|update|find|findAndModify)/).length).toBeGreaterThan(0);

  expect(printSlowestPath(spans)).toMatch(/^trace [0-9a-f]{32}: \d+ spans in \d+ services/);
  return spans;
}
