import { buildSchema, execute, type ExecutionResult, GraphQLError, type GraphQLSchema, parse } from 'graphql';
import { compileQuery } from 'graphql-jit';
import { describe, expect, it, vi } from 'vitest';
import { type Compile, operationsOf } from './operations.ts';

interface Context {
  asked: string[];
}

const SDL = `
  scalar When
  enum Colour { RED GREEN }
  interface Node { id: ID! }
  input Filter { colour: Colour = RED, ids: [ID!], at: When }
  type Lamp implements Node { id: ID! watts: Int! colour: Colour since: When owner: Person parts(first: Int = 2): [Part!]! dim: Int! }
  type Person implements Node { id: ID! name: String lamps: [Lamp] }
  type Part { name: String! broken: String! }
  union Found = Lamp | Person
  type Query {
    lamp(id: ID!): Lamp
    lamps(filter: Filter): [Lamp!]
    node(id: ID!): Node
    found: [Found]
    coded: String
    failing: String
    odd: String!
    nothing: Lamp
  }
  type Mutation { first: Int second: Int }
`;

function toySchema(): GraphQLSchema {
  const schema = buildSchema(SDL);
  const fieldsOf = (type: string) => (schema.getType(type) as import('graphql').GraphQLObjectType).getFields();
  const lampOf = (id: string) => ({ __typename: 'Lamp', id, watts: Number(id), colour: 'GREEN', since: new Date(0) });
  const query = fieldsOf('Query');
  query['lamp']!.resolve = async (_, { id }: { id: string }) => (id === '0' ? null : lampOf(id));
  query['lamps']!.resolve = (_, { filter }: { filter?: { colour: string; ids?: string[]; at?: unknown } }) =>
    (filter?.ids ?? ['1', '2']).map((id) => ({
      ...lampOf(id),
      colour: filter?.colour ?? null,
      since: filter?.at ?? null,
    }));
  query['node']!.resolve = (_, { id }: { id: string }) =>
    id.startsWith('p') ? { __typename: 'Person', id, name: null } : lampOf(id);
  query['found']!.resolve = () => [
    lampOf('5'),
    null,
    { __typename: 'Person', id: 'p', name: 'P' },
    { __typename: 'Else' },
  ];
  query['coded']!.resolve = () => {
    throw new GraphQLError('No.', { extensions: { code: 'FORBIDDEN', detail: { a: 1 } } });
  };
  query['failing']!.resolve = async () => Promise.reject(new Error('select * from secret'));
  query['odd']!.resolve = () => null;
  const lamp = fieldsOf('Lamp');
  lamp['owner']!.resolve = async ({ id }: { id: string }) => ({ id: `p${id}`, name: 'P', lamps: [lampOf('7'), null] });
  lamp['parts']!.resolve = (_, { first }: { first: number }) =>
    Array.from({ length: first }, (__, i) => ({ name: `part ${i}`, broken: i === 1 ? null : 'no' }));
  lamp['dim']!.resolve = ({ id }: { id: string }) => (id === '13' ? Promise.reject(new Error('dark')) : 1);
  const mutation = fieldsOf('Mutation');
  const step =
    (name: string) =>
    async (_: unknown, __: unknown, { asked }: Context) => {
      asked.push(`${name} begins`);
      await Promise.resolve();
      return asked.push(`${name} ends`);
    };
  mutation['first']!.resolve = step('first');
  mutation['second']!.resolve = step('second');
  Object.assign(schema.getType('When')!, {
    serialize: (value: unknown) => (value instanceof Date ? value.toJSON() : value),
  });
  for (const type of ['Node', 'Found']) {
    Object.assign(schema.getType(type)!, { resolveType: async ({ __typename }: { __typename: string }) => __typename });
  }
  return schema;
}

const shown = (result: ExecutionResult) =>
  JSON.parse(
    JSON.stringify({
      data: result.data,
      errors: result.errors?.map(({ message, path, extensions }) => ({ message, path, extensions })),
    }),
  ) as unknown;

const cases: [query: string, variables?: Record<string, unknown>][] = [
  ['{ lamp(id: 3) { __typename id w: watts colour since owner { name lamps { id } } } }'],
  ['query($id: ID!) { lamp(id: $id) { id parts { name } more: parts(first: 1) { name broken } } }', { id: '4' }],
  ['query($id: ID!) { lamp(id: $id) { id } nothing { id } }', { id: '0' }],
  ['query($f: Filter) { lamps(filter: $f) { id colour since } }', { f: { ids: [1, '2'], at: { deep: [1] } } }],
  ['query($f: Filter) { lamps(filter: $f) { id colour } }', {}],
  ['query($f: Filter) { lamps(filter: $f) { id colour } }', { f: null }],
  ['query($ids: [ID!]) { lamps(filter: { ids: $ids, colour: GREEN }) { id colour } }', { ids: [] }],
  [
    'query($a: Boolean!, $b: Boolean = true) { lamp(id: 1) { id @include(if: $a) watts @skip(if: $b) colour } }',
    { a: true },
  ],
  [
    'query($a: Boolean!) { lamp(id: 1) { ... @include(if: $a) { id } ...F @skip(if: $a) } } fragment F on Lamp { watts }',
    { a: false },
  ],
  [
    '{ a: node(id: 9) { ...N } b: node(id: "p1") { ...N } } fragment N on Node { __typename id ... on Lamp { watts } ... on Person { name } }',
  ],
  ['{ found { __typename ... on Node { id } ... on Lamp { owner { id } } } }'],
  ['{ coded lamp(id: 1) { id } failing }'],
  ['{ lamp(id: 2) { id parts(first: 3) { name broken } } }'],
  ['{ lamps(filter: { ids: [1, 13] }) { id dim } }'],
  ['{ odd lamp(id: 1) { id } }'],
  ['{ class: lamp(id: 1) { function: id constructor: watts } }'],
  ['{ __proto__: lamp(id: 1) { __proto__: id toString: watts } }'],
  ['{ lamp(id: 3) { owner { lamps { id since dim owner { name } } } } }'],
];

describe('a text that comes again', () => {
  it.each([
    ['{ lamp(id: 1) { __typename id } }', 1],
    ['query Page__lamps__0($id: ID!) { lamp(id: $id) { id } }', 1],
    ['{ lamp(id: 1) { __proto__: id } }', 0],
    ['query ($__proto__: ID!) { lamp(id: $__proto__) { id } }', 0],
    ['{ lamp(id: 1) { ...__proto__ } } fragment __proto__ on Lamp { id }', 0],
    ['{ node(id: 1) { id } }', 0],
    ['mutation { first }', 0],
  ])('%s is compiled %i times', async (query, times) => {
    const compile = vi.fn<Compile>(compileQuery);
    const run = operationsOf(toySchema(), { compiledAfter: 1, compile });
    for (let time = 0; time < 4; time += 1) {
      await run({ query, variables: { id: '1', __proto__: '1' }, context: { asked: [] } });
    }
    expect(compile).toHaveBeenCalledTimes(times);
  });
});

describe('what a text selects', () => {
  it.each([
    [
      '{ lamps(filter: { ids: [1] }) { number: id ...L } } fragment L on Lamp { dim @skip(if: true) }',
      ['lamps', 'id', 'dim'],
    ],
    ['{ lamps { nothing } }', []],
    ['{ lamps {', []],
  ])('%s', (query, names) => {
    const { selectedIn } = operationsOf(toySchema());
    expect([...selectedIn(query)].toSorted()).toEqual(names.toSorted());
    expect(selectedIn(query)).toBe(selectedIn(query));
  });
});

describe('a query', () => {
  it.each(cases)('%s is answered as graphql-js answers it, compiled or not', async (query, variables = {}) => {
    const schema = toySchema();
    const expected = shown(
      await execute({ schema, document: parse(query), variableValues: variables, contextValue: { asked: [] } }),
    );
    for (const compiledAfter of [0, 1_000]) {
      const run = operationsOf(schema, { compiledAfter });
      for (let time = 0; time < 3; time += 1) {
        expect(shown(await run({ query, variables, context: { asked: [] } }))).toEqual(expected);
      }
    }
  });

  it('whose variables do not fit is not run', async () => {
    const run = operationsOf(toySchema(), { compiledAfter: 0 });
    const query = 'query($id: ID!) { lamp(id: $id) { id } }';
    for (const variables of [{}, { id: null }, { id: { a: 1 } }]) {
      const { data, errors } = await run({ query, variables, context: { asked: [] } });
      expect([data, errors?.length]).toEqual([undefined, 1]);
    }
  });

  it('keeps what was thrown, for the log', async () => {
    const run = operationsOf(toySchema(), { compiledAfter: 0 });
    const { errors } = await run({ query: '{ coded failing }', context: { asked: [] } });
    expect(errors?.map((error) => [error instanceof GraphQLError, error.originalError?.message])).toEqual([
      [true, 'No.'],
      [true, 'select * from secret'],
    ]);
  });

  it('has variables of its own in each run', async () => {
    const run = operationsOf(toySchema(), { compiledAfter: 0 });
    const query = 'query($id: ID!) { lamp(id: $id) { id watts } }';
    const ids = Array.from({ length: 50 }, (_, i) => String(i + 1));
    const answers = await Promise.all(ids.map((id) => run({ query, variables: { id }, context: { asked: [] } })));
    expect(answers).toEqual(ids.map((id) => ({ data: { lamp: { id, watts: Number(id) } } })));
  });
});

it('fields of a mutation run one after the other', async () => {
  const run = operationsOf(toySchema(), { compiledAfter: 0 });
  for (let time = 0; time < 3; time += 1) {
    const context: Context = { asked: [] };
    await run({ query: 'mutation { first second }', context });
    expect(context.asked).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  }
});

it('what is no document, or not of this schema, is told with a code', async () => {
  const run = operationsOf(toySchema());
  const codeOf = async (query: string) => (await run({ query, context: {} })).errors?.[0]?.extensions['code'];
  expect(await codeOf('{ lamp(')).toBe('GRAPHQL_PARSE_FAILED');
  expect(await codeOf('{ sofa }')).toBe('GRAPHQL_VALIDATION_FAILED');
});
