import { describe, expect, it } from 'vitest';
import { oneByOne } from './one-by-one.ts';

describe('works with one key', () => {
  it('follow one another, also after one that failed, and others do not wait for them', async () => {
    const inTurn = oneByOne();
    const told: string[] = [];
    const gate = Promise.withResolvers<void>();
    const first = inTurn('a', async () => {
      told.push('first begins');
      await gate.promise;
      told.push('first ends');
      throw new Error('first failed');
    });
    const second = inTurn('a', async (waited) => {
      told.push(waited ? 'second, having waited' : 'second');
      return 2;
    });
    await inTurn('b', async () => void told.push('other key'));
    expect(told).toEqual(['first begins', 'other key']);
    gate.resolve();
    await expect(first).rejects.toThrow('first failed');
    expect(await second).toBe(2);
    expect(told).toEqual(['first begins', 'other key', 'first ends', 'second, having waited']);
  });

  it('begin at once when nobody is before them', () => {
    let begun = false;
    void oneByOne()('a', async (waited) => {
      begun = !waited;
    });
    expect(begun).toBe(true);
  });
});
