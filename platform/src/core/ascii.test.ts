import { expect, it } from 'vitest';
import { isAscii } from './ascii.ts';

it.each([
  ['', true],
  ['Lamp 2, \u0000\u007f', true],
  ['\u0080', false],
  ['Lämpchen', false],
  ['a\ud83d\ude00', false],
])('%j is of ASCII alone: %j', (text, expected) => {
  expect(isAscii(text)).toBe(expected);
});
