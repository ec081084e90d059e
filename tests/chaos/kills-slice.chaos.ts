import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestMarketplace, type TestMarketplace } from '../support/marketplace.ts';
import { killPlan } from './kill-plan.ts';
import { startKiller } from './killer.ts';
import { runTrial, settled } from './linearizability/trial.ts';
import { buyWhileKilled } from './random-kills.ts';

/** A little of what `test:chaos` does for long. */
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));

describe(`processes that die (CHAOS_SEED=${SEED})`, () => {
  let market: TestMarketplace;

  beforeAll(async () => {
    market = await startTestMarketplace({ shape: 'processes', copies: { inventory: 2 } });
  });
  afterAll(() => market?.stop());

  it('R09 six kills over all processes: every checkout has one end, and nothing is lost', async () => {
    const { killed, purchases, undecided, contradictions } = await buyWhileKilled(market, {
      seed: SEED,
      checkouts: 20,
      kills: 6,
      overMs: 8_000,
      patienceMs: 60_000,
    });
    expect({ undecided, contradictions }).toEqual({ undecided: [], contradictions: [] });
    expect({ killed, ended: purchases.length }).toEqual({ killed: 6, ended: 20 });
    await settled(market);
  });

  // Last, because it takes stock for nobody's order: after it the stores do not agree, and should not.
  it('R40 1,000 operations of eight clients on stock and refunds are what one thread would have said', async () => {
    const { operations, anomalies } = await runTrial(market, {
      operations: 1_000,
      seed: SEED,
      // One copy after the other: somebody is always there, and calls are lost all the same.
      onFaults: async () =>
        startKiller(market, killPlan({ seed: SEED, kills: 2, victims: ['inventory', 'inventory-2'] })),
    });
    expect(anomalies).toEqual([]);
    expect(operations).toBeGreaterThanOrEqual(1_000);
  });
});
