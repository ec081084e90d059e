import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SubgraphClient } from '@marketgraph/platform/serve';
import { buildASTSchema, type DocumentNode, type GraphQLSchema, parse, print, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { accountsOverPeers } from './accounts.ts';
import { catalogOverPeers } from './catalog.ts';
import { inventoryOverPeers } from './inventory.ts';
import { paymentsOverPeers } from './payments.ts';

const SCHEMAS = resolve(import.meta.dirname, '..', '..', '..', '..', 'schema', 'subgraphs');

/** What a subgraph prints is without the field every subgraph has; of its entities we ask for these. */
const ASKED: Readonly<Record<string, string>> = { accounts: 'User', catalog: 'Offer | Promotion' };
const entities = (subgraph: string) => `
  scalar _Any
  union _Entity = ${ASKED[subgraph]}
  extend type Query { _entities(representations: [_Any!]!): [_Entity]! }`;

const printed = new Map<string, GraphQLSchema>();

function schemaOf(subgraph: string): GraphQLSchema {
  const known = printed.get(subgraph);
  if (known) return known;
  const sdl = readFileSync(resolve(SCHEMAS, `${subgraph}.graphql`), 'utf8');
  const document = parse(subgraph in ASKED ? `${sdl}\n${entities(subgraph)}` : sdl);
  const schema = buildASTSchema(document, { assumeValidSDL: true });
  printed.set(subgraph, schema);
  return schema;
}

/** Answers nothing; keeps what a subgraph's printed schema has against each operation it is asked. */
class Checker implements SubgraphClient {
  readonly asked: { operation: string; complaints: string[] }[] = [];

  async call<Data>(subgraph: string, operation: string | DocumentNode): Promise<Data> {
    const source = typeof operation === 'string' ? operation : print(operation);
    const complaints = validate(schemaOf(subgraph), parse(source)).map((error) => error.message);
    this.asked.push({ operation: /(?:query|mutation) (\w+)/.exec(source)?.[1] ?? source, complaints });
    throw new Error('checked');
  }
}

describe('what orders asks of the others', () => {
  it('is what they have, as they print it', async () => {
    const checker = new Checker();
    const ports = [
      accountsOverPeers(checker),
      catalogOverPeers(checker),
      inventoryOverPeers(checker),
      paymentsOverPeers(checker),
    ];
    const methods = ports.flatMap((port) => Object.values(port) as ((...input: unknown[]) => Promise<unknown>)[]);
    for (const method of methods) await method(['off_1'], 'key').catch(() => undefined);
    expect(
      checker.asked.flatMap(({ operation, complaints }) => complaints.map((each) => `${operation}: ${each}`)),
    ).toEqual([]);
    expect(checker.asked).toHaveLength(methods.length);
  });
});
