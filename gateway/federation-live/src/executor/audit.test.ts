import { describe, expect, it } from 'vitest';
import { type ToyService, toyServices } from '../../testing/toy-services.ts';

/**
 * What the public audit of federation gateways is about, each on a small graph
 * of its own: what we answer, and that the stock executor knows no better.
 */
interface Audit {
  title: string;
  services: Record<string, ToyService>;
  cases: { query: string; data: unknown; errors?: string[]; stock?: { data: unknown; errors: string[] } }[];
}

type Entity = Record<string, unknown> & { id?: string };

const typed = ({ __typename }: Entity) => __typename;
const byId =
  (known: Record<string, Entity | null>) =>
  ({ id }: Entity) =>
    known[id!] ?? null;

const audits: Audit[] = [
  {
    title: 'chains of @requires over three subgraphs',
    services: {
      a: {
        typeDefs: 'type Query { item: Item } type Item @key(fields: "id") { id: ID! width: Int! }',
        resolvers: {
          Query: { item: () => ({ id: '1', width: 3 }) },
          Item: { __resolveReference: byId({ 1: { id: '1', width: 3 } }) },
        },
      },
      b: {
        typeDefs:
          'type Query { b: Int } type Item @key(fields: "id") { id: ID! width: Int! @external area: Int! @requires(fields: "width") }',
        resolvers: {
          Item: { __resolveReference: (item: Entity) => item, area: ({ width }: { width: number }) => width * width },
        },
      },
      c: {
        typeDefs:
          'type Query { c: Int } type Item @key(fields: "id") { id: ID! area: Int! @external price: Int @requires(fields: "area") }',
        resolvers: {
          Item: { __resolveReference: (item: Entity) => item, price: ({ area }: { area: number }) => area * 100 },
        },
      },
    },
    cases: [
      { query: '{ item { price } }', data: { item: { price: 900 } } },
      { query: '{ item { p: price area w: width } }', data: { item: { p: 900, area: 9, w: 3 } } },
    ],
  },
  {
    title: '@requires of nested lists, with nulls in them',
    services: {
      a: {
        typeDefs: `type Query { box: Box } type Box @key(fields: "id") { id: ID! parts: [[Part]] owner: Owner }
          type Part { size: Int deep: Part } type Owner { name: String }`,
        resolvers: {
          Query: {
            box: () => ({
              id: '1',
              parts: [[{ size: 1, deep: { size: 2 } }, null], null, [{ size: 4, deep: null }]],
              owner: null,
            }),
          },
        },
      },
      b: {
        typeDefs: `type Query { b: Int } type Part { size: Int @external deep: Part @external } type Owner { name: String @external }
          type Box @key(fields: "id") { id: ID! parts: [[Part]] @external owner: Owner @external
            seen: String @requires(fields: "parts { size deep { size } } owner { name }") }`,
        resolvers: {
          Box: {
            __resolveReference: (box: Entity) => box,
            seen: ({ parts, owner }: Entity) => JSON.stringify([parts, owner]).replaceAll(/"(\w+)":/g, '$1:'),
          },
        },
      },
    },
    cases: [
      {
        query: '{ box { seen } }',
        data: { box: { seen: '[[[{size:1,deep:{size:2}},null],null,[{size:4,deep:null}]],null]' } },
        // Lists of lists are lost on the way to the subgraph.
        stock: { data: { box: { seen: '[[null,null,null],null]' } }, errors: [] },
      },
    ],
  },
  {
    title: 'composite and several keys',
    services: {
      a: {
        typeDefs: `type Query { users: [User] } type Org @key(fields: "id") { id: ID! }
          type User @key(fields: "id") @key(fields: "org { id } number") { id: ID! number: Int! org: Org! }`,
        resolvers: {
          Query: { users: () => ['1', '2'].map((id) => ({ id, number: Number(id), org: { id: 'o' } })) },
        },
      },
      b: {
        typeDefs: `type Query { b: Int } type Org { id: ID! @shareable }
          type User @key(fields: "org { id } number") { number: Int! org: Org! @shareable email: String }`,
        resolvers: {
          User: {
            __resolveReference: (user: Entity) => user,
            email: ({ number, org }: { number: number; org: Entity }) => `${number}@${org.id}`,
          },
        },
      },
    },
    cases: [{ query: '{ users { email } }', data: { users: [{ email: '1@o' }, { email: '2@o' }] } }],
  },
  {
    title: 'interfaces and unions at the root, with types of several subgraphs',
    services: {
      a: {
        typeDefs: `type Query { nodes: [Node] any: [Any!] } interface Node { id: ID! } union Any = Cat | Dog
          type Cat implements Node @key(fields: "id") { id: ID! lives: Int } type Dog implements Node @key(fields: "id") { id: ID! }`,
        resolvers: {
          Query: {
            nodes: () => [{ __typename: 'Dog', id: 'd' }, null, { __typename: 'Cat', id: 'c', lives: 9 }],
            any: () => [
              { __typename: 'Cat', id: 'c', lives: 9 },
              { __typename: 'Dog', id: 'd' },
            ],
          },
          Node: { __resolveType: typed },
          Any: { __resolveType: typed },
        },
      },
      b: {
        typeDefs: `type Query { b: Int } type Cat @key(fields: "id") { id: ID! name: String! } type Dog @key(fields: "id") { id: ID! name: String }`,
        resolvers: {
          Cat: { __resolveReference: byId({ c: { name: 'Tom' } }) },
          Dog: { __resolveReference: byId({ d: { name: 'Rex' } }) },
        },
      },
    },
    cases: [
      {
        query:
          '{ nodes { __typename id ... on Cat { name lives } ... on Dog { dog: name } } any { ...C ... on Dog { name } } } fragment C on Cat { ... on Node { id } n: name }',
        data: {
          nodes: [
            { __typename: 'Dog', id: 'd', dog: 'Rex' },
            null,
            { __typename: 'Cat', id: 'c', name: 'Tom', lives: 9 },
          ],
          any: [{ id: 'c', n: 'Tom' }, { name: 'Rex' }],
        },
      },
    ],
  },
  {
    title: 'a root field that several subgraphs share, each with a part of its type',
    services: {
      a: {
        typeDefs:
          'type Query { page: Page @shareable pages: [[Page]] @shareable } type Page { title: String! meta: Meta @shareable } type Meta { a: Int }',
        resolvers: { Query: { page: () => ({ title: 'T', meta: { a: 1 } }), pages: () => [[{ title: 'T' }], []] } },
      },
      b: {
        typeDefs:
          'type Query { page: Page @shareable pages: [[Page]] @shareable } type Page { views: Int meta: Meta @shareable } type Meta { b: Int }',
        resolvers: { Query: { page: () => ({ views: 5, meta: { b: 2 } }), pages: () => [[{ views: 5 }], []] } },
      },
    },
    cases: [
      {
        query: '{ page { views meta { b a } title } }',
        data: { page: { views: 5, meta: { b: 2, a: 1 }, title: 'T' } },
      },
      {
        query: '{ pages { views title } }',
        data: { pages: [[{ views: 5, title: 'T' }], []] },
        // Of lists of lists only the last answer is kept.
        stock: { data: { pages: [[{ views: null, title: 'T' }], []] }, errors: [] },
      },
    ],
  },
  {
    title: 'nested @provides',
    services: {
      a: {
        typeDefs: `type Query { shelf: [Book] @provides(fields: "author { name }") other: [Book] }
          type Book @key(fields: "id") { id: ID! author: Author } type Author @key(fields: "id") { id: ID! name: String @external }`,
        resolvers: {
          Query: {
            shelf: () => [{ id: '1', author: { id: 'x', name: 'here' } }],
            other: () => [{ id: '1', author: { id: 'x' } }],
          },
        },
      },
      b: {
        typeDefs: 'type Query { b: Int } type Author @key(fields: "id") { id: ID! name: String @shareable }',
        resolvers: { Author: { __resolveReference: byId({ x: { name: 'there' } }) } },
      },
    },
    cases: [
      {
        query: '{ shelf { author { name } } other { author { name } } }',
        data: { shelf: [{ author: { name: 'here' } }], other: [{ author: { name: 'there' } }] },
      },
    ],
  },
  {
    title: 'what is inaccessible, as key, type and enum value',
    services: {
      a: {
        typeDefs: `type Query { it: Thing all: [Kind!] kind: Kind some: Some } enum Kind { ONE TWO @inaccessible }
          type Thing @key(fields: "secret") { secret: ID! @inaccessible open: String kind: Kind! }
          union Some = Thing | Hidden type Hidden @inaccessible { x: Int }`,
        resolvers: {
          Query: {
            it: () => ({ secret: 's', open: 'o', kind: 'ONE' }),
            all: () => ['ONE', 'TWO'],
            kind: () => 'TWO',
            some: () => ({ __typename: 'Hidden' }),
          },
          Some: { __resolveType: typed },
        },
      },
      b: {
        typeDefs: 'type Query { b: Int } type Thing @key(fields: "secret") { secret: ID! more: String }',
        resolvers: { Thing: { __resolveReference: ({ secret }: Entity) => ({ more: `more of ${String(secret)}` }) } },
      },
    },
    cases: [
      { query: '{ it { open more } }', data: { it: { open: 'o', more: 'more of s' } } },
      {
        query: '{ all kind some { __typename } it { kind } }',
        data: { all: null, kind: null, some: null, it: { kind: 'ONE' } },
        errors: [
          'all.1: Invalid value found for array element of type Kind at index 1.',
          'kind: Invalid value found for field Query.kind.',
          'some: Invalid __typename found for object at field Query.some.',
        ],
      },
    ],
  },
  {
    title: 'null keys, entities that one subgraph does not know, and nulls that bubble',
    services: {
      a: {
        typeDefs: `type Query { list: [Book] strict: [Book!] } type Book @key(fields: "id") { id: ID! cover: Cover }
          type Cover @key(fields: "id", resolvable: false) { id: ID }`,
        resolvers: {
          Query: {
            list: () => [{ id: '1', cover: { id: null } }, null, { id: '2', cover: { id: 'c' } }],
            strict: () => [{ id: '1' }, { id: '2' }],
          },
        },
      },
      b: {
        typeDefs: `type Query { b: Int } type Book @key(fields: "id") { id: ID! pages: Int! }
          type Cover @key(fields: "id") { id: ID colour: String }`,
        resolvers: {
          Book: { __resolveReference: byId({ 2: { pages: 7 } }) },
          Cover: { __resolveReference: ({ id }: Entity) => (id ? { colour: 'red' } : null) },
        },
      },
    },
    cases: [
      {
        query: '{ list { cover { colour } } }',
        data: { list: [{ cover: { colour: null } }, null, { cover: { colour: 'red' } }] },
      },
      {
        query: '{ list { id pages } strict { pages } }',
        data: { list: [null, null, { id: '2', pages: 7 }], strict: null },
        errors: [
          'list.0.pages: Cannot return null for non-nullable field Book.pages.',
          'strict.0.pages: Cannot return null for non-nullable field Book.pages.',
        ],
      },
    ],
  },
  {
    title: 'circular references',
    services: {
      a: {
        typeDefs: 'type Query { me: User } type User @key(fields: "id") { id: ID! friend: User name: String! }',
        resolvers: {
          Query: { me: () => ({ id: '1', name: 'A', friend: { id: '2', name: 'B', friend: { id: '1', name: 'A' } } }) },
          User: { __resolveReference: byId({ 1: { id: '1', name: 'A' }, 2: { id: '2', name: 'B' } }) },
        },
      },
      b: {
        typeDefs: 'type Query { b: Int } type User @key(fields: "id") { id: ID! boss: User! score: Int }',
        resolvers: {
          User: {
            __resolveReference: (user: Entity) => user,
            boss: ({ id }: Entity) => ({ id }),
            score: ({ id }: Entity) => Number(id),
          },
        },
      },
    },
    cases: [
      {
        query:
          '{ me { score boss { name boss { score friend { name } } } friend { boss { name } friend { score } } } }',
        data: {
          me: {
            score: 1,
            boss: { name: 'A', boss: { score: 1, friend: null } },
            friend: { boss: { name: 'B' }, friend: { score: 1 } },
          },
        },
      },
    ],
  },
  {
    title: '__typename, below aliases and wider fragments',
    services: {
      a: {
        typeDefs:
          'type Query { me: User! } interface Node { id: ID! } type User implements Node @key(fields: "id") { id: ID! name: String }',
        resolvers: { Query: { me: () => ({ id: '1', name: 'A' }) }, Node: { __resolveType: () => 'User' } },
      },
      b: { typeDefs: 'type Query { b: Int }', resolvers: {} },
    },
    cases: [
      {
        query: '{ q: __typename __typename me { t: __typename } }',
        data: { q: 'Query', __typename: 'Query', me: { t: 'User' } },
      },
      {
        query: '{ me { ... on Node { id ... on User { name } } } }',
        data: { me: { id: '1', name: 'A' } },
        stock: { data: { me: { id: '1' } }, errors: [] },
      },
    ],
  },
  {
    title: 'interface objects',
    services: {
      a: {
        typeDefs: `type Query { media: [Media] } interface Media @key(fields: "id") { id: ID! title: String }
          type Book implements Media @key(fields: "id") { id: ID! title: String } type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int! }`,
        resolvers: {
          Query: {
            media: () => [
              { __typename: 'Book', id: '1', title: 'B' },
              { __typename: 'Film', id: '2', title: 'F', minutes: 90 },
            ],
          },
          Media: {
            __resolveType: typed,
            __resolveReference: byId({
              1: { __typename: 'Book', id: '1', title: 'B' },
              2: { __typename: 'Film', id: '2', title: 'F', minutes: 90 },
            }),
          },
        },
      },
      b: {
        typeDefs:
          'type Query { best: Media lost: Media } type Media @key(fields: "id") @interfaceObject { id: ID! score: Int! }',
        resolvers: {
          Query: { best: () => ({ id: '2' }), lost: () => ({ id: 'nobody' }) },
          Media: { __resolveReference: (media: Entity) => media, score: ({ id }: Entity) => Number(id) * 10 },
        },
      },
    },
    cases: [
      {
        query:
          '{ media { __typename score ... on Film { minutes } } best { score title ... on Film { minutes } __typename } }',
        data: {
          media: [
            { __typename: 'Book', score: 10 },
            { __typename: 'Film', score: 20, minutes: 90 },
          ],
          best: { score: 20, title: 'F', minutes: 90, __typename: 'Film' },
        },
      },
      {
        query: '{ lost { __typename } }',
        data: { lost: null },
        errors: ['lost.__typename: The type of a Media is not known.'],
        stock: { data: { lost: null }, errors: [] },
      },
    ],
  },
  {
    title: 'fields of one name that only to a subgraph differ in type, which the planner renames',
    services: {
      a: {
        typeDefs: `type Query { all: [Any] } union Any = One | Two
          type One @key(fields: "id") { id: ID! count: Int! @shareable part: Part! @shareable }
          type Two @key(fields: "id") { id: ID! count: Int part: Part } type Part @shareable { x: Int }`,
        resolvers: {
          Query: {
            all: () => [
              { __typename: 'One', id: '1', count: 0, part: { x: 1 } },
              { __typename: 'Two', id: '2', count: 0, part: { x: 2 } },
              { __typename: 'Two', id: '3', count: null, part: null },
              { __typename: 'One', id: '4', count: 4, part: { x: null } },
            ],
          },
          Any: { __resolveType: typed },
        },
      },
      b: {
        typeDefs: `type Query { b: Int } type Part @shareable { x: Int }
          type One @key(fields: "id") { id: ID! count: Int @shareable part: Part @shareable }`,
        resolvers: {},
      },
    },
    cases: [
      {
        query: '{ all { ... on One { count part { x } } ... on Two { count part { y: x } } } }',
        data: {
          all: [
            { count: 0, part: { x: 1 } },
            { count: 0, part: { y: 2 } },
            { count: null, part: null },
            { count: 4, part: { x: null } },
          ],
        },
        // Zero, false and the empty text are lost where they are renamed.
        stock: {
          data: {
            all: [
              { count: 0, part: { x: 1 } },
              { count: null, part: { y: 2 } },
              { count: null, part: null },
              { count: 4, part: { x: null } },
            ],
          },
          errors: [],
        },
      },
    ],
  },
];

describe.each(audits)('$title', ({ services, cases }) => {
  const toys = toyServices(services);
  it.each(cases)('$query', async ({ query, data, errors = [], stock }) => {
    const ours = await toys.ours(query);
    expect({ data: ours.data, errors: ours.errors }).toEqual({ data, errors });
    const theirs = await toys.stock(query);
    expect({ data: theirs.data, errors: theirs.errors }).toEqual(stock ?? { data, errors });
  });
});
