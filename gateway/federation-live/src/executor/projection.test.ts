import { afterEach, describe, expect, it } from 'vitest';
import { type ToyService, toyServices } from '../../testing/toy-services.ts';
import type { ServiceAnswer } from './executor.ts';

const services: Record<string, ToyService> = {
  shop: {
    typeDefs: `
      scalar JSON
      enum Size { S M }
      type Query { item: Item items: [Item!] grid: [[Item!]!] must: Item! names: [String!] node: Node numbers: [Float] }
      type Mutation { change: Item! }
      interface Node { id: ID! label: String }
      type Item implements Node @key(fields: "id") {
        id: ID! name: String count: Int! ratio: Float yes: Boolean size: Size data: JSON child: Item strict: Item! constructor: String label: String!
      }`,
    resolvers: { Node: { __resolveType: () => 'Item' } },
  },
  more: {
    typeDefs: 'type Query { other: Int } type Item @key(fields: "id") { id: ID! extra: String! }',
    resolvers: {},
  },
};
const toys = toyServices(services);

afterEach(() => {
  toys.intercept = undefined;
});

/** What comes of a query when `shop` answers this. */
async function given(data: unknown, query: string, variables: Record<string, unknown> = {}) {
  toys.intercept = ({ service }) => (service === 'shop' ? ({ data } as ServiceAnswer) : { data: { other: 1 } });
  const { data: out, errors, raw } = await toys.ours(query, variables);
  return { data: out, errors, raw };
}

describe('values', () => {
  it.each([
    ['count', 'count', [1, -1, 0, 4_000_000_000], ['1', 1.5, true, Number.MAX_VALUE, [1], {}]],
    ['ratio', 'ratio', [1, 0.5, -0], ['0.5', false, []]],
    ['name', 'name', ['', 'x'], [1, true, {}, ['x']]],
    ['yes', 'yes', [true, false], [0, 'true', {}]],
    ['size', 'size', ['S', 'M'], ['L', '', 1, 'toString', true]],
    ['id', 'id', ['1', '', 7], [1.5, true, {}]],
    ['data', 'data', ['x', 0, false, [null], { a: { b: [] } }], []],
  ])('of %s go out as they came or not at all', async (_, field, good, bad) => {
    for (const value of good) {
      expect(await given({ item: { [field]: value } }, `{ item { ${field} } }`)).toMatchObject({
        data: { item: { [field]: JSON.parse(JSON.stringify(value)) } },
        errors: [],
      });
    }
    for (const value of bad) {
      const { data, errors } = await given({ item: { [field]: value } }, `{ item { ${field} } }`);
      const required = field === 'count' || field === 'id';
      expect(data).toEqual({ item: required ? null : { [field]: null } });
      expect(errors).toEqual([`item.${field}: Invalid value found for field Item.${field}.`]);
    }
  });

  it.each([
    [{ item: 'text' }, '{ item { name } }', { item: null }, 'item: Invalid value found for field Query.item.'],
    [{ item: [{ name: 'x' }] }, '{ item { name } }', { item: null }, 'item: Invalid value found for field Query.item.'],
    [
      { items: { name: 'x' } },
      '{ items { name } }',
      { items: null },
      'items: Invalid value found for field Query.items.',
    ],
    [{ names: 'x' }, '{ names }', { names: null }, 'names: Invalid value found for field Query.names.'],
    [
      { item: { __typename: 'Nobody' } },
      '{ item { name } }',
      { item: null },
      'item: Invalid __typename found for object at field Query.item.',
    ],
    [
      { node: { __typename: 'Size', id: 1 } },
      '{ node { id } }',
      { node: null },
      'node: Invalid __typename found for object at field Query.node.',
    ],
    [
      { item: { __typename: 7, name: 'x' } },
      '{ item { name } }',
      { item: null },
      'item: Invalid __typename found for object at field Query.item.',
    ],
  ])('of the wrong shape are null and an error: %j', async (data, query, out, error) => {
    expect(await given(data, query)).toMatchObject({ data: out, errors: [error] });
  });
});

describe('nulls', () => {
  it.each([
    [
      'stay where they are allowed',
      { item: { name: null, child: null } },
      '{ item { name child { id } } }',
      { item: { name: null, child: null } },
      [],
    ],
    [
      'rise to the next field that may be null',
      { item: { child: { strict: { count: null } } } },
      '{ item { child { strict { count } } } }',
      { item: { child: null } },
      ['item.child.strict.count: Cannot return null for non-nullable field Item.count.'],
    ],
    [
      'of an element take the list with them where elements are promised',
      { items: [{ count: 1 }, { count: null }, null] },
      '{ items { count } }',
      { items: null },
      [
        'items.1.count: Cannot return null for non-nullable field Item.count.',
        'items.2: Cannot return null for non-nullable array element of type Item at index 2.',
      ],
    ],
    [
      'rise out of lists of lists',
      { grid: [[{ count: 1 }], [{ count: null }]] },
      '{ grid { count } }',
      { grid: null },
      ['grid.1.0.count: Cannot return null for non-nullable field Item.count.'],
    ],
    [
      'of a promised root field are all there is',
      { must: null, item: { name: 'x' } },
      '{ item { name } must { name } }',
      null,
      ['must: Cannot return null for non-nullable field Query.must.'],
    ],
    [
      'of leaves in lists are told by index',
      { names: ['a', null] },
      '{ names }',
      { names: null },
      ['names.1: Cannot return null for non-nullable array element of type String at index 1.'],
    ],
    ['in lists that allow them stay', { numbers: [1, null, 0.5] }, '{ numbers }', { numbers: [1, null, 0.5] }, []],
    [
      'are judged by the type of the object, not of the interface through which it is seen',
      { node: { __typename: 'Item', label: null } },
      '{ node { label } }',
      { node: null },
      ['node.label: Cannot return null for non-nullable field Item.label.'],
    ],
    [
      'of a mutation are no different',
      { change: null },
      'mutation { change { id } }',
      null,
      ['change: Cannot return null for non-nullable field Mutation.change.'],
    ],
  ])('%s', async (_, data, query, out, errors) => {
    expect(await given(data, query)).toMatchObject({ data: out, errors });
  });

  it('are errors with path and code, never a hint in extensions', async () => {
    const { raw } = await given({ item: { count: null } }, '{ item { count } }');
    expect(raw.map((error) => error.toJSON())).toEqual([
      {
        message: 'Cannot return null for non-nullable field Item.count.',
        path: ['item', 'count'],
        extensions: { code: 'INVALID_GRAPHQL' },
      },
    ]);
  });

  it('are told once: not again where a subgraph told of them', async () => {
    toys.intercept = () => ({
      data: { items: [{ count: null }, { count: null }] },
      errors: [{ message: 'No count', path: ['items', 0, 'count'] }],
    });
    expect((await toys.ours('{ items { count } }')).errors).toEqual([
      'items.0.count: No count',
      'items.1.count: Cannot return null for non-nullable field Item.count.',
    ]);
  });
});

describe('names', () => {
  it('stand in the order of the document, merged where they meet, without what is skipped', async () => {
    const query = `query($no: Boolean!) { other item { count @include(if: $no) ...A name count } item { ...A @skip(if: $no) } }
      fragment A on Node { id ... on Item { child { name } child { count } } }`;
    const item = {
      __typename: 'Item',
      id: '1',
      name: 'x',
      count: 3,
      child: { __typename: 'Item', name: 'y', count: 4 },
    };
    const { data } = await given({ item }, query, { no: false });
    expect(JSON.stringify(data)).toBe(
      '{"other":1,"item":{"id":"1","child":{"name":"y","count":4},"name":"x","count":3}}',
    );
  });

  it('may be anything: no prototype is read or written', async () => {
    const query =
      '{ item { __proto__: child { polluted: name constructor } toString: name constructor hasOwnProperty: strict { id } } }';
    const text =
      '{ "item": { "__proto__": { "polluted": "yes", "constructor": null }, "hasOwnProperty": { "id": "1" } } }';
    const { data, errors } = await given(JSON.parse(text), query);
    expect(JSON.stringify(data)).toBe(
      '{"item":{"__proto__":{"polluted":"yes","constructor":null},"toString":null,"constructor":null,"hasOwnProperty":{"id":"1"}}}',
    );
    expect(errors).toEqual([]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('that no client asked for do not go out', async () => {
    expect(
      (await given({ item: { __typename: 'Item', id: '1', name: 'x', secret: 's' } }, '{ item { name } }')).data,
    ).toEqual({
      item: { name: 'x' },
    });
  });
});

describe('introspection', () => {
  it('is answered beside other fields, and alone', async () => {
    const query = `query($name: String = "Item") { other it: __type(name: $name) { ...T } none: __type(name: "Nope") { name } __typename
      __schema { queryType { name } } ... on Query { __schema { mutationType { name } } } } fragment T on __Type { kind name }`;
    expect(await given({}, query)).toMatchObject({
      data: {
        other: 1,
        it: { kind: 'OBJECT', name: 'Item' },
        none: null,
        __typename: 'Query',
        __schema: { queryType: { name: 'Query' }, mutationType: { name: 'Mutation' } },
      },
      errors: [],
    });
    const alone = '{ __schema { queryType { name } } }';
    expect((await toys.ours(alone)).data).toEqual((await toys.stock(alone)).data);
    expect(toys.fetches).toEqual([]);
  });

  it('leaves out what @skip and @include leave out', async () => {
    const query =
      'query($no: Boolean!) { other __schema @include(if: $no) { queryType { name } } __type(name: "Item") { name @skip(if: $no) kind @include(if: $no) } }';
    expect((await given({}, query, { no: false })).data).toEqual({ other: 1, __type: { name: 'Item' } });
  });
});
