import { describe, expect, it } from 'vitest';

import { readSearchQuery } from './search-query.ts';

const grammar = { exact: ['status', 'currency'], numeric: ['amount'] };
const payment = { status: 'succeeded', currency: 'usd', amount: 1_000, metadata: { order: "o'1", note: 'Late order' } };

describe('readSearchQuery', () => {
  it.each([
    ["status:'succeeded'", true],
    ['status:"Succeeded"', true],
    ["-status:'succeeded'", false],
    ["status:'canceled'", false],
    ['amount:1000', true],
    ['amount>999', true],
    ['amount<=999', false],
    ['amount>=1000 amount<1001', true],
    ['metadata["order"]:"o\'1"', true],
    ["metadata['order']:'o\\'1'", true],
    ["metadata['order']:null", false],
    ["metadata['none']:null", true],
    ["-metadata['order']:null", true],
    ["metadata['note']~'order'", true],
    ["metadata['none']:'x'", false],
    ["status:'succeeded' AND currency:'usd'", true],
    ["status:'succeeded' currency:'eur'", false],
    ["status:'canceled' OR currency:'usd'", true],
  ])('%s → %s', (query, matches) => {
    expect(readSearchQuery(query, grammar)(payment)).toBe(matches);
  });

  it.each([
    '',
    '   ',
    'status',
    'status:succeeded',
    "status='succeeded'",
    "status>'a'",
    "amount~'1'",
    "amount:'much'",
    "secret:'x'",
    "metadata:'x'",
    "status['x']:'y'",
    "status:'a' AND",
    "status:'a' AND currency:'b' OR amount:1",
    "status:'a' (currency:'b')",
    "status:'unterminated",
    `status:'${'x'.repeat(2_000)}'`,
    Array.from({ length: 11 }, () => 'amount:1').join(' AND '),
  ])('refuses %j', (query) => {
    expect(() => readSearchQuery(query, grammar)).toThrow('unable to parse your search query');
  });
});
