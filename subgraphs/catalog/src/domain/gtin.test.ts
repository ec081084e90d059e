import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isGtin } from './gtin.ts';

describe('a GTIN', () => {
  it.each([
    ['4006381333931', true],
    ['036000291452', true],
    ['96385074', true],
    ['10614141543219', true],
    ['4006381333932', false],
    ['400638133393', false],
    ['', false],
    ['40063813339310000', false],
    ['400638133393x', false],
  ])('%s: %s', (text, is) => {
    expect(isGtin(text)).toBe(is);
  });

  it('has one right check digit of ten', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{12}$/), (digits) => {
        expect(Array.from({ length: 10 }, (_, check) => isGtin(`${digits}${check}`)).filter(Boolean)).toHaveLength(1);
      }),
    );
  });
});
