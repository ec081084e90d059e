import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedText, folded, wordsOf } from './text.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom('a', 'Z', '7', ' ', '\t', '\n', '-', 'é', 'É', 'ß', 'İ', 'ﬁ', '灯', '\u0301', '\u00a0'),
    maxLength: 20,
  }),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
);

describe('texts that read the same', () => {
  it.each([
    ['  Brass   LAMP ', 'brass lamp'],
    ['Café\tCrème', 'cafe creme'],
    ['ﬁne', 'fine'],
    ['灯', '灯'],
  ])('%j folds to %j', (text, expected) => {
    expect(folded(text)).toBe(expected);
  });

  it('fold to what the definition says, whatever letters they have', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const decomposed = text.normalize('NFKD').replace(/\p{M}/gu, '');
        expect(folded(text)).toBe(decomposed.toLowerCase().replace(/\s+/g, ' ').trim());
      }),
    );
  });

  it('have the words that are letters and digits of any script, each once', () => {
    expect(wordsOf('Lamp, lamp & 2 Lämpchen – 灯', 10)).toEqual(['lamp', '2', 'lampchen', '灯']);
    expect(wordsOf('one two three', 2)).toEqual(['one', 'two']);
    fc.assert(
      fc.property(anyText, (text) => {
        expect(wordsOf(text, 100)).toEqual([...new Set(folded(text).match(/[\p{L}\p{N}]+/gu) ?? [])]);
      }),
    );
  });
});

describe('a checked text', () => {
  const check = (text: string) => checkedText(text, { max: 5, field: ['title'], what: 'The title' }).ok;

  it.each([
    ['ab', true],
    [' ab ', true],
    ['', false],
    ['  ', false],
    ['abcdef', false],
    ['a\u0000b', false],
    ['a\nb', true],
    ['\ud83d\ude00', true],
    ['a\ud83d', false],
    ['\ude00a', false],
  ])('of %j is taken: %j', (text, isTaken) => {
    expect(check(text)).toBe(isTaken);
  });
});
