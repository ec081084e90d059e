import { serialize } from 'bson';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryText, arbitraryValue } from '../../test/arbitrary-values.ts';
import { decodePlain } from './plain-decoder.ts';
import { decodeByLibrary, decodeDocument, type Doc } from './value.ts';

/** What was read, as bytes again: a type or an order that is another is seen. */
const answerOf = (read: () => Doc): string => {
  try {
    return Buffer.from(serialize(read())).toString('hex');
  } catch (error) {
    return (error as Error).message;
  }
};
const arbitraryName = fc.oneof(
  fc.constantFrom('a', 'b', '0', '17', '$ref', '$id', '$db', '__proto__', '_bsontype', 'é', 'constructor', ''),
  fc.string({ maxLength: 60 }).filter((name) => !name.includes('\0')),
);
const arbitraryDoc = fc
  .array(fc.tuple(arbitraryName, fc.oneof(arbitraryValue, arbitraryText)), { maxLength: 6 })
  .map((entries) => new Map(entries));

describe('reading plain documents', () => {
  it('gives what the library gives, of every document', () => {
    fc.assert(
      fc.property(arbitraryDoc, (doc) => {
        const bytes = serialize(doc);
        expect(answerOf(() => decodeDocument(bytes))).toBe(answerOf(() => decodeByLibrary(bytes)));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the order of fields and tells the types of numbers apart', () => {
    const doc = { b: 1, a: 1.5, c: [null, true, { d: 'é—灯' }], e: new Date(-1) };
    const read = decodePlain(serialize(doc)) as Doc;
    expect(read).toStrictEqual(doc);
    expect(Object.keys(read)).toEqual(['b', 'a', 'c', 'e']);
  });

  it('gives what the library gives, of bytes that were cut or changed', () => {
    const changed = fc.tuple(arbitraryDoc, fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean());
    fc.assert(
      fc.property(changed, ([doc, place, byte, isCut]) => {
        const bytes = serialize(doc);
        const at = place % bytes.length;
        const wrong = isCut ? bytes.subarray(0, at) : bytes.with(at, byte);
        const read = decodePlain(wrong);
        if (read !== undefined) expect(answerOf(() => decodeByLibrary(wrong))).toBe(answerOf(() => read));
      }),
      { numRuns: 1_000 },
    );
  });
});
