import { expect, it } from 'vitest';
import { killPlan } from './kill-plan.ts';

const victims = ['gateway', 'accounts', 'catalog', 'inventory', 'orders', 'payments', 'reviews', 'search'];

it('R09 the same seed gives the same plan, another seed another', () => {
  const plan = killPlan({ seed: 42, kills: 300, victims });
  expect(killPlan({ seed: 42, kills: 300, victims })).toEqual(plan);
  expect(killPlan({ seed: 43, kills: 300, victims })).not.toEqual(plan);
});

it('R09 300 kills come by every process, two seconds apart on average, two at once in one of ten', () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const plan = killPlan({ seed, kills: 300, victims });
    expect(plan.length).toBe(300);
    expect(new Set(plan.map(({ victim }) => victim))).toEqual(new Set(victims));
    const moments = new Set(plan.map(({ atMs }) => atMs)).size;
    const lastMs = plan.at(-1)!.atMs;
    expect(lastMs / moments).toBeGreaterThan(1_600);
    expect(lastMs / moments).toBeLessThan(2_400);
    expect((300 - moments) / moments).toBeGreaterThan(0.04);
    expect((300 - moments) / moments).toBeLessThan(0.18);
    for (const { downMs } of plan) expect(downMs).toBeGreaterThanOrEqual(500);
    for (const { downMs } of plan) expect(downMs).toBeLessThanOrEqual(3_000);
  }
});
