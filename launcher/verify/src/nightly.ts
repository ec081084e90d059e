import { type Clock, systemClock } from '@marketgraph/platform/core';
import { startLoop } from '@marketgraph/platform/messaging';
import type { Logger, Metrics } from '@marketgraph/platform/telemetry';
import { nextAt, type TimeOfDay } from './time-of-day.ts';
import type { Verdict } from './verify.ts';

/** What one look found; `imbalances` are the books of payments, by currency. */
export interface Findings {
  verdicts: readonly Verdict[];
  imbalances: readonly (readonly [currency: string, minorUnits: number])[];
}

export interface NightlyOptions {
  at: TimeOfDay;
  look(): Promise<Findings>;
  metrics: Metrics;
  log: Logger;
  clock?: Clock;
  /** How often it is asked whether the time has come. */
  checkMs?: number;
}

/** A look that begins some seconds late is as good. */
const CHECK_MS = 20_000;

/**
 * Verifies once a day, and tells it to whoever watches: a line of error per violation, and metrics that keep the outcome
 * until the next time. A job that does not run any more is seen by its last time.
 */
export function startNightly(options: NightlyOptions): { stop(): Promise<void> } {
  const { at, look, metrics, log, clock = systemClock, checkMs = CHECK_MS } = options;
  let next = nextAt(at, clock.now());
  let found: (Findings & { endedAt: Date }) | undefined;
  publish(metrics, () => found);
  log.info({ next }, 'verifies once a day');
  return startLoop({
    name: 'verify',
    log,
    intervalMs: checkMs,
    async run() {
      if (clock.now() < next) return 'idle';
      const findings = await look();
      const endedAt = clock.now();
      found = { ...findings, endedAt };
      next = nextAt(at, endedAt);
      tell(log, findings, next);
      return 'idle';
    },
  });
}

function publish(metrics: Metrics, found: () => (Findings & { endedAt: Date }) | undefined): void {
  const each = (value: (verdict: Verdict) => number) => () =>
    (found()?.verdicts ?? []).map((verdict) => [[verdict.id], value(verdict)] as const);
  metrics.gauge(
    {
      name: 'marketplace_invariant_violations',
      help: 'What broke the invariant when it was last verified; must be 0.',
      labels: ['invariant'],
    },
    each(({ violations }) => violations),
  );
  metrics.gauge(
    {
      name: 'marketplace_invariant_unchecked',
      help: 'Whether the invariant could not be looked at the last time; must be 0.',
      labels: ['invariant'],
    },
    each(({ error }) => (error === undefined ? 0 : 1)),
  );
  metrics.gauge(
    {
      name: 'ledger_imbalance_minor',
      help: 'Debits less credits of the books when they were last verified; must be 0.',
      labels: ['currency'],
    },
    () => (found()?.imbalances ?? []).map(([currency, minorUnits]) => [[currency], minorUnits] as const),
  );
  metrics.gauge(
    {
      name: 'marketplace_verify_last_run_timestamp_seconds',
      help: 'When the invariants were last verified; 0 before the first time.',
    },
    () => {
      const last = found();
      return last ? Math.floor(last.endedAt.getTime() / 1_000) : 0;
    },
  );
}

function tell(log: Logger, { verdicts, imbalances }: Findings, next: Date): void {
  for (const { id, title, violations, examples, error } of verdicts) {
    if (error !== undefined) log.error({ invariant: id, title, reason: error }, 'an invariant could not be looked at');
    for (const example of examples) log.error({ invariant: id, title, violations, example }, 'an invariant is broken');
  }
  for (const [currency, minorUnits] of imbalances) {
    if (minorUnits !== 0) log.error({ currency, minorUnits }, 'the books do not balance');
  }
  const broken = verdicts.filter(({ violations, error }) => violations > 0 || error !== undefined).length;
  log.info({ invariants: verdicts.length, broken, next }, 'verified');
}
