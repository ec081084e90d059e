import type { HostileOperation } from './reply.ts';

/** A document that is refused before anything is planned, and with which code. */
export type DocumentRow = readonly [
  row: number,
  title: string,
  operation: HostileOperation,
  code: string | readonly string[],
];

const times = (count: number, make: (at: number) => string, between = ' '): string =>
  Array.from({ length: count }, (_, at) => make(at)).join(between);
const aliases = (count: number, field: string) => times(count, (at) => `a${at}: ${field}`);
const nested = (depth: number) => `{ order(id: "1") ${'{ buyer '.repeat(depth)}{ name }${' }'.repeat(depth)} }`;
const doubling = (levels: number) =>
  `{ ...f0 } ${times(levels, (at) => `fragment f${at} on Query { ...f${at + 1} ...f${at + 1} }`)} fragment f${levels} on Query { __typename }`;
const deep = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
};
const page = 'query($n: Int!) { products(first: $n) { edges { cursor } } }';

const REFUSED = ['GRAPHQL_PARSE_FAILED', 'OPERATION_TOO_COMPLEX', 'GRAPHQL_VALIDATION_FAILED'];

/** Against the graph that is checked in: its door needs none of its subgraphs. */
export const documentRows: readonly DocumentRow[] = [
  [1, '31 aliases', { query: `{ ${aliases(31, 'me { id }')} }` }, 'OPERATION_TOO_COMPLEX'],
  [1, '21 root fields', { query: `{ ${aliases(21, 'me { id }')} }` }, 'OPERATION_TOO_COMPLEX'],
  [1, '101 aliases of __typename', { query: `{ ${aliases(101, '__typename')} }` }, 'OPERATION_TOO_COMPLEX'],
  [1, '5,000 aliases', { query: `{ ${aliases(5_000, '__typename')} }` }, REFUSED],
  [
    1,
    '120 aliases split over four fragments',
    {
      query: `{ ${times(4, (at) => `...p${at}`)} } ${times(4, (at) => `fragment p${at} on Query { ${times(30, (n) => `x${at}y${n}: __typename`)} }`)}`,
    },
    'OPERATION_TOO_COMPLEX',
  ],
  [
    1,
    '30 aliases in a fragment that is spread twice',
    { query: `{ me { ...p } ...q } fragment p on User { ${aliases(30, 'id')} } fragment q on Query { me { ...p } }` },
    'OPERATION_TOO_COMPLEX',
  ],
  [2, '8,000 equal fields', { query: `{ ${'__typename '.repeat(8_000)}}` }, 'GRAPHQL_PARSE_FAILED'],
  [2, '2,000 equal fields', { query: `{ ${'__typename '.repeat(2_000)}}` }, 'OPERATION_TOO_COMPLEX'],
  [
    3,
    '3,000 overlapping inline fragments',
    { query: `{ ${'... { me { id } } '.repeat(3_000)}}` },
    'GRAPHQL_PARSE_FAILED',
  ],
  [3, '800 overlapping inline fragments', { query: `{ ${'... { me { id } } '.repeat(800)}}` }, 'OPERATION_TOO_COMPLEX'],
  [
    3,
    '300 objects with one place in the answer, compared pair by pair',
    { query: `{ me { ${'orders(first: 1) { pageInfo { endCursor } } '.repeat(300)}} }` },
    'OPERATION_TOO_COMPLEX',
  ],
  [
    3,
    '90 fragments with one place in the answer',
    {
      query: `{ me { ${times(90, (at) => `...f${at}`)} } } ${times(90, (at) => `fragment f${at} on User { orders(first: 1) { edges { node { id id id id } } } }`)}`,
    },
    'OPERATION_TOO_COMPLEX',
  ],
  [
    3,
    '1,900 fragments that are not there',
    { query: `{ ${times(1_900, (at) => `...x${at}`)} }` },
    'OPERATION_TOO_COMPLEX',
  ],
  [
    3,
    'fields that overlap in pairs of fragments',
    { query: `{ me { ${times(60, (at) => `... on User { a${at % 20}: id, b: email }`)} } }` },
    REFUSED,
  ],
  [
    4,
    '10 unknown directives',
    { query: `{ __typename ${times(10, (at) => `@d${at}`)} }` },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [4, '5,000 directives', { query: `{ __typename ${'@a '.repeat(5_000)}}` }, REFUSED],
  [4, '60 directives', { query: `{ __typename ${'@include(if: true) '.repeat(60)}}` }, 'OPERATION_TOO_COMPLEX'],
  [
    5,
    'a fragment that spreads itself',
    { query: '{ ...a } fragment a on Query { ...a }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    5,
    'fragments in a circle of ninety',
    { query: `{ ...c0 } ${times(90, (at) => `fragment c${at} on Query { ...c${(at + 1) % 90} }`)}` },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    5,
    'a circle through a field',
    { query: '{ me { ...a } } fragment a on User { orders { edges { node { buyer { ...a } } } } }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [6, 'fragments that double thirty times', { query: doubling(30) }, 'OPERATION_TOO_COMPLEX'],
  [6, 'fragments that double twenty-six times', { query: doubling(26) }, 'OPERATION_TOO_COMPLEX'],
  [
    6,
    'inline fragments that double',
    {
      query: `{ ...g0 } ${times(20, (at) => `fragment g${at} on Query { ... { ...g${at + 1} } ... on Query { ...g${at + 1} } }`)} fragment g20 on Query { __typename }`,
    },
    'OPERATION_TOO_COMPLEX',
  ],
  [7, 'nesting 18,000 deep', { query: '{a'.repeat(18_000) }, 'GRAPHQL_PARSE_FAILED'],
  [
    7,
    'inline fragments 1,900 deep, which the planner would follow to the end of the stack',
    { query: `{ ${'... {'.repeat(1_900)} __typename ${'}'.repeat(1_900)} }` },
    // How deep the parser comes depends on what V8 has compiled of it by then.
    REFUSED,
  ],
  [7, 'values 22,000 deep', { query: `{ order(id: ${'['.repeat(22_000)}` }, 'GRAPHQL_PARSE_FAILED'],
  [7, 'objects 5,000 deep', { query: `{ order(id: ${'{a:'.repeat(5_000)}` }, 'GRAPHQL_PARSE_FAILED'],
  [7, 'types 22,000 deep', { query: `query($a: ${'['.repeat(22_000)}` }, 'GRAPHQL_PARSE_FAILED'],
  [7, 'types 3,000 deep', { query: `query($a: ${'['.repeat(3_000)}Int${']'.repeat(3_000)}) { __typename }` }, REFUSED],
  [7, 'nesting 1,000 deep', { query: `${'{a'.repeat(1_000)}${'}'.repeat(1_000)}` }, 'OPERATION_TOO_COMPLEX'],
  [8, 'a path 60 levels deep', { query: nested(60) }, 'OPERATION_TOO_COMPLEX'],
  [
    8,
    'orders of the buyer of orders of the buyer…',
    {
      query: `{ me { ${'orders { edges { node { buyer { '.repeat(8)}id${' } } } }'.repeat(8)} } }`,
    },
    'OPERATION_TOO_COMPLEX',
  ],
  [9, 'a page of a million', { query: '{ products(first: 1000000) { edges { cursor } } }' }, 'BAD_USER_INPUT'],
  [9, 'a page of a million by variable', { query: page, variables: { n: 1_000_000 } }, 'BAD_USER_INPUT'],
  [
    9,
    'a page of a million by the default of a variable',
    { query: page.replace('Int!', 'Int = 1000000') },
    'BAD_USER_INPUT',
  ],
  [9, 'a page of less than nothing', { query: page, variables: { n: -1 } }, 'BAD_USER_INPUT'],
  [9, 'a page of 2^31', { query: page, variables: { n: 2 ** 31 } }, 'BAD_USER_INPUT'],
  [9, 'a page of 1e400', { query: '{ products(first: 1e400) { edges { cursor } } }' }, REFUSED],
  [
    9,
    'a page in a fragment',
    { query: '{ ...F } fragment F on Query { products(first: 5000) { edges { cursor } } }' },
    'BAD_USER_INPUT',
  ],
  [
    9,
    'first and last at once',
    { query: '{ products(first: 10, last: 5000) { edges { cursor } } }' },
    ['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED'],
  ],
  [
    10,
    'lists of 100 in lists of 100 in lists of 100, by variables',
    {
      query: `query($n: Int!) { vendors(first: $n) { edges { node { offers(first: $n) { edges { node {
        vendor { reviews(first: $n) { edges { node { id } } } } } } } } } } }`,
      variables: { n: 100 },
    },
    'OPERATION_TOO_COMPLEX',
  ],
  [12, '8,000 variables', { query: `query(${times(8_000, (at) => `$v${at}: Int`, ',')}) { __typename }` }, REFUSED],
  [12, '101 variables', { query: `query(${times(101, (at) => `$v${at}: Int`, ',')}) { __typename }` }, REFUSED],
  [12, '4,000 operations', { query: times(4_000, (at) => `query q${at}{__typename}`), operationName: 'q0' }, REFUSED],
  [
    12,
    '2,500 fragments',
    { query: `{ __typename } ${times(2_500, (at) => `fragment f${at} on Query{__typename}`)}` },
    REFUSED,
  ],
  [
    12,
    '101 fragments',
    { query: `{ __typename } ${times(101, (at) => `fragment f${at} on Query{__typename}`)}` },
    REFUSED,
  ],
  [17, 'variables nested 200 deep', { query: '{ __typename }', variables: { a: deep(200) } }, 'OPERATION_TOO_COMPLEX'],
  [
    17,
    'variables with 50,000 keys',
    {
      query: '{ __typename }',
      variables: Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`k${at}`, 1])),
    },
    'OPERATION_TOO_COMPLEX',
  ],
  [18, 'a field with a name of 200 KB', { query: `{ ${'x'.repeat(200_000)} }` }, 'GRAPHQL_VALIDATION_FAILED'],
  [18, 'a field with a name of 500 KB', { query: `{ ${'x'.repeat(500_000)} }` }, 'OPERATION_TOO_COMPLEX'],
  [
    18,
    'a value of 200 KB in the wrong place',
    { query: `{ products(first: "${'y'.repeat(200_000)}") { edges { cursor } } }` },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    18,
    'a variable of 200 KB of the wrong type',
    { query: page, variables: { n: 'z'.repeat(200_000) } },
    'BAD_USER_INPUT',
  ],
  [18, 'an operation name of 200 KB', { query: '{ __typename }', operationName: 'n'.repeat(200_000) }, 'BAD_REQUEST'],
  [18, 'a broken string of 200 KB', { query: `{ products(filter: "${'w'.repeat(200_000)}` }, 'GRAPHQL_PARSE_FAILED'],
  [66, 'entities', { query: '{ _entities(representations: []) { __typename } }' }, 'GRAPHQL_VALIDATION_FAILED'],
  [
    66,
    'entities by variable',
    {
      query: 'query($r: [_Any!]!) { _entities(representations: $r) { __typename } }',
      variables: { r: [{ __typename: 'Order', id: 'ord_1' }] },
    },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [66, 'the SDL of a service', { query: '{ _service { sdl } }' }, 'GRAPHQL_VALIDATION_FAILED'],
  [66, 'a type of the composition', { query: 'query($a: join__FieldSet) { __typename }' }, 'GRAPHQL_VALIDATION_FAILED'],
  [
    66,
    'a graph of the composition',
    { query: 'query($a: join__Graph = ORDERS) { __typename }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [
    66,
    'a fragment on the union of entities',
    { query: '{ ... on _Entity { __typename } }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
  [66, 'what services ask each other', { query: '{ signingKeys }' }, 'GRAPHQL_VALIDATION_FAILED'],
  [
    66,
    'who somebody is, as services ask it',
    { query: '{ principal(userId: "u", sessionId: "s") }' },
    'GRAPHQL_VALIDATION_FAILED',
  ],
];
