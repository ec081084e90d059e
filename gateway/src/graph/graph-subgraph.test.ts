import { composeServices } from '@apollo/composition';
import { graphql, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { graphSubgraphSchema, graphSubgraphSdl, GRAPH_SUBGRAPH } from './graph-subgraph.ts';
import { nodeTypes } from './node-types.ts';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])';
const orders = `${LINK}
  "Has an id." interface Node { "The id." id: ID! }
  "What the buyer placed." type Order implements Node @key(fields: "id") { "Of the order." id: ID! status: String! }
  type OrderNote implements Node { id: ID! }
  type User @key(fields: "id", resolvable: false) { id: ID! }
  type Query { orders: [Order!]! }`;

describe("the gateway's own subgraph", () => {
  it('has a stub, in their words, for every entity with an id that the others define', () => {
    const sdl = graphSubgraphSdl([orders]);
    expect(sdl).toMatch(
      /"""What the buyer placed."""\ntype Order implements Node @key\(fields: "id", resolvable: false\)/,
    );
    expect(sdl).not.toContain('type User');
    expect(sdl).not.toContain('OrderNote');
    const { errors, hints } = composeServices([
      { name: 'orders', url: '', typeDefs: parse(orders) },
      { name: GRAPH_SUBGRAPH, url: '', typeDefs: parse(sdl) },
    ]);
    expect([errors, hints]).toEqual([undefined, []]);
  });

  it('knows every prefix once, and every type once', () => {
    expect(new Set(nodeTypes.map(({ prefix }) => prefix)).size).toBe(nodeTypes.length);
    expect(new Set(nodeTypes.map(({ type }) => type)).size).toBe(nodeTypes.length);
    expect(nodeTypes.every(({ prefix }) => /^[a-z]{2,5}$/.test(prefix))).toBe(true);
  });

  it('asks each owner once for all ids of a type, and nobody for strange ones', async () => {
    const asked: [string, number][] = [];
    const schema = graphSubgraphSchema(new Set(['Order', 'User']), async ({ type }, ids) => {
      asked.push([type, ids.length]);
      return new Set(ids.filter((id) => id.endsWith('1')));
    });
    const id = (prefix: string, last: number) => `${prefix}_01J0000000000000000000000${last}`;
    const ids = [id('ord', 1), id('ord', 2), id('usr', 1), id('ord', 1), id('pay', 1), 'junk'];
    const source = 'query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
    const { data, errors } = await graphql({ schema, source, variableValues: { ids } });
    expect(errors).toBeUndefined();
    expect(JSON.parse(JSON.stringify(data))).toEqual({
      nodes: [
        { __typename: 'Order', id: ids[0] },
        null,
        { __typename: 'User', id: ids[2] },
        { __typename: 'Order', id: ids[0] },
        null,
        null,
      ],
    });
    expect(asked.toSorted()).toEqual([
      ['Order', 2],
      ['User', 1],
    ]);
  });
});
