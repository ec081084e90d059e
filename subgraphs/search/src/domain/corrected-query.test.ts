import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areSaid, correctedQuery, editDistance, hasSlips, isWildGuess } from './corrected-query.ts';

describe('what a buyer meant', () => {
  it.each([
    ['iphnoe', [['iPhone']], 'iphone'],
    ['iphone', [['iPhone']], null],
    ['ipho', [['iPhone']], null],
    ['walnut dsek', [['Walnut', 'desk']], 'walnut desk'],
    ['walnut', [], null],
    ['lamp', [['Lamps'], ['lamp']], null],
    ['kettel', [['kettle'], ['kettle'], ['nettle']], 'kettle'],
    ['crème', [['Creme']], null],
    ['abc', [['abd']], null],
    ['guitar', [['violin']], null],
  ])('by %j, found as %j, is %j', (query, matched, expected) => {
    expect(correctedQuery(query, matched)).toBe(expected);
  });
});

it('words are said by a hit that has all of them, and not by two that have some', () => {
  expect(
    areSaid('lamp-1-3fa', [
      ['Lamp', '1'],
      ['lamp', '3fa9'],
    ]),
  ).toBe(false);
  expect(areSaid('lamp-1-3fa', [['Chair'], ['lamp', '3fa9', '1']])).toBe(true);
  expect(areSaid('iphone15', [['iPhone', '15']])).toBe(false);
  expect(areSaid('iphone15', [])).toBe(false);
});

describe('a guess that nobody can have meant', () => {
  it.each([
    ['hello', 'Cell'],
    ['toaster', 'Booster'],
    ['drones', 'phones'],
    ['cellar', 'Cell'],
    ['staples', 'stable'],
    ['macbook air', 'facebook', 'Air'],
  ])('is of %j %j', (query, ...tokens) => {
    expect(isWildGuess(query, [tokens])).toBe(true);
    expect(hasSlips(query, [tokens])).toBe(true);
  });

  it.each([
    ['one slip, wherever it is', 'uphone', ['iPhone']],
    ['two within a word', 'gittar', ['guitar']],
    ['two in a long word', 'headpohnse', ['Headphone']],
    ['two in the beginning of a word', 'blotuo', ['Bluetooth']],
    ['a word that was found', 'cell', ['Cell']],
    ['a beginning', 'ipho', ['iPhone']],
    ['a word that was left out', 'iphone kettle', ['iPhone']],
    ['a wild one beside a likely one', 'hello', ['Cell', 'Hallo']],
    ['nothing', 'hello', []],
  ])('is not %s', (_, query, tokens) => {
    expect(isWildGuess(query, [tokens])).toBe(false);
  });
});

describe('the distance of two words', () => {
  it.each([
    ['iphnoe', 'iphone', 1],
    ['desk', 'desk', 0],
    ['desk', 'desks', 1],
    ['desk', 'disc', 2],
  ])('%s to %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is the same both ways, and nothing to itself', () => {
    const word = fc.string({ maxLength: 8 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, a)).toBe(0);
      }),
    );
  });
});
