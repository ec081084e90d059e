import { expect, it } from 'vitest';
import { loopLag } from './loop-lag.ts';

function aLoop() {
  let at = 0;
  const waiting: (() => void)[] = [];
  const lag = loopLag(
    () => at,
    (run) => waiting.push(run),
  );
  return {
    lag,
    waiting,
    pass: (ms: number) => (at += ms),
    comeRound: () => waiting.splice(0).forEach((run) => run()),
  };
}

it('tells how long the loop took to come round from the first thing that came in', () => {
  const { lag, pass, comeRound, waiting } = aLoop();
  expect(lag.ms()).toBe(0);
  lag.look();
  pass(120);
  lag.look();
  expect(waiting).toHaveLength(1);
  pass(30);
  comeRound();
  expect(lag.ms()).toBe(150);
});

it('is not late any more when the loop comes round at once, or when nothing has come in for a second', () => {
  const { lag, pass, comeRound } = aLoop();
  lag.look();
  pass(300);
  comeRound();
  pass(999);
  expect(lag.ms()).toBe(300);
  pass(1);
  expect(lag.ms()).toBe(0);
  lag.look();
  pass(2);
  comeRound();
  expect(lag.ms()).toBe(2);
});

it('looks at the loop there is', async () => {
  const lag = loopLag();
  lag.look();
  const end = performance.now() + 20;
  while (performance.now() < end);
  await new Promise(setImmediate);
  expect(lag.ms()).toBeGreaterThanOrEqual(20);
});
