import { type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { codeGuesses, countHits } from './code-guesses.ts';

const guessesOf = (text: string) => {
  const document = parse(text);
  return codeGuesses({ document, operation: document.definitions[0] as OperationDefinitionNode, text });
};

describe('C14 tried codes of an operation', () => {
  it.each<[string, [string, string][]]>([
    ['{ promotion(code: "A") { id } }', [['promotion', 'promotion']]],
    ['query($c: String, $i: ID) { promotion(code: $c, id: $i) { id } }', [['promotion', 'promotion']]],
    ['{ promotion(id: "prm") { id } }', []],
    [
      '{ a: promotion(code: "A") { id } b: promotion(code: "B") { id } }',
      [
        ['a', 'promotion'],
        ['b', 'promotion'],
      ],
    ],
    ['{ ...F } fragment F on Query { promotion(code: "A") { id } }', [['promotion', 'promotion']]],
    ['mutation { a: cartPromotionApply(cartId: 1, code: "A") { cart { id } } }', [['a', 'cartPromotionApply']]],
    ['mutation { cartPromotionRemove(cartId: 1, code: "A") { cart { id } } }', []],
    ['{ product { promotion(code: "A") } }', []],
  ])('%s', (text, expected) => {
    expect([...guessesOf(text)]).toEqual(expected);
  });

  it.each<[string, unknown, number]>([
    ['{ promotion(code: "A") { id } }', { promotion: { id: 'prm' } }, 1],
    ['{ promotion(code: "A") { id } }', { promotion: null }, 0],
    ['{ promotion(code: "A") { id } }', undefined, 0],
    ['{ a: promotion(code: "A") { id } b: promotion(code: "B") { id } }', { a: null, b: {} }, 1],
    ['mutation { cartPromotionApply(cartId: 1, code: "A") { x } }', { cartPromotionApply: { userErrors: [] } }, 1],
    ['mutation { cartPromotionApply(cartId: 1, code: "A") { x } }', { cartPromotionApply: { userErrors: [{}] } }, 0],
    ['mutation { cartPromotionApply(cartId: 1, code: "A") { x } }', { cartPromotionApply: { cart: {} } }, 0],
    ['mutation { cartPromotionApply(cartId: 1, code: "A") { x } }', { cartPromotionApply: null }, 0],
  ])('%s with %j found %i', (text, data, hits) => {
    expect(countHits(guessesOf(text), data)).toBe(hits);
  });
});
