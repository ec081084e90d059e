import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Rank, turnstile, type TurnstileLimits } from './turnstile.ts';

const LIMITS: TurnstileLimits = { first: 4, least: 2, most: 100, maxWaitMs: 5_000 };

function aTurnstile(limits: Partial<TurnstileLimits> = {}) {
  let isLate = false;
  const turns = turnstile(
    { ...LIMITS, ...limits },
    () => isLate,
    () => Date.now(),
  );
  const log: string[] = [];
  const come = (name: string, rank: Rank = 'mutation') => {
    const turn = turns.enter(rank);
    if (turn === true) log.push(name);
    else void turn.then((mayEnter) => log.push(mayEnter ? name : `${name} sent away`));
  };
  return { turns, log, come, late: (value: boolean) => (isLate = value) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('R31 a turnstile', () => {
  it('lets in at once while there is room, then one for each that leaves', async () => {
    const { turns, log, come, late } = aTurnstile();
    late(true);
    for (const name of ['1', '2', '3', '4', '5', '6']) come(name);
    expect(log).toEqual(['1', '2', '3', '4']);
    expect(turns.counts()).toEqual({ atWork: 4, waiting: 2 });
    turns.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(log).toEqual(['1', '2', '3', '4', '5']);
  });

  it('lets more in while nothing is late: waiting for somebody else keeps nobody out', async () => {
    const { turns, come } = aTurnstile({ most: 50 });
    for (let count = 0; count < 60; count += 1) come(String(count));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(turns.counts()).toEqual({ atWork: 50, waiting: 10 });
  });

  it('lets fewer work at once while something is late, but never none', async () => {
    const { turns, come, late } = aTurnstile({ first: 20, maxWaitMs: 60_000 });
    late(true);
    for (let count = 0; count < 100; count += 1) come(String(count));
    for (let seconds = 0; seconds < 10; seconds += 1) {
      await vi.advanceTimersByTimeAsync(100);
      turns.leave();
    }
    for (let left = turns.counts().atWork; left > 2; left = turns.counts().atWork) {
      await vi.advanceTimersByTimeAsync(100);
      turns.leave();
    }
    turns.leave();
    expect(turns.counts().atWork).toBe(2);
  });

  it('sends away who has waited too long, and only them', async () => {
    const { turns, log, come, late } = aTurnstile({ first: 1, least: 1, maxWaitMs: 1_000 });
    late(true);
    come('at work');
    come('early');
    await vi.advanceTimersByTimeAsync(600);
    come('later');
    await vi.advanceTimersByTimeAsync(500);
    expect(log).toEqual(['at work', 'early sent away']);
    turns.leave();
    await vi.advanceTimersByTimeAsync(0);
    expect(log).toEqual(['at work', 'early sent away', 'later']);
  });

  it('gives those who change something two turns of three', async () => {
    const { turns, log, come, late } = aTurnstile({ first: 1, least: 1, maxWaitMs: 60_000 });
    late(true);
    come('at work');
    for (let count = 0; count < 40; count += 1) {
      for (const rank of ['query', 'mutation'] as const) come(rank, rank);
    }
    for (let count = 0; count < 15; count += 1) {
      turns.leave();
      await vi.advanceTimersByTimeAsync(0);
    }
    const given = (name: string) => log.filter((one) => one === name).length;
    expect([given('mutation'), given('query')]).toEqual([10, 5]);
  });

  it('finds a crowd that comes after a pause as it found the first', async () => {
    const { turns, come, late } = aTurnstile();
    for (let count = 0; count < 60; count += 1) come(String(count));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(turns.counts().atWork).toBe(60);
    for (let count = 0; count < 60; count += 1) turns.leave();
    late(true);
    for (let count = 0; count < 60; count += 1) come(String(count));
    expect(turns.counts()).toEqual({ atWork: 4, waiting: 56 });
  });

  it('tells everybody once, and forgets nobody, whatever happens', async () => {
    const step = fc.oneof(
      fc.constantFrom<Rank>('mutation', 'query').map((rank) => ({ kind: 'come' as const, rank })),
      fc.constant({ kind: 'leave' as const }),
      fc.boolean().map((value) => ({ kind: 'late' as const, value })),
      fc.nat({ max: 1_500 }).map((ms) => ({ kind: 'pass' as const, ms })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { turns, log, come, late } = aTurnstile({ maxWaitMs: 1_000 });
        let came = 0;
        let left = 0;
        for (const one of steps) {
          if (one.kind === 'come') come(String(came++), one.rank);
          if (one.kind === 'late') late(one.value);
          if (one.kind === 'pass') await vi.advanceTimersByTimeAsync(one.ms);
          if (one.kind === 'leave' && turns.counts().atWork > 0) {
            turns.leave();
            left += 1;
          }
          await vi.advanceTimersByTimeAsync(0);
          const { atWork, waiting } = turns.counts();
          const sentAway = log.filter((name) => name.endsWith('away')).length;
          expect(atWork + left + waiting + sentAway).toBe(came);
        }
        turns.stop();
        await vi.advanceTimersByTimeAsync(0);
        expect(turns.counts().waiting).toBe(0);
        expect(vi.getTimerCount()).toBe(0);
        expect(new Set(log.map((name) => name.split(' ')[0])).size).toBe(came);
      }),
    );
  });
});
