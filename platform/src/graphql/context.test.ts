import { expect, it } from 'vitest';
import { silentLog as log } from '../testing/testing.ts';
import { withLoaders } from './context.ts';
import { anonymous } from './viewer.ts';

it('loaders are made once, when they are first asked for, and others can be put in their place', () => {
  let made = 0;
  const facts = { viewer: anonymous, requestId: 'r', selected: new Set<string>(), log };
  const context = withLoaders(facts, () => ({ number: (made += 1) }));
  expect(made).toBe(0);
  expect([context.loaders.number, context.loaders.number]).toEqual([1, 1]);
  context.loaders = { number: 7 };
  expect([context.loaders.number, made]).toEqual([7, 1]);
});
