import { afterEach, describe, expect, it, vi } from 'vitest';
import { createIds } from './ids.ts';

describe('ids of a process', () => {
  afterEach(() => void vi.useRealTimers());

  it('grow, inside one millisecond and from one to the next, and none comes twice', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    const ids = createIds();
    const made = Array.from({ length: 3_000 }, (_, at) => {
      if (at % 3 === 0) vi.advanceTimersByTime(1);
      return ids.next('thg');
    });
    expect(made).toEqual(made.toSorted());
    expect(new Set(made).size).toBe(made.length);
    expect(made.every((id) => /^thg_[0-9A-HJKMNP-TV-Z]{26}$/.test(id))).toBe(true);
  });

  it('begin anew at random in every millisecond: no two processes make the same', () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    const [one, other] = [createIds(), createIds()];
    const starts = Array.from({ length: 600 }, () => {
      vi.advanceTimersByTime(1);
      return [one.next('thg'), other.next('thg')].map((id) => id.slice(-16));
    }).flat();
    expect(new Set(starts).size).toBe(starts.length);
    // Every letter stands in every place.
    const letters = Array.from({ length: 16 }, (_, place) => new Set(starts.map((start) => start[place])).size);
    expect(Math.min(...letters)).toBe(32);
  });
});
