import { type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { checkDocument } from './check-document.ts';
import { checkVariables } from './check-variables.ts';
import { measureOperation } from './measure.ts';
import { defaultOperationLimits } from './operation-limits.ts';
import { overlappingPairs } from './overlap.ts';

const measured = (text: string) => {
  const document = parse(text);
  return measureOperation(document, document.definitions[0] as OperationDefinitionNode);
};

describe('the measure of an operation', () => {
  it('counts what is written', () => {
    expect(measured('query @a { x: me { id y: name @include(if: true) } __typename }')).toEqual({
      depth: 2,
      aliases: 2,
      directives: 2,
      fields: 4,
      rootFields: 2,
    });
  });

  it('counts fragments as often as they are used, at the depth where they are', () => {
    const text = 'query { a { ...F } b { c { ...F } } ...G } fragment F on T { x: y { z } } fragment G on Q { d }';
    expect(measured(text)).toEqual({ depth: 4, aliases: 2, directives: 0, fields: 8, rootFields: 3 });
  });

  it('is finite for fragments that double and fragments that go in circles', () => {
    const levels = Array.from({ length: 60 }, (_, at) => `fragment f${at} on Q { ...f${at + 1} ...f${at + 1} }`);
    expect(measured(`{ ...f0 } ${levels.join(' ')} fragment f60 on Q { a }`).fields).toBe(1_000_000);
    expect(measured('{ a { ...x } } fragment x on T { b { ...y } } fragment y on T { ...x }').depth).toBe(2);
  });
});

describe('the size of a document', () => {
  const limits = { ...defaultOperationLimits, maxDefinitions: 3, maxFields: 6, maxVariables: 2, maxDepth: 3 };
  it.each([
    ['{ a }', null],
    ['{ a { b { c } } }', null],
    ['{ a { b { c { d } } } }', 'levels'],
    ['{ a b c d e f g }', 'fields'],
    ['query($a: Int, $b: Int, $c: Int) { a }', 'variables'],
    ['query A { a } query B { b } query C { c } query D { d }', 'operations and fragments'],
    ['query A { a } query B { a { b { c { d } } } }', 'levels'],
    [`{ ${'... { '.repeat(100)} a ${'}'.repeat(100)} }`, 'levels'],
    ['{ ...A ...B ...C ...D }', 'fragments'],
    [`{ a { ${'b '.repeat(5)} } ...A } fragment A on Q { ${'a '.repeat(60)} }`, 'fields'],
  ])('%s', (text, complaint) => {
    const error = checkDocument(parse(text), limits);
    expect(error?.message ?? null).toEqual(complaint === null ? null : expect.stringContaining(` ${complaint}.`));
  });
});

describe('pairs of fields with one place in the answer', () => {
  const pairs = (text: string, limits = { maxDepth: 25, maxFields: 2_000, maxPairs: 20_000 }) => {
    const document = parse(text);
    return overlappingPairs(document, document.definitions[0] as OperationDefinitionNode, limits);
  };

  it.each([
    ['{ a b c }', 0],
    ['{ a a a }', 3],
    ['{ x: a x: b a }', 1],
    ['{ a { b c } a { b } }', 2],
    ['{ a { b } a { b } a { b } }', 3 + 3],
    ['{ a ...F ... on T { a } } fragment F on Q { a ...F }', 3],
    ['{ ...F ...F } fragment F on Q { a { b } }', 0],
    ['{ a { ...F } a { ...F } } fragment F on Q { b }', 1],
  ])('%s', (text, count) => {
    expect(pairs(text)).toBe(count);
  });

  it('end for fragments in circles', () => {
    expect(pairs('{ ...x } fragment x on T { a { ...x } a { b } }')).toBe(25);
  });

  it('are not counted to the end when there are too many', () => {
    expect(pairs(`{ ${'a '.repeat(201)}}`)).toBe(Infinity);
    expect(pairs(`{ ${'a { b } '.repeat(150)}}`)).toBe(Infinity);
    expect(pairs('{ ...x } fragment x on T { a { ...x } b { ...x } c { ...x } }')).toBe(Infinity);
  });
});

describe('variables', () => {
  it('hold no character that a store cannot keep', () => {
    expect(checkVariables({ input: { titles: ['a\0b'] } })?.extensions['code']).toBe('BAD_USER_INPUT');
    expect(checkVariables({ title: 'a\uD800b' })?.extensions['code']).toBe('BAD_USER_INPUT');
    expect(checkVariables({ input: { titles: ['a\n\tb', '\u{1F4A1}'] } })).toBeNull();
  });

  it('are bounded in depth and number', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 10_000; level += 1) deep = { deep };
    expect(checkVariables({ deep })?.extensions['code']).toBe('OPERATION_TOO_COMPLEX');
    expect(checkVariables({ wide: Array.from({ length: 20_001 }) })?.extensions['code']).toBe('OPERATION_TOO_COMPLEX');
    expect(checkVariables({ input: { lines: [{ id: '1', quantity: 2 }] }, none: null })).toBeNull();
  });
});
