import { describe, expect, it } from 'vitest';
import { askedCode, compactCode } from './product-code.ts';

describe('the code of an article', () => {
  it.each([
    ['LAMP-1/b', 'lamp1b'],
    ['lamp 1.B', 'lamp1b'],
    ['4 006381 333931', '4006381333931'],
    ['012345678905', '12345678905'],
    ['0012345678905', '12345678905'],
    ['0A1', '0a1'],
    ['-', ''],
  ])('%j is compared as %j', (code, compact) => {
    expect(compactCode(code)).toBe(compact);
  });

  it.each([
    ['4006381333931', { code: '4006381333931', isGtin: true }],
    [' 4-006381-333931 ', { code: '4006381333931', isGtin: true }],
    ['4 006381 333931', { code: '4006381333931', isGtin: true }],
    ['96385074', { code: '96385074', isGtin: true }],
    ['12345', { code: '12345', isGtin: false }],
    ['LAMP-17', { code: 'lamp17', isGtin: false }],
    ['iphone15', { code: 'iphone15', isGtin: false }],
  ])('%j may be one', (query, asked) => {
    expect(askedCode(query)).toEqual(asked);
  });

  it.each([
    '',
    'lamp',
    'a-b',
    'iphone 15',
    '64 gb',
    'x1',
    'é123',
    'lamp:17',
    '`] || id:=[1',
    '-12345',
    `1${'x'.repeat(64)}`,
  ])('%j is words', (query) => {
    expect(askedCode(query)).toBeNull();
  });
});
