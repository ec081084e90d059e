import { createMetrics, type Logger } from '@marketgraph/platform/telemetry';
import { silentLog, testClock, until } from '@marketgraph/platform/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type Findings, startNightly } from './nightly.ts';

const I1 = { id: 'I1', title: 'journals sum to zero', checked: 10, violations: 0, examples: [] };
const I6 = { id: 'I6', title: 'vendors get theirs', checked: 3, violations: 2, examples: ['stl_1 …', 'stl_2 …'] };
const WHOLE: Findings = { verdicts: [I1], imbalances: [['EUR', 0]] };

let stop: (() => Promise<void>) | undefined;
afterEach(() => stop?.());

function aNight(looks: (() => Promise<Findings>)[]) {
  const clock = testClock(new Date('2026-11-29T01:00:00.000Z'));
  const metrics = createMetrics();
  const errors: Record<string, unknown>[] = [];
  const log = { ...silentLog, info() {}, warn() {}, error: (line: Record<string, unknown>) => errors.push(line) };
  let count = 0;
  const nightly = startNightly({
    at: { hour: 3, minute: 0 },
    look: () => looks[Math.min((count += 1), looks.length) - 1]!(),
    metrics,
    log: log as unknown as Logger,
    clock,
    checkMs: 5,
  });
  stop = nightly.stop;
  return { clock, metrics, errors, looks: () => count };
}

describe('the nightly verification', () => {
  it('looks once a night and tells when', async () => {
    const { clock, metrics, looks, errors } = aNight([async () => WHOLE]);
    expect(await metrics.text()).toContain('marketplace_verify_last_run_timestamp_seconds 0');
    clock.set(new Date('2026-11-29T03:00:00.000Z'));
    await until(async () =>
      (await metrics.text()).includes(`last_run_timestamp_seconds ${Date.UTC(2026, 10, 29, 3) / 1_000}`),
    );
    expect(await metrics.text()).toContain('marketplace_invariant_violations{invariant="I1"} 0');
    expect(await metrics.text()).toContain('ledger_imbalance_minor{currency="EUR"} 0');
    clock.set(new Date('2026-11-30T02:59:59.000Z'));
    expect(looks()).toBe(1);
    clock.set(new Date('2026-11-30T03:00:01.000Z'));
    await until(() => looks() === 2);
    expect(errors).toEqual([]);
  });

  it('says each violation in a line of its own, and keeps the count until the next night', async () => {
    const broken: Findings = {
      verdicts: [{ ...I1, error: 'no connection' }, I6],
      imbalances: [
        ['EUR', 0],
        ['USD', -7],
      ],
    };
    const { clock, metrics, errors } = aNight([async () => broken, async () => WHOLE]);
    clock.set(new Date('2026-11-29T03:00:00.000Z'));
    await until(async () => (await metrics.text()).includes('marketplace_invariant_violations{invariant="I6"} 2'));
    expect(await metrics.text()).toContain('marketplace_invariant_unchecked{invariant="I1"} 1');
    expect(await metrics.text()).toContain('ledger_imbalance_minor{currency="USD"} -7');
    expect(errors).toMatchObject([
      { invariant: 'I1', reason: 'no connection' },
      { invariant: 'I6', example: 'stl_1 …', violations: 2 },
      { invariant: 'I6', example: 'stl_2 …' },
      { currency: 'USD', minorUnits: -7 },
    ]);
    clock.set(new Date('2026-11-30T03:00:00.000Z'));
    await until(async () => !(await metrics.text()).includes('invariant="I6"'));
  });

  it('tries again in the same night when it could not look at all', async () => {
    const { clock, looks, metrics } = aNight([() => Promise.reject(new Error('no stores')), async () => WHOLE]);
    clock.set(new Date('2026-11-29T03:00:00.000Z'));
    await until(async () => (await metrics.text()).includes('marketplace_invariant_violations{invariant="I1"} 0'));
    expect(looks()).toBe(2);
  });
});
