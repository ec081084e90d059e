import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blend, embed, EMBEDDING_DIMENSIONS, similarity } from './embedding.ts';

const of = (text: string) => embed([{ text, weight: 1 }]);
const near = (a: string, b: string) => similarity(of(a), of(b));

describe('the embedding of a text', () => {
  it('is the same on every machine', () => {
    expect(of('Brass reading lamp').slice(0, 8)).toMatchInlineSnapshot(`
      [
        0,
        0,
        0,
        -58,
        0,
        0,
        0,
        58,
      ]
    `);
  });

  it.each([
    ['reading lamps', 'brass reading lamp', 'wool blanket'],
    ['headphone', 'wireless headphones', 'telephone cable'],
    ['toaster oven', 'ovens and toasters', 'coffee machine'],
    ['Crème brûlée', 'creme brulee torch', 'gas torch'],
  ])('of %j is nearer to that of %j than to that of %j', (text, nearer, further) => {
    expect(near(text, nearer)).toBeGreaterThan(near(text, further) + 0.15);
  });

  it('does not hang on capitals, the order of words and fillers', () => {
    expect(near('Lamp for the desk', 'DESK lamp')).toBeCloseTo(1, 5);
  });

  it('is short whole numbers for whatever somebody writes, and none for nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        const vector = of(text);
        expect(vector).toHaveLength(EMBEDDING_DIMENSIONS);
        expect(vector.every((number) => Number.isInteger(number) && Math.abs(number) <= 127)).toBe(true);
        expect(JSON.parse(JSON.stringify(vector))).toEqual(vector);
      }),
    );
    expect(of(' - ').every((number) => number === 0)).toBe(true);
    expect(similarity(of(''), of('lamp'))).toBe(0);
  });
});

describe('what several things have in common', () => {
  it('points to the one that weighs most', () => {
    const both = blend([
      { vector: of('brass lamp'), weight: 5 },
      { vector: of('wool blanket'), weight: 1 },
    ]);
    expect(similarity(both, of('floor lamp'))).toBeGreaterThan(similarity(both, of('warm blanket')));
    expect(blend([]).every((number) => number === 0)).toBe(true);
  });
});
