import { anonymous } from '@marketgraph/platform/graphql';
import { SubgraphUnavailableError } from '@marketgraph/platform/serve';
import { silentLog as log } from '@marketgraph/platform/testing';
import { GraphQLError } from 'graphql';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCircuitBreakers } from './circuit-breaker.ts';
import type { FetchSubgraph, SubgraphAnswer } from './fetch.ts';
import { graphContext } from './graph-context.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A subgraph that does what `behave` says, behind its circuit. */
function subject(service = 'reviews') {
  const behave = async (): Promise<SubgraphAnswer> => ({ data: {} });
  const state = { calls: 0, changes: [] as string[], isLate: false, behave };
  const circuits = createCircuitBreakers({
    log,
    limits: { failures: 3, openMs: 2_000, fairTimeMs: 1_000 },
    isLate: () => state.isLate,
    onChange: (subgraph, circuit) => state.changes.push(`${subgraph} ${circuit}`),
  });
  const inner: FetchSubgraph = () => {
    state.calls += 1;
    return state.behave();
  };
  const fetch = circuits.around(inner);
  const ask = (timeoutMs = 10_000) =>
    fetch(service, { query: '{ x }', variables: {} }, graphContext({ viewer: anonymous, timeoutMs })).then(
      () => 'answered',
      (error: unknown) => (error instanceof SubgraphUnavailableError ? error.reason : 'other'),
    );
  const fail = (reason: SubgraphUnavailableError['reason']) => {
    state.behave = () => Promise.reject(new SubgraphUnavailableError(service, reason));
  };
  const recover = () => {
    state.behave = async () => ({ data: {} });
  };
  return { state, circuits, ask, fail, recover };
}

describe('the circuit of a subgraph', () => {
  it.each(['timeout', 'unreachable'] as const)(
    'R24 opens after three in a row (%s), and asks no more',
    async (reason) => {
      const { state, circuits, ask, fail } = subject();
      fail(reason);
      expect([await ask(), await ask(), await ask()]).toEqual([reason, reason, reason]);
      expect(circuits.states()).toEqual({ reviews: 'open' });
      expect([await ask(), await ask()]).toEqual(['circuit-open', 'circuit-open']);
      expect(state.calls).toBe(3);
    },
  );

  it('stays closed for errors that were answered, and for requests that were refused', async () => {
    const { state, circuits, ask, fail } = subject();
    state.behave = async () => ({ data: null, errors: [new GraphQLError('no')] });
    for (let i = 0; i < 10; i += 1) expect(await ask()).toBe('answered');
    fail('refused');
    for (let i = 0; i < 10; i += 1) expect(await ask()).toBe('refused');
    state.behave = () => Promise.reject(new Error('a mistake of ours'));
    for (let i = 0; i < 10; i += 1) expect(await ask()).toBe('other');
    expect(circuits.states()).toEqual({ reviews: 'closed' });
  });

  it('stays closed when a copy dies with all its calls and others are there', async () => {
    const { state, circuits, ask } = subject();
    state.behave = () => Promise.reject(new SubgraphUnavailableError('reviews', 'unreachable', { isServed: true }));
    for (let i = 0; i < 10; i += 1) expect(await ask()).toBe('unreachable');
    expect(circuits.states()).toEqual({ reviews: 'closed' });
  });

  it('counts only what is in a row', async () => {
    const { circuits, ask, fail, recover } = subject();
    for (let i = 0; i < 5; i += 1) {
      fail('timeout');
      await ask();
      await ask();
      recover();
      await ask();
    }
    expect(circuits.states()).toEqual({ reviews: 'closed' });
  });

  it('does not blame a subgraph for being late when hardly any time was left', async () => {
    const { circuits, ask, fail } = subject();
    fail('timeout');
    for (let i = 0; i < 5; i += 1) expect(await ask(500)).toBe('timeout');
    expect(circuits.states()).toEqual({ reviews: 'closed' });
    fail('unreachable');
    for (let i = 0; i < 3; i += 1) expect(await ask(500)).toBe('unreachable');
    expect(circuits.states()).toEqual({ reviews: 'open' });
  });

  it('R31 does not blame a subgraph for being late while this process is late itself', async () => {
    const { state, circuits, ask, fail } = subject();
    state.isLate = true;
    fail('timeout');
    for (let i = 0; i < 5; i += 1) expect(await ask()).toBe('timeout');
    expect(circuits.states()).toEqual({ reviews: 'closed' });
    state.isLate = false;
    for (let i = 0; i < 3; i += 1) expect(await ask()).toBe('timeout');
    expect(circuits.states()).toEqual({ reviews: 'open' });
  });

  it('R24 lets one fetch try again after the pause, nobody waits for it, and it closes without a restart', async () => {
    const { state, circuits, ask, fail } = subject();
    fail('timeout');
    for (let i = 0; i < 3; i += 1) await ask();
    vi.advanceTimersByTime(1_999);
    expect(await ask()).toBe('circuit-open');
    vi.advanceTimersByTime(1);
    const { promise, resolve } = Promise.withResolvers<SubgraphAnswer>();
    state.behave = () => promise;
    const probe = ask();
    expect(circuits.states()).toEqual({ reviews: 'half-open' });
    expect([await ask(), await ask()]).toEqual(['circuit-open', 'circuit-open']);
    expect(state.calls).toBe(4);
    resolve({ data: {} });
    expect(await probe).toBe('answered');
    expect([circuits.states(), await ask()]).toEqual([{ reviews: 'closed' }, 'answered']);
    expect(state.changes).toEqual(['reviews open', 'reviews half-open', 'reviews closed']);
  });

  it('stays open when the one that tried again found nobody', async () => {
    const { state, circuits, ask, fail } = subject();
    fail('unreachable');
    for (let i = 0; i < 3; i += 1) await ask();
    vi.advanceTimersByTime(2_000);
    expect(await ask()).toBe('unreachable');
    expect([circuits.states(), await ask(), state.calls]).toEqual([{ reviews: 'open' }, 'circuit-open', 4]);
  });

  it('is its own for each subgraph', async () => {
    const breakers = createCircuitBreakers({ log });
    const fetch = breakers.around(async (service) => {
      if (service === 'reviews') throw new SubgraphUnavailableError(service, 'unreachable');
      return { data: {} };
    });
    const ask = (service: string) =>
      fetch(service, { query: '{ x }', variables: {} }, graphContext({ viewer: anonymous, timeoutMs: 5_000 }));
    for (let i = 0; i < 5; i += 1) await ask('reviews').catch(() => undefined);
    expect(await ask('catalog')).toEqual({ data: {} });
    expect(breakers.states()).toEqual({ reviews: 'open', catalog: 'closed' });
  });
});
