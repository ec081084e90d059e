import type { Redis } from '@marketgraph/platform/redis';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { redisWriteMark } from './write-mark.ts';

afterEach(() => vi.useRealTimers());

describe('the mark of what is written', () => {
  it('is unknown while Redis is away, fails or does not answer, and nobody waits for it', async () => {
    const get = vi.fn<() => Promise<string>>(async () => 'mark');
    const of = (redis: object) => redisWriteMark(redis as Redis).read();
    expect(await of({ status: 'ready', get })).toBe('mark');
    expect(await of({ status: 'reconnecting', get })).toBeNull();
    expect(get).toHaveBeenCalledTimes(1);
    expect(await of({ status: 'ready', get: () => Promise.reject(new Error('away')) })).toBeNull();
    vi.useFakeTimers();
    const waiting = of({ status: 'ready', get: () => new Promise(() => undefined) });
    await vi.advanceTimersByTimeAsync(150);
    expect(await waiting).toBeNull();
  });
});
