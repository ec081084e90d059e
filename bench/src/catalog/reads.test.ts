import { describe, expect, it } from 'vitest';
import { type Read, READS } from './reads.ts';

const [page, list, search, suggestions] = READS as [Read, Read, Read, Read];

describe('a read is noticed to be wrong', () => {
  const offer = (id: string, available: number) => ({ node: { id, availability: { available, status: 'IN_STOCK' } } });
  const product = (...edges: unknown[]) => ({
    product: {
      ...{ slug: 'kettle', category: { parent: { slug: 'home' } }, attributes: [1], media: [1], variants: [1] },
      ...{ featuredOffer: { id: 'off_1' }, offers: { edges } },
    },
  });

  it('page: another product, an offer too few, one that is sold out, none that is featured', () => {
    const both = [offer('off_1', 1), offer('off_2', 1)];
    expect(() => page.check(product(...both), 'kettle')).not.toThrow();
    expect(() => page.check(product(...both), 'teapot')).toThrow('Not the page asked for');
    expect(() => page.check({ product: null }, 'kettle')).toThrow('Not the page asked for');
    expect(() => page.check(product(offer('off_1', 1)), 'kettle')).toThrow('Not two offers in stock');
    expect(() => page.check(product(offer('off_1', 1), offer('off_2', 0)), 'kettle')).toThrow('Not two offers');
    expect(() => page.check(product(offer('off_2', 1), offer('off_3', 1)), 'kettle')).toThrow('Not a featured offer');
  });

  it('list: nothing in it, a price that is missing, another order', () => {
    const of = (...titles: string[]) => ({
      products: { edges: titles.map((title) => ({ node: { title, priceRange: {} } })) },
    });
    expect(() => list.check(of('Atlas', 'classic', 'Nova'), '')).not.toThrow();
    expect(() => list.check(of(), '')).toThrow('Not a list');
    expect(() => list.check({ products: { edges: [{ node: { title: 'Atlas', priceRange: null } }] } }, '')).toThrow(
      'sold',
    );
    expect(() => list.check(of('Nova', 'Atlas'), '')).toThrow('Not sorted by name');
  });

  it('search: a page that is not full, a facet without values, a first hit without the words, a hit nobody sells', () => {
    const answer = { totalCount: 1, facets: [1, 2, 3].map((count) => ({ buckets: [{ count }] })) };
    const hit = { node: { title: 'Classic desk lamp 1, blue oak' }, matchedOffer: {} };
    const of = (change: object) => ({ searchProducts: { ...answer, edges: [hit], ...change } });
    expect(() => search.check(of({}), 'desk lamp')).not.toThrow();
    expect(() => search.check(of({ totalCount: 2 }), 'desk lamp')).toThrow('Not a full page');
    expect(() => search.check(of({ facets: answer.facets.slice(1) }), 'desk lamp')).toThrow('Not all facets');
    expect(() => search.check(of({}), 'kettle')).toThrow('Not found first by kettle');
    expect(() => search.check(of({ edges: [{ ...hit, matchedOffer: null }] }), 'desk lamp')).toThrow('Nobody sells');
  });

  it('suggestions: none, the same twice, none that begins so', () => {
    const of = (...texts: string[]) => ({ searchSuggest: texts.map((text) => ({ text })) });
    expect(() => suggestions.check(of('Lighting', 'Classic desk lamp 1'), 'desk l')).not.toThrow();
    expect(() => suggestions.check(of(), 'desk')).toThrow('Not a list');
    expect(() => suggestions.check(of('Desk lamp', 'desk lamp'), 'desk')).toThrow('Not a list');
    expect(() => suggestions.check(of('Kettle', 'Writing-desk'), 'desk')).toThrow('Nothing begins like desk');
  });

  it('suggestions are asked for letter by letter, each beginning once', () => {
    const inputs = suggestions.inputsOf({ pages: [], categoryIds: [], words: ['desk lamp', 'desk pad', 'tent'] });
    expect(inputs).toEqual([
      'd',
      'de',
      'des',
      'desk',
      'desk l',
      'desk lam',
      'desk p',
      'desk pad',
      't',
      'te',
      'ten',
      'tent',
    ]);
  });
});
