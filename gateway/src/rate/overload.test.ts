import { describe, expect, it } from 'vitest';
import { RequestError } from '../limits/request-error.ts';
import type { HttpAnswer, HttpOperation, QueryEngine } from '../query/query-engine.ts';
import { eventLoopLag, type OverloadLimits, shedding } from './overload.ts';

function crowdedEngine(limits: OverloadLimits) {
  const finish: (() => void)[] = [];
  let lagMs = 0;
  let turnedAway = 0;
  const engine = {
    http: () =>
      new Promise<HttpAnswer>((resolve) => {
        finish.push(() => resolve({ status: 200, headers: {}, text: '{}' }));
      }),
    stop: async () => undefined,
  } as unknown as QueryEngine;
  const guarded = shedding(engine, limits, {
    lag: { lagMs: () => lagMs, stop: () => undefined },
    metrics: { rateLimited: { of: () => ({ inc: () => (turnedAway += 1) }) } },
  });
  const ask = (operation: 'query' | 'mutation') =>
    guarded.http({ prepared: { operation: { operation } } } as unknown as HttpOperation).then(
      ({ status }) => String(status),
      (error: unknown) => {
        if (!(error instanceof RequestError)) throw error;
        return `${error.status} ${String(error.errors[0]?.extensions['code'])} after ${error.headers['retry-after']} s`;
      },
    );
  return {
    ask,
    late: (ms: number) => (lagMs = ms),
    turnedAway: () => turnedAway,
    finishAll: () => finish.splice(0).forEach((end) => end()),
  };
}

const BUSY = '429 RATE_LIMITED after 1 s';

describe('R31 more than can be done', () => {
  it('turns queries away when their places are taken, and lets mutations use the rest', async () => {
    const { ask, finishAll, turnedAway } = crowdedEngine({ maxOperations: 8, maxLagMs: 0 });
    const running = Array.from({ length: 6 }, () => ask('query'));
    expect(await ask('query')).toBe(BUSY);
    const buying = [ask('mutation'), ask('mutation')];
    expect(await ask('mutation')).toBe(BUSY);
    expect(turnedAway()).toBe(2);
    finishAll();
    expect(await Promise.all([...running, ...buying])).toEqual(Array.from({ length: 8 }, () => '200'));
  });

  it('is back to normal as soon as there is room', async () => {
    const { ask, finishAll } = crowdedEngine({ maxOperations: 1, maxLagMs: 0 });
    const first = ask('query');
    expect(await ask('query')).toBe(BUSY);
    finishAll();
    await first;
    const second = ask('query');
    finishAll();
    expect(await second).toBe('200');
  });

  it('turns queries away while the process is late, mutations not', async () => {
    const { ask, late, finishAll } = crowdedEngine({ maxOperations: 100, maxLagMs: 500 });
    late(501);
    expect(await ask('query')).toBe(BUSY);
    const buying = ask('mutation');
    finishAll();
    expect(await buying).toBe('200');
    late(500);
    const browsing = ask('query');
    finishAll();
    expect(await browsing).toBe('200');
  });

  it('measures a loop that waits for nothing as not late', () => {
    const lag = eventLoopLag();
    expect(lag.lagMs()).toBe(0);
    lag.stop();
  });
});
