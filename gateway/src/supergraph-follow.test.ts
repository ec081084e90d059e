import { silentLog as log } from '@marketgraph/platform/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { followSupergraph } from './supergraph-follow.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function subject(everyMs?: number) {
  const state = { text: 'one', refuse: new Set<string>(), used: [] as string[], tried: [] as string[] };
  const follower = followSupergraph({
    current: 'one',
    read: async () => {
      if (state.text === 'gone') throw new Error('ENOENT');
      return state.text;
    },
    reload: async (text) => {
      state.tried.push(text);
      if (state.refuse.has(text)) throw new Error('not a supergraph');
      state.used.push(text);
    },
    everyMs,
    log,
  });
  return { state, follower };
}

it('takes what has changed, once', async () => {
  const { state, follower } = subject(1_000);
  await vi.advanceTimersByTimeAsync(3_000);
  state.text = 'two';
  await vi.advanceTimersByTimeAsync(3_000);
  expect(state.tried).toEqual(['two']);
  follower.stop();
  state.text = 'three';
  await vi.advanceTimersByTimeAsync(3_000);
  expect(state.used).toEqual(['two']);
});

it('tries what is refused once, and takes the next that is good', async () => {
  const { state, follower } = subject(1_000);
  state.refuse.add('half');
  for (const text of ['half', 'gone', 'whole']) {
    state.text = text;
    await vi.advanceTimersByTimeAsync(2_000);
  }
  expect([state.tried, state.used]).toEqual([['half', 'whole'], ['whole']]);
  follower.stop();
});

it('looks when it is told to, one look after the other', async () => {
  const { state, follower } = subject();
  state.text = 'two';
  await Promise.all([follower.look(), follower.look()]);
  expect(state.tried).toEqual(['two']);
});
