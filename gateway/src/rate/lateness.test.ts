import { expect, it } from 'vitest';
import { lateness } from './lateness.ts';

function aGateway() {
  const lags: Record<string, number> = {};
  const own = { look: () => undefined, ms: () => lags['own'] ?? 0 };
  return { lags, late: lateness({ lagMs: (name) => lags[name] ?? 0 }, 100, own) };
}

it('R31 is late when it is itself, or a subgraph that a change is made in', () => {
  const { lags, late } = aGateway();
  expect(late.isLate()).toBe(false);
  lags['own'] = 101;
  expect(late.isLate()).toBe(true);
  lags['own'] = 100;
  lags['orders'] = 101;
  expect(late.isLate()).toBe(false);
  late.changed('orders');
  expect(late.isLate()).toBe(true);
});

it('R31 is not late because of a subgraph that is only read', () => {
  const { lags, late } = aGateway();
  lags['search'] = 5_000;
  late.changed('orders');
  expect(late.isLate()).toBe(false);
});
