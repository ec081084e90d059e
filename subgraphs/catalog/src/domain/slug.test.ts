import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinctSlug, isSlug, slugOf } from './slug.ts';

describe('a slug', () => {
  it.each([
    ['Brass reading lamp (new)', 'brass-reading-lamp-new'],
    ['Crème brûlée – süß & gut', 'creme-brulee-su-gut'],
    ['  --  ', 'product'],
    ['灯', 'product'],
    ['A+B/C', 'a-b-c'],
  ])('of %s is %s', (title, slug) => {
    expect(slugOf(title, 'product')).toBe(slug);
  });

  it('is well-formed for every title, also when made the only one of its kind', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (title) => {
        const slug = slugOf(title, 'product');
        expect(isSlug(slug)).toBe(true);
        expect(isSlug(distinctSlug(slug, 'prd_01J0000000000000000000PRDT'))).toBe(true);
      }),
    );
  });
});
