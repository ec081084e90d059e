import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { editDistance } from './edit-distance.ts';
import { Vocabulary } from './vocabulary.ts';

const word = fc.stringMatching(/^[a-d0-9é]{1,7}$/u);

function vocabularyOf(words: Iterable<string>): Vocabulary {
  const vocabulary = new Vocabulary();
  for (const term of words) vocabulary.add(term, 1);
  return vocabulary;
}

describe('a vocabulary', () => {
  test('finds exactly the words within the limit, whatever letters they have', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(word, { maxLength: 40 }),
        word,
        fc.integer({ min: 1, max: 2 }),
        (words, wanted, limit) => {
          const expected = words.filter((term) => term !== wanted && editDistance(wanted, term, limit) <= limit);
          const found = vocabularyOf(words).near(wanted, limit, false);
          expect(found.map((candidate) => candidate.term).toSorted()).toEqual(expected.toSorted());
        },
      ),
    );
  });

  test('finds words whose beginning is within the limit', () => {
    const vocabulary = vocabularyOf(['headphones', 'header', 'phone', 'heaven']);
    expect(vocabulary.near('hedph', 1, true).map((candidate) => candidate.term)).toEqual(['headphones']);
    expect(vocabulary.near('hedph', 1, false)).toEqual([]);
  });

  test('forgets a word with its last document and knows it again with the next', () => {
    const vocabulary = vocabularyOf(['shoe', 'shoes']);
    vocabulary.add('shoes', 1);
    vocabulary.add('shoes', -2);
    expect(vocabulary.has('shoes')).toBe(false);
    expect(vocabulary.near('shoee', 1, false).map((candidate) => candidate.term)).toEqual(['shoe']);
    vocabulary.add('shoes', 1);
    expect(vocabulary.has('shoes')).toBe(true);
  });

  test('grows beyond its first space', () => {
    const vocabulary = vocabularyOf(Array.from({ length: 3_000 }, (_, at) => `word${at}`));
    expect(vocabulary.size).toBe(3_000);
    expect(vocabulary.near('wrod2999', 1, false)).toEqual([{ term: 'word2999', distance: 1, documents: 1 }]);
  });
});
