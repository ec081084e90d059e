import { type FieldNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { isSelectedBelow } from './selection.ts';

function infoOf(text: string) {
  const { definitions } = parse(text);
  const operation = definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode;
  const fragments = definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION) as FragmentDefinitionNode[];
  return {
    fieldNodes: operation.selectionSet.selections as readonly FieldNode[],
    fragments: Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment])),
  };
}
describe('a field below a list', () => {
  it.each([
    ['{ products { edges { node { description } } } }', true],
    ['{ products { edges { node { words: description } } } }', true],
    ['{ products { edges { node { ... on Product { description } } } } }', true],
    [
      '{ products { ...Page } } fragment Page on C { edges { ...Edge } } fragment Edge on E { node { description } }',
      true,
    ],
    ['{ products { edges { node { title } } } products { edges { node { description } } } }', true],
    ['{ products { edges { node { description @include(if: false) } } } }', true],
    ['{ products { edges { node { title } } } }', false],
    ['{ products { edges { node { description: title } } } }', false],
    ['{ products { edges { node { variants { product { description } } } } } }', true],
    ['{ products { pageInfo { endCursor } } }', false],
  ])('%s: %s', (text, expected) => {
    expect(isSelectedBelow(infoOf(text), 'description')).toBe(expected);
  });
});
