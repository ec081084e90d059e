import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { operatorAccess } from '@marketgraph/launcher';
import { silentLog } from '@marketgraph/platform/testing';
import { verifyStores } from '@marketgraph/verify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { playStory } from '../../story/play.ts';
import { silentReport } from '../../story/report.ts';
import { startTestMarketplace, type TestMarketplace } from '../../support/marketplace.ts';
import { ROOT } from '../../support/repository.ts';
import {
  alertRules,
  allMetrics,
  expectAnswerable,
  expectBounded,
  expectCounted,
  expectPromised,
} from './metrics-contract.ts';
import { privateWordsIn } from './private-words.ts';
import { expectReadinessToFollow } from '../../support/readiness.ts';
import { expectWholeCheckout } from './trace-contract.ts';

describe.each(['monolith', 'processes'] as const)('the main job, %s', (shape) => {
  let shop: TestMarketplace;
  let traces: string;

  beforeAll(async () => {
    traces = await mkdtemp(join(tmpdir(), 'marketgraph-traces-'));
    shop = await startTestMarketplace({ shape, metricsPort: 0, traceFile: join(traces, 'traces.ndjson') });
  });
  afterAll(async () => {
    await shop?.stop();
    await rm(traces, { recursive: true, force: true });
  });

  it('O8 O33 O34 X31 is played from an empty shop to a reviewed purchase without a difference, and no invariant is broken', async () => {
    await playStory(shop.graph, { report: silentReport });
    // Events may still be on their way into the read models.
    await vi.waitFor(
      async () => {
        const verdicts = await verifyStores(operatorAccess(shop.stores));
        expect(verdicts.filter(({ violations, error }) => violations > 0 || error)).toEqual([]);
      },
      { timeout: 10_000, interval: 200 },
    );
  });

  it('X7 has told every metric that was promised, and none has a label for each customer', async () => {
    // Figures of the stores are looked at every few seconds.
    await vi.waitFor(async () => expectCounted(await allMetrics(Object.values(shop.metricsUrls), silentLog)), {
      timeout: 15_000,
      interval: 500,
    });
    const metrics = await allMetrics(Object.values(shop.metricsUrls), silentLog);
    expectPromised(metrics);
    expectBounded(metrics);
    const targets = JSON.parse(await readFile(join(shop.dataDir, 'metrics-targets.json'), 'utf8')) as unknown[];
    expect(targets).toHaveLength(shape === 'monolith' ? 1 : 8);
  });

  it('X7 alert rules and dashboard ask for metrics that are there, and each alert is in the runbook', async () => {
    expectAnswerable(await allMetrics(Object.values(shop.metricsUrls), silentLog));
    const runbook = await readFile(resolve(ROOT, 'docs', 'runbook.md'), 'utf8');
    const rules = alertRules();
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(rules.filter(({ alert }) => !runbook.includes(`| \`${alert}\` |`))).toEqual([]);
    expect(rules.filter(({ annotations, labels }) => !annotations.summary || !labels.severity)).toEqual([]);
  });

  it('X7 one checkout is one trace over all services, stores, the provider and the outbox', async () => {
    // Its last consequences may be on their way into the file.
    const look = () => expectWholeCheckout(join(traces, 'traces.ndjson'));
    expect((await vi.waitFor(look, { timeout: 10_000, interval: 500 })).length).toBeGreaterThan(50);
  });

  it('X7 has written nothing into a log or a trace that belongs to a person', async () => {
    const words = [
      'a long enough secret',
      '1 Market Square',
      '7 Harbour Street',
      '4242424242424242',
      shop.operator.password,
    ];
    expect(await privateWordsIn(shop.logsDir, words)).toEqual([]);
    expect(await privateWordsIn(traces, words)).toEqual([]);
  });

  it.each(['postgres', 'redis'] as const)(
    'X7 is not ready without %s, and ready again with it, and alive all the time',
    async (store) => {
      await expect(expectReadinessToFollow(shop, store, shop.stores.outageOf(store))).resolves.toBeUndefined();
    },
  );
});
