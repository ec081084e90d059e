import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeServices } from '@apollo/composition';
import { Supergraph } from '@apollo/federation-internals';
import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { readGraph } from '../query/graph.ts';
import { assertEnforced } from './enforced-directives.ts';

function composed(link: string, fields: string): string {
  const typeDefs = parse(`
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ${link})
    type Query { ${fields} }
  `);
  const { supergraphSdl, errors } = composeServices([{ name: 'shop', url: '', typeDefs }]);
  if (!supergraphSdl) throw new Error(errors?.join('\n'));
  return supergraphSdl;
}

describe('a supergraph that relies on the gateway to keep somebody out', () => {
  it.each([
    ['["@authenticated"]', 'secret: Int @authenticated', '@authenticated'],
    ['["@requiresScopes"]', 'secret: Int @requiresScopes(scopes: [["admin"]])', '@requiresScopes'],
    ['["@policy"]', 'secret: Int @policy(policies: [["admin"]])', '@policy'],
    ['[{ name: "@authenticated", as: "@mine" }]', 'secret: Int @mine', '@authenticated'],
    ['["@authenticated", "@policy"]', 'a: Int @authenticated b: Int @policy(policies: [["x"]])', '@authenticated'],
  ])('is refused: %s', (link, fields, named) => {
    expect(() => readGraph(composed(link, fields))).toThrow(named);
    expect(() => readGraph(composed(link, fields))).toThrow('does not enforce');
  });

  it('is refused also when the directive is only written down', () => {
    const sdl = composed('["@key"]', 'secret: Int').replace('secret: Int', 'secret: Int @authenticated');
    const handMade = `${sdl}\ndirective @authenticated on FIELD_DEFINITION`;
    expect(() => readGraph(handMade)).toThrow('@authenticated');
  });

  it('is not ours; hidden fields, tags and costs are no reason', () => {
    const ours = readFileSync(join(import.meta.dirname, '../../../schema/supergraph.graphql'), 'utf8');
    expect(() => assertEnforced(Supergraph.build(ours, { supportedFeatures: null }))).not.toThrow();
    const harmless = 'a: Int @inaccessible b: Int @tag(name: "x") c: Int @cost(weight: 5)';
    expect(() => readGraph(composed('["@inaccessible", "@tag", "@cost"]', harmless))).not.toThrow();
  });
});
