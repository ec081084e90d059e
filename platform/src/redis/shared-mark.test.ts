import type { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type SharedMark, sharedMark } from './shared-mark.ts';

const GOOD_FOR_MS = 50;

/** What Redis has, and how often it was asked. */
let held: string | null;
let looks: number;
/** Keeps the answers back until it is called. */
let release: (() => void) | undefined;
let pending: Promise<void> | undefined;

function fakeRedis(more: object = {}): Redis {
  return {
    status: 'ready',
    async get() {
      looks += 1;
      const word = held;
      await pending;
      return word;
    },
    async set(_key: string, word: string, condition?: 'NX') {
      if (condition !== 'NX' || held === null) held = word;
      await pending;
    },
    ...more,
  } as unknown as Redis;
}

function aCopy(more?: object): SharedMark {
  return sharedMark(fakeRedis(more), { key: 'k', goodForMs: GOOD_FOR_MS, patienceMs: 100 });
}

function holdBack(): void {
  pending = new Promise((resolve) => {
    release = resolve;
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  [held, looks, pending] = ['first', 0, undefined];
});
afterEach(() => vi.useRealTimers());

describe('a mark that copies share', () => {
  it('is looked at once for all who ask within its time, and anew behind it', async () => {
    const mark = aCopy();
    expect(await Promise.all([mark.read(), mark.read()])).toEqual(['first', 'first']);
    held = 'of another copy';
    vi.advanceTimersByTime(GOOD_FOR_MS - 1);
    expect(await mark.read()).toBe('first');
    expect(looks).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await mark.read()).toBe('of another copy');
    expect(looks).toBe(2);
  });

  it('counts the time from when the question was put: a late answer is good for less, and a question for so long only', async () => {
    const mark = aCopy();
    holdBack();
    const early = mark.read();
    vi.advanceTimersByTime(GOOD_FOR_MS);
    held = 'second';
    const late = mark.read();
    release!();
    expect(await Promise.all([early, late])).toEqual(['first', 'second']);
  });

  it('is another one at once where it was renewed, whatever look was on its way', async () => {
    const mark = aCopy();
    await mark.read();
    holdBack();
    const renewing = mark.renew();
    // Answered by the Redis of before.
    held = 'first';
    const meanwhile = mark.read();
    held = 'second';
    release!();
    await renewing;
    expect(await meanwhile).toBe('first');
    expect(await mark.read()).toBe('second');
  });

  it('is good nowhere any more when it has been renewed everywhere', async () => {
    const [here, there] = [aCopy(), aCopy()];
    expect(await there.read()).toBe('first');
    let isOver = false;
    const renewing = here.renewEverywhere().then(() => (isOver = true));
    while (!isOver) {
      const said = await there.read();
      await vi.advanceTimersByTimeAsync(1);
      if (isOver) expect(said).toBe(held);
    }
    await renewing;
    expect(await there.read()).toBe(held);
    expect(held).not.toBe('first');
  });

  it('is good nowhere any more after as long when Redis could not be told', async () => {
    const here = aCopy({ set: () => Promise.reject(new Error('away')) });
    let isOver = false;
    const renewing = here.renewEverywhere().catch(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(GOOD_FOR_MS - 1);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(2);
    await renewing;
    expect(isOver).toBe(true);
  });

  it('is unknown while Redis is away, fails or does not answer, and nobody waits for it', async () => {
    const get = vi.fn<() => Promise<string>>(async () => 'mark');
    expect(await aCopy({ status: 'reconnecting', get }).read()).toBeNull();
    expect(get).not.toHaveBeenCalled();
    const failing = aCopy({ get: () => Promise.reject(new Error('away')) });
    expect(await failing.read()).toBeNull();
    const waiting = aCopy({ get: () => new Promise(() => undefined) }).read();
    await vi.advanceTimersByTimeAsync(150);
    expect(await waiting).toBeNull();
  });

  it('is a new one in a Redis that has none', async () => {
    held = null;
    const [here, there] = [aCopy(), aCopy()];
    expect(await Promise.all([here.read(), there.read()])).toEqual([null, null]);
    expect(held).not.toBeNull();
    expect(await Promise.all([here.read(), there.read()])).toEqual([held, held]);
  });

  it('is asked for again at once after a look that told nothing', async () => {
    const redis = { status: 'reconnecting' };
    const mark = sharedMark(Object.setPrototypeOf(redis, fakeRedis()) as Redis, {
      ...{ key: 'k', goodForMs: GOOD_FOR_MS, patienceMs: 100 },
    });
    expect(await mark.read()).toBeNull();
    redis.status = 'ready';
    expect(await mark.read()).toBe('first');
  });
});
