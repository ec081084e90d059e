import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddPoints, createSharedBudget, type SharedBudget } from './shared-budget.ts';

const WINDOW_MS = 60_000;

/** Counts like Redis does, for several gateways; can be away. */
function aCount() {
  const state = { now: 1_000, asked: 0, isAway: false, awayTold: 0 };
  const counts = new Map<string, { points: number; endsAt: number }>();
  const add: AddPoints = async (key, points) => {
    state.asked += 1;
    if (state.isAway) throw new Error('away');
    let count = counts.get(key);
    if (!count || count.endsAt <= state.now) count = { points: 0, endsAt: state.now + WINDOW_MS };
    count.points += points;
    counts.set(key, count);
    return { consumedPoints: count.points, msBeforeNext: count.endsAt - state.now };
  };
  const gateway = (points: number) =>
    createSharedBudget({ points, add, now: () => state.now, onAway: () => void (state.awayTold += 1) });
  return { state, gateway };
}

const grants = async (budget: SharedBudget, points: number, key = 'a') => (await budget.take(key, points)) === null;

describe('a shared budget', () => {
  it('gives what there is, then says when there is more', async () => {
    const { state, gateway } = aCount();
    const budget = gateway(100);
    for (let at = 0; at < 100; at += 1) expect(await grants(budget, 1)).toBe(true);
    state.now += 20_000;
    expect(await budget.take('a', 1)).toEqual({ limit: 100, retryAfterMs: 40_000 });
    expect(await grants(budget, 1, 'b')).toBe(true);
    state.now += 40_000;
    expect(await grants(budget, 100)).toBe(true);
    expect(await grants(budget, 1)).toBe(false);
  });

  it('asks the count once per lease, and not at all when the window is spent', async () => {
    const { state, gateway } = aCount();
    const budget = gateway(1_000);
    for (let at = 0; at < 1_000; at += 1) await budget.take('a', 1);
    expect(state.asked).toBe(20);
    for (let at = 0; at < 500; at += 1) expect(await grants(budget, 1)).toBe(false);
    expect(state.asked).toBe(21);
  });

  it('answers without waiting while its lease lasts', async () => {
    const budget = aCount().gateway(1_000);
    await budget.take('a', 1);
    expect(budget.take('a', 49)).toBeNull();
    expect(budget.take('a', 1)).toBeInstanceOf(Promise);
  });

  it('keeps what is left for those who want less', async () => {
    const budget = aCount().gateway(100);
    expect(await grants(budget, 90)).toBe(true);
    expect(await grants(budget, 20)).toBe(false);
    expect(await grants(budget, 10)).toBe(true);
    expect(await grants(budget, 1)).toBe(false);
  });

  it('gives what is more than a lease, and refuses what is more than everything', async () => {
    const { gateway } = aCount();
    expect(await grants(gateway(100), 100, 'large')).toBe(true);
    expect(await grants(gateway(100), 101, 'larger')).toBe(false);
  });

  it('lets everything through while the count is away, and hardly asks it', async () => {
    const { state, gateway } = aCount();
    const budget = gateway(10);
    state.isAway = true;
    for (let at = 0; at < 100; at += 1) expect(await grants(budget, 5)).toBe(true);
    expect(state).toMatchObject({ asked: 1, awayTold: 1 });
    state.isAway = false;
    state.now += 1_000;
    expect(await grants(budget, 10)).toBe(true);
    expect(await grants(budget, 10)).toBe(false);
  });

  it('G3 several gateways, whoever is asked and however many at once, together never give more than the budget, and what they keep back is a lease each', async () => {
    const spending = fc.record({
      gateway: fc.nat({ max: 2 }),
      points: fc.integer({ min: 1, max: 60 }),
      together: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(spending, { minLength: 5, maxLength: 300 }), async (spendings) => {
        const BUDGET = 1_000;
        const { gateway } = aCount();
        const gateways = [gateway(BUDGET), gateway(BUDGET), gateway(BUDGET)];
        let given = 0;
        let refused = 0;
        let open: Promise<void>[] = [];
        for (const { gateway: at, points, together } of spendings) {
          const taking = Promise.resolve(gateways[at]!.take('a', points)).then((refusal) => {
            if (refusal === null) given += points;
            else refused += 1;
          });
          open.push(taking);
          if (together) continue;
          await Promise.all(open);
          open = [];
        }
        await Promise.all(open);
        expect(given).toBeLessThanOrEqual(BUDGET);
        const wanted = spendings.reduce((sum, { points }) => sum + points, 0);
        if (wanted <= BUDGET / 2) expect(refused).toBe(0);
        // One by one, each gateway is asked until it has nothing left.
        for (const one of gateways) while (await grants(one, 1)) given += 1;
        expect(given).toBe(BUDGET);
      }),
      { numRuns: 100 },
    );
  });
});
