import { afterAll, describe, expect, test } from 'vitest';
import { Catalog } from '../store/catalog.ts';
import { parseSearchParameters } from './parameters.ts';
import { synonymVariants } from './synonyms.ts';

const catalog = new Catalog(':memory:');
afterAll(() => catalog.close());
const collection = catalog.createCollection({
  name: 'shop',
  fields: [{ name: 'title', type: 'string' }],
  synonym_sets: ['linked'],
});
catalog.saveSynonymSet({ name: 'linked', items: [{ id: '1', synonyms: ['tv', 'smart television', 'telly'] }] });
catalog.saveSynonymSet({ name: 'named', items: [{ id: '1', root: 'phone case', synonyms: ['cover'] }] });

const variants = (q: string, parameters: Record<string, string> = {}): string[] =>
  synonymVariants({
    catalog,
    index: collection.index,
    parameters: parseSearchParameters({ q, query_by: 'title', ...parameters }),
    tokens: q.split(' '),
  }).map((tokens) => tokens.join(' '));

describe('a query', () => {
  test('is said with every other word of a group, from either side', () => {
    expect(variants('big tv')).toEqual(['big smart television', 'big telly']);
    expect(variants('smart television set')).toEqual(['tv set', 'telly set']);
  });

  test('follows a one-way synonym only from its root, and only from a set it is asked to use', () => {
    expect(variants('red phone case')).toEqual([]);
    expect(variants('red phone case', { synonym_sets: 'named' })).toEqual(['red cover']);
    expect(variants('red cover', { synonym_sets: 'named' })).toEqual([]);
  });

  test('stays as it is when synonyms are switched off, and refuses a set that does not exist', () => {
    expect(variants('tv', { enable_synonyms: 'false' })).toEqual([]);
    expect(() => variants('tv', { synonym_sets: 'missing' })).toThrow('missing');
  });

  test('has a bounded number of variants', () => {
    const synonyms = Array.from({ length: 90 }, (_, at) => `word${at}`);
    catalog.saveSynonymSet({ name: 'large', items: [{ id: '1', synonyms }] });
    expect(variants('word0 word1', { synonym_sets: 'large' })).toHaveLength(50);
  });
});
