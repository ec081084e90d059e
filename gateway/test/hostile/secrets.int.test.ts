import { buildSchema, isObjectType, isInputObjectType, isInterfaceType, type GraphQLSchema } from 'graphql';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { startTestStores, type Stores } from '@marketgraph/stores/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestGateway } from '../support/test-gateway.ts';
import { startCheckedInGraph } from './checked-in-graph.ts';
import { expectRefused, type HostileOperation, posted, type Reply, replyOf, ways } from './reply.ts';

let stores: Stores;
let test: TestGateway;
let schema: GraphQLSchema;

beforeAll(async () => {
  stores = await startTestStores({ only: ['redis'] });
  test = await startCheckedInGraph({
    redisUrl: stores.redis.gateway,
    config: { introspection: false, explorer: false },
  });
  schema = buildSchema(
    await readFile(createRequire(import.meta.url).resolve('@marketgraph/schema/api.graphql'), 'utf8'),
  );
});
afterAll(async () => {
  await test?.stop();
  await stores?.stop();
});

const disguises: readonly (readonly [title: string, operation: HostileOperation])[] = [
  ['plainly', { query: '{ __schema { types { name } } }' }],
  ['for one type', { query: '{ __type(name: "User") { fields { name } } }' }],
  ['under another name', { query: '{ typename: __schema { t: types { n: name } } }' }],
  ['beside what is allowed', { query: '{ __typename me { id } __schema { queryType { name } } }' }],
  ['in a fragment', { query: '{ ...F } fragment F on Query { __schema { directives { name } } }' }],
  ['in a fragment without a name', { query: '{ ... { ... on Query { __type(name: "Order") { kind } } } }' }],
  ['behind a condition', { query: 'query($s: Boolean = true) { __schema @include(if: $s) { types { name } } }' }],
  ['skipped', { query: '{ me { id } __schema @skip(if: true) { types { name } } }' }],
  [
    'in the other of two operations',
    { query: 'query A { __typename } query B { __schema { types { name } } }', operationName: 'A' },
  ],
  ['with commas, marks and remarks', { query: '\ufeff{,,, #hidden\n __schema,,,{ types { name } } }' }],
  ['in a mutation', { query: 'mutation { __schema { types { name } } }' }],
  ['in a subscription', { query: 'subscription { __schema { types { name } } }' }],
  ['inside an object', { query: '{ me { __schema { types { name } } } }' }],
];

describe.each(Object.entries(ways))('in production, by %s', (_, { ask }) => {
  it.each(disguises)('67 introspection %s is refused', async (_title, operation) => {
    const told: string[] = [];
    const send = async () => {
      const reply = await ask(test, operation);
      told.push(reply.text);
      return reply;
    };
    await expectRefused(test, send, { status: [400], codes: ['GRAPHQL_VALIDATION_FAILED'] });
    expect(told.join()).not.toMatch(/"(types|fields|queryType|directives)":/);
  });
});

describe('in production', () => {
  it('67 there is no explorer, and nothing that would load one', async () => {
    const page: Reply = await replyOf(await fetch(`${test.url}/graphql`, { headers: { accept: 'text/html' } }));
    expect([page.status, page.headers.get('content-type')]).toEqual([400, 'application/json; charset=utf-8']);
    expect(page.text).not.toMatch(/<html|graphiql/i);
  });

  it('68 5,000 nearly right words are answered with no right one', async () => {
    const names = namesOf(schema);
    const words = nearlyRight([...names], 5_000);
    let asked = 0;
    const hits: string[] = [];
    const questions = chunksOf(words, 5).map((five, at) => questionOf(five, at));
    const work = async () => {
      for (let at = asked++; at < questions.length; at = asked++) {
        const question = questions[at]!;
        const { status, text, body } = await posted(test, { query: question });
        expect(status).toBe(400);
        expect(body.errors.length).toBeGreaterThan(0);
        if (/did you mean/i.test(text)) hits.push(text);
        const quoted: string[] = body.errors.flatMap(
          ({ message }: { message: string }) => message.match(/"[^"]*"/g) ?? [],
        );
        const said = new Set(quoted.flatMap((name) => name.match(/\w+/g) ?? []));
        const known = new Set(question.match(/\w+/g));
        for (const word of said) {
          // Where a wrong name was looked for is the client's own guess, or a root that everybody has.
          if (names.has(word) && !known.has(word) && !ROOTS.has(word)) hits.push(`${word} from ${question}`);
        }
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
    expect(questions.length).toBe(1_000);
    expect(hits).toEqual([]);
  });
});

const ROOTS = new Set(['Query', 'Mutation', 'Subscription', 'String', 'Int', 'ID', 'Boolean', 'Float']);

/** Every name that is long enough to be mistyped. */
function namesOf(all: GraphQLSchema): Set<string> {
  const names = Object.values(all.getTypeMap()).flatMap((type) =>
    isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
      ? [type.name, ...Object.keys(type.getFields())]
      : [type.name],
  );
  return new Set(names.filter((name) => name.length > 4 && !name.startsWith('__')));
}

/** Names with one letter gone, one twice, or two in each other's place: what a dictionary of typing errors would try. */
function nearlyRight(names: readonly string[], count: number): string[] {
  const right = new Set(names);
  const words = new Set<string>();
  for (let round = 0; words.size < count; round += 1) {
    for (const name of names) {
      const at = 1 + (round % (name.length - 2));
      const wrong = [
        name.slice(0, at) + name.slice(at + 1),
        name.slice(0, at) + name[at] + name.slice(at),
        name.slice(0, at) + name[at + 1] + name[at] + name.slice(at + 2),
      ][Math.floor(round / name.length) % 3]!;
      if (!right.has(wrong)) words.add(wrong);
      if (words.size === count) break;
    }
  }
  return [...words];
}

/** Five words, asked for as fields, arguments, types or values, in turn. */
function questionOf(words: readonly string[], at: number): string {
  switch (at % 4) {
    case 0:
      return `{ ${words.join(' ')} }`;
    case 1:
      return `{ ${words.map((word, index) => `a${index}: me(${word}: 1) { id }`).join(' ')} }`;
    case 2:
      return `query(${words.map((word, index) => `$v${index}: ${word}`).join(', ')}) { __typename }`;
    default:
      return `{ ${words.map((word) => `... on ${word} { id }`).join(' ')} }`;
  }
}

function chunksOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
}
