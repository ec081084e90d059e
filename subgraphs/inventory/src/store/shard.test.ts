import { testIds } from '@marketgraph/platform/testing';
import { describe, expect, it } from 'vitest';
import { shardOf } from './shard.ts';

const ids = testIds();
const offers = Array.from({ length: 10_000 }, () => ids.next('off'));

describe('the shard of an offer', () => {
  it('I17 is the same whenever it is asked for, and one of those there are', () => {
    // Written down once: a release that draws otherwise would look for stock where it is not.
    expect(['off_A', 'off_B', 'off_C', 'off_D', 'off_E'].map((offerId) => shardOf(offerId, 4))).toEqual([
      0, 1, 0, 3, 2,
    ]);
    for (const offerId of offers.slice(0, 100)) expect(shardOf(offerId, 1)).toBe(0);
  });

  it('I17 is any of them about equally often', () => {
    for (const shards of [2, 5, 16]) {
      const counts = Array.from({ length: shards }, () => 0);
      for (const offerId of offers) counts[shardOf(offerId, shards)]! += 1;
      const share = offers.length / shards;
      for (const count of counts) expect(Math.abs(count - share) / share).toBeLessThan(0.15);
    }
  });

  it('I17 stays when a shard is added, or becomes the new one', () => {
    let moved = 0;
    for (const offerId of offers) {
      const [before, after] = [shardOf(offerId, 4), shardOf(offerId, 5)];
      if (before === after) continue;
      expect(after).toBe(4);
      moved += 1;
    }
    expect(moved / offers.length).toBeGreaterThan(0.15);
    expect(moved / offers.length).toBeLessThan(0.25);
  });

  it.each([0, -1, 1.5, Number.NaN])('there is none among %d', (shards) => {
    expect(() => shardOf('off_1', shards)).toThrow(RangeError);
  });
});
