import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, type GraphQLObjectType, type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { readSampleOperations } from '../http/sample-operations.ts';
import { checkPages } from './check-pages.ts';
import { costWeights } from './cost-weights.ts';
import { compileCost } from './operation-cost.ts';
import { defaultOperationLimits } from './operation-limits.ts';

const toy = buildSchema(`
  type Query {
    thing(id: ID!): Thing
    things(first: Int = 20, last: Int): ThingConnection!
    list(first: Int): [Thing!]!
    byIds(ids: [ID!]!): [Thing]!
    search: [Thing!]!
    any(id: ID!): Any
    matrix: [[Thing]]
    number: Int
  }
  type Mutation { rename(id: ID!): Thing hash: Boolean }
  type Subscription { changed(ids: [ID!]!): Thing! ticked: Int! }
  interface Any { id: ID! }
  type Thing implements Any { id: ID! tags: [String!]! parts: [Thing!]! owner: Owner things(first: Int! = 10): ThingConnection! }
  type Owner implements Any { id: ID! thing: Thing }
  type ThingConnection { edges: [ThingEdge!]! nodes: [Thing!]! facets: [Owner!]! }
  type ThingEdge { node: Thing! cursor: String! }
`);
const weights = { mutation: 10, listSize: 5, fields: { 'Query.search': 50, 'Mutation.hash': 30 } };

const compiled = (text: string) => {
  const document = parse(text);
  return compileCost({ schema: toy, document, operation: document.definitions[0] as OperationDefinitionNode, weights });
};

describe('the cost of an operation', () => {
  it.each<[text: string, variables: Record<string, unknown>, cost: number]>([
    ['{ number }', {}, 1],
    ['{ __typename }', {}, 1],
    ['{ thing(id: 1) { id tags } }', {}, 1],
    ['{ thing(id: 1) { owner { thing { id } } } }', {}, 3],
    ['{ a: thing(id: 1) { id } b: thing(id: 2) { id } }', {}, 2],
    ['{ thing(id: 1) { parts { id } } }', {}, 1 + 5],
    ['{ thing(id: 1) { parts { parts { id } } } }', {}, 1 + 5 * (1 + 5)],
    ['{ matrix { id } }', {}, 25],
    ['{ search { id } }', {}, 50 + 5],
    // Pages: of a list, of a connection; by literal, variable, default of the variable, default of the schema, none.
    ['{ list(first: 7) { owner { id } } }', {}, 14],
    ['{ list { id } }', {}, 5],
    ['{ list(first: null) { id } }', {}, 5],
    ['{ things(first: 7) { edges { node { id } } } }', {}, 1 + 7 * 2],
    ['{ things(first: 7) { nodes { id } facets { id } } }', {}, 1 + 7 + 5],
    ['{ things { nodes { id } } }', {}, 1 + 20],
    ['{ things(first: 2, last: 9) { nodes { id } } }', {}, 1 + 9],
    ['query($n: Int) { things(first: $n) { nodes { id } } }', { n: 100 }, 101],
    ['query($n: Int) { things(first: $n) { nodes { id } } }', { n: 0 }, 1],
    ['query($n: Int = 3) { things(first: $n) { nodes { id } } }', {}, 4],
    ['query($n: Int) { things(first: $n) { nodes { id } } }', { n: null }, 21],
    ['query($n: Int) { things(first: $n) { nodes { id } } }', { n: 'x' }, 21],
    [
      'query($n: Int) { thing(id: 1) { things(first: $n) { nodes { things(first: $n) { nodes { id } } } } } }',
      { n: 100 },
      1 + 1 + 100 * (1 + 1 + 100),
    ],
    // Lists of ids: as long as they are.
    ['{ byIds(ids: [1, 2, 3]) { id } }', {}, 3],
    ['{ byIds(ids: 1) { id } }', {}, 1],
    ['query($ids: [ID!]!) { byIds(ids: $ids) { owner { id } } }', { ids: ['1', '2'] }, 4],
    ['query($ids: [ID!]! = [1, 2]) { byIds(ids: $ids) { id } }', {}, 2],
    ['subscription($ids: [ID!]!) { changed(ids: $ids) { owner { id } } }', { ids: ['1', '2', '3'] }, 6],
    ['subscription { ticked }', {}, 1],
    ['mutation { rename(id: 1) { id } }', {}, 11],
    ['mutation { hash }', {}, 30],
    ['mutation { a: hash b: hash }', {}, 60],
    // What is one field to the executor is one here; what is not, is not.
    ['{ thing(id: 1) { owner { id } } ...F } fragment F on Query { thing(id: 1) { owner { id } } }', {}, 2],
    ['{ any(id: 1) { ... on Thing { owner { id } } ... on Owner { thing { id } } } }', {}, 3],
    ['{ any(id: 1) { ...A ...A } } fragment A on Thing { parts { id } }', {}, 6],
    ['{ __schema { types { fields { name } } } }', {}, 100],
  ])('%s with %j', (text, variables, cost) => {
    expect(compiled(text).of(variables)).toBe(cost);
  });

  it('row 10 of nested lists by variables is what they multiply to', () => {
    const text = `query($n: Int!) { things(first: $n) { nodes { things(first: $n) { nodes { things(first: $n) { nodes { id } } } } } } }`;
    expect(compiled(text).of({ n: 100 })).toBeGreaterThan(100 ** 3);
    expect(compiled(text).of({ n: 2 })).toBe(1 + 2 * (1 + 1 + 2 * (1 + 1 + 2)));
  });
});

describe('row 9: page sizes', () => {
  const pageError = (text: string, variables = {}) => checkPages(compiled(text).pages, variables, 100)?.message ?? null;
  const byVariable = 'query($n: Int = 500) { thing(id: 1) { things(first: $n) { nodes { id } } } }';

  it.each([
    ['{ list(first: 100) { id } }', {}, null],
    ['{ list(first: 101) { id } }', {}, '"first" is from 0 to 100.'],
    ['{ things(last: 2147483648) { nodes { id } } }', {}, '"last" is from 0 to 100.'],
    ['{ list(first: -1) { id } }', {}, '"first" is from 0 to 100.'],
    ['{ things(first: 1, last: 101) { nodes { id } } }', {}, '"last" is from 0 to 100.'],
    ['{ list(first: null) { id } }', {}, null],
    [byVariable, { n: 100 }, null],
    [byVariable, { n: 101 }, '"first" is from 0 to 100.'],
    [byVariable, { n: null }, null],
    [byVariable, {}, '"first" is from 0 to 100.'],
    ['{ ...F } fragment F on Query { list(first: 999) { id } }', {}, '"first" is from 0 to 100.'],
  ])('%s with %j', (text, variables, message) => {
    expect(pageError(text, variables)).toBe(message);
  });
});

describe('the costs of this graph', () => {
  const schemaFolder = join(import.meta.dirname, '..', '..', '..', 'schema');
  const api = buildSchema(readFileSync(join(schemaFolder, 'api.graphql'), 'utf8'));

  it('name only fields that exist', () => {
    const missing = Object.keys(costWeights.fields).filter((name) => {
      const [type = '', field = ''] = name.split('.');
      return !(api.getType(type) as GraphQLObjectType | undefined)?.getFields()[field];
    });
    expect(missing).toEqual([]);
  });

  it('leave every operation of our own clients a third of the limit, with pages of 100', async () => {
    const operations = await readSampleOperations(join(schemaFolder, 'operations'));
    expect(operations.length).toBeGreaterThan(20);
    const costs = operations.map(({ name, text }) => {
      const document = parse(text);
      const operation = document.definitions.find(
        (definition): definition is OperationDefinitionNode => definition.kind === 'OperationDefinition',
      )!;
      const numbers = operation.variableDefinitions?.map(({ variable }) => [variable.name.value, 100]) ?? [];
      const cost = compileCost({ schema: api, document, operation, weights: costWeights });
      return { name, cost: cost.of(Object.fromEntries(numbers)) };
    });
    expect(costs.filter(({ cost }) => cost > defaultOperationLimits.maxCost / 3)).toEqual([]);
  });
});
