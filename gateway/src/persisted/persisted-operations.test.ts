import { addTypenameToDocument } from '@apollo/client/utilities';
import { buildSchema, parse, print } from 'graphql';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { createDocuments } from '../limits/documents.ts';
import { defaultOperationLimits } from '../limits/operation-limits.ts';
import { RequestError } from '../limits/request-error.ts';
import { parseManifest, printManifest, readListedOperations, sha256 } from './manifest.ts';
import { operationList } from './operation-list.ts';
import { type DocumentName, type PersistedMode, persistedOperations } from './persisted-operations.ts';
import { withTypenames } from './typenames.ts';

const CART = print(parse('query Cart($id: ID!) { cart(id: $id) { id lines { ...L } } } fragment L on Line { n }'));
const list = operationList(parseManifest(printManifest([parse(CART)])));

function outcome(mode: PersistedMode, name: DocumentName): string {
  try {
    return persistedOperations(mode, list).textOf(name);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return `${error.status} ${String(error.errors[0]?.extensions['code'])}`;
  }
}

describe('from a request to its text', () => {
  const other = '{ a }';
  const hashed = (query: string | undefined, text = query ?? '') => ({ query, sha256Hash: sha256(text) });
  it.each<[PersistedMode, string, DocumentName, string]>([
    ['apq', 'any text', { query: other }, other],
    ['apq', 'a text with its hash', hashed(other), other],
    ['apq', 'a text with the hash of another', hashed(other, CART), '400 BAD_REQUEST'],
    ['apq', 'an unknown hash', hashed(undefined, other), '200 PERSISTED_QUERY_NOT_FOUND'],
    [
      'apq',
      'an unknown hash, with the empty text sockets must send',
      hashed('', other),
      '200 PERSISTED_QUERY_NOT_FOUND',
    ],
    ['apq', 'a listed hash that nobody has sent', hashed(undefined, CART), CART],
    ['apq', 'nothing', {}, '400 BAD_REQUEST'],
    ['off', 'any text', { query: other }, other],
    ['off', 'a hash', hashed(undefined, CART), '200 PERSISTED_QUERY_NOT_SUPPORTED'],
    ['off', 'a text, whatever its hash', hashed(other, CART), other],
    ['allow-list', 'a listed text', { query: CART }, CART],
    ['allow-list', 'a listed hash', hashed(undefined, CART), CART],
    ['allow-list', 'a listed text with its hash', hashed(CART), CART],
    ['allow-list', 'a listed text with another hash', hashed(CART, other), '400 BAD_REQUEST'],
    [
      'allow-list',
      'a listed text with other spaces',
      { query: CART.replaceAll(/\s+/g, ' # x\n'), operationName: 'Cart' },
      CART,
    ],
    [
      'allow-list',
      'a listed name with another text',
      { query: other, operationName: 'Cart' },
      '400 OPERATION_NOT_LISTED',
    ],
    ['allow-list', 'a listed name with no GraphQL', { query: '"', operationName: 'Cart' }, '400 OPERATION_NOT_LISTED'],
    [
      'allow-list',
      'a listed name with a text of a megabyte',
      { query: `${CART}${' '.repeat(1_000_000)}`, operationName: 'Cart' },
      '400 OPERATION_NOT_LISTED',
    ],
    ['allow-list', 'another name', { query: `${CART} `, operationName: 'constructor' }, '400 OPERATION_NOT_LISTED'],
    ['allow-list', 'another text with its hash', hashed(other), '400 OPERATION_NOT_LISTED'],
    ['allow-list', 'another hash', hashed(undefined, other), '400 OPERATION_NOT_LISTED'],
  ])('%s: %s', (mode, _, name, expected) => {
    expect(outcome(mode, name)).toBe(expected);
  });

  it('hash alone is enough once its text is kept, and only in the mode that keeps', () => {
    for (const mode of ['apq', 'allow-list', 'off'] as const) {
      const persisted = persistedOperations(mode, list);
      persisted.keep(hashed(other));
      expect(persisted.counts().entries).toBe(mode === 'apq' ? 1 : 0);
    }
  });

  it('78 keeps a bounded number of texts and bytes, the newest, and none that is huge', () => {
    const persisted = persistedOperations('apq', list);
    for (let at = 0; at < 10_000; at += 1) persisted.keep(hashed(`{ a${at} }`));
    expect(persisted.counts().entries).toBe(5_000);
    expect(persisted.textOf(hashed(undefined, '{ a9999 }'))).toBe('{ a9999 }');
    for (let at = 0; at < 500; at += 1) persisted.keep(hashed(`{ a${at} }#${'x'.repeat(100_000)}`));
    expect(persisted.counts().bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
    const before = persisted.counts();
    persisted.keep(hashed(`#${'x'.repeat(200_000)}`));
    expect(persisted.counts()).toEqual(before);
  });
});

describe('the list that is checked in', async () => {
  const operations = await readListedOperations();
  const schema = buildSchema(
    await readFile(createRequire(import.meta.url).resolve('@marketgraph/schema/api.graphql'), 'utf8'),
  );

  it('has operations, each under the hash of its text', () => {
    expect(operations.length).toBeGreaterThan(30);
    for (const { id, body } of operations) expect(id).toBe(sha256(body));
  });

  it.each(operations.map(({ name, body }) => [name, body] as const))(
    '%s passes the door, as generated clients send it and as Apollo Client with its cache does',
    (_, body) => {
      const persisted = persistedOperations('allow-list', operationList(operations));
      const documents = createDocuments({ schema, limits: defaultOperationLimits, introspection: false, persisted });
      const ofApollo = print(addTypenameToDocument(parse(body)));
      expect(print(withTypenames(parse(body)))).toBe(ofApollo);
      for (const text of [body, ofApollo]) expect(documents.prepare({ sha256Hash: sha256(text) }).text).toBe(text);
    },
  );
});
