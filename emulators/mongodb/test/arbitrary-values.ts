import { Binary, Decimal128, Double, Long, ObjectId, Timestamp } from 'bson';
import fc from 'fast-check';
import type { Doc, Value } from '../src/bson/value.ts';

/** Numbers of all four types, many of them equal to or right beside each other. */
export const arbitraryNumber: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.integer(),
  fc.double(),
  fc.integer({ min: -5, max: 5 }).map((n) => new Double(n)),
  fc.integer({ min: -5, max: 5 }).map((n) => Long.fromNumber(n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((n) => Long.fromBigInt(n)),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 9n }).map((n) => Long.fromBigInt(n)),
  fc
    .tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: -6, max: 3 }))
    .map(([coefficient, exponent]) => Decimal128.fromString(`${coefficient}E${exponent}`)),
);

export const arbitraryText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', 'a', 'a\0', 'a\u0001', 'ab', 'b', '\ud83c\udf88', '\uffee', '\ue000'),
  fc.string({ unit: 'grapheme', maxLength: 4 }),
);

export const arbitraryScalar: fc.Arbitrary<Value> = fc.oneof(
  { weight: 3, arbitrary: arbitraryNumber },
  { weight: 2, arbitrary: arbitraryText },
  fc.constantFrom(null, true, false),
  fc.date({ noInvalidDate: true }),
  fc.integer({ min: 0, max: 0xffffff }).map((n) => new ObjectId(n.toString(16).padStart(24, n % 2 === 0 ? '0' : 'f'))),
  fc.uint8Array({ maxLength: 3 }).map((bytes) => new Binary(bytes)),
  fc.tuple(fc.nat(), fc.nat()).map(([t, i]) => new Timestamp({ t, i })),
);

export const arbitraryValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    { weight: 4, arbitrary: arbitraryScalar },
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), {
      maxKeys: 3,
      noNullPrototype: true,
    }) as fc.Arbitrary<Doc>,
  ),
})).value;
