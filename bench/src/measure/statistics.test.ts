import { describe, expect, it } from 'vitest';
import { median, percentile, rounded } from './statistics.ts';

describe('statistics of rounds', () => {
  it('takes the middle round, so that one that was disturbed does not count', () => {
    expect(median([1, 900, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBe(0);
  });

  it('finds the value that so many lie below', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(values, 0.5)).toBe(51);
    expect(percentile(values, 0.99)).toBe(100);
    expect(percentile([7], 0.99)).toBe(7);
    expect(percentile([], 0.5)).toBe(0);
  });

  it('rounds for people', () => {
    expect(rounded(0.28349, 2)).toBe(0.28);
    expect(rounded(1_234.5, 0)).toBe(1_235);
  });
});
