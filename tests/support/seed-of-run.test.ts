import { describe, expect, it } from 'vitest';
import { seedOfRun } from './seed-of-run.ts';

describe('the seed of a run', () => {
  it('is the one that was asked for', async () => {
    expect(await seedOfRun({ TEST_SEED: '12' })).toBe(12);
  });

  it('is the same each time for one commit', async () => {
    const seed = await seedOfRun({});
    expect(seed).toSatisfy((value: number) => Number.isInteger(value) && value >= 0 && value < 2 ** 31);
    expect(await seedOfRun({})).toBe(seed);
  });

  it.each(['', 'x', '-1', '1.5', '2147483648'])('is refused when it is %j', async (text) => {
    await expect(seedOfRun({ TEST_SEED: text })).rejects.toThrow('TEST_SEED must be an integer');
  });
});
