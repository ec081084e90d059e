import { expect, it } from 'vitest';
import { toyServices } from '../../testing/toy-services.ts';

const toys = toyServices({
  lamps: {
    typeDefs: `
      type Query { lamp(id: ID!): Lamp lamps: [Lamp!]! }
      type Lamp @key(fields: "id") { id: ID! name: String! watts: Int! owner: Person }
      type Person @key(fields: "id", resolvable: false) { id: ID! }`,
    resolvers: {
      Query: {
        lamp: (_: unknown, { id }: { id: string }) => lampOf(id),
        lamps: () => ['1', '2', '3'].map(lampOf),
      },
      Lamp: { __resolveReference: ({ id }: { id: string }) => lampOf(id) },
    },
  },
  people: {
    typeDefs: 'type Query { people: [Person!]! } type Person @key(fields: "id") { id: ID! name: String! }',
    resolvers: { Person: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `Person ${id}` }) } },
  },
  rooms: {
    typeDefs: `
      type Query { rooms: Int }
      type Lamp @key(fields: "id") { id: ID! area: Int watts: Int! @external load: Int @requires(fields: "watts") }`,
    resolvers: {
      Lamp: {
        __resolveReference: (lamp: object) => lamp,
        area: () => 12,
        load: ({ watts }: { watts: number }) => watts * 2,
      },
    },
  },
});

function lampOf(id: string) {
  return { id, name: `Lamp ${id}`, watts: 40, owner: { id: `p${Number(id) % 2}` } };
}

it('runs a plan over several subgraphs', async () => {
  const query = 'query($id: ID!) { lamp(id: $id) { name load area owner { n: name __typename } } }';
  expect(await toys.ours(query, { id: '1' })).toEqual({
    data: { lamp: { name: 'Lamp 1', load: 80, area: 12, owner: { n: 'Person p1', __typename: 'Person' } } },
    errors: [],
  });
});

it('asks for an entity once and puts the answer in every place', async () => {
  const { data, errors } = await toys.ours('{ lamps { owner { name } } }');
  expect([data, errors]).toEqual([
    { lamps: ['p1', 'p0', 'p1'].map((id) => ({ owner: { name: `Person ${id}` } })) },
    [],
  ]);
  expect(toys.fetches.map(({ variables }) => variables['representations'])).toEqual([
    undefined,
    [
      { __typename: 'Person', id: 'p1' },
      { __typename: 'Person', id: 'p0' },
    ],
  ]);
});
