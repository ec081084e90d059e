import { type GraphQLError, parse } from 'graphql';
import { afterEach, describe, expect, it } from 'vitest';
import { toyServices } from '../../testing/toy-services.ts';
import { createExecutor, type ServiceAnswer, type ServiceFetch } from './executor.ts';

const order: string[] = [];

const toys = toyServices({
  lamps: {
    typeDefs: `
      type Query { lamp(id: ID!): Lamp lamps: [Lamp!]! pairs: [[Lamp]] }
      type Mutation { switchOn(id: ID!): Lamp switchOff(id: ID!): Lamp }
      type Subscription { lampChanged(id: ID!): Lamp! }
      type Lamp @key(fields: "id") { id: ID! name: String! watts: Int! owner: Person }
      type Person @key(fields: "id", resolvable: false) { id: ID! }`,
    resolvers: {
      Query: {
        lamp: (_: unknown, { id }: { id: string }) => (id === 'none' ? null : lampOf(id)),
        lamps: () => ['1', '2', '3'].map(lampOf),
        pairs: () => [[lampOf('1'), null], [lampOf('1')]],
      },
      Mutation: {
        switchOn: (_: unknown, { id }: { id: string }) => (order.push(`lamps on ${id}`), lampOf(id)),
        switchOff: (_: unknown, { id }: { id: string }) => (order.push(`lamps off ${id}`), lampOf(id)),
      },
      Lamp: { __resolveReference: ({ id }: { id: string }) => lampOf(id) },
    },
  },
  people: {
    typeDefs: `
      type Query { people: [Person!]! }
      type Mutation { greet(id: ID!): Person }
      type Person @key(fields: "id") { id: ID! name: String! nick(long: Boolean, text: String): String }`,
    resolvers: {
      Person: {
        __resolveReference: ({ id }: { id: string }) => ({ id, name: `Person ${id}` }),
        nick: (_: unknown, { long, text }: { long?: boolean; text?: string }) => `${text ?? 'nick'}${long ? '!' : ''}`,
      },
      Mutation: {
        greet: (_: unknown, { id }: { id: string }) => (order.push(`people greet ${id}`), { id, name: `Person ${id}` }),
      },
    },
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

afterEach(() => {
  order.length = 0;
  toys.intercept = undefined;
});

function lampOf(id: string) {
  return { id, name: `Lamp ${id}`, watts: 40, owner: { id: `p${Number(id) % 2}` } };
}

const askedOf = (service: string) => toys.fetches.filter((fetch) => fetch.service === service);
const answering = (service: string, answer: unknown) => (fetch: ServiceFetch) =>
  fetch.service === service ? (answer as ServiceAnswer) : undefined;
const failing = (service: string, error: unknown) => (fetch: ServiceFetch) => {
  if (fetch.service === service) throw error;
  return undefined;
};
const shown = ({ message, path, extensions }: GraphQLError) => ({ message, path, ...extensions });

describe('fetches', () => {
  it('runs a plan over several subgraphs', async () => {
    const query = 'query($id: ID!) { lamp(id: $id) { name load area owner { n: name __typename } } }';
    expect(await toys.ours(query, { id: '1' })).toMatchObject({
      data: { lamp: { name: 'Lamp 1', load: 80, area: 12, owner: { n: 'Person p1', __typename: 'Person' } } },
      errors: [],
    });
  });

  it('asks for an entity once and puts the answer in every place', async () => {
    const { data } = await toys.ours('{ lamps { owner { name } } }');
    expect(data).toEqual({ lamps: ['p1', 'p0', 'p1'].map((id) => ({ owner: { name: `Person ${id}` } })) });
    expect(askedOf('people').map(({ variables }) => variables['representations'])).toEqual([
      [
        { __typename: 'Person', id: 'p1' },
        { __typename: 'Person', id: 'p0' },
      ],
    ]);
  });

  it('finds entities in lists of lists, nulls between them', async () => {
    const { data } = await toys.ours('{ pairs { area owner { name } } }');
    const lamp = { area: 12, owner: { name: 'Person p1' } };
    expect(data).toEqual({ pairs: [[lamp, null], [lamp]] });
  });

  it('fetches nothing where there is nothing to ask about', async () => {
    expect((await toys.ours('{ lamp(id: "none") { owner { name } load } }')).data).toEqual({ lamp: null });
    expect(toys.fetches.map(({ service }) => service)).toEqual(['lamps']);
  });

  it('hands a fetch the variables that it uses, and no others', async () => {
    const query = `query($id: ID!, $long: Boolean = true, $text: String, $__proto__: String) {
      lamp(id: $id) { owner { nick(long: $long, text: $text) again: nick(text: $__proto__) } } }`;
    const given = JSON.parse('{ "id": "1", "__proto__": "odd" }') as Record<string, unknown>;
    expect((await toys.ours(query, given)).data).toEqual({ lamp: { owner: { nick: 'nick!', again: 'odd' } } });
    expect(toys.fetches.map(({ variables }) => JSON.stringify(variables))).toEqual([
      '{"id":"1"}',
      '{"long":true,"__proto__":"odd","representations":[{"__typename":"Person","id":"p1"}]}',
    ]);
  });

  it.each([
    [{ more: true }, ['lamps', 'people']],
    [{ more: false }, ['lamps', 'rooms']],
  ])('makes only those that @skip and @include ask for: %j', async (variables, services) => {
    const query =
      'query($more: Boolean!) { lamp(id: "1") { owner @include(if: $more) { name } area @skip(if: $more) } }';
    expect((await toys.ours(query, variables)).errors).toEqual([]);
    expect(toys.fetches.map(({ service }) => service)).toEqual(services);
  });

  it('runs the fields of a mutation in their order, whoever owns them', async () => {
    const query =
      'mutation { a: switchOn(id: "1") { id } greet(id: "p1") { name } b: switchOff(id: "1") { owner { name } } }';
    const { data } = await toys.ours(query);
    expect(data).toEqual({
      a: { id: '1' },
      greet: { name: 'Person p1' },
      b: { owner: { name: 'Person p1' } },
    });
    expect(order).toEqual(['lamps on 1', 'people greet p1', 'lamps off 1']);
  });

  it('runs a subscription on what the service @event answers', async () => {
    const document = parse('subscription { lampChanged(id: "1") { name area } }');
    const compiled = toys.executor.compile({ plan: toys.plan(document), document });
    const lampChanged = { __typename: 'Lamp', id: '1', name: 'New' };
    const fetch = async (request: ServiceFetch): Promise<ServiceAnswer> =>
      request.service === '@event' ? { data: { lampChanged } } : toys.fetch(request);
    expect(await compiled.run({ variables: {}, fetch })).toEqual({ data: { lampChanged: { name: 'New', area: 12 } } });
  });
});

describe('failures', () => {
  it('tells an error of an entity in every place that waits for it', async () => {
    toys.intercept = answering('people', {
      data: { _entities: [null, { name: 'B' }] },
      errors: [{ message: 'Gone', path: ['_entities', 0, 'name'], extensions: { code: 'GONE' } }],
    });
    const { data, raw } = await toys.ours('{ lamps { owner { name } } }');
    expect(data).toEqual({ lamps: [{ owner: null }, { owner: { name: 'B' } }, { owner: null }] });
    const gone = { message: 'Gone', code: 'GONE', serviceName: 'people' };
    expect(raw.map(shown)).toEqual([
      { ...gone, path: ['lamps', 0, 'owner', 'name'] },
      { ...gone, path: ['lamps', 2, 'owner', 'name'] },
    ]);
  });

  it('tells it at the right place when another object could not be asked about', async () => {
    const lamps = [{ owner: { __typename: 'Person' } }, { owner: null }, { owner: { __typename: 'Person', id: 'p' } }];
    toys.intercept = ({ service }) =>
      (service === 'lamps'
        ? { data: { lamps } }
        : { data: { _entities: [null] }, errors: [{ message: 'Gone', path: ['_entities', 0] }] }) as ServiceAnswer;
    expect((await toys.ours('{ lamps { owner { name } } }')).errors).toEqual([
      'lamps.0.owner.name: Cannot return null for non-nullable field Person.name.',
      'lamps.2.owner: Gone',
    ]);
  });

  it('copies an error to a hundred places and no further, and tells of a thousand in all', async () => {
    const lamps = Array.from({ length: 3_000 }, () => ({
      __typename: 'Lamp',
      id: '1',
      owner: { __typename: 'Person', id: 'p' },
    }));
    const query = '{ lamps { owner { name } } }';
    const ask = async (entities: unknown, errors?: unknown) => {
      toys.intercept = ({ service }) =>
        (service === 'lamps' ? { data: { lamps } } : { data: { _entities: entities }, errors }) as ServiceAnswer;
      return (await toys.ours(query)).raw.length;
    };
    expect(await ask([null], [{ message: 'Gone', path: ['_entities', 0] }])).toBe(100);
    expect(await ask([null])).toBe(1_000);
  });

  it.each([
    ['a rejection', failing('people', new Error('socket hang up'))],
    ['no data', answering('people', { errors: [{ message: 'socket hang up' }] })],
    ['null', answering('people', { data: null, errors: [{ message: 'socket hang up', extensions: null }] })],
  ])('loses nothing but the fields of a subgraph that answers %s, and says so once', async (_, intercept) => {
    toys.intercept = intercept;
    const { data, raw } = await toys.ours('{ lamps { name owner { name } } }');
    expect(data).toEqual({ lamps: ['1', '2', '3'].map((id) => ({ name: `Lamp ${id}`, owner: null })) });
    expect(raw.map(shown)).toEqual([
      { message: 'socket hang up', path: undefined, code: 'DOWNSTREAM_SERVICE_ERROR', serviceName: 'people' },
    ]);
  });

  it('keeps message, code and extensions of an error that is thrown or answered', async () => {
    const error = Object.assign(new Error('Later'), { extensions: { code: 'SUBGRAPH_UNAVAILABLE', retryable: true } });
    toys.intercept = failing('people', error);
    const expected = { message: 'Later', code: 'SUBGRAPH_UNAVAILABLE', retryable: true, serviceName: 'people' };
    expect((await toys.ours('{ lamp(id: "1") { owner { name } } }')).raw.map(shown)).toEqual([expected]);
    toys.intercept = answering('people', {
      data: null,
      errors: [{ ...error, message: 'Later', path: ['_entities', 0] }],
    });
    expect((await toys.ours('{ lamps { owner { name } } }')).raw.map(shown)).toEqual([
      { ...expected, path: ['lamps', 0, 'owner'] },
    ]);
  });

  it.each([
    ['too few entities', { data: { _entities: [] } }],
    ['no list of entities', { data: { _entities: 'no' } }],
    ['a string', 'what'],
    ['nothing', null],
    ['strange errors', { data: null, errors: [null, 7, { path: 'x' }] }],
    ['errors that are no list', { data: { _entities: 3 }, errors: 'bad' }],
  ])('takes an answer with %s for a failure of that subgraph', async (_, answer) => {
    toys.intercept = ({ service }) => (service === 'people' ? (answer as ServiceAnswer) : undefined);
    const { data, raw } = await toys.ours('{ lamp(id: "1") { name owner { name } } }');
    expect(data).toEqual({ lamp: { name: 'Lamp 1', owner: null } });
    expect(raw.length).toBeGreaterThan(0);
    for (const error of raw) expect(error).toMatchObject({ extensions: { serviceName: 'people' } });
  });

  it('survives a fetch function that throws at once', async () => {
    const document = parse('{ lamp(id: "1") { name } }');
    const compiled = toys.executor.compile({ plan: toys.plan(document), document });
    const fetch = () => {
      throw new Error('no');
    };
    const { data, errors } = await compiled.run({ variables: {}, fetch });
    expect([JSON.stringify(data), errors?.map(({ message }) => message)]).toEqual(['{"lamp":null}', ['no']]);
  });
});

describe('compiling', () => {
  const compile = (text: string, change: (plan: ReturnType<typeof toys.plan>) => void = () => undefined) => {
    const document = parse(text);
    const plan = structuredClone(toys.plan(document));
    change(plan);
    return toys.executor.compile({ plan, document });
  };

  it('refuses what it would run wrongly', () => {
    const refused = expect.objectContaining({ name: 'UnsupportedPlanError', extensions: { code: 'BAD_REQUEST' } });
    const query = '{ lamps { name } }';
    const attempts = [
      () => compile(query, (plan) => (plan.node = { kind: 'Defer', primary: {}, deferred: [] })),
      () => compile(query, (plan) => Object.assign(plan.node!, { contextRewrites: [{ kind: 'KeyRenamer' }] })),
      () => compile('{ lamps { __typename: name } }'),
      () => compile('query($representations: String) { lamp(id: 1) { owner { nick(text: $representations) } } }'),
    ];
    for (const attempt of attempts) expect(attempt).toThrow(refused);
  });

  it('runs the operation that is named', async () => {
    const document = parse('query A { lamps { id } } query B { lamp(id: "1") { id } }');
    expect(() => toys.executor.compile({ plan: { kind: 'QueryPlan' }, document })).toThrow('no such operation');
    expect(() => toys.executor.compile({ plan: { kind: 'QueryPlan' }, document, operationName: 'C' })).toThrow(
      'no such',
    );
    const plan = toys.plan(parse('{ lamp(id: "1") { id } }'));
    const compiled = toys.executor.compile({ plan, document, operationName: 'B' });
    expect(await compiled.run({ variables: {}, fetch: toys.fetch })).toEqual({ data: { lamp: { id: '1' } } });
  });

  it('refuses variables that were not coerced instead of guessing', async () => {
    const query = compile('query($more: Boolean!) { lamps { id @include(if: $more) } }');
    expect(await query.run({ variables: { more: 'yes' }, fetch: toys.fetch })).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
  });

  it('keeps one plan for runs side by side, with different conditions', async () => {
    const names = Array.from({ length: 7 }, (_, at) => `v${at}`);
    const text = `query(${names.map((name) => `$${name}: Boolean!`)}) { lamp(id: 1) { id ${names.map((name) => `${name}: watts @include(if: $${name})`).join(' ')} } }`;
    const query = compile(text);
    const runs = Array.from({ length: 128 }, async (_, bits) => {
      const variables = Object.fromEntries(names.map((name, at) => [name, (bits & (1 << at)) !== 0]));
      const { data } = await query.run({ variables, fetch: toys.fetch });
      expect(data).toEqual({
        lamp: { id: '1', ...Object.fromEntries(names.filter((name) => variables[name]).map((name) => [name, 40])) },
      });
    });
    await Promise.all(runs);
  });

  it('builds the API schema itself when it is given none', async () => {
    const document = parse('{ rooms }');
    const compiled = createExecutor({ supergraph: toys.supergraph }).compile({ plan: toys.plan(document), document });
    expect(await compiled.run({ variables: {}, fetch: async () => ({ data: { rooms: 4 } }) })).toEqual({
      data: { rooms: 4 },
    });
  });
});
